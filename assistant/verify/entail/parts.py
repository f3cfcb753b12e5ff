"""Evidence longer than a model's window: read in parts of whole sentences, and brought back to one judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.findings.sentences import sentences

NEUTRAL = (0.0, 1.0, 0.0)


def in_parts(evidence: str, room: int, length: Callable[[str], int]) -> list[str]:
    """The evidence in runs of whole sentences of at most `room` tokens, as `length` counts them.

    A sentence longer than that is a part of its own, which the model cuts. Blank evidence has no part.
    """
    if length(evidence) <= room:
        return [evidence] if evidence.strip() else []
    parts: list[str] = []
    running: list[str] = []
    used = 0
    for sentence in sentences(evidence):
        size = length(sentence)
        if running and used + size > room:
            parts.append(" ".join(running))
            running, used = [], 0
        running.append(sentence)
        used += size
    return [*parts, " ".join(running)] if running else parts


def judge_in_parts(
    pairs: Sequence[tuple[str, str]],
    cut: Callable[[str, str], list[str]],
    judge: Callable[[list[tuple[str, str]]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Judgements of pairs, float32 (len(pairs), 3), from those of their parts.

    `cut(claim, evidence)` gives the parts; `judge` gives (n, 3) for (claim, part) pairs. A claim is entailed as far
    as the part that says it best entails it (as SummaC, Laban et al. 2022, and MiniCheck do), and contradicted, in
    what is left, as far as the part that speaks most against it.
    """
    parts = [cut(claim, evidence) if claim.strip() else [] for claim, evidence in pairs]
    flat = [(claim, part) for (claim, _), some in zip(pairs, parts, strict=True) for part in some]
    judged = judge(flat) if flat else np.empty((0, 3), np.float32)
    rows = np.tile(np.array(NEUTRAL, np.float32), (len(pairs), 1))
    at = 0
    for row, some in zip(rows, parts, strict=True):
        if some:
            row[:] = together(judged[at : at + len(some)])
            at += len(some)
    return rows


def together(judged: NDArray[np.float32]) -> NDArray[np.float32]:
    """One row of three from those of an evidence's parts, (parts, 3)."""
    if len(judged) == 1:
        return judged[0]
    entailed = judged[:, 0].max()
    contradicted = min(judged[:, 2].max(), 1 - entailed)
    return np.array([entailed, 1 - entailed - contradicted, contradicted], np.float32)
