"""Which version of the rules and the vocabulary reads findings: an index reads its texts again when it has changed."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def findings_version() -> str:
    """A hash of this package's rules and vocabulary."""
    digest = hashlib.blake2b(digest_size=8)
    folder = files("assistant.findings")
    for entry in sorted([*folder.iterdir(), *folder.joinpath("terms").iterdir()], key=lambda entry: entry.name):
        if entry.name.endswith((".py", ".toml")):
            digest.update(entry.read_bytes())
    return digest.hexdigest()
