"""Selection: the chance to answer, how many pieces are handed on, each thing once, and turns."""

import numpy as np
import pytest
from made_archive import REPORTS, Made, upload_of

from assistant.records import Evidence
from assistant.retrieve.chance import coverage, covered, fitted_chances
from assistant.retrieve.query import Query
from assistant.retrieve.select import _Words
from assistant.retrieve.weigh import Turns, in_turns
from assistant.store.words import WordIndex


def test_coverage_weighs_words_by_rarity_and_counts_unknown_ones_as_the_rarest():
    held = np.array([[True, True, False], [True, False, False], [False, False, False]])
    found = coverage(held, np.array([1.0, 3.0, 0.0]), 4.0)
    assert found == pytest.approx([0.5, 0.125, 0.0])
    assert coverage(np.empty((2, 0), bool), np.empty(0), 4.0).tolist() == [0.0, 0.0]


def test_a_word_is_held_under_another_name_and_in_the_other_spelling():
    texts = ["Dyspnea, shortness of breath.", "The lungs are clear.", "Tumor of the left lung.", "SOB since Monday."]
    words = WordIndex.build(range(4), texts)
    keys = np.arange(4)
    assert covered(words, keys, "SOB").tolist() == [1.0, 0.0, 0.0, 1.0]
    assert covered(words, keys, "tumour of the lung")[[0, 2]].tolist() == [0.0, 1.0]
    assert covered(words, keys, "").tolist() == [0.0] * 4


def test_chances_grow_with_meaning_and_with_words_and_words_count_for_more_in_reports():
    fitted = fitted_chances()
    for chance in (fitted.knowledge, fitted.reports):
        near = chance.of(np.array([0.3, 0.6, 0.6]), np.array([0.2, 0.2, 0.9]))
        assert near[0] < near[1] < near[2]
    low = np.array([0.35])  # a report that names the finding among much else, and one that does not
    assert fitted.reports.of(low, np.array([1.0]))[0] > 0.9
    assert fitted.reports.of(low, np.array([0.0]))[0] < 0.05
    assert "minilm-int8" in fitted.encoders


def test_a_text_is_the_same_again_where_most_of_the_shorter_one_stands_in_the_other():
    report = _Words.of(REPORTS[0])
    assert report.repeats(_Words.of(REPORTS[0].upper()), 0.8)
    assert report.repeats(_Words.of("Addendum. " + REPORTS[0]), 0.8)
    assert report.repeats(_Words.of(" ".join(REPORTS[0].split()[:12])), 0.8)
    assert not report.repeats(_Words.of(REPORTS[1]), 0.8)
    assert not _Words.of("Clear lungs.").repeats(_Words.of("Normal heart."), 0.8)


def test_nearly_the_same_picture_is_told_once(made):
    records = [
        Made("ward", "1", "s1", "image", 0),
        Made("ward", "2", "s2", "image", 0, copy=2),
        Made("ward", "3", "s3", "image", 1),
    ]
    like = upload_of(Made("ward", None, "s9", "image", 0, copy=7), names_patient=False, names_study=False)
    more_like = Query(uploads=(like,), leave_out_studies=frozenset({"s9"}))  # of the archive itself, no upload
    found = {e.external_id: e for e in made(records).search([more_like])[0].evidence}
    kept, dropped = (found["0"], found["1"]) if found["0"].kept else (found["1"], found["0"])
    assert kept.kept and not dropped.kept
    assert dropped.why.endswith(f"nearly the same picture as {kept.id}")


def piece(number, study):
    return Evidence(f"e{number}", f"r{number}", "text", "SR", "similar", "", None, 0.0, True, "", study_id=study)


def test_turns_follow_the_weights_and_keep_a_study_together():
    alike = [piece(0, "a"), piece(1, "a"), piece(2, "b"), piece(3, "b"), piece(4, "c")]
    text = [piece(n, None) for n in range(10, 16)]
    even = [e.id for e in in_turns(alike, text, Turns(0.5, 0.5))]
    assert even == ["e0", "e1", "e10", "e11", "e2", "e3", "e12", "e13", "e4", "e14", "e15"]
    mostly_text = [e.id for e in in_turns(alike, text, Turns(0.2, 0.8))]
    assert mostly_text[:7] == ["e10", "e0", "e1", "e11", "e12", "e13", "e14"]
    assert [e.id for e in in_turns([], text, Turns(0.75, 0.25))] == [e.id for e in text]


def test_weights_put_knowledge_first_beside_an_upload(chest_workspace):
    from assistant.assistant import Assistant

    assistant = Assistant.open(chest_workspace)
    files = [chest_workspace / "data" / "c.png"]
    asked = assistant.search("What is cardiomegaly?", files=files, k=6)
    assert any("text 0.8" in words for words in asked.route)
    assert "likeness" not in asked.evidence[0].why
    alike = assistant.search("What does this film show?", files=files, k=6)
    assert "likeness" in alike.evidence[0].why


def test_a_request_is_searched_for_by_what_it_is_about(chest_workspace):
    from assistant.assistant import Assistant

    found = Assistant.open(chest_workspace).search("Find chest X-ray reports with a comminuted fracture")
    assert found.evidence[0].external_id == "e.png" and found.evidence[0].kept
    assert "chance to answer" in found.evidence[0].why
    assert {e.external_id for e in found.evidence if e.kept} == {"e.png"}  # its note, and its picture by the label
    dropped = [e for e in found.evidence if not e.kept]
    assert dropped and all("to the point" in e.why or "unlikely" in e.why for e in dropped)
