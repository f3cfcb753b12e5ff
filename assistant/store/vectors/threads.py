"""How many threads FAISS takes: by the size of a batch, for the calling thread alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.store.vectors.library import faiss

# FAISS spreads queries, not one query's work. On two cores one query took twice as long with two threads as with one
# (waking the other); from 8 on two were quicker (docs/performance.md).
QUERIES_PER_THREAD = 4


def usable_processors() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def threads_for(queries: int) -> Iterator[None]:
    """As many threads as a batch of queries keeps busy, at most one for each usable processor."""
    with _threads(min(usable_processors(), max(1, queries // QUERIES_PER_THREAD))):
        yield


@contextmanager
def all_threads() -> Iterator[None]:
    with _threads(usable_processors()):
        yield


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = faiss().omp_get_max_threads()
    faiss().omp_set_num_threads(number)
    try:
        yield
    finally:
        faiss().omp_set_num_threads(before)
