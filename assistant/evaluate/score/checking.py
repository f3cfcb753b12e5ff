"""The checker as a classifier: its verdicts and scores on claims that people judged."""

from __future__ import annotations

from typing import Literal

import numpy as np

from assistant.evaluate.bootstrap import Floats, Statistic
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Better, Family, Marks, Metric, Pair
from assistant.records import Verdict

TABLE = "check"  # one row a claim: score, verdict of people, verdict given (places in VERDICTS)
TOLD = "check_told"  # one row a claim of which it is known whether it is true: score, its evidence, its truth
VERDICTS: tuple[Verdict, ...] = ("supported", "contradicted", "unsupported")
EVIDENCE = {"own": 1.0, "other": 0.0}  # tags.evidence
TRUTH = {"true": 1.0, "invented": 0.0}  # tags.answer
BINS = 10  # of the reliability plot and the calibration error, each of a tenth of the claims


def auroc(scores: Floats, positive: Floats, weights: Floats) -> float | None:
    """The chance that a positive scores above a negative, ties counting half; None without one of the two.

    All of shape (n,); `positive` is 0 or 1, `weights` how often each counts (Mann and Whitney 1947).
    """
    levels, place = np.unique(scores, return_inverse=True)
    ups = np.bincount(place, weights * positive, len(levels))
    downs = np.bincount(place, weights * (1 - positive), len(levels))
    pairs = ups.sum() * downs.sum()
    if not pairs:
        return None
    below = np.cumsum(downs) - downs
    return float((ups * (below + downs / 2)).sum() / pairs)


def reliability(
    scores: Floats, positive: Floats, weights: Floats, bins: int = BINS
) -> list[tuple[float, float, float]]:
    """Mean score, share of positives and weight of bins of about equal weight, in order of score.

    Claims of equal score stay together, so there may be fewer bins.
    """
    levels, place = np.unique(scores, return_inverse=True)
    mass = np.bincount(place, weights, len(levels))
    ups = np.bincount(place, weights * positive, len(levels))
    if not mass.sum():
        return []
    middle = np.cumsum(mass) - mass / 2
    bin_of = np.minimum((middle / mass.sum() * bins).astype(np.intp), bins - 1)
    total = np.bincount(bin_of, mass, bins)
    right, said = np.bincount(bin_of, ups, bins), np.bincount(bin_of, mass * levels, bins)
    return [(float(said[b] / total[b]), float(right[b] / total[b]), float(total[b])) for b in np.flatnonzero(total)]


def calibration_error(rows: Floats, weights: Floats) -> float | None:
    """The expected calibration error: how far score and share of supported claims lie apart, averaged over bins."""
    found = reliability(rows[:, 0], _supported(rows), weights)
    total = sum(weight for _, _, weight in found)
    return sum(weight * abs(said - right) for said, right, weight in found) / total if found else None


def supported_auroc(rows: Floats, weights: Floats) -> float | None:
    return auroc(rows[:, 0], _supported(rows), weights)


def balanced_accuracy(rows: Floats, weights: Floats) -> float | None:
    """The mean of sensitivity and specificity; None without claims of both sorts."""
    truth, told = _supported(rows), (rows[:, 2] == 0).astype(np.float64)
    ups, downs = (weights * truth).sum(), (weights * (1 - truth)).sum()
    if not ups or not downs:
        return None
    return float(((weights * truth * told).sum() / ups + (weights * (1 - truth) * (1 - told)).sum() / downs) / 2)


def three_way_accuracy(rows: Floats, weights: Floats) -> float | None:
    """The share of claims with people's very verdict; None unless each of the three verdicts was given by people."""
    drawn = rows[weights > 0, 1]
    if any(place not in drawn for place in range(len(VERDICTS))):
        return None
    return float((weights * (rows[:, 1] == rows[:, 2])).sum() / weights.sum())


def truth_auroc(evidence: Literal["own", "other"]) -> Statistic:
    """AUROC of true against invented claims among those that were given their own, or another case's, evidence."""

    def statistic(rows: Floats, weights: Floats) -> float | None:
        part = rows[:, 1] == EVIDENCE[evidence]
        return auroc(rows[part, 0], rows[part, 2], weights[part])

    return statistic


def evidence_gap(rows: Floats, weights: Floats) -> float | None:
    """What the first of the two is above the second; None where either can't be told."""
    own, other = truth_auroc("own")(rows, weights), truth_auroc("other")(rows, weights)
    return None if own is None or other is None else own - other


def _supported(rows: Floats) -> Floats:
    return (rows[:, 1] == 0).astype(np.float64)


_EDGE = (
    "Cases without people's verdict add nothing, nor do controls, which were given another case's evidence; a claim "
    "that the checker can't judge is told to be unsupported."
)
_JUDGED = "A claim that the checker can't judge is told to be unsupported."

