"""Dates in free text: where they stand, and the same date some days later in the same format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

from assistant.ingest.deid.calendar_words import GERMAN_MONTHS, MONTHS, WEEKDAYS, any_of, index_of, other_word
from assistant.ingest.deid.spans import Span

_WEEKDAY = rf"(?:\b(?P<weekday>{any_of(WEEKDAYS)})\b[.,]{{0,2}}[ ]{{1,2}}(?:(?:the|den|dem|le)[ ])?)?"
_NAME = rf"(?P<name>{any_of(MONTHS)})"
_ANY_DAY = r"3[01]|[12]\d|0?[1-9]"
_DAY = rf"(?P<day>{_ANY_DAY})"
_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
_LONG_YEAR = r"(?P<year>(?:18|19|20|21)\d\d)"
_YEAR = r"(?P<year>(?:18|19|20|21)\d\d|\d\d)"
_ORDINAL = r"(?P<ordinal>st|nd|rd|th)?"
_TO_DAY = rf"(?:\.?[ ]?(?:-|–|to|and|bis|und)[ ]?(?P<last>{_ANY_DAY})(?P<last_ordinal>st|nd|rd|th)?)?"
_BEFORE = r"(?<![\w.,/-])"  # neither within a word nor within a number, a ratio or an id
_AFTER = r"(?!\w|[./-]\d)"
_SLASHED = r"(?P<first>\d{1,2})(?P<sep>[/-])(?P<second>\d{1,2})(?P=sep)"
# Forms that are dates wherever they stand.
_NUMERIC_FORMS = (
    # 2024-01-31, 2024/1/31, 2024.01.31, also before T and a time
    rf"{_BEFORE}{_WEEKDAY}{_LONG_YEAR}(?P<sep>[-/.:]){_MONTH}(?P=sep){_DAY}(?=T\d|(?![\w/-]|[.,]\d))",
    # HL7 and DICOM: 20240131, also before a time
    r"(?<![\w.])(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?=(?:T?[0-2]\d[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:[+-]\d{4}|Z)?(?!\w|\.\w))",
    # 31.01.2024, 31. 1. 24; 12.-15.03.2021
    rf"(?<![\w.,/]){_WEEKDAY}{_DAY}\.(?:[ ]?[-–][ ]?(?P<last>{_ANY_DAY})\.)?[ ]?{_MONTH}\.[ ]?{_YEAR}(?![\w-]|[.,]\d)",
    # 1/31/2024, 31-01-2024, 01/02/03
    rf"{_BEFORE}{_WEEKDAY}{_SLASHED}{_LONG_YEAR}(?!\w|[/.,-]\d)",
    rf"{_BEFORE}{_WEEKDAY}{_SLASHED}(?P<year>\d\d)(?!\w|[/.,-]\d|[ ]?(?:mg|mm|cm|%))",
    # 01/2024, 01.2024, 2024-01
    rf"{_BEFORE}(?P<month>1[0-2]|0?[1-9])/{_LONG_YEAR}(?!\w|[/.,-]\d)",
    rf"{_BEFORE}(?P<month>1[0-2]|0[1-9])[.-](?P<year>(?:19|20)\d\d)(?!\w|[/.,-]\d)",
    rf"{_BEFORE}(?P<year>(?:19|20)\d\d)-(?P<month>1[0-2]|0[1-9])(?!\w|[/.,-]\d)",
)
_NAMED_FORMS = (
    # 31 January 2024, 31st of Jan., 2024, 31-Jan-24, 31JAN2024, 12. März 2021, 3-5 March 2021, 12 de marzo de 2021
    rf"{_BEFORE}{_WEEKDAY}{_DAY}{_ORDINAL}{_TO_DAY}(?:[ ](?:day[ ])?(?:of|de)[ ]|\.?[ ]{{0,2}}|[-/]){_NAME}\.?"
    rf"(?:,?[ ]{{1,2}}(?:de[ ]|of[ ])?'?|[-/.,])?{_YEAR}{_AFTER}",
    # January 31, 2024; Jan. 31st 2024; Jan-31-2024; January 3-5, 2024
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}(?:the[ ])?|[-/.]){_DAY}{_ORDINAL}{_TO_DAY}"
    rf"(?:,?[ ]{{1,2}}(?:of[ ])?'?|[-/,]){_LONG_YEAR}{_AFTER}",
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}|[-/.]){_DAY}{_ORDINAL}(?:,[ ]{{0,2}}'?|[-/]|[ ]'){_YEAR}{_AFTER}",
    # March 2021, Mar-2021, März 2021, Mar '21
    rf"{_BEFORE}{_NAME}(?:\.?[ ,]{{1,2}}(?:of[ ]|de[ ])?|[-/.]){_LONG_YEAR}{_AFTER}",
    rf"{_BEFORE}{_NAME}(?:\.?[ ]'|-|[ ](?=\d\d\b[^.,\d]))(?P<year>\d\d)(?!\w|[./-]\d|[ ](?:mg|ml|%))",
    # 31 January, 31st of January, 12. März
    rf"{_BEFORE}{_WEEKDAY}{_DAY}{_ORDINAL}{_TO_DAY}(?:[ ](?:day[ ])?of[ ]|\.?[ ]|-){_NAME}\b",
    # January 31, Jan. 31st
    rf"{_BEFORE}{_WEEKDAY}{_NAME}(?:\.?[ ]{{1,2}}(?:the[ ])?|-){_DAY}{_ORDINAL}{_TO_DAY}"
    r"(?![\w/%:-]|[.,]\d|[ ](?:mg|ml|mm|cm|%))",
)
# Forms that are dates only after certain words: the words, and the date.
_IN_CONTEXT = (
    # on 3/14, dated 3-14, comparison 3/14
    (
        r"\b(?:on|dated?|from|since|until|till|before|by|of|seen|exam|study|radiographs?|comparison|films?|x-?ray|"
        r"ct|mri|"
        r"admitted|discharged|the|dos|doa)[: ]{1,2}",
        r"(?P<first>1[0-2]|0?[1-9]|[12]\d|3[01])(?P<sep>/)(?P<second>[12]\d|3[01]|1[0-2]|0?[1-9])"
        r"(?![\w/%]|[.,-]\d|[ ](?:cm|mm|in|on|strength|murmur|systolic|diastolic|pain|scale|dose|days?|times|SIRS|"
        r"criteria|occasions?|visits|films|views))",
    ),
    # am 12.3., vom 12.03. bis 15.03.
    (
        r"\b(?:am|vom|bis|zum|seit|ab|den|dem|der|und)[: ]{1,2}",
        rf"{_DAY}\.[ ]?{_MONTH}\.?(?![\w,%]|\.\d|[ ](?:cm|mm|ml|mg))",
    ),
    # in March, since early March, im März
    (
        r"\b(?:in|since|until|till|last|this past|early|late|mid|during|im|seit|Anfang|Mitte|Ende|letzten)[ -]",
        rf"{_NAME}\b",
    ),
)
_PATTERNS = tuple(re.compile(form, re.IGNORECASE) for form in (*_NUMERIC_FORMS, *_NAMED_FORMS))
_NUMERIC, _NAMED = _PATTERNS[: len(_NUMERIC_FORMS)], _PATTERNS[len(_NUMERIC_FORMS) :]
_CONTEXTS = tuple(re.compile(f"{words}(?P<whole>{form})", re.IGNORECASE) for words, form in _IN_CONTEXT)
_WHOLE = (*_PATTERNS, *(re.compile(form, re.IGNORECASE) for _, form in _IN_CONTEXT))
_HAS_MONTH = re.compile(rf"(?:{any_of(tuple(tuple(word[:3] for word in words) for words in MONTHS))})", re.IGNORECASE)
_HAS_DIGITS = re.compile(r"\d[/.-][ ]?\d|\d{8}|\d\.[ -]")
_ALSO_WORDS = frozenset(("may", "march", "mars", "mar", "mai", "sept", "dec", "set", "nov", "jan"))


# Columns of a table as the text of a PDF has them: "5 March 12 March 2024", which is no 5 March 2012. Of each way to
# write a day: one, several in a row, and what before them makes of these another row.
_A_DAY, _A_MONTH, _OR_YEAR = (
    rf"(?:{_ANY_DAY})(?:st|nd|rd|th)?", rf"(?:{any_of(MONTHS)})\b\.?", r"(?:,?[ ](?:18|19|20|21)\d\d)?",
)  # fmt: skip
_ROWS = tuple(
    (
        re.compile(one, re.IGNORECASE),
        re.compile(rf"{_BEFORE}{one}(?:[ \t]{{1,3}}{one})+{_AFTER}(?![ ]'?\d\d(?!\d|[.,/]\d))", re.IGNORECASE),
        re.compile(rf"{before}[ ]$", re.IGNORECASE),
    )
    for one, before in (
        (rf"{_A_DAY}\.?[ ]{_A_MONTH}{_OR_YEAR}", _A_MONTH),
        (rf"{_A_MONTH}[ ]{_A_DAY}{_OR_YEAR}", r"\d\.?"),
    )
)
_COMMON_YEAR, _LEAP_YEAR = 2001, 2000  # of a date without its year where nothing tells it, and of 29 February
_COUNTED = re.compile(
    r"(?:ribs?|levels?|segments?|zones?|vertebrae|teeth|digits|fingers|toes|grades?|stages?)[ ]$", re.IGNORECASE
)


def find_dates(text: str) -> Iterator[Span]:
    """Every date but bare years, which may stay; the time of day beside a date is no part of it."""
    numeric, named = _HAS_DIGITS.search(text), _HAS_MONTH.search(text)
    rows = list(_rows(text)) if named else []
    yield from (span for row in rows for span in row)
    for pattern in (*(_NUMERIC if numeric else ()), *(_NAMED if named else ())):
        for match in pattern.finditer(text):
            if any(row[0].start < match.end() and match.start() < row[-1].end for row in rows):
                continue
            if _can_be_read(match) and not _COUNTED.search(text, max(0, match.start() - 12), match.start()):
                yield Span(match.start(), match.end(), "date")
    for pattern in _CONTEXTS if numeric or named else ():
        for match in pattern.finditer(text):
            if _can_be_read(match) and (match.groupdict().get("name") or "A")[0].isupper():
                yield Span(match.start("whole"), match.end("whole"), "date")


def _rows(text: str) -> Iterator[list[Span]]:
    """Days that stand one after another, each row as its days."""
    for one, row, other_before in _ROWS:
        for match in row.finditer(text):
            if other_before.search(text, max(0, match.start() - 14), match.start()):
                continue
            days = [day.span() for day in one.finditer(text, *match.span())]
            if all(day_of(text[start:end]) for start, end in days):
                yield [Span(start, end, "date") for start, end in days]


def has_date(text: str) -> bool:
    """Whether a text holds a date that would be moved: all but bare years."""
    return any(True for _ in find_dates(text))


def is_date(text: str, *, bare_digits: bool = True) -> bool:
    """Whether the whole of `text` is a date; one of digits alone (20240131) only with `bare_digits`."""
    if not bare_digits and text.isdigit():
        return False
    return any((match := pattern.fullmatch(text)) and _can_be_read(match) for pattern in _PATTERNS)


def day_comes_first(dates: Iterable[str]) -> bool:
    """Whether numbers between slashes are day and month rather than month and day: as most of the dates show that
    leave no choice ("31/1/2024"); month first where none does."""
    votes = 0
    for text in dates:
        if match := re.search(r"(?<!\d)(\d{1,2})[/-](\d{1,2})[/-]\d", text):
            votes += (12 < int(match[1]) <= 31) - (12 < int(match[2]) <= 31)
    return votes > 0


def whole_days(dates: Iterable[str], *, day_first: bool = False) -> tuple[date, ...]:
    """Of the dates of a text the days that are told with their year, but those that lie a year and more before the
    latest, as births do: what they tell of the others' years."""
    told = (day_of(text, day_first=day_first) for text in dates)
    days = [date(one[0], one[1], one[2]) for one in told if one and one[0] and one[2]]
    return tuple(sorted({day for day in days if (max(days) - day).days <= 366}))


