"""From one generation's vectors to the next one's: what is gone taken out, what is new added, the structure chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from assistant.settings import StoreSettings
from assistant.store.vectors.choose import choose
from assistant.store.vectors.faiss_index import VECTORS, FaissIndex
from assistant.store.vectors.interface import Choice, Keys, Matrix, VectorIndex
from assistant.store.vectors.structures import BLOCK
from assistant.store.vectors.threads import all_threads


def load_vectors(folder: Path) -> VectorIndex | None:
    """The vector index in a folder, mapped from the disk; None where there is none. Raises DamagedIndex."""
    return FaissIndex.load(folder) if folder.exists() else None


def write_vectors(
    folder: Path,
    base: Path | None,
    live: Keys,
    staged: Iterable[tuple[int, bytes]],
    settings: StoreSettings,
    *,
    structure: bool = True,
) -> Choice | None:
    """Write the base folder's vectors, less the keys that are not `live`, plus the staged ones, into a new folder.

    `staged` gives keys and float32 bytes; they are taken in blocks. Without the base's `structure` one is chosen anew.
    None, and no folder, where no vector is left.
    """
    index = FaissIndex.load(base, mapped=False, structure=structure) if base and (base / VECTORS).exists() else None
    with all_threads():
        if index is not None:
            index.remove(np.setdiff1d(index.ids, live))
        for keys, vectors in _blocks(staged):
            if index is None:
                index = FaissIndex.empty(vectors.shape[1])
            index.add(keys, vectors)
    if index is None or not len(index):
        return None
    choice = choose(index, settings)
    index.save(folder)
    return choice


def _blocks(staged: Iterable[tuple[int, bytes]]) -> Iterator[tuple[Keys, Matrix]]:
    rows = iter(staged)
    while block := list(islice(rows, BLOCK)):
        keys = np.array([key for key, _ in block], np.int64)
        yield keys, np.stack([np.frombuffer(vector, np.float32) for _, vector in block])
