"""Omission: findings of the reference that an answer or a draft does not state."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.stated import read, state_of
from assistant.evaluate.score.told import claims_of, findings_told, shown
from assistant.records import Finding, Status

STATUSES: tuple[Status, ...] = ("present", "absent", "uncertain")


def reference_findings(reference: Reference) -> tuple[Finding, ...]:
    """The findings of a reference, each once by entity and status: those that people listed, else its report's."""
    texts = reference.findings or ((reference.report,) if reference.report else ())
    return distinct(finding for text in texts for finding in read(text))


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once by entity and status: the first."""
    first: dict[tuple[str, Status], Finding] = {}
    for finding in findings:
        first.setdefault((finding.entity, finding.status), finding)
    return tuple(first.values())


def score_omission(reference: Reference, told: tuple[Finding, ...]) -> dict[str, Pair]:
    """What of the reference is not told, in all and by status; {} where the reference has no finding to read."""
    scores: dict[str, Pair] = {}
    if reference.findings:
        unread = sum(not read(text) for text in reference.findings)
        scores["finding_unread_rate"] = (float(unread), float(len(reference.findings)))
    wanted = reference_findings(reference)
    if not wanted:
        return scores
    states = [(finding.status, state_of(finding, told)) for finding in wanted]
    missing = [status for status, state in states if state != "stated"]
    denied = [status for status, state in states if state == "contradicted"]
    present = [status for status, _ in states].count("present")
    scores |= {
        "omission_rate": (float(len(missing)), float(len(states))),
        "finding_contradicted_rate": (float(len(denied)), float(len(states))),
    }
    for status in STATUSES:
        if count := [said for said, _ in states].count(status):
            scores[f"omission_rate.{status}"] = (float(missing.count(status)), float(count))
    if present:
        scores["omission_rate_answers"] = (float("present" in missing), 1.0)
    return scores


_EDGE = (
    "An answer or draft that says nothing omits everything. Without reference findings, or where none can be read: "
    "adds nothing."
)


def _metrics(_: Suite) -> tuple[Metric, ...]:
    by_status = (
        Metric(
            f"omission_rate.{status}",
            f"… that are {status}",
            "low",
            f"The same over the reference findings that are {status}.",
            edge=_EDGE,
            unit="findings",
            detail=True,
        )
        for status in STATUSES
    )
    return (
        Metric(
            "omission_rate",
            "Omitted findings",
            "low",
            "Findings of the reference that the claims do not state, over all of them. Compared in clinical normal "
            "form: the same entity with the same negation, or one that implies it; side and degree are not compared. A "
            "sentence that counts similar studies states what more than half of them say.",
            edge=_EDGE,
            unit="findings",
        ),
        *by_status,
        Metric(
            "finding_contradicted_rate",
            "… of which the opposite is said",
            "low",
            "Findings of the reference of which the claims say or imply the opposite, over all of them; they are among "
            "the omitted ones.",
            edge=_EDGE,
            unit="findings",
            detail=True,
        ),
        Metric(
            "omission_rate_answers",
            "Answers that omit a present finding",
            "low",
            "Answers or drafts that do not state a finding that is present, over those whose reference has one.",
            edge=_EDGE,
            unit="answers",
        ),
        Metric(
            "finding_unread_rate",
            "Reference findings not understood",
            "low",
            "Reference findings in which no clinical finding could be read, over all that people listed; they take "
            "part in no other rate.",
            edge="Findings that were read from a reference report are not counted here.",
            unit="findings",
            detail=True,
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    if claims_of(sample) is None or not (case.reference.findings or case.reference.report):
        return Marks()
    return Marks(score_omission(case.reference, findings_told(shown(sample, removes=bench.removes))))


FAMILY = Family("omission", "Omission", frozenset({"ask", "draft"}), _metrics, _mark)
