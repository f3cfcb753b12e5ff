"""How files say who their patient is, and whether two of them can be of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Apart = Literal["", "named", "facts"]  # no two persons that one could tell; by name, number, birth; by sex or age
_SAME_PERSON = 2  # words of a name that two share who are one, with the day of birth
_YEARS_OFF = 3  # an age is rounded, and dates are moved by up to a year
_YEARS_UNDATED = 10  # between two recordings without a date


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file states of its patient's identity, in memory only. `words` (of the name), `numbers` ("kind:token") and
    `born` (its possible readings) are keyed: without the key they lead to nobody."""

    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    born: frozenset[str] = frozenset()
    sex: str = ""  # "F", "M"
    age: int | None = None
    at: datetime | None = None  # when the age was so

    @property
    def says_anything(self) -> bool:
        return bool(self.names_somebody or self.sex or self.age is not None)

    @property
    def names_somebody(self) -> bool:
        return bool(self.words or self.numbers or self.born)

    def is_same(self, other: Identity) -> bool:
        """Whether both are stated to be of one person: by a number with nothing against it, or by name and birth."""
        shared = len(self.words & other.words)
        births, names = _against(self.born, other.born), _against(self.words, other.words)
        if self.numbers & other.numbers:
            return not births and (not names or bool(self.born & other.born))
        one_word = 1 in (len(self.words), len(other.words)) and not _numbers_differ(self, other)
        return bool(self.born & other.born) and shared >= (1 if one_word else _SAME_PERSON)

    def apart(self, other: Identity) -> Apart:
        """Whether they are of two persons: with numbers of a kind, days of birth or names that have nothing in common,
        unless `is_same`; or of sexes or ages that don't fit each other."""
        if self.is_same(other):
            return ""
        if _numbers_differ(self, other) or _against(self.born, other.born) or _against(self.words, other.words):
            return "named"
        if self.numbers & other.numbers:
            return ""
        return "facts" if (self.sex and other.sex and self.sex != other.sex) or _ages_differ(self, other) else ""


NOT_STATED = Identity()


def together(identities: Iterable[Identity]) -> Identity:
    """What several records of one file state."""
    found = list(identities)
    sexes, ages = {i.sex for i in found if i.sex}, [i for i in found if i.age is not None]
    return Identity(
        frozenset[str]().union(*(i.words for i in found)),
        frozenset[str]().union(*(i.numbers for i in found)),
        frozenset[str]().union(*(i.born for i in found)),
        sexes.pop() if len(sexes) == 1 else "",
        ages[0].age if ages else None,
        ages[0].at if ages else None,
    )


def _against(some: frozenset[str], others: frozenset[str]) -> bool:
    return bool(some and others and not some & others)


def _numbers_differ(one: Identity, other: Identity) -> bool:
    """Whether both have numbers of a kind, and none in common."""
    kinds = {number.partition(":")[0] for number in one.numbers} & {n.partition(":")[0] for n in other.numbers}
    return bool(kinds) and not one.numbers & other.numbers


def _ages_differ(one: Identity, other: Identity) -> bool:
    if one.age is None or other.age is None:
        return False
    if one.at is None or other.at is None:
        return abs(one.age - other.age) > _YEARS_UNDATED
    years = (one.at - other.at).days / 365.25
    return abs(one.age - other.age - years) > _YEARS_OFF
