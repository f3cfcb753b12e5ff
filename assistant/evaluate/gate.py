"""`--fail-under`: what a run has to reach, for a pipeline that stops where it does not.

A limit reads `METRIC=VALUE`, `METRIC>=VALUE` or `METRIC<=VALUE`; with `=` the metric's better direction decides. The
metric's value is compared, since that is what a reader expects; `METRIC:low` and `METRIC:high` compare a bound of its
interval instead: `citation_recall:low>=0.9` passes only if the cases show that the rate is that high, which takes more
cases the closer it is. `METRIC:corrected` is a judged rate corrected for its judge's error. A metric that counted
nothing, or has no corrected rate, reaches no limit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from assistant.errors import RecipeError
from assistant.evaluate.bootstrap import ABSENT, Interval
from assistant.evaluate.metric import Metric

_LIMIT = re.compile(r"(?P<metric>[^:<>=]+?)(?::(?P<part>\w+))?\s*(?P<sign>>=|<=|=)\s*(?P<value>\S+)")
Part = Literal["value", "low", "high", "corrected"]
_BOUND: Mapping[Part, str] = {
    "value": "",
    "low": ", the lower end of its interval,",
    "high": ", the upper end of its interval,",
    "corrected": ", corrected for the judge's error,",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as it was given, and what it says. `sign` "=" leaves the direction to the metric."""

    given: str
    metric: str
    part: Part
    sign: Literal[">=", "<=", "="]
    value: float


def read_limit(text: str) -> Limit:
    """A limit from its text; RecipeError if it can't be understood."""
    found = _LIMIT.fullmatch(text.strip())
    shape = "it reads METRIC=VALUE, METRIC>=VALUE or METRIC<=VALUE; METRIC may be METRIC:low, :high or :corrected"
    if found is None:
        raise RecipeError(f"--fail-under {text}: {shape}")
    part: Part | None = next((part for part in _BOUND if part == (found["part"] or "value")), None)
    try:
        value = float(found["value"])
    except ValueError:
        raise RecipeError(f"--fail-under {text}: {found['value']!r} is no number; {shape}") from None
    if part is None or not math.isfinite(value):
        raise RecipeError(f"--fail-under {text}: {shape}")
    sign: Literal[">=", "<=", "="] = ">=" if found["sign"] == ">=" else "<=" if found["sign"] == "<=" else "="
    return Limit(text, found["metric"].strip(), part, sign, value)


def known_limits(limits: Sequence[Limit], metrics: Mapping[str, Metric]) -> None:
    """RecipeError for a limit on a metric that the suite does not report, or of no better direction without one."""
    for limit in limits:
        if limit.metric not in metrics:
            near = get_close_matches(limit.metric, metrics, n=4, cutoff=0.5)
            hint = f"; near to it: {', '.join(near)}" if near else ""
            raise RecipeError(f"--fail-under {limit.given}: this suite reports no such metric{hint} (docs/metrics.md)")
        if limit.sign == "=" and metrics[limit.metric].better is None:
            raise RecipeError(f"--fail-under {limit.given}: neither way is better of this metric: write >= or <=")
        if limit.part == "corrected" and not metrics[limit.metric].judged:
            raise RecipeError(f"--fail-under {limit.given}: no judge decides this metric: there is nothing to correct")


def failures(
    limits: Sequence[Limit],
    metrics: Mapping[str, Metric],
    values: Mapping[str, Interval],
    corrected: Mapping[str, Interval] | None = None,
) -> list[str]:
    """The limits that were not reached, each in a sentence; `corrected` are judged rates after correction."""
    missed = []
    for limit in limits:
        if limit.part == "corrected":
            found = (corrected or {}).get(limit.metric, ABSENT).value
        else:
            interval = values[limit.metric]
            found = {"value": interval.value, "low": interval.low, "high": interval.high}[limit.part]
        upwards = limit.sign == ">=" or (limit.sign == "=" and metrics[limit.metric].better == "high")
        wanted = f"{'at least' if upwards else 'at most'} {limit.value:g}"
        name = f"{limit.metric}{_BOUND[limit.part]}"
        if found is None:
            why = "has no corrected rate here" if limit.part == "corrected" else "counted nothing in these cases"
            missed.append(f"{limit.given}: {limit.metric} {why}, and {wanted} was asked for")
        elif found < limit.value if upwards else found > limit.value:
            missed.append(f"{limit.given}: {name} is {found:.4g}, and {wanted} was asked for")
    return missed
