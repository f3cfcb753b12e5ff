"""A judge measured against what people say: how often it recognises true support, and refuses false.

The figures of the judges that come with the installation lie in `agreement.json`, made by
`benchmarks/judge_agreement.py --write` from labelled sets that can't be shipped. A workspace may hold figures of its
own judges in `eval/agreement.json`, made by the same script; they win.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.errors import RecipeError
from assistant.evaluate.bootstrap import Floats, Interval, Statistic, bootstrap_ratio, bootstrap_statistic
from assistant.evaluate.score.checking import VERDICTS, balanced_accuracy, supported_auroc

FILE = "agreement.json"
RESAMPLES = 2000
_PLACE = {True: VERDICTS.index("supported"), False: VERDICTS.index("unsupported")}


@dataclass(frozen=True, slots=True)
class Reading:
    """One labelled claim: its group, whether people call it supported, whether the judge does, and its score.

    `quoted`: it stands in its evidence word for word, and the judge saw that.
    """

    group: str
    supported: bool
    told: bool
    score: float
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a group, the supported claims told so and not, and the others refused and not; `times` such groups."""

    recognised: int
    missed: int
    refused: int
    believed: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a judge agrees with the labels of one set.

    `sensitivity` is the share of the supported claims that the judge calls supported, `specificity` that of the others
    that it does not, `kappa` the agreement beyond chance (Cohen 1960). Intervals are over whole groups. `counts` are
    those of the claims that had to be read, quotations left out: what a rate is corrected with.
    """

    claims: int
    quoted: int
    sensitivity: Interval
    specificity: Interval
    balanced_accuracy: Interval
    auroc: Interval
    kappa: Interval
    counts: tuple[Counts, ...]

    def to_json(self) -> dict[str, Any]:
        """Without the counts: what a scorecard prints."""
        names = ("sensitivity", "specificity", "balanced_accuracy", "auroc", "kappa")
        return {"claims": self.claims, "quoted": self.quoted} | {n: getattr(self, n).to_json() for n in names}


@dataclass(frozen=True, slots=True)
class Measured:
    """A judge's agreement by labelled set, and when, at which version of the judge and on what it was measured."""

    judge: str
    version: str
    date: str
    half: str
    sets: Mapping[str, Agreement]


def measure_agreement(readings: Sequence[Reading]) -> Agreement:
    """A judge's agreement with the labels of a set. ValueError unless there are supported claims and others."""
    if len({reading.supported for reading in readings}) < 2:
        raise ValueError("agreement needs claims that people call supported, and others")
    groups = [reading.group for reading in readings]
    truth = [float(reading.supported) for reading in readings]
    told = [float(reading.told) for reading in readings]
    other = [1.0 - value for value in truth]
    rows = [(reading.score, _PLACE[reading.supported], _PLACE[reading.told]) for reading in readings]

    def rate(events: Sequence[float], units: Sequence[float]) -> Interval:
        return bootstrap_ratio(events, units, groups, resamples=RESAMPLES)

    def statistic(of: Statistic) -> Interval:
        return bootstrap_statistic(rows, of, groups, resamples=RESAMPLES)

    return Agreement(
        claims=len(readings),
        quoted=sum(reading.quoted for reading in readings),
        sensitivity=rate([t * s for t, s in zip(truth, told, strict=True)], truth),
        specificity=rate([o * (1 - s) for o, s in zip(other, told, strict=True)], other),
        balanced_accuracy=statistic(balanced_accuracy),
        auroc=statistic(supported_auroc),
        kappa=statistic(_kappa),
        counts=count_groups(readings),
    )


def _kappa(rows: Floats, weights: Floats) -> float | None:
    """Cohen's kappa of two raters with two verdicts; None where chance alone would agree on everything."""
    total = weights.sum()
    if not total:
        return None
    people, judge = rows[:, 1] == 0, rows[:, 2] == 0
    truth, told = (weights * people).sum() / total, (weights * judge).sum() / total
    chance = truth * told + (1 - truth) * (1 - told)
    agreed = (weights * (people == judge)).sum() / total
    return float((agreed - chance) / (1 - chance)) if chance < 1 else None


def count_groups(readings: Sequence[Reading]) -> tuple[Counts, ...]:
    """By group, equal ones together, the most frequent first; quotations left out."""
    groups: dict[str, list[int]] = {}
    for reading in readings:
        if not reading.quoted:
            place = 2 * (not reading.supported) + (reading.told != reading.supported)
            groups.setdefault(reading.group, [0, 0, 0, 0])[place] += 1
    found = Counter((a, b, c, d) for a, b, c, d in groups.values())
    return tuple(Counts(*cells, times) for cells, times in found.most_common())


def load_measured(judge: str, workspace: Path | None = None) -> Measured | None:
    """What was measured of a judge: in the workspace, else in what came with the installation; None: nothing was.

    RecipeError for a workspace's file that can't be read.
    """
    own = workspace / "eval" / FILE if workspace is not None else None
    if own is not None and own.is_file():
        try:
            found = read_measured(own.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise RecipeError(f"{own}: not figures of a judge ({error}): remove it or measure anew") from error
        if judge in found:
            return found[judge]
    packaged = files("assistant.evaluate.judge").joinpath(FILE)
    return read_measured(packaged.read_text(encoding="utf-8")).get(judge) if packaged.is_file() else None


def read_measured(text: str) -> dict[str, Measured]:
    """The judges of a file, by name."""
    return {
        name: Measured(
            judge=name,
            version=told["version"],
            date=told["date"],
            half=told["half"],
            sets={which: _agreement(figures) for which, figures in told["sets"].items()},
        )
        for name, told in json.loads(text).items()
    }


def write_measured(measured: Mapping[str, Measured]) -> str:
    """Judges as the text of a file, one line a set."""
    told = {
        name: {
            "version": of.version,
            "date": of.date,
            "half": of.half,
            "sets": {which: _figures(agreement) for which, agreement in of.sets.items()},
        }
        for name, of in measured.items()
    }
    return json.dumps(told, indent=1) + "\n"


def _figures(agreement: Agreement) -> dict[str, Any]:
    rows = [" ".join(map(str, asdict(counts).values())) for counts in agreement.counts]
    return agreement.to_json() | {"counts": rows}


def _agreement(figures: Mapping[str, Any]) -> Agreement:
    intervals = {name: Interval(**value) for name, value in figures.items() if isinstance(value, dict)}
    counts = tuple(Counts(*map(int, row.split())) for row in figures["counts"])
    return Agreement(claims=figures["claims"], quoted=figures["quoted"], counts=counts, **intervals)
