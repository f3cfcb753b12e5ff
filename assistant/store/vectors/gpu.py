"""The GPU build of FAISS, used for exact scans where it is installed (`faiss-gpu`) and a GPU is there."""

from __future__ import annotations

from typing import Any

from assistant.store.vectors.library import faiss

MOST_RESULTS = 2048  # what FAISS's GPU search gives at most


def gpus() -> int:
    """How many GPUs this build of FAISS can use; 0 with `faiss-cpu`."""
    return int(faiss().get_num_gpus()) if hasattr(faiss(), "StandardGpuResources") else 0


def on_gpu(flat: Any) -> Any | None:
    """A copy of a flat index in the first GPU's memory, with what has to stay alive beside it; None without a GPU or
    where it does not fit."""
    if not gpus():
        return None
    resources = faiss().StandardGpuResources()
    try:
        copy = faiss().index_cpu_to_gpu(resources, 0, flat)
    except RuntimeError:  # not enough memory there: the scan stays on the processor
        return None
    copy.resources = resources
    return copy
