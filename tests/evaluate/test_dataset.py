"""Suites and cases: what is read, and what is said about what can't be."""

from pathlib import Path

import pytest

from assistant.errors import RecipeError
from assistant.evaluate.dataset import apply_overrides, load_suite
from assistant.settings import Settings

SMOKE = Path(__file__).resolve().parents[2] / "eval" / "smoke.toml"


def suite(folder: Path, cases: str, toml: str = 'name = "x"\ncases = "x.jsonl"\n') -> Path:
    (folder / "x.jsonl").write_text(cases)
    (folder / "x.toml").write_text(toml)
    return folder / "x.toml"


def test_the_smoke_suite_is_sound():
    dataset = load_suite(SMOKE)
    answerable = [case.reference.answerable for case in dataset.cases]
    assert 20 <= len(dataset.cases) <= 40
    assert answerable.count(False) >= 5
    assert {case.tags["task"] for case in dataset.cases} >= {"literature", "reports", "ecg", "image", "off-topic"}
    cart = next(case for case in dataset.cases if case.id == "ecg-heart-rate")
    assert dataset.files_of(cart)[0].name == "waveform_ecg.dcm"


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ('{"id": "a", "question": "q"}\n{"id": "b"}\n', r"x\.jsonl, line 2: a case needs a question or files"),
        ('{"id": "a", "question": "q"}\nnot json\n', r"x\.jsonl, line 2: not valid JSON"),
        (
            '{"id": "a", "question": "q"}\n\n{"id": "a", "question": "q"}\n',
            r"line 3: id 'a' was already used in line 1",
        ),
        ('{"id": "a", "question": "q", "refrence": {}}\n', r"line 1: refrence: there is no such option"),
        ('{"id": "a", "question": "q", "reference": {"gold": 3}}\n', r"line 1: reference\.gold"),
        ('{"id": "a", "question": "q", "reference": {"answerable": false, "gold": ["x"]}}', "not answerable"),
        ("\n", "no cases"),
    ],
)
def test_a_bad_case_names_file_line_and_field(tmp_path, cases, said):
    with pytest.raises(RecipeError, match=said):
        load_suite(suite(tmp_path, cases))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\n', r"x\.toml: a suite has either cases"),
        ('name = "x"\ncases = "x.jsonl"\nretrieval_k = [0]\n', "each 1 or more"),
        ('name = "x"\ncases = "x.jsonl"\ncluster = "ward"\n', "cluster is"),
        ('name = "x"\ncases = "gone.jsonl"\n', r"gone\.jsonl: no such file"),
    ],
)
def test_a_bad_suite_names_file_and_field(tmp_path, toml, said):
    with pytest.raises(RecipeError, match=said):
        load_suite(suite(tmp_path, '{"id": "a", "question": "q"}\n', toml))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.dcm", "is not there"),
        ("package:pydicom/../secret", "should read package:<name>/<path inside it>"),
        ("package:no_such_package/x.dcm", "is not installed"),
        ("workspace:gone.hea", "is not there .* build that in this workspace first"),
    ],
)
def test_a_missing_upload_names_the_case(tmp_path, name, said):
    dataset = load_suite(suite(tmp_path, '{"id": "a", "files": ["%s"]}\n' % name), tmp_path)  # noqa: UP031
    with pytest.raises(RecipeError, match=f"case a: .*{said}"):
        dataset.files_of(dataset.cases[0])


def test_clusters_are_groups_and_a_case_without_one_is_its_own(tmp_path):
    lines = '{"id": "a", "question": "q", "group": "p"}\n{"id": "b", "question": "q"}\n'
    dataset = load_suite(suite(tmp_path, lines))
    assert [dataset.cluster_of(case) for case in dataset.cases] == ["group:p", "case:b"]


def test_overrides_are_checked_like_settings():
    changed = apply_overrides(Settings(), {"retrieve": {"k": 3}}, "here")
    assert changed.retrieve.k == 3
    with pytest.raises(RecipeError, match=r"settings\.retrieve\.kk"):
        apply_overrides(Settings(), {"retrieve": {"kk": 3}}, "here")
    with pytest.raises(RecipeError, match="no such group"):
        apply_overrides(Settings(), {"retrieval": {"k": 3}}, "here")
