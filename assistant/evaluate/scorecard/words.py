"""Numbers as a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.evaluate.bootstrap import Interval

if TYPE_CHECKING:
    from assistant.evaluate.result import RunResult


def how_many(result: RunResult) -> str:
    """How many cases a run has: "32 cases", "6 of the suite's 32 cases"."""
    count = len(result.samples)
    if count == result.total:
        return counted(count, "cases")
    return f"{count} of the suite's {counted(result.total, 'cases')}"


def counted(count: int, unit: str) -> str:
    """ "3 claims", "1 claim"; `unit` is a plural."""
    return f"{count} {unit.removesuffix('s') if count == 1 else unit}"


def number(value: float, *, signed: bool = False) -> str:
    """Three decimals, fewer for what is large: 0.123, 12.3, 123; with a proper minus sign."""
    sign = "+" if signed else ""
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:{sign}.{digits}f}".replace("-", "−")


def percent(value: float) -> str:
    """A share in per cent, with a decimal: "12.3 %"."""
    return f"{_hundredths(value)} %"


def percent_with_interval(interval: Interval) -> str:
    """ "12.0 % (6.0 to 21.0)"; "not measured" without a value."""
    if interval.value is None or interval.low is None or interval.high is None:
        return "not measured"
    return f"{percent(interval.value)} ({between(interval)})"


def between(interval: Interval) -> str:
    """The ends of an interval of a share, in per cent: "6.0 to 21.0"; "" without one."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{_hundredths(interval.low)} to {_hundredths(interval.high)}"


def _hundredths(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:.1f}".replace("-", "−")


def number_with_interval(interval: Interval, *, signed: bool = False) -> str:
    """ "0.120 [0.060, 0.210]"; "not measured" without a value."""
    if interval.value is None or interval.low is None or interval.high is None:
        return "not measured"
    value, low, high = (number(x, signed=signed) for x in (interval.value, interval.low, interval.high))
    return f"{value} [{low}, {high}]"
