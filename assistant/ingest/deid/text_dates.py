"""Dates in free text: where they stand, and the same date some days later in the same format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from assistant.ingest.deid.calendar_words import GERMAN_MONTHS, MONTHS, WEEKDAYS, any_of, index_of, other_word
from assistant.ingest.deid.spans import Span

_WEEKDAY = rf"(?:\b(?P<weekday>{any_of(WEEKDAYS)})\b[.,]*[ ]{{1,2}}(?:(?:the|den|dem|le) )?)?"
_NAME = rf"(?P<name>{any_of(MONTHS)})"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
_LONG_YEAR = r"(?P<year>(?:18|19|20|21)\d\d)"
_YEAR = r"(?P<year>(?:18|19|20|21)\d\d|\d\d)"
_ORDINAL = r"(?P<ordinal>st|nd|rd|th)?"
_BEFORE = r"(?<![\w.,/-])"  # neither within a word nor within a number, a ratio or an identifier
_AFTER = r"(?![\w/-]|[.,]\d)"

# Forms that are dates wherever they stand, the most specific first.
_FORMS = [
    # 2024-01-31, 2024/1/31, 2024.01.31, also before T and a time
    rf"{_BEFORE}{_WEEKDAY}{_LONG_YEAR}(?P<sep>[-/.:]){_MONTH}(?P=sep){_DAY}(?=T\d|{_AFTER})",
    # HL7 and DICOM: 20240131, also before a time
    r"(?<![\w.])(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?=(?:T?[0-2]\d[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:[+-]\d{4}|Z)?(?![\w.]*\w))",
    # 31.01.2024, 31. 1. 24; 12.-15.03.2021
    rf"(?<![\w.,/]){_WEEKDAY}{_DAY}\.(?:[ ]?[-–][ ]?(?P<last>3[01]|[12]\d|0?[1-9])\.)?[ ]?{_MONTH}\.[ ]?{_YEAR}(?![\w-]|[.,]\d)",
    # 1/31/2024, 31-01-2024, 01/02/03
    rf"{_BEFORE}{_WEEKDAY}(?P<first>\d{{1,2}})(?P<sep>[/-])(?P<second>\d{{1,2}})(?P=sep){_LONG_YEAR}(?!\w|[/.,-]\d)",
    rf"{_BEFORE}{_WEEKDAY}(?P<first>\d{{1,2}})(?P<sep>[/-])(?P<second>\d{{1,2}})(?P=sep)(?P<year>\d\d)(?!\w|[/.,-]\d)",
    # 31 January 2024, 31st of Jan., 2024, 31-Jan-24, 31JAN2024, 12. März 2021, 3-5 March 2021, 12 de marzo de 2021
    rf"{_BEFORE}{_WEEKDAY}{_DAY}{_ORDINAL}(?:\.?[ ]?(?:-|–|to|bis|and|und)[ ]?(?P<last>3[01]|[12]\d|0?[1-9])(?P<last_ordinal>st|nd|rd|th)?)?"
    rf"(?:[ ](?:day[ ])?(?:of|de)[ ]|\.?[ ]{{0,2}}|[-/]){_NAME}\.?(?:,?[ ]{{1,2}}(?:de[ ]|of[ ])?'?|[-/]|,|\.)?{_YEAR}(?!\w|[./]\d)",
    # January 31, 2024; Jan. 31st 2024; Jan-31-2024
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}(?:the[ ])?|[-/]|\.){_DAY}{_ORDINAL}"
    rf"(?:[ ]?(?:-|–|to|and)[ ]?(?P<last>3[01]|[12]\d|0?[1-9])(?P<last_ordinal>st|nd|rd|th)?)?(?:,?[ ]{{1,2}}(?:of[ ])?'?|[-/,]){_LONG_YEAR}(?!\w|[./]\d)",
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}|[-/]|\.){_DAY}{_ORDINAL}(?:,[ ]{{0,2}}'?|[-/]|[ ]'){_YEAR}(?!\w|[./]\d)",
    # March 2021, Mar-2021, März 2021, Mar '21
    rf"{_BEFORE}{_NAME}(?:\.?[ ,]{{1,2}}(?:of[ ]|de[ ])?|[-/.]){_LONG_YEAR}(?!\w|[./]\d)",
    rf"{_BEFORE}{_NAME}(?:\.?[ ]'|-){_YEAR}(?!\w|[./-]\d)",
    # 31 January, 31st of January, 12. März
    rf"{_BEFORE}{_WEEKDAY}{_DAY}{_ORDINAL}(?:[ ](?:day[ ])?of[ ]|\.?[ ]|-){_NAME}\b",
    # January 31, Jan. 31st
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}(?:the[ ])?|-){_DAY}{_ORDINAL}(?![\w/%:-]|[.,]\d|[ ](?:mg|ml|mm|cm|%))",
    # 01/2024, 2024-01
    rf"{_BEFORE}(?P<month>1[0-2]|0?[1-9])/{_LONG_YEAR}(?!\w|[/.,-]\d)",
    rf"{_BEFORE}(?P<month>1[0-2]|0[1-9])[.-](?P<year>(?:19|20)\d\d)(?!\w|[/.,-]\d)",
    rf"{_BEFORE}(?P<year>(?:19|20)\d\d)-(?P<month>1[0-2]|0[1-9])(?!\w|[/.,-]\d)",
]  # fmt: skip
# Forms that are dates only after certain words: the words, and the date.
_IN_CONTEXT = [
    # on 3/14, dated 3-14, comparison 3/14
    (r"\b(?:on|dated|from|since|until|till|before|by|of|seen|exam|study|radiographs?|comparison|films?|x-?ray|ct|mri|"
     r"admitted|discharged|the)[: ]{1,2}",
     r"(?P<first>1[0-2]|0?[1-9]|[12]\d|3[01])(?P<sep>/)(?P<second>1[0-2]|0?[1-9]|[12]\d|3[01])(?![\w/%]|[.,-]\d|[ ](?:cm|mm|strength|murmur|systolic|pain|scale|dose))"),
    # am 12.3., vom 12.03. bis 15.03.
    (r"\b(?:am|vom|bis|zum|seit|ab|den|dem|der|und)[: ]{1,2}", rf"{_DAY}\.[ ]?{_MONTH}\.?(?![\w,%]|\.\d)"),
    # in March, since early March, im März
    (r"\b(?:in|since|until|till|last|this|next|early|late|mid|during|im|seit|Anfang|Mitte|Ende|letzten)[ -]", rf"{_NAME}\b"),
]  # fmt: skip
_PATTERNS = [re.compile(form, re.IGNORECASE) for form in _FORMS]
_CONTEXTS = [re.compile(f"(?:{words})(?P<whole>{form})", re.IGNORECASE) for words, form in _IN_CONTEXT]
_WHOLE = [*_PATTERNS, *(re.compile(form, re.IGNORECASE) for _, form in _IN_CONTEXT)]
_ANY_MONTH = re.compile(_NAME, re.IGNORECASE)


def find_dates(text: str) -> Iterator[Span]:
    """Every date but bare years, which may stay; the time of day beside a date is no part of it."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if _is_date(match):
                yield Span(match.start(), match.end(), "date")
    for pattern in _CONTEXTS:
        for match in pattern.finditer(text):
            if _is_date(match):
                yield Span(match.start("whole"), match.end("whole"), "date")


