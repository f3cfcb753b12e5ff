"""What every test may ask for: the large data sets, where this machine has them, and few threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

# Before numpy and onnxruntime are imported: tests measure behaviour, and share two cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
    os.environ.setdefault(_name, "false" if _name == "TOKENIZERS_PARALLELISM" else "2")

TOGETHER = ("tests/ui", "tests/serving")
"""Folders whose files share a server that is slow to start, and of which two at once would be in each other's way."""

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first: of the two processes of `make test` one takes the browser's tests."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not item.nodeid.startswith("tests/ui/"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests, or a folder's of `TOGETHER`, go to one process, in their order."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)

    config.option.loadscopereorder = False
    return ByFile(config, log)
