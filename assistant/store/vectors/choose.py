"""Which structure an index is searched with: picked by size and by recall measured on its own vectors.

`auto` keeps the exact scan while it is short. Beyond that it builds structures in order, raises each one's effort until
recall@10 against the exact scan reaches the target, and takes the first that does and is quicker than the scan. What
was tried, what it gave and why it was taken stands in the choice that is saved with the index.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.settings import StoreSettings
from assistant.store.vectors.faiss_index import FaissIndex
from assistant.store.vectors.interface import Choice, Matrix, Tried
from assistant.store.vectors.structures import STRUCTURES, Structure
from assistant.store.vectors.threads import all_threads

K = 10
QUERIES = 600  # the standard error of a recall of 0.98 is about 0.003
COSINES = 0.4, 0.8
TIMED = 40
# Of the rows of an HNSW graph that were removed and stay as signposts; see docs/performance.md.
MOST_GONE = 0.2
MOST_GROWTH = 2.0  # beyond twice the vectors a structure was built for, its cells no longer fit
# Quickest first; where memory is bounded, whatever fits in the same order.
ORDER: tuple[str, ...] = ("ivf", "hnsw", "sq8", "pq")
BYTES = {"hnsw": lambda d: 4 * d + 284, "ivf": lambda d: d / 4 + 8, "sq8": lambda d: d, "pq": lambda d: d / 8 + 8}


@dataclass(frozen=True, slots=True)
class Measured:
    """Recall@10 against the exact scan, and the median milliseconds of processor time that one query takes."""

    recall: float
    query_ms: float


def choose(index: FaissIndex, settings: StoreSettings) -> Choice:
    """Give an index the structure that its settings and its vectors ask for, and say why; also returned."""
    setting, target = settings.vectors, settings.vectors_recall
    number = len(index)
    if setting == "exact" or (setting == "auto" and number < settings.exact_below):
        why = "asked for" if setting == "exact" else f"fewer than {settings.exact_below} vectors"
        return _scan(index, settings, why, ())
    probes = queries_like(index.rows, index.live_positions())
    kept = _kept(index, settings, probes)
    if kept:
        return kept
    index.compact()
    probes = queries_like(index.rows, index.live_positions())
    scan_ms = _query_ms(index, probes)
    tried: list[Tried] = []
    best: tuple[Structure, Tried] | None = None
    for name in _candidates(setting, index.dim, number, settings.vectors_memory_mb):
        started = time.perf_counter()
        with all_threads():
            structure: Structure = STRUCTURES[name].build(index.flat)
        found = _tuned(index, structure, target, probes, time.perf_counter() - started)
        tried.append(found)
        good = found.recall >= target and found.query_ms < scan_ms
        if good or name == setting:
            best = structure, found
            break
    if best is None:
        names = ", ".join(f"{t.structure} {t.recall:.3f} in {t.query_ms:.2f} ms" for t in tried) or "nothing fits"
        return _scan(index, settings, f"no structure reached {target} and was quicker ({names})", tuple(tried))
    structure, found = best
    why = (
        f"{'asked for' if found.structure == setting else 'the first that reached the target'}: recall@{K} "
        f"{found.recall:.3f} (target {target}) in {found.query_ms:.2f} ms a query, the exact scan {scan_ms:.2f} ms"
    )
    choice = Choice(found.structure, found.effort, found.recall, target, setting, number, why, tuple(tried))
    index.search_with(structure, choice)
    return choice


def _scan(index: FaissIndex, settings: StoreSettings, why: str, tried: tuple[Tried, ...]) -> Choice:
    index.compact()
    choice = Choice("exact", 0, 1.0, settings.vectors_recall, settings.vectors, len(index), why, tried)
    index.search_with(None, choice)
    return choice


def _kept(index: FaissIndex, settings: StoreSettings, probes: Matrix) -> Choice | None:
    """The structure that an index has, its effort measured anew, where it still serves."""
    choice, structure = index.choice, index.structure
    if structure is None or choice is None or settings.vectors not in ("auto", structure.name):
        return None
    if index.gone_share > MOST_GONE or len(index) > MOST_GROWTH * choice.vectors:
        return None
    if structure.name not in _candidates(settings.vectors, index.dim, len(index), settings.vectors_memory_mb):
        return None
    found = _tuned(index, structure, settings.vectors_recall, probes, 0.0)
    if found.recall < settings.vectors_recall and settings.vectors == "auto":
        return None
    why = (
        f"grown from the one built for {choice.vectors} vectors, {index.gone_share:.1%} of its rows removed: "
        f"recall@{K} {found.recall:.3f} (target {settings.vectors_recall})"
    )
    kept = replace(
        choice, effort=found.effort, recall=found.recall, target=settings.vectors_recall, setting=settings.vectors,
        why=why, tried=(*choice.tried, found)[-8:],
    )  # fmt: skip
    index.search_with(structure, kept)
    return kept


def _candidates(setting: str, dim: int, number: int, memory_mb: int) -> Sequence[str]:
    if setting != "auto":
        return (setting,)
    bound = memory_mb * 2**20 if memory_mb else float("inf")
    return [name for name in ORDER if number * BYTES[name](dim) <= bound]


def _tuned(index: FaissIndex, structure: Structure, target: float, probes: Matrix, build_s: float) -> Tried:
    """The least effort at which recall reaches the target; else the one that gave most."""
    before = index.structure, index.choice
    best: tuple[int, Measured] | None = None
    truth = index.scan(probes, K)[0][:, -1]
    for effort in structure.efforts:
        index.search_with(structure, Choice(structure.name, effort, 0.0, target, "", len(index), ""))
        measured = measure(index, probes, truth)
        if best is None or measured.recall > best[1].recall:
            best = effort, measured
        if measured.recall >= target:
            break
    index.search_with(*before)
    assert best is not None
    effort, measured = best
    return Tried(
        structure.name, effort, round(measured.recall, 4), round(measured.query_ms, 4), round(build_s, 1),
        round(structure.bytes_per_vector(), 1),
    )  # fmt: skip


def measure(index: FaissIndex, probes: Matrix, worst: NDArray[np.float32] | None = None) -> Measured:
    """Recall@10 of an index as it is searched, against its exact scan; `worst` are the 10th exact scores, (n,).

    Of vectors at one distance any counts.
    """
    if worst is None:
        worst = index.scan(probes, K)[0][:, -1]
    scores, ids = index.search(probes, K)
    good = (scores >= worst[:, None] - 1e-5) & (ids >= 0)
    return Measured(float(good.mean()), _query_ms(index, probes))


def _query_ms(index: FaissIndex, probes: Matrix) -> float:
    """A single query is one thread's work, so its processor time is told: other work on the machine slows no structure
    down."""
    times = []
    for n in range(min(TIMED, len(probes))):
        started = time.thread_time()
        index.search(probes[n : n + 1], K)
        times.append(time.thread_time() - started)
    return float(np.median(times)) * 1000


def queries_like(rows: Matrix, live: NDArray[np.int64], number: int = QUERIES, seed: int = 0) -> Matrix:
    """Queries for measuring: each lies at a cosine of 0.4 to 0.8 from a stored vector.

    A question is not a copy of its answer: BioASQ's and MedQuAD's lie at a median cosine of 0.70 and 0.74 from their
    nearest passage, and for copies every structure looks perfect. The directions away are those in which stored vectors
    differ. Of several ranges this one's recall was nearest to that of BioASQ's even-numbered questions at 10,000,
    100,000 and a million vectors.
    """
    random = np.random.default_rng(seed)
    near, one, other = (rows[random.choice(live, number)] for _ in range(3))
    cosine = random.uniform(*COSINES, (number, 1)).astype(np.float32)
    away = one - other
    away -= (away * near).sum(axis=1, keepdims=True) * near
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    made = cosine * near + np.sqrt(1 - cosine**2) * away
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    return np.ascontiguousarray(made, np.float32)
