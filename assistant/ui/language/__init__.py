"""What the page says, in the visitor's language: one TOML a language, `say("chat.ask")`.

A key is `table.name`; a text may have fields: `say("shelf.words", count=3)`. English has every key, and the tests hold
the others to the same keys and fields. Medical words come from the same files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

HERE = Path(__file__).parent
DEFAULT = "en"
_TAG = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([0-9.]+))?\s*$")


def say(key: str, **fields: Any) -> str:
    """The text of a key in the language of whoever the running code works for. KeyError where there is none."""
    from assistant.ui.gate.visitor import visitor

    return say_in(visitor().language, key, **fields)


def say_in(language: str, key: str, **fields: Any) -> str:
    """The text of a key in a language."""
    text = texts(language).get(key) or texts(DEFAULT)[key]
    return text.format(**fields) if fields else text


def say_count(key: str, count: int, **fields: Any) -> str:
    """The text for so many: that of `<key>_one` for one, else of `key`; `{count}` is written as the language does."""
    from assistant.ui.language.figures import number

    return say(f"{key}_one" if count == 1 else key, count=number(count), **fields)


def is_known(key: str) -> bool:
    """Whether there is a text of that key: for keys made of what a file or a model says."""
    return key in texts(DEFAULT)


def say_html(key: str, **fields: Any) -> Markup:
    """A text whose fields are markup or are escaped; the text itself is escaped too."""
    return Markup(Markup.escape(say(key))).format(**fields)


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language by their key."""
    tables = tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{name}": text for table, entries in tables.items() for name, text in entries.items()}


@cache
def languages() -> Mapping[str, str]:
    """The languages there are texts for, each by its own name: {"de": "Deutsch", "en": "English"}."""
    return {path.stem: texts(path.stem)["language.name"] for path in sorted(HERE.glob("*.toml"))}


def choose_language(chosen: str | None, accepted: str | None) -> str:
    """The language that was chosen, else the best of an Accept-Language header that there is, else English."""
    if chosen in languages():
        return str(chosen)
    wanted: list[tuple[float, str]] = []
    for entry in (accepted or "").split(",")[:20]:
        if (tag := _TAG.match(entry)) and (code := tag[1].lower()) in languages():
            try:
                wanted.append((float(tag[2] or 1), code))
            except ValueError:
                continue
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else DEFAULT
