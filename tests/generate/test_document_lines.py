"""Quotations of uploaded documents, line by line."""

import numpy as np

from assistant.generate.documents import document_sentences
from assistant.records import Evidence, TextPlace

LETTER = """Medication at discharge
Aspirin 100 mg once daily
Ramipril 5 mg once daily

History
He has an allergy to penicillin."""


def piece(text=LETTER, section=None, start=0, key="e1"):
    place = TextPlace(start, start + len(text), 1)
    return Evidence(key, "r1", "text", "DOC", "own", text, place, 1.0, True, "", section=section)


def said(question, *own):
    return [sentence.text for sentence in document_sentences(question, own)]


def test_an_item_of_a_list_is_quoted_under_its_heading_and_a_sentence_as_it_stands():
    assert said("What is the dose of ramipril?", piece()) == ["Medication at discharge: “Ramipril 5 mg once daily”"]
    assert said("Which allergy does the patient have?", piece()) == ["He has an allergy to penicillin."]


def test_a_section_asked_for_is_quoted_whole_and_goes_on_from_passage_to_passage():
    more = piece("Atorvastatin 80 mg in the evening", "Medication at discharge", 200, "e2")
    assert said("What does the letter say about medication?", piece(), more) == [
        "Medication at discharge: “Aspirin 100 mg once daily”",
        "Medication at discharge: “Ramipril 5 mg once daily”",
        "Medication at discharge: “Atorvastatin 80 mg in the evening”",
    ]


def test_nothing_is_quoted_where_the_document_does_not_hold_it():
    assert said("What is the dose of metoprolol?", piece()) == []
    assert said("Which pacemaker was implanted?", piece()) == []


def test_where_no_line_holds_the_words_one_that_is_near_in_meaning_does():
    near = [piece("Trial\nStatins lower the death rate.")]

    def encode(texts):
        return np.ones((len(texts), 1), np.float32)

    question = "Do statins lower early mortality?"
    assert [s.text for s in document_sentences(question, near, encode)] == ["Statins lower the death rate."]
    assert document_sentences(question, near) == []
    assert document_sentences("Which dose of digoxin is given?", near, encode) == []


def test_a_drug_is_asked_for_and_its_hour_is_not_told():
    """As the header of an ECG writes it; the lytic agent is a drug, the time of its start and a contrast agent none."""
    text = (
        "Medication pre admission: Digoxin Glibenclamide\nStart lysis therapy (hh.mm): 19:45\nLytic agent: Gamma-TPA\n"
        "Contrast agent: barium\nSmoker: no"
    )
    assert said("Which drugs?", piece(text)) == [
        "“Medication pre admission: Digoxin Glibenclamide”", "“Lytic agent: Gamma-TPA”",
    ]  # fmt: skip
