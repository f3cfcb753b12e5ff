"""A patient who is forgotten leaves probes and published scorecards too, wherever they were written."""

import json

import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.evaluate.dataset import load_suite
from assistant.forget import forget_patient
from assistant.pseudonyms import Pseudonyms
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.written import remember_written, written

GONE, STAYS, OTHER = "8812345", "7700001", "7700002"


def case(pair, patient, answer, group=None, **more):
    return {
        "id": f"{pair}:{answer}", "task": "choose", "question": "Is there effusion?", "choices": ["yes", "no"],
        "context": [f"Report of {pair}."], "exclude_patient": patient, "pair": pair, "group": group or patient, **more,
    }  # fmt: skip


@pytest.fixture
def home(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def probes(home, tmp_path):
    """Of the patient's own, of somebody they are easily taken for, and of two others; written outside the workspace."""
    path = tmp_path / "elsewhere" / "probes.toml"
    path.parent.mkdir()
    path.write_text('name = "probes"\ncases = "probes.jsonl"\n')
    alike = f"confusing:{GONE}-x:{STAYS}-x"
    cases = [
        case("attribute:a", GONE, "yes"), case("attribute:a", GONE, "no"),
        case(alike, GONE, "yes"), case(alike, STAYS, "no", GONE),
        case("attribute:b", STAYS, "yes", GONE), case("attribute:b", STAYS, "no", GONE),
        case("side:c", OTHER, "yes"), case("side:c", OTHER, "no"),
    ]  # fmt: skip
    path.with_suffix(".jsonl").write_text("".join(json.dumps(one) + "\n" for one in cases))
    remember_written(WorkspaceDb(home), "probes", [path])
    return path


def test_pairs_of_the_patient_leave_a_suite_of_probes_and_others_stay_in_their_groups(home, probes):
    told = forget_patient(home, GONE, dry_run=True)
    assert told.probes == [{"file": str(probes.with_suffix(".jsonl")), "cases": 4}]
    assert GONE in probes.with_suffix(".jsonl").read_text()
    report = forget_patient(home, GONE)
    assert report.probes == told.probes and report.not_cleaned == []
    assert GONE not in probes.with_suffix(".jsonl").read_text()
    left = load_suite(probes, home).cases
    assert [one.id for one in left] == ["attribute:b:yes", "attribute:b:no", "side:c:yes", "side:c:no"]
    assert [one.group for one in left] == [STAYS, STAYS, OTHER, OTHER]
    assert forget_patient(home, GONE).found_nothing


def test_by_a_pseudonym_the_archives_own_ids_in_probes_are_known_too(home, probes):
    (home / "notes").mkdir()
    note = {"id": "1", "patient_id": GONE, "text": "Large effusion."}
    (home / "notes" / "n.jsonl").write_text(json.dumps(note) + "\n")
    Assistant.build(home / "notes", workspace=home)
    report = forget_patient(home, Pseudonyms.of(home).patient(GONE, ""))
    assert [found["cases"] for found in report.probes] == [4]


def test_a_suite_of_nothing_but_the_patient_goes_whole(home, probes):
    path = probes.with_suffix(".jsonl")
    path.write_text("".join(json.dumps(case("attribute:a", GONE, answer)) + "\n" for answer in ("yes", "no")))
    forget_patient(home, GONE)
    assert not path.exists() and not probes.exists()
    with WorkspaceDb(home).session() as session:
        assert written(session, "probes") == []


def test_what_cannot_be_reached_is_told_again_each_time_and_what_was_deleted_is_not(home, probes, capsys):
    away = probes.parent.rename(probes.parent.with_name("unmounted"))
    for _ in range(2):
        (left,) = forget_patient(home, GONE).not_cleaned
        assert left["path"] == str(probes) and "its folder is not there" in left["reason"]
    assert main(["forget", "--patient", GONE, "--workspace", str(home)]) == 1
    assert f"NOT cleaned: {probes}: its folder is not there" in capsys.readouterr().out
    away.rename(probes.parent)
    probes.unlink()
    assert forget_patient(home, GONE).not_cleaned == []


def test_a_published_scorecard_that_names_the_patient_goes(home, tmp_path):
    names, others = tmp_path / "smoke.json", tmp_path / "smoke.md"
    names.write_text(json.dumps({"by_case": {f"{GONE}-effusion": {}}}))
    others.write_text("| metric | value |")
    remember_written(WorkspaceDb(home), "scorecard", [names, others])
    remember_written(WorkspaceDb(home), "scorecard", [names])  # published again
    assert forget_patient(home, GONE).scorecards == [str(names)]
    assert not names.exists() and others.exists()


def test_a_suite_of_ones_own_is_named_and_left(home):
    path = home / "eval" / "mine.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps({"id": "1", "question": f"How was {GONE}?"}) + "\n" + '{"id": "2", "question": "?"}\n')
    before = path.read_bytes()
    (left,) = forget_patient(home, GONE).not_cleaned
    assert left == {
        "path": str(path),
        "reason": "1 of its cases name the patient: it is a suite of yours, take them out yourself",
    }
    assert path.read_bytes() == before


def test_the_commands_keep_where_they_write(home, tmp_path):
    (home / "eval").mkdir()
    lines = [
        {"id": f"c{n}", "task": "check", "claim": text, "context": [text], "patient": f"77000{n}",
         "reference": {"verdict": "supported", "report": text}}
        for n, text in enumerate(("Large left pleural effusion. No pneumothorax.", "Cardiomegaly. No effusion."))
    ]  # fmt: skip
    (home / "eval" / "s.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (home / "eval" / "s.toml").write_text('name = "s"\ncases = "s.jsonl"\n')
    out, figures = tmp_path / "out" / "p.toml", tmp_path / "figures"
    common = ["--workspace", str(home), "--json"]
    assert main(["probe", str(home / "eval" / "s.toml"), "--out", str(out), *common]) == 0
    assert main(["eval", str(home / "eval" / "s.toml"), "--publish", str(figures), *common]) == 0
    with WorkspaceDb(home).session() as session:
        assert written(session, "probes") == [out]
        assert written(session, "scorecard") == sorted(figures.iterdir())
