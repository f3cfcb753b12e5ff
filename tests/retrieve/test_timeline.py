"""A patient's timeline: all studies of one patient and of nobody else; a search within chosen studies or indexes."""

import pytest
from made_archive import Made, upload_of

from assistant.errors import BadQuery
from assistant.retrieve.query import Query
from assistant.retrieve.timeline import timeline_of

STUDIES = [
    Made("ward", "1", "s1", "text", 0, day=0),
    Made("ward", "1", "s1", "image", 0, day=0),
    Made("ward", "2", "s2", "image", 1, day=40),
    Made("ward", "1", "s3", "signal", 2, day=None),
    Made("clinic", "1", "s4", "text", 3, day=30),
    Made("trial", "1", "s5", "text", 1, day=50),  # another person: this index numbers its patients apart
    Made("ward", "3", "s6", "text", 2, day=7),
]
NAMELESS = upload_of(Made("ward", "9", "s9", "image", 7), names_patient=False, names_study=False)


@pytest.fixture
def indexes(made):
    return made(STUDIES)._indexes


def numbers(timeline):
    return [[record.external_id for record in study.records] for study in timeline.studies]


def test_all_studies_of_one_patient_newest_first_and_of_nobody_else(indexes):
    of_record = next(i for i in indexes if i.name == "ward").find_study("0")[0]
    found = timeline_of(indexes, pseudonym=of_record.patient_id)
    assert numbers(found) == [["4"], ["0", "1"], ["3"]]
    assert [study.days_before for study in found.studies] == [0, 30, None]
    assert [study.is_reference for study in found.studies] == [True, False, False]
    assert [study.index for study in found.studies] == ["clinic", "ward", "ward"]
    assert {record.patient_id for study in found.studies for record in study.records} == {found.patient_id}


def test_days_are_counted_from_an_upload_that_names_its_patient(indexes):
    today = upload_of(Made("ward", "3", "s9", "image", 5, copy=1, day=14), names_patient=True, names_study=True)
    found = timeline_of(indexes, upload=today)
    assert numbers(found) == [["6"]] and found.studies[0].days_before == 7 and not found.studies[0].is_reference


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ({"patient": "1"}, "more than one patient"),  # ward's and trial's
        ({"patient": "nobody"}, "knows no patient"),
        ({}, "knows no patient"),
        ({"pseudonym": "p-gone"}, "holds nothing of this patient"),
        (
            {"upload": upload_of(Made("ward", "9", "s9", "image", 7), names_patient=False, names_study=False)},
            "knows no patient",
        ),
    ],
)
def test_without_one_certain_patient_there_is_no_timeline(indexes, whose, said):
    with pytest.raises(BadQuery, match=said):
        timeline_of(indexes, **whose)


def test_a_search_within_chosen_studies_meets_no_other(made):
    retriever = made(STUDIES)
    ward = next(index for index in retriever._indexes if index.name == "ward")
    chosen = frozenset(str(ward.find_study(key)[0].study_id) for key in ("0", "6"))
    everything = retriever.search([Query("effusion", k=20)])[0]
    within = retriever.search([Query("effusion", k=20, studies=chosen)])[0]
    assert {e.study_id for e in within.evidence} == chosen < {e.study_id for e in everything.evidence}
    alike = upload_of(Made("ward", "9", "s9", "image", 1, copy=1), names_patient=False, names_study=False)
    pictures = retriever.search([Query(uploads=(alike,), k=20, studies=chosen)])[0]
    assert {e.study_id for e in pictures.evidence} <= chosen and pictures.evidence


def test_a_search_within_chosen_indexes_meets_no_other(made):
    retriever = made(STUDIES)
    found = retriever.search([Query("effusion", k=20, indexes=frozenset({"clinic"}))])[0]
    assert {e.external_id for e in found.evidence} == {"4"}
