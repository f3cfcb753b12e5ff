"""The patient wall, case by case; tests/retrieve/test_wall_properties.py draws archives at random."""

from dataclasses import replace

import pytest
from made_archive import REPORTS, Made, upload_of

from assistant.assistant import Assistant
from assistant.errors import BadQuery
from assistant.records import Passage
from assistant.retrieve.query import Query


def found(result, kept=None):
    """The places in the list of records of what was found."""
    return {int(e.external_id) for e in result.evidence if kept is None or e.kept == kept}


def relations(result):
    return {int(e.external_id): e.relation for e in result.evidence}


def test_a_file_that_two_patients_share_is_nobodys_own(made):
    records = [Made("ward", "1", "s1", "image", 0), Made("ward", "2", "s2", "image", 0)]
    search = made(records).search
    stray = upload_of(records[0], names_patient=False, names_study=False)
    assert relations(search([Query(uploads=(stray,))])[0]) == {0: "similar", 1: "similar"}
    named = upload_of(records[0], names_patient=True, names_study=False)
    assert relations(search([Query(uploads=(named,))])[0]) == {0: "own", 1: "similar"}


def test_a_file_that_names_its_patient_is_never_taken_for_anothers(made):
    records = [Made("ward", "2", "s2", "image", 0), Made("ward", "2", "s3", "text", 0)]
    other = upload_of(replace(records[0], patient="1"), names_patient=True, names_study=False)
    result = made(records).search([Query(uploads=(other,))])[0]
    assert found(result) == {0} and set(relations(result).values()) == {"similar"}


def test_an_id_that_two_namespaces_hold_names_nobody(made):
    records = [
        Made("ward", "1", "s1", "text", 0),
        Made("trial", "1", "s1", "text", 1),
        Made("trial", "2", "s2", "text", 2),
    ]
    search = made(records).search
    both = search([Query("pleural effusion", patient="1")])[0]
    assert both.abstained and not both.evidence
    assert "choose one index" in both.reason and "ward, trial" in both.reason
    assert found(search([Query("pneumothorax", patient="2")])[0]) == {2}
    assert found(search([Query(REPORTS[0], exclude_patient="1")])[0]) == {2}  # out of both


def test_what_names_nobody_goes_with_the_patient_of_its_study(made):
    records = [
        Made("ward", "1", "s1", "image", 0),
        Made("ward", None, "s1", "text", 0),
        Made("ward", "2", "s2", "text", 1),
    ]
    result = made(records).search([Query(REPORTS[0], exclude_patient="1")])[0]
    assert found(result) == {2}


def test_a_report_of_another_patient_in_a_shared_study_does_not_come_along(made):
    records = [Made("ward", "2", "s1", "image", 0), Made("ward", "1", "s1", "text", 0)]
    like = upload_of(replace(records[0], copy=3), names_patient=False, names_study=False)
    assert found(made(records).search([Query(uploads=(like,))])[0]) == {0, 1}
    assert found(made(records).search([Query(uploads=(like,), exclude_patient="1")])[0]) == {0}
    assert found(made(records).search([Query(uploads=(like,), patient="2")])[0]) == {0}


def test_whom_one_index_knows_by_a_copy_is_left_out_of_every_index(made):
    records = [
        Made("ward", "1", "s1", "image", 0),
        Made("clinic", "1", "s7", "image", 1),
        Made("clinic", "2", "s8", "image", 2),
    ]
    saved_again = upload_of(replace(records[0], copy=4), names_patient=False, names_study=False)
    result = made(records).search([Query(uploads=(saved_again,), leave_out_own=True)])[0]
    assert found(result) == {2}


def test_a_report_that_many_patients_share_is_no_copy(made):
    records = [Made("ward", "1", "s1", "text", 2), Made("ward", "2", "s2", "image", 0)]
    search = made(records).search
    whole = upload_of(replace(records[0], copy=2, patient=None), names_patient=False, names_study=False)
    assert 0 not in texts_found(search([Query("pneumothorax", uploads=(whole,), leave_out_own=True)])[0])
    first = replace(whole.record, passages=(Passage(0, len("No pneumothorax")),))
    phrase = replace(whole, record=first, vectors={})
    assert 0 in texts_found(search([Query("pneumothorax", uploads=(phrase,), leave_out_own=True)])[0])


def texts_found(result):
    """What was found in the archive; passages of an uploaded document have no external id."""
    return {int(e.external_id) for e in result.evidence if e.external_id}


def test_a_choice_and_a_file_of_another_patient_are_not_mixed(chest_workspace, monkeypatch):
    assistant = Assistant.open(chest_workspace)
    uploads = assistant.uploads.read([chest_workspace / "data" / "a.png"])
    monkeypatch.setattr(assistant.uploads, "read", lambda files: tuple(replace(u, patient="100") for u in uploads))
    with pytest.raises(BadQuery, match="names another patient than the one chosen"):
        assistant.query("effusion", files=["a.png"], patient="200")
    assert assistant.query("effusion", files=["a.png"], patient="100").patient == "100"


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_patient_without_an_id_is_not_taken_for_everybody(chest_workspace, empty):
    with pytest.raises(BadQuery, match="the patient's id is empty"):
        Assistant.open(chest_workspace).search("effusion", patient=empty)
