"""Risk and coverage: does the assistant know when it is right?

Answers are put in order of confidence. At each coverage (the share of all cases that the answers so far make) the risk
is the share of wrong ones among them. A confidence that is worth something keeps the risk low as long as possible (El-
Yaniv and Wiener 2010; Geifman et al. 2019; Kamath et al. 2020 for question answering).

**Confidence** is the mean score of the claims that a reader is left with, each in [0, 1] as the checker gave it: how
well the evidence carries the answer; 0 without a claim. Where choices were scored it is the distance of the best one's
score from the next one's.
"""

from __future__ import annotations

import numpy as np

from assistant.evaluate.bootstrap import Floats, Statistic
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric
from assistant.evaluate.score.correct import correctness
from assistant.evaluate.score.told import shown

TABLE = "confidence"  # one row a case: answered (0 or 1), confidence, wrong (0 or 1); zeros for an abstention
COVERAGES = (0.5, 0.8, 1.0)


def confidence(sample: Sample, *, removes: bool = False) -> float:
    """How sure an answer or a choice is, in [0, 1]; 0 of an abstention, and where no claim says why."""
    if len(sample.choice_scores) > 1:
        best, second = sorted(sample.choice_scores, reverse=True)[:2]
        return best - second
    claims = shown(sample, removes=removes)
    return sum(claim.score for claim in claims) / len(claims) if claims else 0.0


def risk_coverage(rows: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Coverage and risk after each answer, the surest first; both of shape (n_answered,), to be drawn as a curve.

    `rows` are those of the table, shape (n, 3), `weights` whole numbers, shape (n,). Among answers of equal confidence
    the order is nobody's choice: their risk is the mean over all orders.
    """
    answered = (rows[:, 0] > 0) & (weights > 0)
    levels, place = np.unique(-rows[answered, 1], return_inverse=True)
    counts = np.bincount(place, weights[answered], len(levels))
    wrong = np.bincount(place, weights[answered] * rows[answered, 2], len(levels))
    each = np.repeat(np.arange(len(levels)), counts.astype(np.intp))
    number = np.arange(1, len(each) + 1, dtype=np.float64)
    before = (np.cumsum(counts) - counts)[each]
    errors = (np.cumsum(wrong) - wrong)[each] + wrong[each] * (number - before) / counts[each]
    return number / weights.sum(), errors / number


def aurc(rows: Floats, weights: Floats) -> float | None:
    """The mean risk over the coverages that were reached; None where nothing was answered."""
    _, risk = risk_coverage(rows, weights)
    return float(risk.mean()) if len(risk) else None


def excess_aurc(rows: Floats, weights: Floats) -> float | None:
    """What `aurc` is above that of an order in which every right answer comes before every wrong one."""
    area = aurc(rows, weights)
    if area is None:
        return None
    answered = rows[:, 0] > 0
    count = int(weights[answered].sum())
    right = count - int((weights[answered] * rows[answered, 2]).sum())
    number = np.arange(right + 1, count + 1)
    return area - float(((number - right) / number).sum() / count)


def accuracy_at(coverage: float) -> Statistic:
    """The share of right answers among the surest ones that make `coverage` of all cases; None where fewer answered."""

    def statistic(rows: Floats, weights: Floats) -> float | None:
        reached, risk = risk_coverage(rows, weights)
        place = int(np.searchsorted(reached, coverage - 1e-9))
        return 1.0 - float(risk[place]) if place < len(risk) else None

    return statistic


def _metrics(_: Suite) -> tuple[Metric, ...]:
    kept = (
        "Confidence is the mean score of the claims that are shown, where choices were scored the distance between the "
        "best two."
    )
    edge = (
        "Cases of which one can't say whether they are right add nothing. Nothing answered: absent. Without a claim "
        "the confidence is 0. Answers of equal confidence count as in the mean of all their orders."
    )

    return (
        Metric(
            "aurc",
            "Area under the risk–coverage curve",
            "low",
            "The share of wrong answers among the surest ones, averaged over every coverage up to the share of cases "
            f"that was answered. {kept}",
            edge=edge,
            table=TABLE,
            statistic=aurc,
            source="El-Yaniv and Wiener 2010; Geifman et al. 2019",
        ),
        Metric(
            "excess_aurc",
            "… above the best possible order",
            "low",
            "The area less that of the same answers with every right one before every wrong one: 0 for a confidence "
            "that tells them apart, whatever the accuracy.",
            edge=edge,
            table=TABLE,
            statistic=excess_aurc,
            source="Geifman et al. 2019, E-AURC",
            detail=True,
        ),
        *(
            Metric(
                f"accuracy@{coverage:g}",
                f"Correct among the surest {coverage:.0%}",
                "high",
                f"Right answers among the surest ones that make {coverage:.0%} of all cases, abstentions counted among "
                "the cases.",
                edge=f"Fewer answered: absent. {edge}",
                table=TABLE,
                statistic=accuracy_at(coverage),
                source="Kamath et al. 2020",
                detail=True,
            )
            for coverage in COVERAGES
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    found = correctness(case, sample, bench)
    if found is None:
        return Marks()
    if not found.answered:
        return Marks(observations={TABLE: ((0.0, 0.0, 0.0),)})
    sure = confidence(sample, removes=bench.removes)
    return Marks(observations={TABLE: ((1.0, sure, float(not found.correct)),)})


FAMILY = Family("selective", "Risk and coverage", frozenset({"ask", "choose"}), _metrics, _mark)
