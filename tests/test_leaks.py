"""No planted identifier is found in any file of the workspace, any log, any prompt."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from leaks import RecordingServer, leaked, make_hospital, write_recipe

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.settings import Settings

QUESTION = "Is there a pleural effusion?"


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """The hospital, and a workspace in which all of it was indexed, searched, asked and drafted from."""
    root = tmp_path_factory.mktemp("ward")
    workspace, hospital = root / "workspace", root / "hospital"
    persons = make_hospital(hospital)
    write_recipe(workspace / "indexes" / "ward.toml", hospital)
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(f"{record.name} {record.getMessage()} {record.exc_text or ''}")
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    server = RecordingServer()
    try:
        report = Assistant.build(workspace / "indexes" / "ward.toml", workspace=workspace)
        llm = {"base_url": server.base_url, "images": 2}
        assistant = Assistant(workspace, settings=Settings(llm=llm))
        uploads = sorted(
            p for p in hospital.rglob("*") if p.suffix in (".dcm", ".txt", ".pdf") and "broken" not in p.name
        )
        said = []
        for name in ("quote", "openai"):
            said.append(assistant.ask(QUESTION, llm=name).to_json())
            for path in uploads[:8]:
                said.append(assistant.ask("What does it show?", files=[path], llm=name).to_json())
        said.append(assistant.ask(QUESTION, patient=persons[0].mrn, llm="openai").to_json())
        said.append(assistant.search(QUESTION, k=50).to_json())
        studies = sorted({e.study_id for e in assistant.search("effusion", k=10).evidence if e.study_id})[:3]
        out = workspace / "drafts"
        for name in ("quote", "openai"):
            said += [draft.to_json() for draft in assistant.draft(studies, out=out / name, llm=name)]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        server.close()
    return persons, workspace, hospital, report, said, records, server.bodies, assistant


def test_everything_was_read_and_the_damaged_files_set_aside(ward):
    persons, _, _, report, said, _, bodies, _ = ward
    assert report.records == {"image": 40, "signal": 0, "text": 80}
    assert len(report.set_aside) == 20
    assert len(bodies) >= 5 and any("effusion" in body for body in bodies)
    assert any(answer.get("claims") for answer in said)
    assert sum(len(person.identifiers) for person in persons) == 200


def test_no_identifier_is_in_any_file_of_the_workspace_but_the_owners_path_table(ward):
    persons, workspace, *_ = ward
    files = [p for p in workspace.rglob("*") if p.is_file() and p.name not in ("paths.sqlite", "pseudonym.key")]
    assert len(files) > 8
    found = {str(p.relative_to(workspace)): hits for p in files if (hits := leaked(p.read_bytes(), persons))}
    assert found == {}
    tables = list(workspace.rglob("paths.sqlite"))
    assert tables and all(leaked(table.read_bytes(), persons) for table in tables), "the search finds what is there"
    assert all(table.stat().st_mode & 0o077 == 0 for table in tables)
    assert not any(leaked(str(p.relative_to(workspace)).encode(), persons) for p in workspace.rglob("*"))


def test_no_identifier_is_in_any_prompt_log_or_answer(ward):
    persons, _, _, _, said, records, bodies, _ = ward
    assert leaked("\n".join(bodies).encode(), persons) == []
    assert leaked(json.dumps(said, ensure_ascii=False).encode(), persons) == []
    assert leaked("\n".join(records).encode(), persons) == []


def test_what_is_looked_at_shows_no_banner(ward):
    *_, assistant = ward
    shown = [e for e in assistant.search("chest", k=100, kinds=["image"]).evidence if e.modality == "US"]
    assert len(shown) >= 10
    for evidence in shown:
        record = assistant.record(evidence.record_id)
        assert record.image.pixels[:40].max() == 0 and record.image.pixels[80:].max() > 100
        assert record.fields["burned_in_text"] == "masked"
        assert record.fields["age"] == "90+"


def test_reading_a_file_shows_no_identifier_but_its_own_name(ward, capsys):
    persons, workspace, hospital, *_ = ward
    for path in sorted((hospital / f"{persons[0].surname}_{persons[0].given}_{persons[0].mrn}").iterdir()):
        main(["read", str(path), "--json", "--workspace", str(workspace)])
        printed = json.loads(capsys.readouterr().out)
        told = json.dumps([{**record, "uri": ""} for record in printed["records"]]) + str(printed["reason"])
        assert leaked(told.encode(), persons) == []


def test_dates_move_together_and_filters_take_the_real_ones(ward):
    persons, *_, assistant = ward
    person = persons[3]
    found = assistant.search("cardiomegaly", patient=person.mrn, k=20).evidence
    moved = {e.taken_at.date() for e in found if e.taken_at}
    assert len(moved) == 1 and person.taken not in moved, "files, reports and the row of a patient move by one number"
    assert 1 <= (person.taken - moved.pop()).days <= 365
    since = np.datetime64(person.taken).astype("datetime64[us]").item()
    on_the_day = assistant.search("cardiomegaly", since=since, until=since.replace(hour=23), k=50).evidence
    assert {e.patient_id for e in on_the_day} == {e.patient_id for e in found}


def test_an_upload_and_the_index_move_a_patients_dates_alike(ward):
    persons, _, hospital, *_, assistant = ward
    person = persons[5]
    path = next(hospital.glob(f"{person.surname}_*/*_us.dcm"))
    upload = assistant.read_upload(path)[0]
    indexed = assistant.search("cardiomegaly", patient=person.mrn, k=5).evidence[0]
    assert upload.taken_at.date() == indexed.taken_at.date()


def test_without_the_key_nothing_leads_back(ward, tmp_path):
    persons, workspace, *_ = ward
    key = workspace / ".keys" / "pseudonym.key"
    assert key.stat().st_mode & 0o077 == 0 and key.parent.stat().st_mode & 0o077 == 0
    mine = Assistant.open(workspace)
    taken = mine.search("cardiomegaly", patient=persons[0].mrn, k=1).evidence[0]
    copy = tmp_path / "copy"
    shutil.copytree(workspace, copy, ignore=shutil.ignore_patterns(".keys"))
    other = Assistant.open(copy)
    assert other.search("cardiomegaly", patient=persons[0].mrn, k=5).evidence == ()
    assert taken.patient_id not in other.pseudonyms_of(persons[0].mrn, None)[0]
    since = np.datetime64(persons[0].taken).astype("datetime64[us]").item()
    on_the_day = other.search("cardiomegaly", since=since, until=since.replace(hour=23), k=50).evidence
    assert taken.patient_id not in {e.patient_id for e in on_the_day}
    assert Path(copy / ".keys").exists(), "another key was made, and it opens nothing"
