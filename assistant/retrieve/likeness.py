"""Likeness: pictures and signals like those uploaded, over one or several indexes."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.records import Kind
from assistant.retrieve.rank import Hit, Nearest
from assistant.store.index import OpenIndex


def rank_likeness(indexes: Sequence[OpenIndex], kind: Kind, nearest: Sequence[Sequence[Nearest]]) -> list[Hit]:
    """Records like the uploads, best first; `nearest` has, for each index, one entry for each upload.

    Of several uploads the likest one counts.
    """
    best: dict[tuple[int, int], float] = {}
    for n, found in enumerate(nearest):
        for scores, ids in found:
            for score, pk in zip(scores, ids, strict=True):
                best[n, int(pk)] = max(best.get((n, int(pk)), -1.0), float(score))
    records = [index.records(pk for (m, pk) in best if m == n) for n, index in enumerate(indexes)]
    ordered = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        Hit(indexes[n], records[n][pk], kind, score, score, why=f"likeness {score:.2f}") for (n, pk), score in ordered
    ]
