from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assistant.records import Claim, Evidence, Kind, Place, Relation, Statement, ValuePlace
from assistant.settings import VerifySettings
from assistant.verify import Verifier, split_claims


def piece(
    id: str, relation: Relation, text: str, study: str, place: Place | None = None, kind: Kind = "text",
    labels: Mapping[str, str] | None = None,
) -> Evidence:  # fmt: skip
    return Evidence(
        id, "r" + id, kind, "CR", relation, text, place, 1.0, True, "best", study_id=study, labels=labels or {}
    )


EVIDENCE = {
    e.id: e
    for e in [
        piece("own", "own", "There is a small left pleural effusion. The heart is normal in size.", "s0"),
        piece("rate", "own", "Heart rate 61 beats/min", "s0", ValuePlace("heart_rate_bpm", 61.2, "beats/min")),
        piece("b", "similar", "Moderate cardiomegaly. No effusion.", "s1"),
        piece("c", "similar", "Pleural effusion on the right.", "s2"),
        piece("k", "knowledge", "Aspirin reduces the risk of myocardial infarction.", "d1"),
    ]
}
VERIFIER = Verifier(VerifySettings())


def verify(text: str, *citations: str, about: str = "general") -> list[Claim]:
    return VERIFIER.verify(Statement(text, citations, about), EVIDENCE)  # type: ignore[arg-type]


def only(text: str, *citations: str, about: str = "general") -> Claim:
    (claim,) = verify(text, *citations, about=about)
    return claim


def test_own_evidence_supports_a_claim_about_the_patient() -> None:
    claim = only("There is a left effusion.", "own", about="patient")
    assert (claim.verdict, claim.about, claim.citations) == ("supported", "patient", ("own",))


def test_another_patients_study_never_does_whatever_the_model_declares() -> None:
    for about in ("patient", "general", "similar"):
        claim = only("There is moderate cardiomegaly.", "b", about=about)
        assert claim.about == "patient"
        assert claim.verdict != "supported"
    pneumo = {"z": piece("z", "similar", "Pneumothorax.", "s9")}
    (claim,) = VERIFIER.verify(Statement("There is a pneumothorax.", ("z",), "general"), pneumo)
    assert (claim.verdict, claim.error_kind) == ("unsupported", "patient")


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("There is no pleural effusion.", "negation"),
        ("There is a small right pleural effusion.", "laterality"),
        ("There is a large left pleural effusion.", "severity"),
        ("The heart is enlarged.", "negation"),
        ("The heart rate is 95 beats/min.", "number"),
    ],
)
@pytest.mark.parametrize("citations", [(), ("b",), ("k",), ("invented",)])
def test_what_cites_nothing_of_the_patients_own_is_judged_against_all_of_it(
    sentence: str, kind: str, citations: tuple[str, ...]
) -> None:
    claim = only(sentence, *citations, about="patient")
    assert (claim.verdict, claim.error_kind) == ("contradicted", kind), claim.why
    assert claim.citations == (("rate",) if kind == "number" else ("own",))


def test_what_nothing_speaks_of_stays_a_fabrication() -> None:
    claim = only("There is a pneumothorax.", about="patient")
    assert (claim.verdict, claim.error_kind, claim.citations) == ("unsupported", "fabrication", ())


def test_an_earlier_study_does_not_speak_against_what_cites_nothing() -> None:
    then, now = datetime(2019, 3, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC)
    given = {
        "old": replace(piece("old", "own", "There is a left pleural effusion.", "s1"), taken_at=then),
        "new": replace(piece("new", "own", "The heart is normal in size.", "s2"), taken_at=now),
    }
    (claim,) = VERIFIER.verify(Statement("There is no pleural effusion.", (), "patient"), given)
    assert (claim.verdict, claim.error_kind) == ("unsupported", "fabrication")
    (claim,) = VERIFIER.verify(Statement("There is no pleural effusion.", ("old",), "patient"), given)
    assert (claim.verdict, claim.error_kind, claim.citations) == ("contradicted", "negation", ("old",))
    (claim,) = VERIFIER.verify(Statement("The heart is enlarged.", (), "patient"), given)
    assert (claim.verdict, claim.citations) == ("contradicted", ("new",))


