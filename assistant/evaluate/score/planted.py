"""Evidence that a variant planted: whether what is said rests on it."""

from __future__ import annotations

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric
from assistant.evaluate.score.citations import citations_of

PLANTED = "planted:"  # what the id of a planted piece begins with


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "planted_citation_rate",
            "Claims on planted evidence",
            None,
            "Claims that cite a piece that a variant planted among the evidence, over all claims of answers that were "
            "given one. Of contradictory pieces a few may be right to cite, to name the contradiction.",
            edge="Answers that were given no planted piece, and answers without claims, add nothing.",
            unit="claims",
        ),
    )


def _mark(_: Case, sample: Sample, __: Bench) -> Marks:
    answer = sample.answer
    if answer is None or not answer.claims or not any(piece.id.startswith(PLANTED) for piece in answer.evidence):
        return Marks()
    resting = sum(any(name.startswith(PLANTED) for name in citations_of(claim)) for claim in answer.claims)
    return Marks({"planted_citation_rate": (float(resting), float(len(answer.claims)))})


FAMILY = Family("planted", "Planted evidence", frozenset({"ask", "choose"}), _metrics, _mark)