def day_comes_first(dates: Iterable[str]) -> bool:
    """Whether numbers between slashes are day and month rather than month and day: as most of the dates show that
    leave no choice ("31/1/2024"); month first where none does."""
    votes = 0
    for text in dates:
        if match := re.search(r"(?<!\d)(\d{1,2})[/-](\d{1,2})[/-]\d", text):
            votes += (12 < int(match[1]) <= 31) - (12 < int(match[2]) <= 31)
    return votes > 0


def moved_date(text: str, days: int, *, day_first: bool = False) -> str | None:
    """The date `text` moved by `days`, written in the same way; None if it is no date, or none can be written so.

    A date without its year is moved in a year of 365 days, a month without its day from its 15th on.
    """
    for pattern in _WHOLE:
        match = pattern.fullmatch(text)
        if match is not None and _is_date(match):
            return _moved(match, days, day_first)
    return None


def _is_date(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    name = groups.get("name")
    if name and name.islower() and name in ("may", "march", "mars", "mar", "mai", "sept", "dec", "jan", "sat", "sun"):
        return bool(groups.get("year")) and len(groups["year"]) == 4
    return _read(match, day_first=False) is not None or _read(match, day_first=True) is not None


def _read(match: re.Match[str], day_first: bool) -> date | None:
    groups = match.groupdict()
    year = int(groups.get("year") or 2001)
    if year < 100:
        year += 1900 if year > 68 else 2000
    day = int(groups.get("day") or 15)
    if groups.get("first"):
        first, second = int(groups["first"]), int(groups["second"])
        day, month = (first, second) if (day_first and second <= 12) or first > 12 else (second, first)
    elif groups.get("name"):
        month = index_of(groups["name"], MONTHS) + 1
    else:
        month = int(groups["month"])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _moved(match: re.Match[str], days: int, day_first: bool) -> str | None:
    old = _read(match, day_first) or _read(match, not day_first)
    if old is None:
        return None
    groups = match.groupdict()
    try:
        new = old + timedelta(days=days)
        last = old.replace(day=int(groups["last"])) + timedelta(days=days) if groups.get("last") else None
    except (OverflowError, ValueError):
        return None
    if not 1800 <= new.year <= 2199 or (last and last.month != new.month):
        return None
    numbers = [groups.get(part) or "" for part in ("day", "month", "first", "second", "last")]
    padded = any(n.startswith("0") for n in numbers) or (
        not groups.get("name") and all(len(n) == 2 for n in numbers if n)
    )
    names = GERMAN_MONTHS + MONTHS if re.match(r"\d+\.", text_of_day(match)) else MONTHS
    written = {"day": _number(new.day, padded), "month": _number(new.month, padded)}
    if groups.get("first"):
        day_is_first = (
            old.day == int(groups["first"])
            and old.month == int(groups["second"])
            and (day_first or int(groups["first"]) > 12)
        )
        written["first"], written["second"] = (
            (written["day"], written["month"]) if day_is_first else (written["month"], written["day"])
        )
    if groups.get("name"):
        written["name"] = other_word(groups["name"], new.month - 1, names)
    if groups.get("year"):
        written["year"] = str(new.year)[-len(groups["year"]) :]
    if groups.get("weekday"):
        written["weekday"] = other_word(groups["weekday"], new.weekday(), WEEKDAYS)
    if groups.get("ordinal"):
        written["ordinal"] = _ordinal(new.day)
    if last:
        written["last"] = _number(last.day, padded)
        if groups.get("last_ordinal"):
            written["last_ordinal"] = _ordinal(last.day)
    return _rewritten(match, written)


def text_of_day(match: re.Match[str]) -> str:
    """The match from its day on, or nothing where it has no day."""
    return match.string[match.start("day") :] if match.groupdict().get("day") else ""


def _rewritten(match: re.Match[str], written: dict[str, str]) -> str:
    parts = sorted((match.start(group), match.end(group), new) for group, new in written.items()
                   if match.groupdict().get(group) is not None)  # fmt: skip
    pieces, position = [], match.start()
    for start, end, new in parts:
        pieces += [match.string[position:start], new]
        position = end
    return "".join([*pieces, match.string[position : match.end()]])


def _number(value: int, padded: bool) -> str:
    return f"{value:02d}" if padded else str(value)


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