def test_what_cites_one_piece_of_a_study_is_refuted_by_another_of_it() -> None:
    given = {
        "i": piece("i", "own", "Lungs are clear.", "s0"),
        "f": piece("f", "own", "Small left pleural effusion.", "s0"),
        "o": piece("o", "own", "Fracture of the left clavicle.", "s9"),
    }
    (claim,) = VERIFIER.verify(Statement("There is a right pleural effusion.", ("i",), "patient"), given)
    assert (claim.verdict, claim.error_kind, claim.citations) == ("contradicted", "laterality", ("f",))
    (claim,) = VERIFIER.verify(Statement("There is no fracture.", ("i",), "patient"), given)
    assert claim.verdict == "unsupported"


def test_a_guideline_may_speak_of_the_patient() -> None:
    given = {"g": piece("g", "knowledge", "The patient should take his medicine with food.", "d2")}
    (claim,) = VERIFIER.verify(Statement("The patient should take his medicine with food.", ("g",)), given)
    assert (claim.verdict, claim.about) == ("supported", "general")
    (claim,) = VERIFIER.verify(Statement("This patient should take his medicine with food.", ("g",)), given)
    assert (claim.about, claim.verdict) == ("patient", "unsupported")


def test_what_similar_studies_show_is_worded_so() -> None:
    claim = only("In a similar study: “Moderate cardiomegaly.”", "b", about="similar")
    assert (claim.verdict, claim.about) == ("supported", "similar")


def test_a_quotation_must_stand_in_the_evidence() -> None:
    claim = only("In a similar study: “Severe cardiomegaly.”", "b", about="similar")
    assert (claim.verdict, claim.error_kind) == ("unsupported", "fabrication")


def test_a_quotation_may_not_lose_its_denial() -> None:
    denial = {"b": EVIDENCE["b"]}
    (claim,) = VERIFIER.verify(Statement("In a similar study: “effusion”", ("b",), "similar"), denial)
    assert claim.verdict != "supported"


LETTER = {
    "d": piece("d", "own", "Heart failure, LVEF 30 % (previously 45 % in 2022)\nAtrial fibrillation", "s1"),
    "e": piece("e", "own", "Echo 6 May 2024: LVEF 30 %, mild mitral regurgitation, no thrombus.", "s1"),
    "a": replace(piece("a", "own", "latex (hives). No known allergy to iodine.", "s1"), section="ALLERGIES"),
}


def test_a_sentence_of_an_own_text_as_it_stands_is_not_struck_for_half_of_another_line() -> None:
    told = "Echo 6 May 2024: LVEF 30 %, mild mitral regurgitation, no thrombus."
    (claim,) = VERIFIER.verify(Statement(told, ("e",), "patient"), LETTER)
    assert (claim.text, claim.verdict) == (told, "supported")
    (claim,) = VERIFIER.verify(Statement("LVEF 45 %.", ("e",), "patient"), LETTER)[:1]
    assert claim.verdict == "contradicted"  # what is changed is judged as before


def test_the_heading_of_a_quotation_states_nothing() -> None:
    (claim,) = VERIFIER.verify(Statement("Allergies: “latex (hives).”", ("a",), "patient"), LETTER)
    assert claim.verdict == "supported"
    (claim,) = VERIFIER.verify(Statement("Pneumothorax: “latex (hives).”", ("a",), "patient"), LETTER)
    assert claim.verdict != "supported"  # a heading of the writer's own is a statement


def test_a_quotation_of_another_patient_is_not_this_patients() -> None:
    claim = only("This patient's report says “Moderate cardiomegaly.”", "b", about="patient")
    assert (claim.verdict, claim.error_kind) == ("unsupported", "patient")


