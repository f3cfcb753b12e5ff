"""Two recordings of one study are measured each for itself, and neither speaks against the other."""

import pytest

from assistant.records import Evidence, SignalPlace, Statement, TextPlace, ValuePlace
from assistant.verify.verifier import Verifier

WHOLE = SignalPlace("all", 0.0, 10.0)


def measured(key, record, words, place=WHOLE):
    return Evidence(key, record, "signal", "ECG", "own", words, place, 1.0, True, "", study_id="s1")


EVIDENCE = {
    piece.id: piece
    for piece in (
        measured("a1", "ra", "Heart rate 67 beats/min (upload 44.hea).", ValuePlace("heart_rate_bpm", 67, "beats/min")),
        measured("a2", "ra", "QRS duration 130 ms (upload 44.hea).", ValuePlace("qrs_ms", 130, "ms")),
        measured("a3", "ra", "PR interval not measured: no P wave that precedes the QRS regularly (upload 44.hea)."),
        measured("b1", "rb", "Heart rate 124 beats/min (upload b.hea).", ValuePlace("heart_rate_bpm", 124, "bpm")),
        measured("b2", "rb", "PR interval 127 ms (upload b.hea).", ValuePlace("pr_ms", 127, "ms")),
        measured("b3", "rb", "Rhythm: regular, P waves before the QRS in lead II (upload b.hea)."),
    )
}  # fmt: skip


@pytest.mark.parametrize("key", EVIDENCE)
def test_what_was_measured_is_supported_and_keeps_its_citation(key):
    (claim, *rest) = Verifier().verify(Statement(EVIDENCE[key].text, (key,), "patient"), EVIDENCE)
    assert {c.verdict for c in (claim, *rest)} == {"supported"}
    assert claim.citations == (key,)


def test_a_wrong_number_is_still_refused():
    claims = Verifier().verify(Statement("Heart rate 99 beats/min.", ("a1",), "patient"), EVIDENCE)
    assert [(claim.verdict, claim.error_kind) for claim in claims] == [("contradicted", "number")]


def test_a_report_of_the_same_study_still_speaks_against_what_the_signal_seems_to_say():
    words = "The rhythm is atrial fibrillation."
    report = Evidence("t", "rt", "text", "SR", "own", words, TextPlace(0, len(words)), 1.0, True, "", study_id="s1")
    said = measured("c", "ra", "Rhythm: no atrial fibrillation.")
    (claim,) = Verifier().verify(Statement(said.text, ("c",), "patient"), {"c": said, "t": report})
    assert claim.verdict == "contradicted"


def test_a_rate_of_one_file_is_no_rate_of_the_other():
    for words, verdict in (
        ("Heart rate 67 beats/min (upload 44.hea).", "supported"),
        ("Heart rate 124 beats/min (upload 44.hea).", "contradicted"),
        ("Heart rate 67 beats/min (upload b.hea).", "contradicted"),
        ("Heart rate 67 beats/min (upload 45.hea).", "unsupported"),
    ):
        (claim,) = Verifier().verify(Statement(words, ("a1", "b1"), "patient"), EVIDENCE)
        assert (claim.text, claim.verdict) == (words, verdict)


def test_each_part_of_a_sentence_names_the_upload():
    words = "Rhythm: regular, mean R–R interval 1187 ms (variation 2 %), rate below 60/min (bradycardia range)"
    said = measured("c", "rc", f"{words} (upload 24.hea).")
    parts = Verifier().verify(Statement(said.text, ("c",), "patient"), EVIDENCE | {"c": said})
    assert len(parts) > 1 and all(part.text.endswith(" (upload 24.hea).") for part in parts)
    assert {(part.verdict, part.citations) for part in parts} == {("supported", ("c",))}
