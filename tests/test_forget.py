"""Forgetting a patient: nothing of them is left, nothing of anybody else is lost, and no build brings them back."""

import json
import shutil
import sqlite3

import pytest
from small_archive import build_small_archive

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.errors import BadQuery
from assistant.forget import forget_patient
from assistant.pseudonyms import Pseudonyms
from assistant.store.generations import IndexFolder
from assistant.store.opinions import Target, give
from assistant.store.talks import Talks
from assistant.store.workspace_db import WorkspaceDb

GONE = "100"  # two studies: "Large right pleural effusion …", "The effusion has become smaller after drainage."
WORDS = (b"pleural effusion", b"smaller after drainage")


@pytest.fixture
def workspace(chest_workspace, tmp_path):
    """A workspace in which patient 100 stands in an index, two conversations, a draft run and an evaluation run."""
    shutil.copytree(chest_workspace, tmp_path, dirs_exist_ok=True)
    assistant = Assistant.open(tmp_path)
    about = assistant.ask("Is there an effusion?", patient=GONE)
    own = [{**piece, "relation": "own"} for piece in about.to_json()["evidence"]]
    assistant.db.add_turn("about", "Is there an effusion?", [], {**about.to_json(), "evidence": own})
    turn = assistant.db.add_turn("about", "And on the left?", [], {"text": "?", "claims": [{"text": "Yes."}]})
    give(assistant.db, Target(turn, None, "0"), "wrong")
    cites = assistant.ask("pleural effusion with atelectasis")
    assert any(piece.patient_id == name(tmp_path) for piece in cites.evidence)
    assistant.db.add_turn("cites", "pleural effusion with atelectasis", [], cites.to_json())
    assistant.db.add_turn("cites", "What else?", [], {"text": "nothing", "evidence": []})
    list(assistant.draft(["a.png", "e.png"], out=tmp_path / "drafts"))
    run = tmp_path / "eval" / "runs" / "smoke-1"
    run.mkdir(parents=True)
    (run / "log.jsonl").write_text(json.dumps({"case": "1", "answer": cites.to_json()}) + "\n")
    other = tmp_path / "eval" / "runs" / "smoke-2"
    other.mkdir()
    (other / "log.jsonl").write_text('{"case": "1", "answer": null}\n')
    assistant.db.log_access("view", [(piece.record_id, piece.patient_id) for piece in about.evidence])
    return tmp_path


def name(workspace, patient=GONE):
    return Pseudonyms.of(workspace).patient(patient, "")


def files_with(workspace, *wanted):
    """The files below the workspace, the user's own archive left out, that hold one of these bytes."""
    mine = [p for p in workspace.rglob("*") if p.is_file() and "data" not in p.relative_to(workspace).parts]
    return [str(p.relative_to(workspace)) for p in mine if any(word in p.read_bytes() for word in wanted)]


def test_nothing_of_the_patient_is_left_and_all_else_is(workspace):
    here = name(workspace).encode()
    assert files_with(workspace, here, *WORDS)
    report = forget_patient(workspace, GONE)
    assert files_with(workspace, here, *WORDS) == []
    assert report.indexes == [{"index": "chest", "generation": 2, "records": 4, "studies": 2}]
    assert (report.conversations, report.turns, report.feedback) == (1, 3, 1)
    assert report.evaluation_runs == ["smoke-1"]
    assert report.access_log_entries_unlinked > 0
    assert report.not_cleaned == []
    assistant = Assistant.open(workspace)
    assert assistant.totals() == {"chest": {"image": 3, "text": 2}}
    assert assistant.db.turns("cites") == [("What else?", {"text": "nothing", "evidence": []})]
    assert assistant.db.turns("about") == []
    assert assistant.search("heart size normal", kinds=["text"]).evidence[0].external_id == "c.png"
    assert all(e.patient_id != name(workspace) for e in assistant.search("large effusion").evidence)


def test_a_conversation_about_the_patient_goes_even_where_nothing_of_them_was_found(workspace):
    here, talks = name(workspace), Talks(Assistant.open(workspace).db)
    study = Assistant.open(workspace).search("effusion", patient=GONE).evidence[0].study_id
    talks.add("chosen", "Is there a fracture?", [], {"text": ""}, scope={"about": [here], "patient": here})
    talks.add("called", "Is there a fracture?", [], {"text": ""})
    talks.rename("called", f"About {here}")
    talks.add("among", "Is there a fracture?", [], {"text": ""}, scope={"about": [], "studies": [study, "S-OTHER"]})
    talks.add("among", "And a nodule?", [], {"text": ""}, scope={"about": [], "studies": ["S-OTHER"]})
    before = {talk.id for talk in talks.newest()}
    forget_patient(workspace, GONE)
    assert before - {talk.id for talk in talks.newest()} == {"about", "chosen", "called"}
    assert [turn.question for turn in talks.turns("among")] == ["And a nodule?"]


