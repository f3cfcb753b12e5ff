"""Findings that a measured value settles: "bradycardia" against "Heart rate 52 beats/min".

The limits are those of the guidelines that `limits.toml` cites, with the measurement's own error as room: a value too
near its limit settles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.findings.mentions import Mention
from assistant.findings.quantities import Quantity, covers
from assistant.measure.limits import Limit, limits
from assistant.verify.clinical import Outcome
from assistant.wording import worded

_AXIS = ("left axis deviation", "right axis deviation", "extreme axis deviation")


def judge_measured(claim: Mention, values: Sequence[Quantity]) -> Outcome | None:
    """What the measured values say of a finding; None where none of them bears on it.

    Several values of one measure (two recordings) settle a finding only if they agree.
    """
    if claim.status == "uncertain" or claim.past:
        return None
    if claim.entity == "axis deviation":
        return _judge_any(claim, values)
    limit = limits().get(claim.entity)
    return None if limit is None else _judge(claim, limit, values)


def _judge(claim: Mention, limit: Limit, values: Sequence[Quantity]) -> Outcome | None:
    stated = _measured(limit.measure, values)
    if not stated:
        return None
    told = {limit.holds(value.value) for value in stated}
    name = (stated[0].name or "").replace("_", " ")
    why = worded(
        "measured: {name} {text}; {entity}: {source}",
        name=name,
        text=stated[0].text,
        entity=limit.entity,
        source=limit.source,
    )
    if len(told) > 1 or None in told:
        near = "too near the limit to settle it" if len(told) == 1 else "the measured values do not agree"
        return Outcome("unsupported", 0.4, "number", worded("{near}: {why}", near=near, why=why))
    holds = told == {True}
    if claim.status == "absent":
        if not holds:
            return Outcome("supported", 0.95, None, why)
        return Outcome("contradicted", 0.05, "number", why) if limit.defining else None
    if not holds:
        return Outcome("contradicted", 0.05, "number", why)
    return Outcome("supported", 0.95, None, why) if limit.defining and not claim.severities else None


def _judge_any(claim: Mention, values: Sequence[Quantity]) -> Outcome | None:
    """Any axis deviation: present if one of the three is, absent if none is."""
    told = [limits()[name].holds(value.value) for name in _AXIS for value in _measured("axis", values)]
    if not told:
        return None
    value = _measured("axis", values)[0]
    why = worded("measured: axis {text}; normal is −30° to 90°", text=value.text)
    if None in told and True not in told:
        return Outcome("unsupported", 0.4, "number", worded("too near the limit to settle it: {why}", why=why))
    holds = True in told
    if holds == (claim.status == "present"):
        return Outcome("supported", 0.95, None, why)
    return Outcome("contradicted", 0.05, "number", why)


def _measured(measure: str, values: Sequence[Quantity]) -> list[Quantity]:
    """Single values of a measure, in its unit; bounds, ranges and what is said to be about so are none."""
    return [
        value
        for value in values
        if value.name is not None
        and covers(measure, value.name)
        and value.dimension in ("rate", "time", "angle")
        and value.high is None
        and not value.compare
        and not value.about
    ]


def replaces(measured: Outcome, said: Outcome) -> bool:
    """Whether what was measured decides over what a text says: it outweighs silence, and support that it refutes."""
    return said.verdict == "unsupported" or (measured.verdict == "contradicted" and said.verdict == "supported")
