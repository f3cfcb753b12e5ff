"""An assistant that works for whoever is at the page: their indexes, their uploads, their name in the log."""

import shutil
from functools import partial

import pydicom.data
import pytest
from sqlalchemy import text

from assistant.acting import Acting
from assistant.assistant import Assistant
from assistant.errors import BadQuery, WardroundError
from assistant.ui.gate.visitor import Visitor, acting, entering

NOTES = {"ward": "There is a large right pleural effusion.", "clinic": "There is a small left pleural effusion."}


def build(home, with_ecg=False):
    """An index of one study for each note: the note, and an ECG if there shall be one."""
    (home / "indexes").mkdir()
    for name, note in NOTES.items():
        (home / name).mkdir()
        row = f"{name}-note,{name}-0,{note},{'ecg.dcm' if with_ecg else ''}"
        (home / name / "notes.csv").write_text(f"id,patient,report,file\n{row}\n", encoding="utf-8")
        if with_ecg:
            shutil.copyfile(pydicom.data.get_testdata_file("waveform_ecg.dcm"), home / name / "ecg.dcm")
        recipe = home / "indexes" / f"{name}.toml"
        recipe.write_text(
            f'name = "{name}"\n[[source]]\npath = "../{name}"\nmanifest = "notes.csv"\n'
            '[source.columns]\nid = "id"\npatient_id = "patient"\ntext = "report"\n'
            + ('path = "{file}"\n' if with_ecg else ""),
            encoding="utf-8",
        )
        Assistant.build(recipe, workspace=home)


@pytest.fixture
def assistant(tmp_path):
    build(tmp_path)
    return Assistant.open(tmp_path)


def logged(assistant):
    with assistant.db.session() as session:
        query = "SELECT name, action, record_id FROM access JOIN account ON access.account_id = account.account_id"
        return session.execute(text(query)).all()


def texts_of(found):
    return " ".join(piece.text for piece in found.evidence)


def test_only_the_indexes_that_may_be_seen_are_searched_told_of_and_looked_into(assistant):
    everything = assistant.search("pleural effusion")
    assert "left" in texts_of(everything) and "right" in texts_of(everything)
    hidden = next(piece for piece in everything.evidence if "left" in piece.text)
    assert logged(assistant) == []  # a script's searches are its own affair
    assistant.act_for(lambda: Acting("ben", frozenset({"ward"}), logged=True))
    assert assistant.indexes == ("ward",) and set(assistant.totals()) == {"ward"} == set(assistant.generations())
    seen = assistant.search("left pleural effusion")
    assert "right" in texts_of(seen) and "left" not in texts_of(seen)
    assert "left" not in assistant.ask("Is there a left pleural effusion?").to_json()["text"]
    for refused in (lambda: assistant.record(hidden.record_id), lambda: assistant.study(str(hidden.study_id))):
        with pytest.raises(WardroundError, match="not in ward"):
            refused()
    with pytest.raises(BadQuery, match="'clinic': it is none of ward"):
        assistant.search("pleural effusion", indexes=["clinic"])
    assert {row[:2] for row in logged(assistant)} == {("ben", "search"), ("ben", "refused")}
    assert {row.record_id for row in logged(assistant) if row.action == "refused"} == {hidden.record_id}
    assert hidden.record_id not in {row.record_id for row in logged(assistant) if row.action == "search"}


def test_drafts_are_made_from_what_whoever_asked_may_see_in_every_thread(tmp_path):
    build(tmp_path, with_ecg=True)
    assistant = Assistant.open(tmp_path)
    assistant.act_for(partial(acting, True))
    problems = []
    with entering(Visitor("ben", indexes=frozenset({"ward"}))):
        studies = ["ward-note", "clinic-note"]
        drafts = list(assistant.draft(studies, workers=2, on_problem=lambda study, why: problems.append((study, why))))
    assert [draft.study_id for draft in drafts] == ["ward-note"]
    (problem,) = problems
    assert problem[0] == "clinic-note" and "not in ward" in problem[1]
    told = {row[:2] for row in logged(assistant)}
    assert {("ben", "draft"), ("ben", "refused")} <= told <= {("ben", "draft"), ("ben", "search"), ("ben", "refused")}


def test_nobody_sees_nothing(assistant):
    assistant.act_for(lambda: Acting(None, frozenset(), logged=True))
    assert assistant.indexes == () and assistant.totals() == {}
    assert assistant.search("pleural effusion").evidence == ()


def test_an_upload_is_found_by_whoever_handed_it_in(assistant, tmp_path):
    file = tmp_path / "note.txt"
    file.write_text("A private note.", encoding="utf-8")
    assistant.act_for(lambda: Acting("ben"))
    (record,) = assistant.read_upload(file)
    assert assistant.record(record.record_id).text == "A private note."
    assistant.act_for(lambda: Acting("eve"))
    with pytest.raises(WardroundError, match="not in"):
        assistant.record(record.record_id)
    copy = tmp_path / "copy.txt"
    copy.write_text("A private note.", encoding="utf-8")
    assert assistant.read_upload(copy)[0].record_id == record.record_id  # the same content, a file of her own
    assert assistant.record(record.record_id).text == "A private note."