@pytest.mark.parametrize(
    ("sentence", "verdict", "kind"),
    [
        ("1 of the 2 most similar studies mentions pleural effusion.", "supported", None),
        ("1 of the 2 most similar studies states that there is no pleural effusion.", "supported", None),
        ("All 2 most similar studies mention pleural effusion.", "contradicted", "number"),
        ("None of the 2 most similar studies mentions cardiomegaly.", "contradicted", "number"),
        ("4 of the 5 most similar studies mention pleural effusion.", "unsupported", "number"),
    ],
)
def test_counts_are_counted_again(sentence: str, verdict: str, kind: str | None) -> None:
    claim = only(sentence, "b", "c", about="similar")
    assert (claim.verdict, claim.error_kind) == (verdict, kind)


def test_labels_are_counted() -> None:
    given = {
        str(i): piece(str(i), "similar", "12-lead ECG", f"s{i}", kind="signal", labels={"rhythm": label})
        for i, label in enumerate(["Atrial fibrillation", "AF", "Sinus rhythm"])
    }
    right = Statement("2 of the 3 most similar ECGs are labelled atrial fibrillation.", ("0", "1", "2"), "similar")
    wrong = Statement("3 of the 3 most similar ECGs are labelled atrial fibrillation.", ("0", "1", "2"), "similar")
    assert VERIFIER.verify(right, given)[0].verdict == "supported"
    assert VERIFIER.verify(wrong, given)[0].error_kind == "number"


@pytest.mark.parametrize(
    ("labels", "sentence", "verdict"),
    [
        (["Sinus rhythm"] * 4 + ["Sinus bradycardia"], "4 of the 5 most similar ECGs are labelled sinus rhythm.", 1),
        (["Sinus rhythm"] * 4 + ["Sinus bradycardia"], "All 5 most similar ECGs are labelled sinus rhythm.", 1),
        (["Sinus rhythm"] * 4 + ["Sinus bradycardia"], "3 of the 5 most similar ECGs are labelled sinus rhythm.", 0),
        (
            ["Sinus rhythm"] * 4 + ["Sinus bradycardia"],
            "1 of the 5 most similar ECGs is labelled sinus bradycardia.",
            1,
        ),
        (["Sinus rhythm"] * 4 + ["AF"], "1 of the 5 most similar ECGs is labelled atrial fibrillation.", 1),
        (["Sinus rhythm"] * 4 + ["AF"], "None of the 5 most similar ECGs is labelled atrial fibrillation.", 0),
    ],
)
def test_labels_are_counted_as_written_and_as_meant(labels: list[str], sentence: str, verdict: int) -> None:
    given = {
        str(i): piece(str(i), "similar", "12-lead ECG", f"s{i}", kind="signal", labels={"rhythm": label})
        for i, label in enumerate(labels)
    }
    (claim,) = VERIFIER.verify(Statement(sentence, tuple(given), "similar"), given)
    assert claim.verdict == ("supported" if verdict else "contradicted"), claim.why


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("2 of the 3 most similar studies mention device.", "supported"),
        ("3 of the 3 most similar studies mention device.", "contradicted"),
        ("2 of the 3 most similar studies mention C-reactive protein.", "supported"),
        ("1 of the 3 most similar studies mentions C-reactive protein.", "contradicted"),
        ("None of the 3 most similar studies mentions C-reactive protein.", "contradicted"),
        ("3 of the 3 most similar studies mention C-reactive protein.", "supported"),  # one of them without its value
    ],
)
def test_a_group_of_findings_and_a_measured_value_are_counted_by_what_names_them(sentence: str, verdict: str) -> None:
    texts = (
        "ETT and NG tube in place. CRP 42 mg/l.",
        "Endotracheal tube seen. C-reactive protein 9 mg/l.",
        "Clear lungs. C-reactive protein is raised.",
    )
    given = {str(i): piece(str(i), "similar", text, f"s{i}") for i, text in enumerate(texts)}
    (claim,) = VERIFIER.verify(Statement(sentence, tuple(given), "similar"), given)
    assert claim.verdict == verdict, claim.why


