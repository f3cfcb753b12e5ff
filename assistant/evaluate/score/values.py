"""The numbers of an ECG: as stated in an answer or a draft, and as `wardround measure` reads them off the signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from assistant.drafting.prior import COMPARISON
from assistant.evaluate.bootstrap import Floats
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair, Row
from assistant.evaluate.score.told import evidence_of, shown
from assistant.findings.quantities import Quantity, agree, covers, quantities
from assistant.records import Claim, SignalPlace, ValuePlace

# name in `wardround measure`: what a text calls it, in words, unit
VALUES = {
    "heart_rate_bpm": ("heart_rate", "heart rate", "beats/min"),
    "pr_ms": ("pr", "PR interval", "ms"),
    "qrs_ms": ("qrs", "QRS duration", "ms"),
    "qt_ms": ("qt", "QT interval", "ms"),
    "qtc_bazett_ms": ("qtc bazett", "QTc (Bazett)", "ms"),
    "qtc_fridericia_ms": ("qtc fridericia", "QTc (Fridericia)", "ms"),
    "rr_ms": ("rr", "RR interval", "ms"),
    "axis_deg": ("axis", "QRS axis", "°"),
}
TURN = 360.0  # degrees


def distance(name: str, first: float, second: float) -> float:
    """How far two values of a name are apart, in its unit; axes the short way round."""
    apart = abs(first - second)
    return min(apart % TURN, TURN - apart % TURN) if name == "axis_deg" else apart


def stated_numbers(claims: Iterable[Claim]) -> list[Quantity]:
    """The single numbers that claims about the patient give for a value of the ECG; limits and ranges are none."""
    called = [word for word, _, _ in VALUES.values()]
    return [
        quantity
        for claim in claims
        if claim.about == "patient"
        for quantity in quantities(claim.text)
        if quantity.name is not None and any(covers(quantity.name, word) for word in called)
        if quantity.high is None and not quantity.compare
    ]


def score_stated(
    numbers: Sequence[Quantity], measured: Sequence[Quantity], people: dict[str, float]
) -> dict[str, Pair]:
    """Errors of the numbers stated, against those measured on the recording and against people's.

    A number is compared with the nearest value that has its name: of two recordings, or two formulas of a QTc that
    names none. One without a measured value of its name can't be compared and is counted apart.
    """
    if not numbers or not (measured or people):
        return {}
    wrong = unknown = 0
    errors: dict[str, list[float]] = {}
    for number in numbers:
        values = [value for value in measured if covers(number.name, value.name)]
        wrong += bool(values) and not any(agree(number, value) for value in values)
        unknown += not values
        for kind, found in (("stated", _nearest(number, _by_name(values))), ("people", _nearest(number, people))):
            if found is not None:
                name, error = found
                errors.setdefault(f"{kind}_error.{name}", []).append(error)
    scores: dict[str, Pair] = {name: (sum(found), float(len(found))) for name, found in errors.items()}
    if measured:
        scores["stated_unmeasured_rate"] = (float(unknown), float(len(numbers)))
        if unknown < len(numbers):
            scores["stated_wrong_rate"] = (float(wrong), float(len(numbers) - unknown))
    return scores


def score_measured(
    measured: dict[str, float], people: dict[str, float]
) -> tuple[dict[str, Pair], dict[str, tuple[Row, ...]]]:
    """What was measured of the values that people measured, and how far off; ({}, {}) where people measured none."""
    wanted = [name for name in VALUES if name in people]
    scores: dict[str, Pair] = {}
    if wanted:
        scores["measured_share"] = (float(sum(name in measured for name in wanted)), float(len(wanted)))
    rows: dict[str, tuple[Row, ...]] = {
        f"measured.{name}": ((distance(name, measured[name], people[name]),),) for name in wanted if name in measured
    }
    return scores, rows


def median(rows: Floats, weights: Floats) -> float | None:
    """The weighted median of the first column: the middle of what was drawn, of an even number the mean of two."""
    drawn = np.repeat(rows[:, 0], weights.astype(np.intp))
    return float(np.median(drawn)) if len(drawn) else None


def _by_name(values: Iterable[Quantity]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for value in values:
        for name, (word, _, _) in VALUES.items():
            if value.name == word:
                found.setdefault(name, []).append(value.value)
    return found


def _nearest(number: Quantity, values: dict[str, list[float]] | dict[str, float]) -> tuple[str, float] | None:
    """The nearest value that has the number's name, as the value's own name and the distance."""
    found = [
        (name, distance(name, number.value, value))
        for name, known in values.items()
        if name in VALUES and covers(number.name, VALUES[name][0])
        for value in (known if isinstance(known, list) else [known])
    ]
    return min(found, key=lambda pair: pair[1]) if found else None


def _own_values(sample: Sample) -> list[Quantity]:
    """What was measured on the recordings on the table, as the evidence says it: values, and the rhythm's intervals."""
    return [
        value
        for piece in evidence_of(sample)
        if piece.relation == "own" and isinstance(piece.place, ValuePlace | SignalPlace)
        for value in quantities(piece.text)
        if value.name is not None
    ]


