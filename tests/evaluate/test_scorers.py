"""Scorers against answers small enough to count by hand."""

from dataclasses import replace

import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score import mark
from assistant.evaluate.score.abstention import score_abstention
from assistant.evaluate.score.citations import FAMILY as CITATIONS
from assistant.evaluate.score.citations import judge_citations
from assistant.evaluate.score.claims import score_claims
from assistant.evaluate.score.ranking import ranked_ids, score_ranking
from assistant.evaluate.score.told import abstains
from assistant.records import Answer, Claim, Draft, Evidence, Section, TextPlace
from assistant.settings import Settings, VerifySettings


def piece(name: str, text: str, *, relation="knowledge", external_id=None, kept=True) -> Evidence:
    place = TextPlace(0, len(text))
    return Evidence(name, f"r-{name}", "text", "SR", relation, text, place, 1.0, kept, "", external_id=external_id)


def answer(*claims: Claim, evidence=(), abstained=False) -> Answer:
    return Answer("?", claims, tuple(evidence), abstained, "", "test", None)


def claim(text: str, verdict="supported", kind=None, written=(), citations=None) -> Claim:
    return Claim(text, "general", verdict, kind, tuple(written if citations is None else citations), written=written)


def test_hallucinations_by_kind_with_unverifiable_apart():
    scores = score_claims(
        [
            claim("a"),
            claim("b", "contradicted", "negation"),
            claim("c", "unsupported", "fabrication"),
            claim("d", "unsupported", "unverifiable"),
        ]
    )
    assert scores["hallucination_rate"] == (2, 4)
    assert scores["hallucination_rate_answers"] == (1, 1)
    assert scores["unverifiable_rate"] == (1, 4)
    assert scores["hallucination_rate.negation"] == scores["hallucination_rate.fabrication"] == (1, 4)
    assert scores["hallucination_rate.laterality"] == (0, 4)


def test_an_answer_without_claims_is_not_faithful_but_absent():
    assert score_claims(()) == {}
    assert judge_citations((), (), VerifierJudge(Settings())) == ({}, {})


@pytest.mark.parametrize(
    ("answerable", "abstained", "expected"),
    [
        (True, True, {"answer_rate": (0, 1), "abstention_precision": (0, 1)}),
        (True, False, {"answer_rate": (1, 1)}),
        (False, True, {"abstention_accuracy": (1, 1), "abstention_precision": (1, 1)}),
        (False, False, {"abstention_accuracy": (0, 1)}),
        (None, True, {}),
    ],
)
def test_abstention_is_right_or_wrong_by_the_reference(answerable, abstained, expected):
    case = Case(id="x", question="?", reference=Reference(answerable=answerable))
    assert score_abstention(case, abstained) == {"abstention_rate": (float(abstained), 1.0)} | expected


def test_an_answer_without_claims_is_an_abstention_and_with_removal_one_of_unsupported_claims():
    given = answer(claim("a", "unsupported", "fabrication"))
    assert abstains(answer()) and abstains(answer(claim("a"), abstained=True))
    assert not abstains(given)
    assert abstains(given, removes=True)


def test_citations_in_alces_sense_with_the_invented_one_in_the_denominator():
    """Two claims. The first cites what carries it, what does not, and what does not exist; the second nothing."""
    carries = piece("e1", "There is a small left pleural effusion.", relation="own")
    beside = piece("e2", "The heart size is normal.", relation="own")
    given = answer(
        claim("There is a small left pleural effusion.", written=("e1", "e2", "E9")),
        claim("There is a fracture of the right clavicle."),
        evidence=[carries, beside],
    )
    scores, judged = judge_citations(
        given.claims, given.evidence, VerifierJudge(Settings(verify=VerifySettings(unsupported="remove")))
    )
    assert judged == {"0:e1": "supports", "0:e2": "irrelevant", "0:E9": "invented"}
    assert scores == {
        "citation_recall": (1, 2),
        "citation_precision": (1, 3),
        "invented_citation_rate": (1, 3),
    }


def test_of_an_uncarried_claim_no_citation_counts():
    given = answer(
        claim("There is a large right pneumothorax.", written=("e2",)), evidence=[piece("e2", "The heart is normal.")]
    )
    scores, _ = judge_citations(given.claims, given.evidence, VerifierJudge(Settings()))
    assert scores["citation_precision"] == (0, 1)
    assert scores["citation_recall"] == (0, 1)


def test_of_a_counting_claim_every_study_counted_is_needed():
    texts = ("There is a pleural effusion.", "Small pleural effusion on the left.", "The lungs are clear.")
    evidence = [replace(piece(f"e{n}", text, relation="similar"), study_id=f"s{n}") for n, text in enumerate(texts)]
    counted = replace(
        claim("2 of the 3 most similar studies mention pleural effusion.", written=("e0", "e1", "e2")), about="similar"
    )
    scores, judged = judge_citations((counted,), evidence, VerifierJudge(Settings()))
    assert scores["citation_recall"] == (1, 1)
    assert set(judged.values()) == {"supports"}


def test_where_written_citations_were_not_kept_the_invented_rate_is_absent():
    given = answer(
        Claim("Aspirin relieves pain.", "general", "supported", citations=("e1",)),
        evidence=[piece("e1", "Aspirin relieves pain.")],
    )
    scores, _ = judge_citations(given.claims, given.evidence, VerifierJudge(Settings()))
    assert "invented_citation_rate" not in scores
    assert scores["citation_precision"] == (1, 1)


def test_retrieval_ranks_external_ids_and_leaves_uploads_out():
    upload = piece("u", "page one", relation="own")
    found = [upload, piece("a1", "x", external_id="A"), piece("a2", "y", external_id="A", kept=False)]
    found.append(piece("b", "z", external_id="B", kept=False))
    assert ranked_ids(found) == ["A", "A", "B"]
    case = Case(id="x", question="?", reference=Reference(gold=("B", "C")))
    scores = score_ranking(case, ranked_ids(found), (1, 2))
    assert scores["recall@1"] == (0.0, 1.0)
    assert scores["recall@2"] == (0.5, 1.0)
    assert scores["precision@2"] == (0.5, 1.0)
    assert scores["mrr"] == (0.5, 1.0)


def test_a_drafts_citations_are_judged_through_its_sections():
    carries = piece("e1", "There is a small left pleural effusion.", relation="own")
    sections = (
        Section("FINDINGS", (claim("There is a small left pleural effusion.", written=("e1",)),)),
        Section("IMPRESSION", (claim("There is a fracture.", "unsupported", "fabrication", written=("e1", "E9")),)),
    )
    sample = Sample("x", draft=Draft("s", sections, (carries,)))
    bench = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
    marks = CITATIONS.mark(Case(id="x", task="draft", study="s"), sample, bench)
    assert marks.citations == {"0:e1": "supports", "1:e1": "irrelevant", "1:E9": "invented"}
    assert marks.scores == {
        "citation_recall": (1, 2),
        "citation_precision": (1, 3),
        "invented_citation_rate": (1, 3),
    }


def test_a_case_that_failed_counts_as_failed_and_in_nothing_else():
    bench = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
    case = Case(id="x", question="?", reference=Reference(must=("aspirin",), answerable=True))
    assert mark(case, Sample("x", error="broken"), bench).scores == {"case_error_rate": (1, 1)}
    given = Sample("x", answer=answer(claim("Aspirin.")))
    assert mark(case, given, bench).scores["case_error_rate"] == (0, 1)
