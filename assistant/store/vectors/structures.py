"""The search structures over exact vectors: none (a scan), HNSW, IVF, 8-bit codes, product quantisation.

Each answers with positions of rows. Scores of codes are coarse, so whoever searches ranks the candidates again on the
exact vectors (`is_coarse`). `efforts` are the steps by which recall is bought with time.

HNSW: Malkov and Yashunin 2020. IVF and product quantisation: Jégou et al. 2011; fast scan: André et al. 2017; all in
FAISS: Douze et al. 2024.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.store.vectors.interface import Keys, Matrix
from assistant.store.vectors.library import faiss

BLOCK = 10_000  # rows that are added at a time
HNSW_LINKS = 32
HNSW_CONSTRUCTION = 100
FAST_SCAN_BLOCK = 32
# From so many centres on they too are searched by codes first: at 8,192 a scan of them took a third of a search.
CENTRES_BY_CODES = 2_000
CENTRES_RANKED_AGAIN = 2.0  # for each that is asked for; finds 99.2 % of the scan's


class Structure(Protocol):
    name: ClassVar[str]
    efforts: ClassVar[tuple[int, ...]]
    is_coarse: ClassVar[bool]
    index: Any

    def search(
        self, queries: Matrix, k: int, effort: int, selector: Any, share: float
    ) -> tuple[NDArray[np.float32], Keys]:
        """Scores and positions, (n, k), -1 where there are fewer. `selector` admits `share` of the rows (FAISS)."""
        ...

    def add(self, rows: Matrix) -> None: ...

    def remove(self, positions: Keys, rows: Matrix) -> None:
        """Forget rows: `rows` are the exact vectors (all of them, writable), which are overwritten."""
        ...

    def looks_at(self, k: int, effort: int, share: float) -> float:
        """How many exact rows could be scanned in the time of one search."""
        ...

    def bytes_per_vector(self) -> float:
        """In memory, beside the exact vectors."""
        ...


class Hnsw:
    """A graph over the exact vectors, which it holds no copy of. Effort: efSearch."""

    name: ClassVar[str] = "hnsw"
    efforts: ClassVar[tuple[int, ...]] = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
    is_coarse: ClassVar[bool] = False

    def __init__(self, index: Any, flat: Any) -> None:
        self.index = index
        self._flat = flat  # stays alive as long as the graph points to it
        index.storage = flat
        index.own_fields = False

    @classmethod
    def build(cls, flat: Any) -> Hnsw:
        index = faiss().IndexHNSWFlat(flat.d, HNSW_LINKS, faiss().METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = HNSW_CONSTRUCTION
        for block in blocks(rows_of(flat)):
            index.add(block)
        index.storage.reset()
        return cls(index, flat)

    def search(
        self, queries: Matrix, k: int, effort: int, selector: Any, share: float
    ) -> tuple[NDArray[np.float32], Keys]:
        # The walk is as long as efSearch, so under a filter it has to be longer for as many results.
        steps = int(np.ceil(max(effort, k) / share))
        # FAISS's bounded queue is scanned whole at each step: at efSearch 1,000 that takes longer than the rest. Its
        # heap gives back the node where the walk began even where the selector does not admit it: not under a filter.
        parameters = faiss().SearchParametersHNSW(efSearch=steps, bounded_queue=selector is not None)
        if selector is not None:
            parameters.sel = selector
        scores, positions = self.index.search(queries, k, params=parameters)
        return scores, positions

    def add(self, rows: Matrix) -> None:
        for block in blocks(rows):
            self.index.add(block)  # adds them to the exact vectors as well

    def remove(self, positions: Keys, rows: Matrix) -> None:
        """A removed node stays as a signpost: its vector becomes the mean of its neighbours'."""
        offsets = _array(self.index.hnsw.offsets)
        links = _array(self.index.hnsw.neighbors)
        width = self.index.hnsw.nb_neighbors(0)
        gone = np.zeros(len(rows), bool)
        gone[positions] = True
        for position in positions:
            around = links[offsets[position] : offsets[position] + width]
            around = around[around >= 0]
            around = around[~gone[around]]
            mean = rows[around].sum(axis=0) if len(around) else np.zeros(rows.shape[1], np.float32)
            rows[position] = mean / max(float(np.linalg.norm(mean)), 1e-9)

    def looks_at(self, k: int, effort: int, share: float) -> float:
        return max(effort, k) / share * HNSW_LINKS * 2  # links of level 0 are twice as many, half of them seen before

    def bytes_per_vector(self) -> float:
        return float(self.index.hnsw.neighbors.size() * 4 / max(self.index.ntotal, 1) + 12)


