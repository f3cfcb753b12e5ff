"""What a note writes short, read out beside it: "rpt CXR 6/52" is a repeat chest x-ray in weeks."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=4096)
def read_out(written: str) -> str:
    """A line or heading, followed by the words that its shorthand stands for; one without any as it is."""
    said = [words for pattern, words in _known() if pattern.search(written)]
    return f"{written} ({'; '.join(said)})" if said else written


@lru_cache(maxsize=1)
def _known() -> tuple[tuple[re.Pattern[str], str], ...]:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("terms", "shorthand.toml").read_text(encoding="utf-8"))
    return tuple((re.compile(pattern), words) for pattern, words in raw["words"].items())
