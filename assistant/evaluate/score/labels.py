"""Labels: the diagnoses that people gave a picture or a recording, against what was said of it; rhythm apart."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.evaluate.bootstrap import Floats, OfSums
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair, Row
from assistant.evaluate.score.stated import read, state_of
from assistant.evaluate.score.told import claims_of, findings_told, shown
from assistant.findings.vocabulary import vocabulary
from assistant.records import Finding

RHYTHMS = frozenset({"sinus rhythm", "arrhythmia", "bradycardia", "tachycardia", "paced rhythm"})
KINDS = {"rhythm": "rhythm", "label": "labels"}  # the metrics of each begin so; its table


def is_rhythm(entity: str) -> bool:
    """Whether an entity of the vocabulary is a rhythm or a rate class."""
    return entity in RHYTHMS or bool(RHYTHMS & vocabulary().ancestors.get(entity, frozenset()))


def compare(told: Iterable[Finding], labels: Iterable[Finding]) -> Row:
    """How many findings told, how many of them the labels bear out, how many labels, how many of them were told.

    Of both only what is present, each once. A label bears out what it implies (sinus bradycardia: a sinus rhythm).
    """
    ours, theirs = _present(told), _present(labels)
    right = sum(state_of(finding, theirs) == "stated" for finding in ours)
    found = sum(state_of(finding, ours) == "stated" for finding in theirs)
    return float(len(ours)), float(right), float(len(theirs)), float(found)


@OfSums
def f1(sums: Floats) -> float | None:
    """The harmonic mean of pooled precision and recall; None where there is no label."""
    told, right, labels, found = sums.tolist()
    if not labels:
        return None
    precision, recall = (right / told if told else 0.0), found / labels
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def _present(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple({finding.entity: finding for finding in findings if finding.status == "present"}.values())


def score_labels(
    told: Iterable[Finding], labels: tuple[str, ...]
) -> tuple[dict[str, Pair], dict[str, tuple[Row, ...]]]:
    """Scores and rows of one case. A kind of which no label speaks is not compared: nobody looked for it."""
    told = tuple(told)
    wanted = [finding for label in labels for finding in read(label)]
    scores: dict[str, Pair] = {
        "label_unread_rate": (float(sum(not read(label) for label in labels)), float(len(labels)))
    }
    rows: dict[str, tuple[Row, ...]] = {}
    for kind, table in KINDS.items():
        mine = [finding for finding in wanted if is_rhythm(finding.entity) == (kind == "rhythm")]
        if not mine:
            continue
        row = compare((finding for finding in told if is_rhythm(finding.entity) == (kind == "rhythm")), mine)
        rows[table] = (row,)
        if row[0]:
            scores[f"{kind}_precision"] = (row[1], row[0])
        if row[2]:
            scores[f"{kind}_recall"] = (row[3], row[2])
    return scores, rows


_EDGE = (
    "Labels in which no finding can be read, and cases without a label of the kind, add nothing: nobody says that the "
    "others are absent."
)


def _metrics(_: Suite) -> tuple[Metric, ...]:
    words = {"rhythm": ("Rhythm", "rhythms"), "label": ("Labels", "findings other than the rhythm")}
    found: list[Metric] = []
    for kind, (title, what) in words.items():
        found += [
            Metric(
                f"{kind}_f1",
                f"{title}: F1",
                "high",
                f"The harmonic mean of precision and recall of the {what} that are said to be present, against the "
                "labels of the case, in clinical normal form; a label bears out what it implies.",
                edge=f"Who says nothing has 0. {_EDGE}",
                table=KINDS[kind],
                statistic=f1,
            ),
            Metric(
                f"{kind}_precision",
                f"{title}: precision",
                "high",
                f"Of the {what} said to be present, those that a label bears out.",
                edge=f"Who says nothing adds nothing. {_EDGE}",
                unit="findings",
                detail=True,
            ),
            Metric(
                f"{kind}_recall",
                f"{title}: recall",
                "high",
                f"Of the labels that are {what}, those that were said or implied.",
                edge=f"Who says nothing has none. {_EDGE}",
                unit="labels",
                detail=True,
            ),
        ]
    unread = Metric(
        "label_unread_rate",
        "Labels not understood",
        "low",
        "Labels in which no clinical finding could be read, over all labels; they take part in no other rate.",
        edge="Cases without labels add nothing.",
        unit="labels",
        detail=True,
    )
    return (*found, unread)


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    if claims_of(sample) is None or not case.reference.labels:
        return Marks()
    return Marks(*score_labels(findings_told(shown(sample, removes=bench.removes)), case.reference.labels))


FAMILY = Family("labels", "Diagnoses", frozenset({"ask", "draft"}), _metrics, _mark)
