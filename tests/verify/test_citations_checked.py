"""Citations as an answerer wrote them: they exist, were given, carry the claim; or are repaired, removed, counted."""

from __future__ import annotations

from assistant.records import Answer, CitationCounts, Evidence, Statement
from assistant.verify import Verifier

TEXTS = {
    "aspirin": "Aspirin reduces the risk of myocardial infarction.",
    "glaucoma": "Eye drops lower the pressure in glaucoma.",
    "dropped": "Statins lower cholesterol.",
}


def _evidence(name: str) -> Evidence:
    kept = name != "dropped"
    return Evidence(name, f"r{name}", "text", "DOC", "knowledge", TEXTS[name], None, 1.0, kept, "", study_id=name)


def _answer(*statements: Statement) -> Answer:
    evidence = [_evidence(name) for name in TEXTS]
    given = {piece.id: piece for piece in evidence if piece.kept}
    claims = [claim for statement in statements for claim in Verifier().verify(statement, given)]
    return Answer("q", tuple(claims), tuple(evidence), False, "", "model", None)


def test_a_citation_that_carries_its_claim_stands() -> None:
    answer = _answer(Statement("Aspirin reduces the risk of myocardial infarction.", ("aspirin",)))
    assert answer.citation_counts == CitationCounts(written=1, carry=1)


def test_a_wrong_citation_is_repaired_and_counted() -> None:
    answer = _answer(Statement("Aspirin reduces the risk of heart attack.", ("glaucoma",)))
    assert answer.claims[0].citations == ("aspirin",)
    assert answer.citation_counts == CitationCounts(written=1, removed=1, repaired=1)


def test_a_superfluous_citation_is_removed() -> None:
    answer = _answer(Statement("Aspirin reduces the risk of heart attack.", ("aspirin", "glaucoma")))
    assert answer.claims[0].citations == ("aspirin",)
    assert answer.citation_counts == CitationCounts(written=2, carry=1, removed=1)


def test_citations_out_of_range_and_of_what_was_not_given_are_invented() -> None:
    answer = _answer(Statement("Statins lower cholesterol.", ("E9", "dropped")))
    assert answer.claims[0].verdict == "unsupported"
    assert answer.claims[0].citations == ()
    assert answer.citation_counts == CitationCounts(written=2, invented=2)
    assert answer.citation_counts.wrong == 2


def test_claims_that_nothing_carries_and_claims_without_citation() -> None:
    answer = _answer(
        Statement("Warfarin is made from grapefruit.", ("glaucoma",)), Statement("Glaucoma is treated with eye drops.")
    )
    assert answer.citation_counts == CitationCounts(written=1, without_support=1, uncited=1, repaired=1)
    assert answer.to_json()["citation_counts"]["wrong"] == 1