_NOTHING = "No number stated: adds nothing. Claims about others, ranges and limits are left out."


def _stated_metrics(_: Suite) -> tuple[Metric, ...]:
    def errors(kind: str, against: str, edge: str) -> list[Metric]:
        return [
            Metric(
                f"{kind}_error.{name}",
                f"{words} as stated, against {against} ({unit})",
                "low",
                f"The distance of each {words} stated of the patient from the one {against}, averaged, in {unit}.",
                edge=f"{edge} {_NOTHING}",
                unit="numbers",
                bounds=None,
                detail=True,
            )
            for name, (_, words, unit) in VALUES.items()
        ]

    return (
        Metric(
            "stated_wrong_rate",
            "Stated numbers that were not measured so",
            "low",
            "Rates, intervals and axes stated of the patient that are not the value measured on the signal, within the "
            "rounding of what is written, over those of which a value was measured.",
            edge=_NOTHING,
            unit="numbers",
        ),
        Metric(
            "stated_unmeasured_rate",
            "Stated numbers without a measurement",
            "low",
            "Rates, intervals and axes stated of the patient of which nothing was measured, over all stated.",
            edge=_NOTHING,
            unit="numbers",
        ),
        *errors("stated", "measured on the signal", "Without a measurement of the name: adds nothing."),
        *errors("people", "that people measured", "Without people's value of the name: adds nothing."),
    )


def _mark_stated(case: Case, sample: Sample, bench: Bench) -> Marks:
    if sample.draft is not None:  # what an earlier study showed is no number of this one
        present = tuple(section for section in sample.draft.sections if section.name != COMPARISON)
        sample = replace(sample, draft=replace(sample.draft, sections=present))
    numbers = stated_numbers(shown(sample, removes=bench.removes))
    return Marks(score_stated(numbers, _own_values(sample), case.reference.values))


def _measured_metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "measured_share",
            "Values that could be measured",
            "high",
            "Values that were measured on the signal over those that people measured.",
            edge="A file that can't be read is a failed case; without people's values: adds nothing.",
            unit="values",
        ),
        *(
            Metric(
                f"measured_error.{name}",
                f"{words}: median error ({unit})",
                "low",
                f"The median distance of the measured {words} from the one that people measured, in {unit}.",
                edge="What could not be measured adds nothing here and lowers the share above.",
                unit="recordings",
                bounds=None,
                table=f"measured.{name}",
                statistic=median,
                detail=True,
            )
            for name, (_, words, unit) in VALUES.items()
        ),
    )


def _mark_measured(case: Case, sample: Sample, _: Bench) -> Marks:
    if sample.measured is None:
        return Marks()
    return Marks(*score_measured(dict(sample.measured), case.reference.values))


STATED = Family("values", "Numbers of the ECG", frozenset({"ask", "draft"}), _stated_metrics, _mark_stated)
MEASURED = Family("measured", "Measurement", frozenset({"measure"}), _measured_metrics, _mark_measured)