_TAGGED = "Only for sets whose cases say so (tags.evidence own or other, tags.answer true or invented)."
_WHOSE: tuple[tuple[Literal["own", "other"], str, Better], ...] = (
    ("own", "their own", "high"),
    ("other", "another case's", None),  # 0.5: without the right evidence nothing can be told
)


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "check_auroc",
            "Supported told from not: AUROC",
            "high",
            "The chance that a claim which people call supported scores above one which they do not; ties count half.",
            edge=f"Only one of the two sorts: absent. {_EDGE}",
            table=TABLE,
            statistic=supported_auroc,
            source="Mann and Whitney 1947; Hanley and McNeil 1982",
        ),
        Metric(
            "check_balanced_accuracy",
            "Balanced accuracy",
            "high",
            "The mean of sensitivity and specificity, so that the more frequent sort of claim does not decide.",
            edge=f"Only one of the two sorts: absent. {_EDGE}",
            table=TABLE,
            statistic=balanced_accuracy,
            source="Brodersen et al. 2010",
        ),
        Metric(
            "check_sensitivity",
            "Unsupported claims caught",
            "high",
            "Claims that people call contradicted or unsupported and the checker does too, over all such claims.",
            edge=f"None of them: absent. {_EDGE}",
            unit="claims",
        ),
        Metric(
            "check_specificity",
            "Supported claims passed",
            "high",
            "Claims that people call supported and the checker does too, over all such claims.",
            edge=f"None of them: absent. {_EDGE}",
            unit="claims",
        ),
        Metric(
            "check_three_way_accuracy",
            "The very verdict",
            "high",
            "Claims with people's very verdict (supported, contradicted, unsupported) over all claims.",
            edge=f"Where people gave fewer than three verdicts: absent. {_EDGE}",
            table=TABLE,
            statistic=three_way_accuracy,
        ),
        Metric(
            "check_calibration_error",
            "Calibration error of the score",
            "low",
            f"The claims in {BINS} bins of about equal size by score; the distance of the mean score from the share of "
            "supported claims, averaged by size (expected calibration error, equal mass).",
            edge=f"Equal scores stay in one bin. Of few claims it is too large by chance. {_EDGE}",
            table=TABLE,
            statistic=calibration_error,
            source="Naeini et al. 2015; Nixon et al. 2019",
        ),
        Metric(
            "check_brier",
            "Brier score",
            "low",
            "The squared distance of the score from 1 for a supported claim, from 0 for any other, averaged.",
            edge=_EDGE,
            unit="claims",
            source="Brier 1950",
        ),
        Metric(
            "check_passed_elsewhere",
            "Passed with another case's evidence",
            "low",
            "Controls that the checker calls supported over all controls: claims that were given another case's "
            "evidence, in which nothing supports them.",
            edge=f"Only for sets whose cases say so (tags.evidence other). {_JUDGED}",
            unit="claims",
        ),
        Metric(
            "check_evidence_gap",
            "What the evidence tells it",
            "high",
            "AUROC of true against invented claims given with their own evidence, less the AUROC given with another "
            "case's: what the score owes to the evidence and not to the look of a claim.",
            edge=f"{_TAGGED} {_JUDGED}",
            bounds=(-1.0, 1.0),
            table=TOLD,
            statistic=evidence_gap,
        ),
        *(
            Metric(
                f"check_{evidence}_evidence_auroc",
                f"True told from invented with {whose} evidence: AUROC",
                better,
                f"The chance that a true claim scores above an invented one, both given with {whose} evidence.",
                edge=f"{_TAGGED} {_JUDGED}",
                table=TOLD,
                statistic=truth_auroc(evidence),
                detail=True,
            )
            for evidence, whose, better in _WHOSE
        ),
    )


def _mark(case: Case, sample: Sample, _: Bench) -> Marks:
    verdict, given = case.reference.verdict, sample.judgement
    if given is None:
        return Marks()
    evidence, truth = EVIDENCE.get(case.tags.get("evidence", "")), TRUTH.get(case.tags.get("answer", ""))
    told = {} if evidence is None or truth is None else {TOLD: ((given.score, evidence, truth),)}
    if case.is_control:
        return Marks({"check_passed_elsewhere": (float(given.verdict == "supported"), 1.0)}, observations=told)
    if verdict is None:
        return Marks(observations=told)
    right, passed = float(verdict == "supported"), given.verdict == "supported"
    scores: dict[str, Pair] = {"check_brier": ((given.score - right) ** 2, 1.0)}
    scores |= {"check_specificity": (float(passed), 1.0)} if right else {"check_sensitivity": (float(not passed), 1.0)}
    row = (given.score, float(VERDICTS.index(verdict)), float(VERDICTS.index(given.verdict)))
    return Marks(scores, observations={TABLE: (row,), **told})


FAMILY = Family("checking", "The checker against people", frozenset({"check"}), _metrics, _mark)