def moved_date(text: str, days: int, *, day_first: bool = False, near: Sequence[date] = ()) -> str | None:
    """The date `text` moved by `days`, written in the same way; None if it is no date, or none can be written so.

    A date without its year is moved in that in which it lies nearest to one of the days `near`, so that it stays as far
    from them as it was over a leap day; where there are none, in a year of 365 days. A month without its day is moved
    from its 15th on.
    """
    for pattern in _WHOLE:
        match = pattern.fullmatch(text)
        if match is not None and _can_be_read(match):
            return _moved(match, days, day_first, near)
    return None


def day_of(text: str, *, day_first: bool = False) -> tuple[int | None, int, int | None] | None:
    """The (year, month, day) that a date says, None for what it leaves out; None for what is no date."""
    match = next((match for pattern in _WHOLE if (match := pattern.fullmatch(text)) and _can_be_read(match)), None)
    read = (_read(match, day_first) or _read(match, not day_first)) if match else None
    if match is None or read is None:
        return None
    groups = match.groupdict()
    has_day = groups.get("day") or groups.get("first")
    return read.year if groups.get("year") else None, read.month, read.day if has_day else None


def _can_be_read(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    name = groups.get("name") or ""
    if name.islower() and name in _ALSO_WORDS and not groups.get("ordinal") and len(groups.get("year") or "") != 4:
        return False  # "may 2 views", "the patient may"
    return _read(match, day_first=False) is not None or _read(match, day_first=True) is not None


def _read(match: re.Match[str], day_first: bool, near: Sequence[date] = ()) -> date | None:
    groups = match.groupdict()
    if not groups.get("year") and near:
        years = {day.year + apart for day in near for apart in (-1, 0, 1)}
        read = [day for year in sorted(years) if (day := _day(groups, day_first, year))]
        return min(read, key=lambda one: min(abs((one - day).days) for day in near), default=None)
    if not groups.get("year"):
        return _day(groups, day_first, _COMMON_YEAR) or _day(groups, day_first, _LEAP_YEAR)
    year = int(groups["year"])
    if year < 100:
        year += 1900 if year > 68 else 2000
    return _day(groups, day_first, year)


def _day(groups: Mapping[str, str | None], day_first: bool, year: int) -> date | None:
    day = int(groups.get("day") or 15)
    first, second, name = groups.get("first"), groups.get("second"), groups.get("name")
    if first and second:
        day, month = (int(first), int(second)) if day_first else (int(second), int(first))
    else:
        month = _month_of(name) if name else int(groups["month"] or 0)
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _month_of(name: str) -> int:
    return index_of(name, MONTHS) + 1


def _moved(match: re.Match[str], days: int, day_first: bool, near: Sequence[date]) -> str | None:
    groups = match.groupdict()
    if _read(match, day_first) is None:
        day_first = not day_first
    old = _read(match, day_first, near) or _read(match, day_first)
    try:
        new = old + timedelta(days=days) if old else None
        last = old.replace(day=int(groups["last"])) + timedelta(days=days) if old and groups.get("last") else None
    except (OverflowError, ValueError):
        return None
    if new is None or not 1800 <= new.year <= 2199 or (last and last.month != new.month):
        return None
    return _rewritten(match, _written(match, new, last, day_first))


def _written(match: re.Match[str], new: date, last: date | None, day_first: bool) -> dict[str, str]:
    """What stands in the place of each group of a date's form."""
    groups = match.groupdict()
    numbers = [groups.get(part) or "" for part in ("day", "month", "first", "second", "last")]
    two_digits = not groups.get("name") and all(len(number) == 2 for number in numbers if number)
    pad = 2 if two_digits or any(number.startswith("0") for number in numbers) else 1
    day, month = f"{new.day:0{pad}d}", f"{new.month:0{pad}d}"
    written = {"day": day, "month": month, "first": day if day_first else month, "second": month if day_first else day}
    if groups.get("name"):
        german = re.match(r"\d+\.", match.string[match.start("day") :]) if groups.get("day") else None
        written["name"] = other_word(groups["name"], new.month - 1, GERMAN_MONTHS + MONTHS if german else MONTHS)
    if groups.get("year"):
        written["year"] = str(new.year)[-len(groups["year"]) :]
    if groups.get("weekday"):
        written["weekday"] = other_word(groups["weekday"], new.weekday(), WEEKDAYS)
    written["ordinal"] = _ordinal(new.day)
    if last:
        written |= {"last": f"{last.day:0{pad}d}", "last_ordinal": _ordinal(last.day)}
    return written


def _rewritten(match: re.Match[str], written: dict[str, str]) -> str:
    groups = match.groupdict()
    parts = sorted((*match.span(group), new) for group, new in written.items() if groups.get(group))
    pieces, position = [], match.start()
    for start, end, new in parts:
        pieces += [match.string[position:start], new]
        position = end
    return "".join([*pieces, match.string[position : match.end()]])


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
