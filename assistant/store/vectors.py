"""Vector indexes: FAISS behind a small interface, ids being the catalogue's primary keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DamagedIndex


class VectorIndex:
    """Exact inner-product search over unit vectors, so that scores are cosines in [-1, 1]."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def empty(cls, dim: int) -> VectorIndex:
        import faiss

        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dim)))

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        import faiss

        try:
            return cls(faiss.read_index(str(path)))
        except RuntimeError as error:
            raise DamagedIndex(
                f"{path}: FAISS can't read it ({str(error).splitlines()[0]}); build the index again"
            ) from error

    def save(self, path: Path) -> None:
        import faiss

        faiss.write_index(self._index, str(path))

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> NDArray[np.int64]:
        import faiss

        return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def vector(self, key: int) -> NDArray[np.float32]:
        return np.asarray(self._index.reconstruct(int(key)), dtype=np.float32)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors of shape (n, dim) under ids of shape (n,)."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))

    def remove(self, ids: NDArray[np.int64]) -> None:
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, np.int64))

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        *,
        allowed: NDArray[np.int64] | None = None,
        excluded: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The k nearest of each query (n, dim): scores and ids, both (n, k), best first; id -1 where there are fewer.

        `allowed` or `excluded` ids are filtered inside the search, so that k results are found whatever the filter.
        """

        k = min(k, len(self))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        selectors: Sequence[Any] = _selectors(allowed, excluded)
        parameters = _parameters(selectors[-1]) if selectors else None
        scores, ids = self._index.search(np.ascontiguousarray(queries, np.float32), k, params=parameters)
        return scores, ids


def _parameters(selector: Any) -> Any:
    import faiss

    parameters = faiss.SearchParameters()
    parameters.sel = selector
    return parameters


def _selectors(allowed: NDArray[np.int64] | None, excluded: NDArray[np.int64] | None) -> list[Any]:
    """FAISS selectors, the last being the one to use; the others must stay alive beside it."""
    import faiss

    kept: list[Any] = []
    if allowed is not None:
        if excluded is not None:
            allowed = np.setdiff1d(allowed, excluded)
        kept.append(faiss.IDSelectorBatch(np.ascontiguousarray(allowed, np.int64)))
    elif excluded is not None and len(excluded):
        inner = faiss.IDSelectorBatch(np.ascontiguousarray(excluded, np.int64))
        kept += [inner, faiss.IDSelectorNot(inner)]
    return kept
