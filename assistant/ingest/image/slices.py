"""Which slices or frames stand for a volume, a cine loop or a stack of pages."""

from __future__ import annotations


def central(count: int, wanted: int) -> list[int]:
    """Up to `wanted` of `count` slices of a volume, evenly over its central part (3 of them: at a quarter, at half
    and at three quarters of its extent), for the first and last slices of a scan show little of what it was made for.
    """
    return list(range(count)) if count <= wanted else [(n + 1) * count // (wanted + 1) for n in range(wanted)]


def even(count: int, wanted: int) -> list[int]:
    """Up to `wanted` of `count` frames of a loop, each in the middle of an equal share of it."""
    return list(range(count)) if count <= wanted else [(2 * n + 1) * count // (2 * wanted) for n in range(wanted)]


def outward(start: int, count: int) -> list[int]:
    """All of `count` slices, the nearest to `start` first: where to look when that one can't be read."""
    return sorted(range(count), key=lambda n: (abs(n - start), n))
