"""What the archive holds of an upload again is told as that, and counts as no study of another patient."""

from dataclasses import replace

from made_archive import REPORTS, Made, upload_of

from assistant.retrieve.query import Query

ARCHIVE = [
    Made("ward", "1", "s1", "signal", 0),
    Made("ward", "1", "s1", "text", 4),  # the report beside it
    Made("ward", "1", "s2", "signal", 5),  # another study of whoever lies with it
    Made("ward", "2", "s3", "signal", 2),
    Made("ward", "3", "s4", "text", 1),
]


def pieces(result):
    return {int(e.external_id): e for e in result.evidence if e.external_id}


def test_a_recording_that_was_saved_again_is_shown_as_a_copy_and_hands_nothing_on(made):
    again = upload_of(replace(ARCHIVE[0], copy=7), names_patient=False, names_study=False)
    found = pieces(made(ARCHIVE).search([Query(uploads=(again,))])[0])
    assert found[0].copy_of == again.record.record_id and found[0].relation == "similar"
    assert {key: found[key].kept for key in (0, 1, 2)} == {0: False, 1: False, 2: False}
    assert found[0].why.endswith("a copy of the upload, in the archive")
    assert found[1].why.endswith("of a study that holds a copy of the upload")
    assert found[2].why.endswith("of a patient with whom a copy of the upload lies")
    assert [found[key].copy_of for key in (1, 2, 3)] == [None, None, None]


def test_a_copy_is_own_only_where_its_patient_is_named(made):
    search = made(ARCHIVE).search
    again = replace(ARCHIVE[0], copy=7)
    named = upload_of(again, names_patient=True, names_study=False)
    found = pieces(search([Query(uploads=(named,))])[0])
    assert found[0].relation == "own" and found[0].kept and found[0].copy_of == named.record.record_id
    other = upload_of(replace(again, patient="2"), names_patient=True, names_study=False)
    found = pieces(search([Query(uploads=(other,))])[0])
    assert found[0].relation == "similar" and not found[0].kept and found[0].copy_of == other.record.record_id
    assert found[3].relation == "own"


def test_the_very_file_lies_with_two_patients_and_is_a_copy_twice(made):
    records = [Made("ward", "1", "s1", "image", 0), Made("ward", "2", "s2", "image", 0)]
    stray = upload_of(records[0], names_patient=False, names_study=False)
    result = made(records).search([Query(uploads=(stray,))])[0]
    assert {e.copy_of for e in result.evidence} == {stray.record.record_id}
    assert result.abstained and "holds a copy of the upload" in result.reason


def test_an_uploaded_report_that_is_in_the_archive_is_no_other_patient_s_word(made):
    again = upload_of(replace(ARCHIVE[4], copy=3), names_patient=False, names_study=False)
    found = pieces(made(ARCHIVE).search([Query(REPORTS[1], uploads=(again,))])[0])
    assert found[4].copy_of == again.record.record_id and not found[4].kept
