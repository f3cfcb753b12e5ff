"""A suite that brings its own archive, and the uploads that a case comes with."""

import json

import pytest

from assistant.errors import IndexMissing, RecipeError
from assistant.evaluate import run_suite
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.solve import Means
from assistant.settings import Settings
from assistant.workspace import choose_indexes

MAPPING = """
title = "Reports"
source = "https://example.org"
licence = "none"
get = "write them down"
known_from = "files"
[[rows]]
file = "reports.jsonl"
format = "jsonl"
[archive]
columns = { id = "{id}", patient_id = "{id}", text = "{findings}" }
modality = "SR"
[[case]]
[case.make]
id = "{id}"
task = "search"
question = "{impression}"
reference = { gold = ["{id}"] }
"""
REPORTS = [
    {"id": "a", "findings": "FINDINGS: Small left pleural effusion.", "impression": "Left effusion, an oyster."},
    {"id": "b", "findings": "FINDINGS: The lungs are clear.", "impression": "Normal lungs."},
    {"id": "c", "findings": "FINDINGS: Large right pneumothorax.", "impression": "Right pneumothorax."},
]


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "eval" / "mappings").mkdir(parents=True)
    (tmp_path / "eval" / "mappings" / "own.toml").write_text(MAPPING)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "reports.jsonl").write_text("".join(json.dumps(row) + "\n" for row in REPORTS))
    suite = f'name = "own"\nmapping = "own"\ndata = "{tmp_path / "set"}"\narchive = true\n'
    (tmp_path / "eval" / "own.toml").write_text(suite)
    return tmp_path


def test_the_texts_of_a_set_become_its_archive_without_what_is_asked(workspace):
    told = []
    result = run_suite("own", workspace=workspace, progress=lambda done, of, what: told.append(what))
    assert result.metrics["recall@1"].value == 1.0
    assert "reading and encoding" in told
    texts = [piece.text for sample in result.samples.values() for piece in sample.search.evidence]
    assert texts
    assert not any("oyster" in text for text in texts)
    assert not (workspace / "eval" / "archives" / "eval-own" / "rows.jsonl").exists()


def test_a_second_run_builds_nothing(workspace):
    first = run_suite("own", workspace=workspace)
    told = []
    second = run_suite("own", workspace=workspace, progress=lambda done, of, what: told.append(what))
    assert "reading and encoding" not in told
    assert second.indexes == first.indexes == {"eval-own": 1}
    assert second.run == first.run


def test_archives_of_suites_are_searched_only_where_they_are_named(workspace):
    run_suite("own", workspace=workspace)
    with pytest.raises(IndexMissing, match=r"only indexes of evaluation suites .*--index eval-own"):
        choose_indexes(workspace, [])
    assert choose_indexes(workspace, ["eval-own"]) == ["eval-own"]


def test_a_mapping_without_an_archive_says_so(workspace):
    path = workspace / "eval" / "mappings" / "own.toml"
    path.write_text(path.read_text().replace("[archive]", "[fields]\n").replace("columns = {", "x = { from = '' } #"))
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("modality")))
    with pytest.raises(RecipeError, match="the mapping own says nothing of an archive"):
        run_suite("own", workspace=workspace)


def means_of(folder, case):
    (folder / "x.toml").write_text("")
    dataset = Dataset(suite=Suite(name="x", cases="x.jsonl"), cases=(case,), path=folder / "x.toml", workspace=folder)
    return Means(dataset, Settings(), lambda _: None, {})


def test_texts_of_a_case_are_uploads(tmp_path):
    (tmp_path / "scan.txt").write_text("a file")
    case = Case(id="1", question="q", files=("scan.txt",), context=("FINDINGS: Clear.", "Ünïcode."))
    means = means_of(tmp_path, case)
    file, *texts = means.uploads(case)
    assert file == tmp_path / "scan.txt"
    assert [path.read_text(encoding="utf-8") for path in texts] == ["FINDINGS: Clear.", "Ünïcode."]
    assert means.uploads(case) == (file, *texts)


def test_comments_of_a_header_are_withheld_where_the_case_says_so(tmp_path):
    (tmp_path / "1.hea").write_text("1 1 500 10\n1.dat 16 1000/mV 0 0 0 0 0 ii\n# Rhythm: atrial fibrillation\n")
    (tmp_path / "1.dat").write_bytes(b"\0" * 20)
    case = Case(id="1", question="q", files=("1.hea",), without_comments=True)
    means = means_of(tmp_path, case)  # what it copied goes with it
    (copied,) = means.uploads(case)
    assert copied.read_text() == "1 1 500 10\n1.dat 16 1000/mV 0 0 0 0 0 ii\n"
    assert copied.with_suffix(".dat").read_bytes() == b"\0" * 20
    (whole,) = means.uploads(case.model_copy(update={"without_comments": False}))
    assert whole == tmp_path / "1.hea"
