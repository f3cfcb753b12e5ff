"""Drugs by their class: "beta blocker" asks for bisoprolol, and any line that names one tells of a medication."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words

_ALLERGY = re.compile(r"\ballerg|\bintoleran|\bhypersensitiv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A class by its names: `asked` finds it in a question, `named` finds it or one of its drugs in small letters."""

    asked: re.Pattern[str]
    named: re.Pattern[str]


def drug_classes(question: str) -> list[DrugClass]:
    """The classes of drugs that a question names."""
    return [drugs for drugs in _known() if drugs.asked.search(question)]


def names_a_drug(text: str) -> bool:
    """Whether a text names a drug, and not as an allergy."""
    if _ALLERGY.search(text):
        return False
    return any(label.kind == "drug" for match in vocabulary().match(words(text)) for label in match.labels)


@lru_cache(maxsize=1)
def _known() -> tuple[DrugClass, ...]:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("terms", "drugs.toml").read_text(encoding="utf-8"))
    return tuple(
        DrugClass(re.compile(rf"\b(?:{names})\b", re.IGNORECASE), re.compile(rf"\b(?:{names}|{drugs})\b"))
        for names, drugs in raw["classes"].items()
    )