def test_drafts_of_others_stay_unless_they_cite_the_patient(workspace):
    path = workspace / "drafts" / "drafts.jsonl"
    before = path.read_text().splitlines()
    report = forget_patient(workspace, GONE)
    after = path.read_text().splitlines()
    assert after == [line for line in before if name(workspace) not in line]
    assert report.drafts == [{"file": str(path), "lines": len(before) - len(after)}]
    assert path.stat().st_mode & 0o077 == 0


def test_the_next_build_does_not_bring_them_back_and_says_so(workspace):
    forget_patient(workspace, GONE)
    for _ in range(2):  # the second finds nothing to do
        report = Assistant.build(workspace / "indexes" / "chest.toml")
        assert report.records == {"image": 3, "signal": 0, "text": 2}
        assert len(report.set_aside) == 2
        assert all("of a patient who was forgotten" in reason for _, reason in report.set_aside)
    assert files_with(workspace, name(workspace).encode(), *WORDS, b"a.png", b"b.png") == []


def test_a_rebuild_from_nothing_does_not_bring_them_back_either(workspace):
    forget_patient(workspace, GONE)
    (workspace / "indexes" / "chest" / "CURRENT").unlink()
    report = Assistant.build(workspace / "indexes" / "chest.toml")
    assert report.records == {"image": 3, "signal": 0, "text": 2}


def test_a_dry_run_says_the_same_and_changes_nothing(workspace):
    def state():
        with sqlite3.connect(workspace / "workspace.db") as connection:
            tables = ("turn", "feedback", "access", "drafted", "forgotten")
            rows = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
        others = {p: p.read_bytes() for p in workspace.rglob("*") if p.is_file() and "workspace.db" not in p.name}
        return rows, others

    before = state()
    told = forget_patient(workspace, GONE, dry_run=True)
    assert state() == before
    done = forget_patient(workspace, GONE)
    told.dry_run, told.indexes[0]["generation"] = False, 2
    assert told == done


def test_a_pseudonym_will_do(workspace):
    forget_patient(workspace, name(workspace))
    assert files_with(workspace, *WORDS) == []
    assert Assistant.build(workspace / "indexes" / "chest.toml").records == {"image": 3, "signal": 0, "text": 2}


def test_an_unfinished_build_and_the_former_generation_go_too(workspace):
    folder = IndexFolder.of(workspace, "chest")
    (workspace / "data" / "f.txt").write_text("not in the manifest")
    folder.building.mkdir()
    for file in folder.open_current().iterdir():
        if file.is_file():
            (folder.building / file.name).write_bytes(file.read_bytes())
    forget_patient(workspace, GONE)
    assert not folder.building.exists()
    assert [p.name for p in (folder.path / "generations").iterdir()] == ["000002"]


def test_one_file_of_two_patients_keeps_the_other(tmp_path):
    (tmp_path / "data").mkdir()
    rows = [
        {"id": "n1", "patient_id": "A-100-X", "text": "Known aortic stenosis with a gradient of 60 mmHg."},
        {"id": "n2", "patient_id": "B-200-X", "text": "Acute appendicitis with a phlegmon."},
    ]
    (tmp_path / "data" / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Assistant.build(tmp_path / "data", workspace=tmp_path)
    forget_patient(tmp_path, "A-100-X")
    assistant = Assistant.open(tmp_path)
    assert assistant.totals() == {"data": {"text": 1}}
    assert assistant.search("appendicitis").evidence[0].patient_id == name(tmp_path, "B-200-X")
    assert Assistant.build(tmp_path / "data", workspace=tmp_path).records["text"] == 1


def test_only_one_index_where_ids_mean_other_people(workspace):
    other = workspace / "indexes" / "other.toml"
    recipe = (workspace / "indexes" / "chest.toml").read_text().replace('"chest"', '"other"')
    other.write_text('patient_namespace = "elsewhere"\n' + recipe)
    Assistant.build(other)
    forget_patient(workspace, GONE, index="chest")
    assert Assistant.open(workspace).totals() == {
        "chest": {"image": 3, "text": 2},
        "other": {"image": 5, "text": 4},
    }
    assert Assistant.build(other).records["image"] == 5
    assert [found["index"] for found in forget_patient(workspace, GONE).indexes] == ["other"]


def test_a_question_that_names_the_id_goes_with_its_conversation(tmp_path):
    build_small_archive(tmp_path)
    db = WorkspaceDb(tmp_path)
    db.add_turn("named", "How was MRN 8812345 last year?", [], {})
    db.add_turn("not named", "What does 18812345 mean?", [], {})
    report = forget_patient(tmp_path, "8812345")
    assert (report.conversations, db.turns("named")) == (1, [])
    assert db.turns("not named")


def test_the_command(workspace, capsys):
    assert main(["forget", "--patient", GONE, "--workspace", str(workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["indexes"][0]["records"] == 4
    assert main(["forget", "--patient", GONE, "--workspace", str(workspace)]) == 0  # again: nothing is left to do
    assert "nothing of this patient is in the workspace; is the id right?" in capsys.readouterr().out
    assert main(["forget", "--patient", " ", "--workspace", str(workspace)]) == 2
    with pytest.raises(BadQuery, match="whom"):
        forget_patient(workspace, "")
