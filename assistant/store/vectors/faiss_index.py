"""The embedded vector index: exact vectors, mapped from the disk, and a FAISS structure that searches them.

    <kind>/vectors.faiss    unit vectors, float32 (n, dim), FAISS's flat format
    <kind>/keys.npy         the key of each row, int64 (n,); -1 where a row was removed and only its place is kept
    <kind>/search.faiss     the structure, where it is not the plain scan
    <kind>/choice.json      which structure, what was measured, and why

The exact vectors are the truth: every structure can be built from them again, candidates of codes are ranked on them,
and under a selective filter the allowed rows are simply scanned.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DamagedIndex
from assistant.store.vectors.gpu import MOST_RESULTS, on_gpu
from assistant.store.vectors.interface import Choice, Keys, Matrix
from assistant.store.vectors.library import faiss
from assistant.store.vectors.structures import STRUCTURES, Structure, read_structure, rows_of, write_structure
from assistant.store.vectors.threads import threads_for

VECTORS, KEYS, SEARCH, CHOICE = "vectors.faiss", "keys.npy", "search.faiss", "choice.json"
GONE = -1
SCANNED_ANYWAY = 2_000  # allowed rows that are scanned whatever the structure: a third of a millisecond


class FaissIndex:
    """A `VectorIndex` in this process. Threads may search one together; adding and removing is for one alone."""

    def __init__(
        self, flat: Any, keys: Keys, structure: Structure | None, choice: Choice | None, *, mapped: bool = False
    ) -> None:
        self._flat = flat
        self._keys = keys
        self._structure = structure
        self.choice = choice
        self._mapped = mapped
        self._order: Keys | None = None
        self._index_keys()
        self._gpu = on_gpu(flat) if mapped and structure is None else None

    @classmethod
    def empty(cls, dim: int) -> FaissIndex:
        return cls(faiss().IndexFlatIP(dim), np.empty(0, np.int64), None, None)

    @classmethod
    def load(cls, folder: Path, *, mapped: bool = True, structure: bool = True) -> FaissIndex:
        """Open an index; `mapped` for searching only, from the disk, else in memory to be changed. Without its
        `structure` it is searched by the scan, and no more than the exact vectors and their keys are read.

        Raises DamagedIndex naming the file that can't be read.
        """
        path = folder / VECTORS
        try:
            flat = faiss().read_index(str(path), faiss().IO_FLAG_MMAP_IFC if mapped else 0)
            path = folder / KEYS
            keys = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
            path = folder / CHOICE
            choice = Choice.of_json(json.loads(path.read_text())) if structure and path.exists() else None
            path = folder / SEARCH
            searched = None
            if choice and choice.structure in STRUCTURES:
                searched = read_structure(choice.structure, path, flat, mapped=mapped)
        except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DamagedIndex(f"{path}: can't be read ({reason}); build the index again") from error
        if len(keys) != flat.ntotal or (searched is not None and searched.index.d != flat.d):
            raise DamagedIndex(f"{folder}: {len(keys)} keys for {flat.ntotal} vectors; build the index again")
        return cls(flat, keys, searched, choice, mapped=mapped)

    def save(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # left by a commit that was killed
        folder.mkdir(parents=True)
        faiss().write_index(self._flat, str(folder / VECTORS))
        np.save(folder / KEYS, self._keys, allow_pickle=False)
        if self.choice:
            (folder / CHOICE).write_text(json.dumps(self.choice.to_json(), indent=1))
        if self._structure:
            write_structure(self._structure, folder / SEARCH)

    # --- what is in it -------------------------------------------------------------------------------

    @property
    def dim(self) -> int:
        return int(self._flat.d)

    def __len__(self) -> int:
        return self._live

    @property
    def ids(self) -> Keys:
        return np.asarray(self._keys[self._keys != GONE]) if self._gone else np.asarray(self._keys)

    @property
    def rows(self) -> Matrix:
        """All rows as they lie on the disk or in memory, (n, dim), the removed ones included."""
        return rows_of(self._flat)

    @property
    def flat(self) -> Any:
        """The FAISS index of the exact vectors."""
        return self._flat

    @property
    def structure(self) -> Structure | None:
        return self._structure

    @property
    def gone_share(self) -> float:
        """The share of rows that only keep their place."""
        return self._gone / max(len(self._keys), 1)

    def live_positions(self) -> Keys:
        return np.flatnonzero(self._keys != GONE)

    def vector(self, key: int) -> Matrix:
        return np.asarray(self.vectors([key])[0], np.float32)

    def vectors(self, keys: Sequence[int] | Keys) -> Matrix:
        wanted = np.asarray(keys, np.int64)
        positions, found = self._look_up(wanted)
        if not found.all():
            raise KeyError(int(wanted[~found][0]))
        return np.ascontiguousarray(self.rows[positions], np.float32)

    def _index_keys(self) -> None:
        keys = np.asarray(self._keys)
        self._gone = int((keys == GONE).sum())
        self._live = len(keys) - self._gone
        self._order = None if len(keys) < 2 or bool((keys[1:] > keys[:-1]).all()) else np.argsort(keys, kind="stable")

    def _look_up(self, keys: Keys) -> tuple[Keys, NDArray[np.bool_]]:
        """The position of each key, and whether it is there."""
        if not len(self._keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        at = np.searchsorted(self._keys, keys, sorter=self._order).clip(max=len(self._keys) - 1)
        positions = at if self._order is None else self._order[at]
        return positions, (self._keys[positions] == keys) & (keys != GONE)

    def _positions(self, keys: Keys) -> Keys:
        positions, found = self._look_up(np.asarray(keys, np.int64))
        return positions[found]

    # --- searching -----------------------------------------------------------------------------------

    def search(
        self, queries: Matrix, k: int, *, allowed: Keys | None = None, excluded: Keys | None = None
    ) -> tuple[Matrix, Keys]:
        k = min(k, self._live)
        queries = np.ascontiguousarray(queries, np.float32)
        if k == 0 or not len(queries):
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        with threads_for(len(queries)):
            scores, positions = self._found(queries, k, self._admitted(allowed, excluded))
        return scores, np.where(positions >= 0, np.asarray(self._keys)[positions], GONE)

    def scan(self, queries: Matrix, k: int) -> tuple[Matrix, Keys]:
        """The k nearest by the exact scan, whatever the structure."""
        k = min(k, self._live)
        admitted = self._admitted(None, None)
        with threads_for(len(queries)):
            scores, positions = self._scanned(np.ascontiguousarray(queries, np.float32), k, admitted)
        return scores, np.where(positions >= 0, np.asarray(self._keys)[positions], GONE)

    def _admitted(self, allowed: Keys | None, excluded: Keys | None) -> Keys | NDArray[np.bool_] | None:
        """The rows that may be found: positions, a mask over all, or None where that is every row."""
        if allowed is not None:
            if excluded is not None and len(excluded):
                allowed = np.setdiff1d(allowed, excluded)
            return np.unique(self._positions(allowed))
        if not self._gone and (excluded is None or not len(excluded)):
            return None
        mask = np.asarray(self._keys) != GONE
        if excluded is not None:
            mask[self._positions(excluded)] = False
        return mask

    def _found(self, queries: Matrix, k: int, admitted: Keys | NDArray[np.bool_] | None) -> tuple[Matrix, Keys]:
        structure, choice = self._structure, self.choice
        if structure is None or choice is None:
            return self._scanned(queries, k, admitted)
        number = len(self._keys) if admitted is None else _number(admitted)
        share = max(number, 1) / len(self._keys)
        if number <= max(SCANNED_ANYWAY, structure.looks_at(k, choice.effort, share) if share < 1 else 0):
            return self._scanned(queries, k, admitted)
        selector = [None] if admitted is None else _selector(admitted, len(self._keys), as_bitmap=True)
        scores, positions = structure.search(queries, k, choice.effort, selector[-1], share)
        if admitted is not None:  # the wall does not rest on how a structure treats its selector
            positions = np.where(_mask(admitted, len(self._keys))[positions], positions, GONE)
        if structure.is_coarse:
            scores, positions = self._ranked_again(queries, positions, k)
        short = np.flatnonzero((positions[:, :k] < 0).any(axis=1))
        if len(short):  # the structure lost its way under the filter
            scores[short], positions[short] = self._scanned(queries[short], k, admitted)
        return scores, positions

    def _scanned(self, queries: Matrix, k: int, admitted: Keys | NDArray[np.bool_] | None) -> tuple[Matrix, Keys]:
        if admitted is None:
            index = self._gpu if self._gpu is not None and k <= MOST_RESULTS else self._flat
            return index.search(queries, k)
        if not _number(admitted):
            return np.zeros((len(queries), k), np.float32), np.full((len(queries), k), -1, np.int64)
        selector = _selector(admitted, len(self._keys), as_bitmap=_number(admitted) * 4 > len(self._keys))
        parameters = faiss().SearchParameters(sel=selector[-1])
        return self._flat.search(queries, k, params=parameters)

    def _ranked_again(self, queries: Matrix, positions: Keys, k: int) -> tuple[Matrix, Keys]:
        """The k best of each query's candidates by their exact scores."""
        positions = np.ascontiguousarray(positions, np.int64)
        scores = np.empty(positions.shape, np.float32)
        pointer = faiss().swig_ptr
        faiss().fvec_inner_products_by_idx(
            pointer(scores), pointer(queries), self._flat.get_xb(), pointer(positions), self.dim, *positions.shape
        )
        scores[positions < 0] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(positions, order, axis=1)

    # --- changing ------------------------------------------------------------------------------------

    def add(self, ids: Keys, vectors: Matrix) -> None:
        self._refuse_mapped()
        if not len(ids):
            return
        vectors = np.ascontiguousarray(vectors, np.float32)
        if self._structure is None or self._structure.is_coarse:
            self._flat.add(vectors)
        if self._structure is not None:
            self._structure.add(vectors)
        self._keys = np.concatenate([self._keys, np.asarray(ids, np.int64)])
        self._index_keys()

    def remove(self, ids: Keys) -> None:
        self._refuse_mapped()
        positions = self._positions(ids)
        if not len(positions):
            return
        if self._structure is None:
            selector = faiss().IDSelectorBatch(np.ascontiguousarray(positions, np.int64))
            self._flat.remove_ids(selector)
            self._keys = np.delete(self._keys, positions)
        else:
            self._structure.remove(positions, self.rows)
            self._keys[positions] = GONE
        self._index_keys()

    def search_with(self, structure: Structure | None, choice: Choice | None) -> None:
        """From now on search with another structure over the same rows, or with the scan."""
        self._structure = structure
        self.choice = choice

    def compact(self) -> None:
        """Drop the structure and every row that only keeps its place."""
        self._structure = None
        self.choice = replace(self.choice, structure="exact", effort=0) if self.choice else None
        if self._gone:
            dead = np.flatnonzero(self._keys == GONE)
            self._flat.remove_ids(faiss().IDSelectorBatch(np.ascontiguousarray(dead, np.int64)))
            self._keys = np.delete(self._keys, dead)
            self._index_keys()

    def _refuse_mapped(self) -> None:
        if self._mapped:
            raise TypeError("this vector index is open for searching only: load it with mapped=False")


def _number(admitted: Keys | NDArray[np.bool_]) -> int:
    return int(admitted.sum()) if admitted.dtype == bool else len(admitted)


def _mask(admitted: Keys | NDArray[np.bool_], rows: int) -> NDArray[np.bool_]:
    """Which of all rows are admitted."""
    if admitted.dtype == bool:
        return admitted  # type: ignore[return-value]
    mask = np.zeros(rows, bool)
    mask[admitted] = True
    return mask


def _selector(admitted: Keys | NDArray[np.bool_], rows: int, *, as_bitmap: bool) -> list[Any]:
    """A FAISS selector of rows, the last of a list whose other members must stay alive beside it."""
    if not as_bitmap:
        positions = np.flatnonzero(admitted) if admitted.dtype == bool else admitted
        positions = np.ascontiguousarray(positions, np.int64)
        return [positions, faiss().IDSelectorArray(positions)]
    bits = np.packbits(_mask(admitted, rows), bitorder="little")
    return [bits, faiss().IDSelectorBitmap(bits)]
