"""What a vector index is to the rest of the house, whichever engine answers behind it.

A cluster's engine (Milvus, say) fits in here: its collection's primary key is the catalogue's key, `allowed` and
`excluded` become its filter expression, `save` flushes, and what FAISS keeps in the generation's folder becomes the
name of a collection that this generation reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Matrix = NDArray[np.float32]


class VectorIndex(Protocol):
    """Unit vectors under the catalogue's primary keys; scores are inner products, so cosines in [-1, 1]."""

    @property
    def dim(self) -> int: ...

    def __len__(self) -> int:
        """How many vectors can be found."""
        ...

    @property
    def ids(self) -> Keys:
        """The keys of all vectors that can be found, (len(self),)."""
        ...

    def vector(self, key: int) -> Matrix:
        """The stored vector of a key, (dim,). Raises KeyError."""
        ...

    def vectors(self, keys: Sequence[int] | Keys) -> Matrix:
        """The stored vectors of some keys, (len(keys), dim), in their order. Raises KeyError."""
        ...

    def search(
        self, queries: Matrix, k: int, *, allowed: Keys | None = None, excluded: Keys | None = None
    ) -> tuple[Matrix, Keys]:
        """The k nearest of each query (n, dim): scores and keys, both (n, min(k, len)), best first; -1 where there are
        fewer. Filters hold inside the search: k results are found wherever k keys are allowed."""
        ...

    def add(self, ids: Keys, vectors: Matrix) -> None:
        """Add vectors (n, dim) under new keys (n,)."""
        ...

    def remove(self, ids: Keys) -> None:
        """Remove keys; those that are not there are passed over. Their vectors are overwritten, not only hidden."""
        ...

    def save(self, folder: Path) -> None:
        """Write the index into a folder of its own, which `load_vectors` opens."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """A structure as it was measured on the index's own vectors: recall@10 against the exact scan, the median time of
    one query on one thread, seconds to build it, bytes a vector takes in memory beside the exact vectors."""

    structure: str
    effort: int
    recall: float
    query_ms: float
    build_s: float
    bytes_per_vector: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Which structure an index is searched with, and why. `effort` is what recall is bought with (see structures)."""

    structure: str
    effort: int
    recall: float
    target: float
    setting: str
    vectors: int
    why: str
    tried: tuple[Tried, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Choice:
        """Raises KeyError or TypeError where the data are not a choice."""
        return cls(**{**data, "tried": tuple(Tried(**tried) for tried in data["tried"])})
