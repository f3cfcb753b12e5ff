"""What the program's other parts say (errors, why a file can't be read, why there is no answer) in the visitor's words.

Those parts write English and know their wording (`assistant/wording.py`). `told/<language>.toml` has wordings as they
write them, each with what it is in that language; what is in no table stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from assistant.errors import WardroundError
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import DEFAULT, say
from assistant.wording import Worded

_WORD = re.compile(r"[^\W\d_]+[ ,]")  # with which a sentence begins
HERE = Path(__file__).parent / "told"


def translated(said: object) -> str:
    """A sentence, or an error's message, in the visitor's language."""
    told = said.told if isinstance(said, WardroundError) else said if isinstance(said, str) else str(said)
    language = visitor().language
    known = wordings(language)
    if language == DEFAULT and getattr(told, "wording", told) not in known:
        return str(told)
    return _in(known, told)


def sentence(said: object) -> str:
    """The same where it stands by itself: with a capital, unless it begins with a name ("a.csv: …")."""
    told = translated(said)
    return told[:1].upper() + told[1:] if _WORD.match(told) else told


@cache
def wordings(language: str) -> Mapping[str, str]:
    """Every wording that is known in a language, by the English one; in English those that name a command's option,
    where the page has its own way."""
    tables = tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))
    return {english: other for table in tables.values() for english, other in table.items()}


def _in(known: Mapping[str, str], text: str) -> str:
    if not isinstance(text, Worded):
        return known.get(text, text)
    values = {name: _in(known, value) if isinstance(value, str) else value for name, value in text.values.items()}
    return _FORMATTER.vformat(known.get(text.wording, text.wording), (), values)


class _AsRead(Formatter):
    """Numbers with the separators of the visitor's language."""

    def format_field(self, value: Any, format_spec: str) -> str:
        written: str = super().format_field(value, format_spec)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return written
        swapped = {",": say("figures.thousands"), ".": say("figures.decimal")}
        told = "".join(swapped.get(letter, letter) for letter in written)
        return say("figures.percent", value=told[:-1]) if told.endswith("%") else told


_FORMATTER = _AsRead()
