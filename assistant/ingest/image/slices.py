"""Which slices or frames stand for a volume, a cine loop or a stack of pages."""

from __future__ import annotations

from collections.abc import Callable


def central(count: int, wanted: int) -> list[int]:
    """Up to `wanted` of `count` slices of a volume, evenly over its central part (3 of them: at a quarter, at half
    and at three quarters of its extent), for the first and last slices of a scan show little of what it was made for.
    """
    return _spread(count, wanted, lambda n: (n + 1) / (wanted + 1))


def even(count: int, wanted: int) -> list[int]:
    """Up to `wanted` of `count` frames of a loop, each in the middle of an equal share of it."""
    return _spread(count, wanted, lambda n: (n + 0.5) / wanted)


def outward(start: int, count: int) -> list[int]:
    """All of `count` slices, the nearest to `start` first: where to look when that one can't be read."""
    return sorted(range(count), key=lambda n: (abs(n - start), n))


def _spread(count: int, wanted: int, share: Callable[[int], float]) -> list[int]:
    if count <= wanted:
        return list(range(count))
    return sorted({min(count - 1, round(share(n) * (count - 1))) for n in range(wanted)})