class Codes:
    """A FAISS index of codes, whose candidates are ranked again on the exact vectors."""

    name: ClassVar[str]
    efforts: ClassVar[tuple[int, ...]]
    is_coarse: ClassVar[bool] = True

    def __init__(self, index: Any) -> None:
        self.index = index

    def add(self, rows: Matrix) -> None:
        for block in blocks(rows):
            self.index.add(block)

    def bytes_per_vector(self) -> float:
        return float(self.index.sa_code_size())


class Sq8(Codes):
    """A scan of 8-bit codes: a quarter of the memory traffic of the exact scan. Effort: candidates for each result."""

    name: ClassVar[str] = "sq8"
    efforts: ClassVar[tuple[int, ...]] = (2, 4, 8, 16)

    @classmethod
    def build(cls, flat: Any) -> Sq8:
        index = faiss().IndexScalarQuantizer(flat.d, faiss().ScalarQuantizer.QT_8bit, faiss().METRIC_INNER_PRODUCT)
        index.train(sample(rows_of(flat), 50_000))
        built = cls(index)
        built.add(rows_of(flat))
        return built

    def search(
        self, queries: Matrix, k: int, effort: int, selector: Any, share: float
    ) -> tuple[NDArray[np.float32], Keys]:
        parameters = faiss().SearchParameters(sel=selector) if selector is not None else None
        return self.index.search(queries, min(k * effort, self.index.ntotal), params=parameters)

    def looks_at(self, k: int, effort: int, share: float) -> float:
        return float(self.index.ntotal) / 4

    def remove(self, positions: Keys, rows: Matrix) -> None:
        codes = _array(self.index.codes).reshape(self.index.ntotal, -1)
        codes[positions] = 0
        rows[positions] = 0


class Cells(Codes, ABC):
    """Cells around centres (k-means), each with the codes of its vectors. Effort: cells that are looked into."""

    efforts: ClassVar[tuple[int, ...]] = (8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512)

    def __init__(self, index: Any, next_position: int = 0) -> None:
        super().__init__(index)
        self._next = next_position

    @classmethod
    def build(cls, flat: Any) -> Cells:
        index = cls._empty(flat.d, _cells(flat.ntotal))
        index.cp.niter = 6
        index.cp.spherical = True
        index.cp.min_points_per_centroid = 1
        index.train(sample(rows_of(flat), 16 * index.nlist))
        _search_centres_by_codes(index)
        built = cls(index)
        built.add(rows_of(flat))
        return built

    @staticmethod
    @abstractmethod
    def _empty(dim: int, cells: int) -> Any:
        """A FAISS index of that many cells, untrained."""

    def search(
        self, queries: Matrix, k: int, effort: int, selector: Any, share: float
    ) -> tuple[NDArray[np.float32], Keys]:
        cells = min(int(np.ceil(effort / share)), self.index.nlist)
        parameters = faiss().SearchParametersIVF(nprobe=cells)
        if selector is not None:
            parameters.sel = selector
        return self.index.search(queries, min(self._candidates(k, effort), self.index.ntotal), params=parameters)

    @staticmethod
    @abstractmethod
    def _candidates(k: int, effort: int) -> int:
        """How many coarse results are ranked again."""

    def add(self, rows: Matrix) -> None:
        """Under positions that go on from the last: what was removed keeps its position."""
        with _nearest_centre(self.index):
            for block in blocks(rows):
                ids = np.arange(self._next, self._next + len(block), dtype=np.int64)
                self.index.add_with_ids(block, ids)
                self._next += len(block)

    def looks_at(self, k: int, effort: int, share: float) -> float:
        return min(effort / share / self.index.nlist, 1.0) * float(self.index.ntotal)

    def remove(self, positions: Keys, rows: Matrix) -> None:
        self.index.remove_ids(np.ascontiguousarray(positions, np.int64))
        rows[positions] = 0

    def bytes_per_vector(self) -> float:
        return float(self.index.code_size + 8 + 4 * self.index.d * self.index.nlist / max(self.index.ntotal, 1))


