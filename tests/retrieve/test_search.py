"""Searching a small archive of pictures with notes: by words, by likeness, through the study, behind the wall."""

import numpy as np
import pytest
from small_archive import ROWS, draw

from assistant.assistant import Assistant
from assistant.errors import BadQuery, UnreadableFile


@pytest.fixture(scope="module")
def workspace(chest_workspace):
    return chest_workspace


@pytest.fixture(scope="module")
def assistant(workspace):
    return Assistant.open(workspace)


def ids(result, kind=None):
    return [e.external_id for e in result.evidence if kind is None or e.kind == kind]


def test_words_find_the_note_and_a_kind_filter_finds_its_picture_through_the_study(assistant):
    found = assistant.search("right pleural effusion")
    assert not found.abstained
    best = found.evidence[0]
    assert (best.external_id, best.kind, best.relation) == ("a.png", "text", "similar")
    assert best.text == ROWS[0][2]
    pictures = assistant.search("right pleural effusion", kinds=["image"])
    assert pictures.evidence[0].external_id == "a.png"
    assert {e.kind for e in pictures.evidence} == {"image"}
    assert pictures.evidence[0].place.box == (0, 0, 200, 160)


def test_labels_can_be_searched_where_there_is_no_text(assistant):
    found = assistant.search("cardiomegaly", kinds=["image"])
    assert found.evidence[0].external_id == "d.png"
    assert found.evidence[0].labels == {"finding": "Cardiomegaly"}


def test_a_picture_finds_itself_and_its_report_and_is_known_as_own(assistant, workspace):
    found = assistant.search(files=[workspace / "data" / "a.png"])
    assert ids(found)[:2] == ["a.png", "a.png"]
    assert [e.kind for e in found.evidence[:2]] == ["image", "text"]
    assert found.evidence[0].score == pytest.approx(1.0, abs=1e-3)
    assert [e.relation for e in found.evidence[:2]] == ["own", "own"]  # its report is no other patient's
    assert {e.relation for e in found.evidence if e.external_id == "b.png"} == {"own"}  # the same patient
    assert {e.relation for e in found.evidence if e.external_id == "c.png"} == {"similar"}


def test_one_study_a_patient_is_kept(assistant, workspace):
    found = assistant.search(files=[workspace / "data" / "c.png"], kinds=["image"])
    kept = [e.patient_id for e in found.evidence if e.kept]
    assert len(kept) == len(set(kept))
    dropped = [e for e in found.evidence if not e.kept]
    assert all(e.why for e in dropped)


def test_the_wall(assistant, workspace):
    """Neither an excluded patient nor, when drafting, the study itself is ever returned."""
    upload = workspace / "data" / "a.png"
    for result in (
        assistant.search("pleural effusion drainage", exclude_patient="100"),
        assistant.search(files=[upload], exclude_patient="100"),
        assistant.search("pleural effusion", kinds=["image"], exclude_patient="100"),
    ):
        assert result.evidence
        assert not {"a.png", "b.png"} & set(ids(result))
    only = assistant.search("effusion lungs fracture", patient="100")
    assert set(ids(only)) == {"a.png", "b.png"}
    assert {e.relation for e in only.evidence} == {"own"}
    assert not any("100" in str((e.patient_id, e.study_id)) for e in only.evidence)


def test_a_draft_leaves_out_its_own_study_and_patient_by_hash(assistant, workspace):
    from dataclasses import replace

    query = replace(assistant.query(files=[workspace / "data" / "a.png"]), leave_out_own=True)
    found = assistant.search_batch([query])[0]
    assert not {"a.png", "b.png"} & set(ids(found))  # a bare PNG names nobody, but the archive knows whose it is
    assert "c.png" in ids(found)


def test_off_topic_questions_abstain_and_say_what_was_nearest(assistant):
    found = assistant.search("Who won the 1998 football world cup?")
    assert found.abstained
    assert found.reason
    assert found.evidence
    assert not any(e.kept for e in found.evidence)
    assert all("unlikely to answer the question" in e.why for e in found.evidence)
    assert found.reason == "The archive holds nothing that is near enough to the question."  # figures: at each evidence
    assert all("chance to answer" in e.why for e in found.evidence)


def test_an_abstention_beside_an_uploaded_text_speaks_of_the_text_first(assistant, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Letter\n\nMedication\nRamipril 5 mg once daily\nBisoprolol 5 mg once daily\n", encoding="utf-8")
    found = assistant.search("Who won the 1998 football world cup?", files=[letter])
    assert found.abstained and found.reason == (
        "No line was found in the uploaded text that answers the question, and nothing near enough in the archive."
    )


def test_batches_give_what_single_queries_give(assistant, workspace):
    queries = [
        assistant.query("pleural effusion", k=3),
        assistant.query(files=[workspace / "data" / "c.png"], k=3),
        assistant.query("fracture of the radius", k=3, exclude_patient="400"),
    ]
    together = assistant.search_batch(queries)
    alone = [assistant.search_batch([query])[0] for query in queries]
    assert [ids(r) for r in together] == [ids(r) for r in alone]
    assert all(len(r.evidence) <= 3 for r in together)
    assert "e.png" not in ids(together[2])


def test_bad_queries_say_what_is_wrong(assistant, tmp_path):
    with pytest.raises(BadQuery, match="nothing to search for"):
        assistant.search("  ")
    with pytest.raises(BadQuery, match="kind 'video'"):
        assistant.search("x", kinds=["video"])
    with pytest.raises(BadQuery, match="k is 0: a whole number, and at least one"):
        assistant.search("x", k=0)
    with pytest.raises(UnreadableFile, match=r"gone\.png"):
        assistant.search(files=[tmp_path / "gone.png"])


def test_records_can_be_looked_at_again(assistant):
    best = assistant.search("cardiomegaly", kinds=["image"]).evidence[0]
    record = assistant.record(best.record_id)
    np.testing.assert_array_equal(record.image.pixels, draw(3, (160, 200)))
    assert record.patient_id.startswith("P-")
