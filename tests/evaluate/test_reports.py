"""A draft against the study's own report, counted by hand."""

import numpy as np
import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.reports import FAMILY, corpus_bleu, statements_of
from assistant.records import Claim, Draft, Section
from assistant.settings import Settings

BENCH = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
REPORT = """INDICATION: Pneumonia?
COMPARISON: Chest X-ray of last week.
FINDINGS: Small left pleural effusion. The heart is enlarged.
IMPRESSION: No pneumothorax."""
OWN = ("There is a moderate left pleural effusion.", "No pneumothorax.", "No consolidation.")
COUNTED = (
    "3 of the 4 most similar studies mention cardiomegaly.",
    "1 of the 4 most similar studies mentions fracture.",
)


def drafted(own=OWN, similar=()) -> Sample:
    claims = [Claim(text, "patient", "supported") for text in own]
    claims += [Claim(text, "similar", "supported") for text in similar]
    return Sample("x", draft=Draft("s", (Section("FINDINGS", tuple(claims)),), ()))


def marks(given: Sample, report: str | None = REPORT):
    return FAMILY.mark(Case(id="x", task="draft", study="s", reference=Reference(report=report)), given, BENCH)


def test_findings_are_compared_more_and_more_strictly():
    """Effusion, cardiomegaly, no pneumothorax against effusion, no pneumothorax, no consolidation."""
    scores = marks(drafted()).scores
    assert scores["finding_precision"] == scores["finding_recall"] == (2, 3)
    assert scores["finding_f1"] == (4, 6)
    assert scores["finding_side_f1"] == (4, 6)
    assert scores["finding_full_f1"] == (2, 6)  # moderate is not small
    assert scores["finding_present_precision"] == (1, 1)
    assert scores["finding_present_recall"] == (1, 2)
    assert "suggestion_precision" not in scores


def test_what_similar_studies_suggest_is_held_against_the_report():
    scores = marks(drafted(similar=COUNTED)).scores
    assert scores["suggestion_precision"] == (1, 1)  # cardiomegaly; one of four suggests nothing
    assert scores["suggestion_contradicted_rate"] == (0, 1)
    assert scores["finding_recall"] == (3, 3)
    denied = marks(drafted(own=(), similar=("All 3 most similar studies mention pneumothorax.",))).scores
    assert denied["suggestion_precision"] == (0, 1)
    assert denied["suggestion_contradicted_rate"] == (1, 1)


def test_logical_precision_and_recall():
    """The report entails that there is no pneumothorax; the draft entails that alone of the report's statements."""
    assert statements_of(REPORT) == (
        "Small left pleural effusion.",
        "The heart is enlarged.",
        "No pneumothorax.",
    )
    scores = marks(drafted()).scores
    assert scores["logical_precision"] == (1, 3)
    assert scores["logical_recall"] == (1, 3)


def test_an_empty_draft_states_nothing_and_claims_nothing():
    found = marks(drafted(own=()))
    assert found.scores["finding_recall"] == (0, 3)
    assert found.scores["finding_f1"] == (0, 3)
    assert found.scores["logical_recall"] == (0, 3)
    assert found.scores["rouge_l"] == found.scores["bert_score"] == (0, 1)
    assert not {"finding_precision", "logical_precision", "suggestion_precision"} & found.scores.keys()
    assert corpus_bleu(np.array(found.observations["bleu"], dtype=float), np.ones(1)) == 0


def test_bleu_is_that_of_the_drawn_reports_together():
    rows = np.array(
        [*marks(drafted((REPORT,))).observations["bleu"], *marks(drafted()).observations["bleu"]], dtype=float
    )
    assert corpus_bleu(rows, np.array([1.0, 0.0])) == pytest.approx(1.0)
    assert 0 < corpus_bleu(rows, np.ones(2)) < 1


def test_without_a_report_or_a_draft_nothing_is_measured():
    assert marks(drafted(), None).scores == {}
    assert marks(Sample("x")).scores == {}
