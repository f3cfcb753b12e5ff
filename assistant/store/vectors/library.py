"""FAISS, imported when it is first needed."""

from __future__ import annotations

from typing import Any


def faiss() -> Any:
    """The module; untyped, since the stubs it ships lag behind what it has."""
    import faiss as module

    return module
