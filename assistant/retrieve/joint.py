"""Pictures by words directly, where the image encoder's space is joint: texts and pictures lie in it together.

Beside the search through the studies' texts, so that a picture without a report is found as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from assistant.embed.registry import JointEncoder, is_joint
from assistant.retrieve.likeness import joined_by_rank
from assistant.retrieve.rank import Hit, encoder_of
from assistant.settings import RetrieveSettings, Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.wording import worded


def search_joint(
    indexes: Sequence[OpenIndex], texts: Mapping[int, str], filters: Sequence[Sequence[Filter]], settings: Settings
) -> dict[int, list[Hit]]:
    """The pictures nearest to each text, by the query's number, in the indexes whose image encoder is joint."""
    found: dict[int, list[Hit]] = {}
    for i, index in enumerate(indexes):
        if not texts or index.vectors("image") is None or not is_joint(index.encoder_name("image")):
            continue
        encoder = cast(JointEncoder, encoder_of(index, "image", settings.embed))
        vectors = encoder.encode_text(list(texts.values()))
        nearest = index.nearest("image", vectors, [filters[n][i] for n in texts], settings.retrieve.candidates)
        for n, (scores, keys) in zip(texts, nearest, strict=True):
            records = index.records(int(key) for key in keys)
            found.setdefault(n, []).extend(
                Hit(
                    index,
                    records[int(key)],
                    "joint",
                    float(score),
                    float(score),
                    why=worded("nearness to the words {nearness:.2f}", nearness=score),
                )
                for score, key in zip(scores, keys, strict=True)
                if int(key) in records
            )
    return {n: sorted(hits, key=lambda hit: -hit.score) for n, hits in found.items()}


def with_joint(by_text: Sequence[Hit], joint: Sequence[Hit], settings: RetrieveSettings) -> list[Hit]:
    """Hits through texts and hits in the joint space, joined by rank; the latter last while they have no floor."""
    if settings.joint_floor is None:
        return [*by_text, *joint]
    return joined_by_rank([(by_text, 1.0), (joint, 1.0)])
