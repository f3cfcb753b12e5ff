"""Stamps: what changes when a file, or what is wanted of it, has changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from assistant.ingest.recipe import Source
from assistant.ingest.signal import array_sidecar
from assistant.ingest.signal.wfdb_header import sidecars
from assistant.settings import IngestSettings

READERS = 3  # goes up when readers give other records for the same file, so that indexes read it anew
_TIMES = re.compile(r"\.[0-9a-f]+(?=[^|]*\|)")  # in a stamp: size.time+size.time|the rest


def stamp_of(path: Path) -> str:
    """Size and modification time of a file and of those that are read with it; "missing" for none."""
    try:
        states = [one.stat() for one in files_of(path) if one.exists()]
    except OSError:
        return "missing"
    return "+".join(f"{state.st_size:x}.{state.st_mtime_ns:x}" for state in states) or "missing"


def files_of(path: Path) -> list[Path]:
    """A file and those that are read with it."""
    beside = sidecars(path) if path.suffix == ".hea" else [path.with_suffix(".img")] if path.suffix == ".hdr" else []
    return [path, *beside, *array_sidecar.sidecars(path)]


def may_be_same(stamp: str, before: str) -> bool:
    """Whether only times of files differ between two stamps, so that the content decides."""
    return _TIMES.sub("", stamp) == _TIMES.sub("", before)


def digest_of_files(paths: Sequence[Path], limits: IngestSettings) -> str:
    """A hash of the bytes of some files; "" where one can't be read or is too large."""
    total = hashlib.blake2b(digest_size=16)
    try:
        for path in paths:
            if path.is_file():
                if path.stat().st_size > limits.max_file_mb * 1_000_000:
                    return ""
                with path.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "blake2b").digest())
    except OSError:
        return ""
    return total.hexdigest()


def options_of(source: Source, limits: IngestSettings) -> str:
    """A hash of all in the recipe and the settings that shapes records."""
    chosen = source.model_dump(mode="json", include={"defaults", "header_comments", "deidentify"})
    return digest_of(
        [chosen, limits.passage_words, limits.representative_slices, limits.ocr, limits.ocr_language, READERS]
    )


def digest_of(value: object) -> str:
    """A hash of a value that JSON can hold."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
