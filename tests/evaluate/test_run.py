"""A whole run over a small real index: logged, resumed, repeated with the same numbers, compared, drawn."""

import json
from html.parser import HTMLParser

import pytest
from small_suite import CASES, Stub, build_workspace, write_suite

from assistant.errors import IndexMissing, ModelUnavailable, RecipeError
from assistant.evaluate import run_suite
from assistant.evaluate.log import read_log


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return build_workspace(tmp_path_factory.mktemp("workspace"))


def steady(result):
    """The result without what may change between two runs of the same inputs."""
    return {name: value for name, value in result.to_json().items() if name != "seconds"}


def test_contract_and_numbers(workspace):
    result = run_suite("eval/tiny.toml", workspace=workspace)
    found = result.to_json()
    assert found["suite"] == "tiny"
    assert found["run"].startswith("tiny-")
    assert all({"value", "low", "high", "n"} <= set(metric) for metric in found["metrics"].values())
    metrics = found["metrics"]
    assert metrics["recall@10"] | {"low": 0, "clusters": 0} == {
        "value": 1.0, "low": 0, "high": 1.0, "n": 2, "clusters": 0
    }  # fmt: skip
    assert metrics["abstention_accuracy"]["value"] == 1.0
    assert metrics["answer_rate"]["n"] == 2
    assert metrics["must_rate"]["value"] == 1.0
    assert metrics["case_error_rate"]["value"] == 0.0
    assert json.loads((result.folder / "scorecard.json").read_text()) == found


def test_same_inputs_same_run_and_nothing_asked_again(workspace):
    first = run_suite("eval/tiny.toml", workspace=workspace)
    counting = Stub(workspace)
    again = run_suite("eval/tiny.toml", workspace=workspace, open_assistant=lambda _: counting)
    assert steady(again) == steady(first)
    assert counting.asked == 0


def test_another_setting_is_another_run(workspace):
    first = run_suite("eval/tiny.toml", workspace=workspace)
    other = write_suite(workspace, CASES, "[settings.retrieve]\nmax_contexts = 1\n")
    second = run_suite(other, workspace=workspace)
    write_suite(workspace, CASES)
    assert second.run != first.run


def test_an_interrupted_run_goes_on(workspace):
    new = [case | {"id": f"{case['id']} again"} for case in [*CASES, CASES[0] | {"id": "last"}]]
    suite = write_suite(workspace, new)
    with pytest.raises(ModelUnavailable, match="2 of 4 cases are kept"):
        run_suite(suite, workspace=workspace, open_assistant=lambda _: Stub(workspace, fails_after=2))
    (run,) = [path for path in (workspace / "eval" / "runs").iterdir() if len(read_log(path)) == 2]
    with (run / "log.jsonl").open("a") as log:
        log.write('{"case": "football again", "cut sho')  # as a kill would leave it
    counting = Stub(workspace)
    result = run_suite(suite, workspace=workspace, open_assistant=lambda _: counting)
    write_suite(workspace, CASES)
    assert result.folder == run
    assert counting.asked == 2
    assert list(result.samples) == ["fibrillation again", "effusion again", "football again", "last again"]


def test_a_failing_case_is_set_aside_and_counted(workspace, tmp_path):
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 40)
    case = {"id": "broken", "question": "What is this?", "files": [str(broken)]}
    result = run_suite(write_suite(workspace, [*CASES, case]), workspace=workspace)
    write_suite(workspace, CASES)
    assert [name for name, _ in result.set_aside] == ["broken"]
    assert "broken.dcm" in result.set_aside[0][1]
    assert result.metrics["case_error_rate"].value == pytest.approx(1 / 4)
    assert result.metrics["abstention_rate"].n == 3


def test_comparison_pairs_the_same_cases(workspace):
    first = run_suite("eval/tiny.toml", workspace=workspace)
    changed = [CASES[0], CASES[1] | {"question": "Is there an effusion?"}, CASES[2]]
    result = run_suite(write_suite(workspace, changed), workspace=workspace, compare=first.run)
    write_suite(workspace, CASES)
    found = result.to_json()["compare"]
    assert (found["run"], found["cases"], found["left_out"]) == (first.run, 2, ["effusion"])
    assert found["metrics"]["abstention_rate"]["value"] == 0.0
    assert found["metrics"]["abstention_rate"]["low"] < 0 < found["metrics"]["abstention_rate"]["high"]
    with pytest.raises(RecipeError, match="no run there"):
        run_suite("eval/tiny.toml", workspace=workspace, compare="nothing")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def test_the_scorecard_stands_alone_and_escapes(workspace):
    result = run_suite("eval/tiny.toml", workspace=workspace)
    page = (result.folder / "scorecard.html").read_text()
    parsed = Tags()
    parsed.feed(page)
    assert not {"script", "link", "img", "iframe", "b"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name == "src" or name.startswith("on")]
    assert all(value.startswith("#") for name, value in parsed.attributes if name == "href")
    assert "&lt;b&gt;on the left&lt;/b&gt;" in page
    assert page.index("Weak points") < page.index("Hallucinated claims")
    assert parsed.tags.count("details") >= len(CASES)


def test_a_workspace_without_the_index_says_what_to_do(workspace):
    with pytest.raises(IndexMissing, match="wardround index indexes/other"):
        run_suite("eval/tiny.toml", workspace=workspace, index="other")
