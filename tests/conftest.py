"""What every test may ask for: the large data sets, where this machine has them, and few threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before numpy and onnxruntime are imported: tests measure behaviour, and share two cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
    os.environ.setdefault(_name, "false" if _name == "TOKENIZERS_PARALLELISM" else "2")

DATA_HINT = "needs the public data sets: set WARDROUND_DATA to the folder that holds them"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the public data sets (medquad, ludb_ecg, nih_cxr64 …), read-only; skips where there is none."""
    where = os.environ.get("WARDROUND_DATA")
    if not where:
        pytest.skip(DATA_HINT)
    folder = Path(where).expanduser()
    if not folder.is_dir():
        pytest.skip(f"WARDROUND_DATA={where} is no folder: {DATA_HINT}")
    return folder


@pytest.fixture(scope="session")
def chest_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the small archive of `small_archive.py` built; tests must not change it."""
    from small_archive import build_small_archive

    workspace = tmp_path_factory.mktemp("chest")
    build_small_archive(workspace)
    return workspace