class Ivf(Cells):
    """4-bit codes of every two dimensions, compared in the processor's registers (fast scan; André et al. 2017).

    At a million vectors a tenth of the time of 8-bit codes at the same recall, and a quarter of their memory.
    """

    name: ClassVar[str] = "ivf"

    @staticmethod
    def _empty(dim: int, cells: int) -> Any:
        quantiser = faiss().IndexFlatIP(dim)
        index = faiss().IndexIVFPQFastScan(
            quantiser, dim, cells, _halves(dim), 4, faiss().METRIC_INNER_PRODUCT, FAST_SCAN_BLOCK, True
        )
        index.by_residual = True
        return _owning(index, quantiser)

    @staticmethod
    def _candidates(k: int, effort: int) -> int:
        return 3 * k + max(60, effort // 2)

    def looks_at(self, k: int, effort: int, share: float) -> float:
        return super().looks_at(k, effort, share) / 8


class Pq(Cells):
    """A byte for eight dimensions: the smallest, never without re-ranking."""

    name: ClassVar[str] = "pq"

    @staticmethod
    def _empty(dim: int, cells: int) -> Any:
        parts = next(parts for parts in (dim // 8, dim // 4, dim // 2, dim) if parts and dim % parts == 0)
        quantiser = faiss().IndexFlatIP(dim)
        index = faiss().IndexIVFPQ(quantiser, dim, cells, parts, 8, faiss().METRIC_INNER_PRODUCT)
        return _owning(index, quantiser)

    @staticmethod
    def _candidates(k: int, effort: int) -> int:
        """More, since a byte for eight dimensions orders them poorly."""
        return k * max(16, effort)


STRUCTURES: dict[str, type[Hnsw] | type[Sq8] | type[Ivf] | type[Pq]] = {s.name: s for s in (Hnsw, Sq8, Ivf, Pq)}


def blocks(rows: Matrix) -> Iterator[Matrix]:
    for start in range(0, len(rows), BLOCK):
        yield np.ascontiguousarray(rows[start : start + BLOCK], np.float32)


class _Held:
    """The vectors of a FAISS flat index for numpy, which keeps the index alive as long as an array shows them."""

    def __init__(self, flat: Any) -> None:
        self._flat = flat
        data = int(flat.get_xb()), False
        shape = int(flat.ntotal), int(flat.d)
        self.__array_interface__ = {"data": data, "shape": shape, "typestr": "<f4", "version": 3}


def rows_of(flat: Any) -> Matrix:
    """The vectors of a FAISS flat index as they lie in memory, (n, dim): a view, good until vectors are added."""
    if flat.ntotal == 0:
        return np.empty((0, flat.d), np.float32)
    return np.asarray(_Held(flat))


def sample(rows: Matrix, most: int) -> Matrix:
    """At most that many rows, drawn the same way each time."""
    if len(rows) <= most:
        return np.ascontiguousarray(rows)
    at = np.sort(np.random.default_rng(0).choice(len(rows), most, replace=False))
    return np.ascontiguousarray(rows[at])


def _cells(n: int) -> int:
    """About sixteen times the square root of the vectors, and enough of them in each to find its centre."""
    return int(max(1, min(16 * n**0.5, n / 30)))


def _halves(dim: int) -> int:
    return dim // 2 if dim % 2 == 0 else dim


def _search_centres_by_codes(index: Any) -> None:
    """Let a trained index find the nearest of many centres by codes, ranked again on the exact centres."""
    if index.nlist < CENTRES_BY_CODES:
        return
    centres = rows_of(faiss().downcast_index(index.quantizer)).copy()
    codes = faiss().IndexPQFastScan(index.d, _halves(index.d), 4, faiss().METRIC_INNER_PRODUCT)
    codes.train(centres)
    exact = faiss().IndexFlatIP(index.d)
    both = faiss().IndexRefine(codes, exact)
    both.k_factor = CENTRES_RANKED_AGAIN
    both.is_trained = True
    both.add(centres)
    for part in (codes, exact, both):
        part.this.disown()
    both.own_fields = both.own_refine_index = True
    scanned = faiss().downcast_index(index.quantizer)
    index.quantizer = both
    scanned.this.acquire()  # and is freed when Python forgets it


@contextmanager
def _nearest_centre(index: Any) -> Iterator[None]:
    """While vectors are added the nearest centre counts, of which two candidates are too few."""
    centres = faiss().downcast_index(index.quantizer)
    if not isinstance(centres, faiss().IndexRefine):
        yield
        return
    before, centres.k_factor = centres.k_factor, 64.0
    try:
        yield
    finally:
        centres.k_factor = before


def _owning(index: Any, quantiser: Any) -> Any:
    quantiser.this.disown()
    index.own_fields = True
    return index


def _array(vector: Any) -> NDArray[Any]:
    """A FAISS vector as a numpy view."""
    return np.asarray(faiss().rev_swig_ptr(vector.data(), vector.size()))


def write_structure(structure: Structure, path: Path) -> None:
    skipped = faiss().IO_FLAG_SKIP_STORAGE if isinstance(structure, Hnsw) else 0
    faiss().write_index(structure.index, str(path), skipped)


def read_structure(name: str, path: Path, flat: Any, *, mapped: bool) -> Structure:
    """A structure over the exact vectors of `flat`. Raises RuntimeError where FAISS can't read it."""
    kind = STRUCTURES[name]
    flags = faiss().IO_FLAG_SKIP_STORAGE if kind is Hnsw else 0
    if mapped:  # inverted lists are mapped by a flag of their own
        flags |= faiss().IO_FLAG_MMAP if issubclass(kind, Cells) else faiss().IO_FLAG_MMAP_IFC
    index = faiss().read_index(str(path), flags)
    if kind is Hnsw:
        return Hnsw(index, flat)
    return kind(index, int(flat.ntotal)) if issubclass(kind, Cells) else Sq8(index)
