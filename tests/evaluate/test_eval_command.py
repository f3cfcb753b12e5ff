"""`wardround eval` as a pipeline uses it: exit status, limits, variants, finished runs, a matrix, what is passed on."""

import json

import pytest
from small_suite import CASES, build_workspace, write_suite

from assistant.cli import main


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return build_workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def evaluate(workspace, capsys):
    """Runs `wardround eval` there; gives its exit status, stdout and stderr."""

    def command(*arguments):
        status = main(["eval", *map(str, arguments), "--workspace", str(workspace)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_limits_decide_the_exit_status(evaluate):
    assert evaluate("tiny", "--fail-under", "recall@10>=0.9", "--fail-under", "hallucination_rate<=0.5")[0] == 0
    status, _, said = evaluate("tiny", "--fail-under", "recall@10>=0.9", "--fail-under", "recall@10:low>=0.99")
    assert status == 1
    assert "not reached: recall@10:low>=0.99: recall@10, the lower end of its interval, is 0." in said
    assert evaluate("tiny", "--fail-under", "rekall@10>=0.9")[0] == 2
    status, out, _ = evaluate("tiny", "--json", "--fail-under", "statement_coverage>=0.1")
    assert status == 1  # nothing was counted
    assert len(json.loads(out)["failed_under"]) == 1


def test_weak_points_come_first_and_the_files_are_named(evaluate):
    status, out, _ = evaluate("tiny", "--vary", "no-verification")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("tiny, run tiny-")
    assert lines[1].startswith("  weak: ")
    assert any(line.startswith("no-verification, 3 cases, difference") for line in lines)
    assert lines[-1].startswith("scorecard: ")


def test_a_failed_case_is_status_1(evaluate, workspace, tmp_path):
    (tmp_path / "cut.dcm").write_bytes(b"\0" * 40)
    suite = write_suite(
        workspace, [*CASES, {"id": "cut", "question": "What?", "files": [str(tmp_path / "cut.dcm")]}], name="cut"
    )
    status, out, _ = evaluate(suite)
    assert status == 1
    assert "1 of 4 cases failed" in out


def test_a_run_marked_anew_has_the_same_figures(evaluate, workspace, monkeypatch):
    """Where the metrics' code has changed a finished run is marked from its log: to the last digit as it was."""
    from assistant.evaluate import finished

    write_suite(workspace, CASES + [case | {"id": f"{case['id']}-again"} for case in CASES], name="anew")
    first = json.loads(evaluate("anew", "--json")[1])
    monkeypatch.setattr(finished, "metrics_code", lambda: "changed since")
    again = json.loads(evaluate(first["run"], "--json")[1])
    assert again["run"] == first["run"] and again["metrics"] == first["metrics"]


def test_a_line_separator_within_a_text_ends_no_case(tmp_path, capsys):
    """U+2028 stands in published sets as it is; a case is a line of the file, not of the text."""
    home = build_workspace(tmp_path)
    case = CASES[0] | {"question": "How often was atrial fibrillation\u2028found in monitored patients?"}
    suite = write_suite(home, [case], name="separated")
    suite.with_suffix(".jsonl").write_text(json.dumps(case, ensure_ascii=False) + "\n", encoding="utf-8")
    assert main(["eval", str(suite), "--workspace", str(home), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["eval", first["run"], "--workspace", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == first["metrics"]


def test_a_finished_run_is_read_back_and_nothing_else_may_be_asked_of_it(evaluate):
    _, out, _ = evaluate("tiny", "--json")
    run = json.loads(out)["run"]
    _, other, _ = evaluate("tiny", "--json", "--limit", "2")
    status, out, _ = evaluate(run, "--compare", json.loads(other)["run"], "--json")
    assert status == 0
    assert json.loads(out)["compare"]["cases"] == 2
    status, _, said = evaluate(run, "--vary", "quote")
    assert status == 2
    assert "is a finished run, and nothing is asked" in said


def test_a_matrix_is_run_by_its_name_and_passed_on(evaluate, workspace, tmp_path):
    (workspace / "eval" / "two.toml").write_text('name = "two"\nsuites = ["tiny"]\n[[model]]\nname = "quote"\n')
    status, out, _ = evaluate("two", "--publish", tmp_path / "out")
    assert status == 0
    assert "| quote |" in out
    assert (tmp_path / "out" / "matrix.html").exists()
    assert (tmp_path / "out" / "tiny-quote.md").exists()
    status, _, said = evaluate("two", "--llm", "local")
    assert status == 2
    assert "two is a matrix" in said
