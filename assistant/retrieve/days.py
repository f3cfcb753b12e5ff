"""Days that a question or a text names: "12 March", "March 12, 2024", "12.03.2024", "2024-03-12"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = (
    "jan(?:uary|uar)?", "feb(?:ruary|ruar)?", "mar(?:ch)?|märz", "apr(?:il)?", "may|mai", "june?|juni", "july?|juli",
    "aug(?:ust)?", "sept?(?:ember)?", "o[ck]t(?:ober)?", "nov(?:ember)?", "de[cz](?:ember)?",
)  # fmt: skip
_MONTH = "|".join(f"(?P<m{n}X>{name})" for n, name in enumerate(_MONTHS, 1))
_YEAR = r"(?:[12]\d{3}|\d\d)"


def _months(mark: str) -> str:
    return rf"(?:{_MONTH.replace('X', mark)})\b\.?"


DAY = re.compile(
    rf"\b(?P<da>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?{_months('a')}(?:,? (?P<ya>[12]\d{{3}})\b)?"
    rf"|\b{_months('b')} (?P<db>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\.\d| ?(?:mg|ml|g|%))(?:,? (?P<yb>[12]\d{{3}})\b)?"
    rf"|\b(?P<dc>\d{{1,2}})\.(?P<mc>\d{{1,2}})\.(?P<yc>{_YEAR})?(?!\d)"
    rf"|\b(?P<dd>\d{{1,2}})/(?P<md>\d{{1,2}})/(?P<yd>{_YEAR})\b"
    r"|\b(?P<ye>[12]\d{3})-(?P<me>\d\d)-(?P<de>\d\d)\b",
    re.IGNORECASE,
)
_CENTURY = 100


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it is written; `year` is None, or has two digits, where no more of it is told."""

    day: int
    month: int
    year: int | None

    def may_be(self, other: Day) -> bool:
        """Whether both may be the same day, one of them perhaps without its year."""
        if (self.day, self.month) != (other.day, other.month):
            return False
        years = (self.year, other.year)
        if None in years:
            return True
        short = any(year is not None and year < _CENTURY for year in years)
        one, two = (year % _CENTURY if short and year is not None else year for year in years)
        return one == two


def days_named(text: str) -> list[Day]:
    """The days that a text names, in order; of "05/02/2024" both readings."""
    found = []
    for match in DAY.finditer(text):
        said = {name: value for name, value in match.groupdict().items() if value}
        numbers = {name[0]: int(value) for name, value in said.items() if len(name) == 2 and value.isdigit()}
        named = next((int(name[1:-1]) for name in said if len(name) > 2 or name[1].isdigit()), None)
        day, month, year = numbers["d"], named or numbers.get("m", 0), numbers.get("y")
        found.append(Day(day, month, year))
        if "dd" in said:
            found.append(Day(month, day, year))
    return found