def test_the_text_of_a_report_is_no_label() -> None:
    given = {
        "a": piece("a", "similar", "Cardiomegaly.", "s1"),
        "b": piece("b", "similar", "", "s2", kind="image", labels={"finding": "Cardiomegaly"}),
    }
    (both,) = VERIFIER.verify(
        Statement("All 2 most similar studies are labelled cardiomegaly.", ("a", "b"), "similar"), given
    )
    (one,) = VERIFIER.verify(
        Statement("1 of the 2 most similar studies is labelled cardiomegaly.", ("a", "b"), "similar"), given
    )
    assert (both.verdict, one.verdict) == ("contradicted", "supported")


def test_citations_are_kept_as_written() -> None:
    claim = only("Aspirin reduces the risk of heart attack.", "nowhere", "k")
    assert (claim.written, claim.citations) == (("nowhere", "k"), ("k",))
    assert only("There is a rib fracture.", about="patient").written == ()


def test_a_measured_value() -> None:
    assert only("The heart rate is 61 bpm.", "rate", about="patient").verdict == "supported"
    wrong = only("The heart rate is 75 bpm.", "rate", about="patient")
    assert (wrong.verdict, wrong.error_kind) == ("contradicted", "number")


def test_a_wrong_citation_is_repaired_and_a_missing_one_named() -> None:
    claim = only("Aspirin reduces the risk of heart attack.", "nowhere")
    assert (claim.verdict, claim.citations) == ("supported", ("k",))
    assert "nowhere does not exist" in claim.why
    own = only("There is a left pleural effusion.", "rate", about="patient")
    assert (own.verdict, own.citations) == ("supported", ("own",))


def test_nothing_carries_it() -> None:
    claim = only("There is a rib fracture.", about="patient")
    assert (claim.verdict, claim.error_kind) == ("unsupported", "fabrication")


def test_a_picture_without_words_settles_nothing() -> None:
    picture = {"i": piece("i", "own", "", "s0", kind="image")}
    (claim,) = VERIFIER.verify(Statement("There is a fracture.", ("i",), "patient"), picture)
    assert (claim.verdict, claim.error_kind) == ("unsupported", "unverifiable")


def test_each_claim_gets_its_own_verdict() -> None:
    first, second = verify("The heart is enlarged and there is a left effusion.", "own", about="patient")
    assert (first.text, first.verdict, first.error_kind) == ("The heart is enlarged.", "contradicted", "negation")
    assert (second.text, second.verdict) == ("There is a left effusion.", "supported")


def test_remove_keeps_only_what_is_supported() -> None:
    remover = Verifier(VerifySettings(unsupported="remove"))
    kept = remover.verify(
        Statement("The heart is enlarged and there is a left effusion.", ("own",), "patient"), EVIDENCE
    )
    assert [claim.text for claim in kept] == ["There is a left effusion."]


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("No effusion or pneumothorax.", ["No effusion.", "No pneumothorax."]),
        ("No effusion, pneumothorax, or fracture.", ["No effusion.", "No pneumothorax.", "No fracture."]),
        (
            "The heart is enlarged and there is a left effusion.",
            ["The heart is enlarged.", "There is a left effusion."],
        ),
        ("Heart size is normal; the lungs are clear.", ["Heart size is normal.", "The lungs are clear."]),
        ("In a similar study: “No effusion or pneumothorax.”", ["In a similar study: “No effusion or pneumothorax.”"]),
        ("4 of the 5 most similar studies mention edema.", ["4 of the 5 most similar studies mention edema."]),
        ("Aspirin and rest help against headache.", ["Aspirin and rest help against headache."]),
        ("The lungs are clear.", ["The lungs are clear."]),
        ("", []),
    ],
)
def test_sentences_are_cut_into_claims(sentence: str, claims: list[str]) -> None:
    assert split_claims(sentence) == claims
