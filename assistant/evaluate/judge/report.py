"""What a run's result says of its judge: how far it agrees with people, and the rates corrected for its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluate.bootstrap import ABSENT, Interval
from assistant.evaluate.judge.agreement import Agreement, load_measured
from assistant.evaluate.judge.correction import Corrected, correct_rate
from assistant.evaluate.judge.interface import Judge
from assistant.evaluate.judge.labels import LABELS, labels_for
from assistant.evaluate.judge.wording import Wording
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """A run's judge. `sets` is its agreement by labelled set; `{}` where nobody has measured it.

    `outdated`: it was measured at another version than the one that judged. `corrected` has every judged metric of the
    run, by name.
    """

    judge: str
    sets: Mapping[str, Agreement]
    date: str
    half: str
    outdated: bool
    corrected: Mapping[str, Corrected]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.judge,
            "measured": self.date or None,
            "half": self.half or None,
            "outdated": self.outdated,
            "agreement": {
                name: {"title": LABELS[name].title, "labels": LABELS[name].words, **agreement.to_json()}
                for name, agreement in self.sets.items()
            },
            "corrected": {name: corrected.to_json() for name, corrected in self.corrected.items()},
        }

    def agreement_of(self, metric: str) -> tuple[tuple[str, Agreement], ...]:
        """The labelled sets that a metric's correction rests on, with the judge's agreement on each."""
        return tuple((name, self.sets[name]) for name in self.corrected[metric].labels)


def report_judge(
    judge: Judge,
    metrics: Mapping[str, Metric],
    samples: Sequence[Sample],
    clusters: Sequence[str],
    *,
    labels: str = "auto",
    workspace: Path | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> JudgeReport:
    """How far the judge of a run can be believed; `labels` is the suite's `judge_labels`.

    `samples` and `clusters` have one entry a case, in one order.
    """
    measured = load_measured(judge.name, workspace)
    sets = dict(measured.sets) if measured is not None else {}
    corrected = {}
    for name, metric in metrics.items():
        if not metric.judged:
            continue
        if not sets:
            corrected[name] = Corrected(ABSENT, reason=f"nobody has measured how far {judge.name} agrees with people")
        elif metric.verdicts is None:
            corrected[name] = Corrected(ABSENT, reason=NO_SINGLE_VERDICT)
        else:
            units = _units(metric.verdicts, samples, clusters)
            corrected[name] = _corrected(metric, units, sets, labels, seed=seed, resamples=resamples)
    return JudgeReport(
        judge=judge.name,
        sets=sets,
        date=measured.date if measured else "",
        half=measured.half if measured else "",
        outdated=measured is not None and measured.version != judge.version,
        corrected=corrected,
    )


NO_SINGLE_VERDICT = "a unit of it is no single verdict of the judge"
Units = Sequence[tuple[float, int, str]]  # supported, kind (a Wording), cluster


def _units(table: str, samples: Sequence[Sample], clusters: Sequence[str]) -> Units:
    return [
        (row[0], int(row[1]), cluster)
        for sample, cluster in zip(samples, clusters, strict=True)
        for row in sample.observations.get(table, ())
    ]


def _corrected(
    metric: Metric, units: Units, sets: Mapping[str, Agreement], labels: str, *, seed: int, resamples: int
) -> Corrected:
    if not units:
        return Corrected(ABSENT, reason="nothing was judged")
    kinds = sorted({kind for _, kind, _ in units} - {Wording.CERTAIN})
    chosen = {kind: labels_for(Wording(kind), labels) for kind in kinds}
    names = tuple(dict.fromkeys(chosen.values()))
    if missing := [name for name in names if name not in sets]:
        return Corrected(ABSENT, names, f"the judge was not measured on {missing[0]}")
    supported, at_limit = correct_rate(
        [told for told, _, _ in units],
        [kind for _, kind, _ in units],
        {kind: sets[name] for kind, name in chosen.items()},
        [cluster for _, _, cluster in units],
        seed=seed,
        resamples=resamples,
    )
    if supported.value is None:
        return Corrected(ABSENT, names, "the judge is no better than chance on the labelled claims")
    return Corrected(_turned(supported) if metric.better == "low" else supported, names, at_limit=at_limit)


def _turned(share: Interval) -> Interval:
    """The share of the units that are not supported."""
    assert share.value is not None and share.low is not None and share.high is not None
    return Interval(1 - share.value, 1 - share.high, 1 - share.low, share.n, share.clusters)
