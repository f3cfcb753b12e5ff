"""From a file's own dates to the moved ones of its record and back, for whoever handed the file in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from assistant.ingest.deid.spans import settle
from assistant.ingest.deid.text import Replaced
from assistant.ingest.deid.text_dates import day_comes_first, day_of, find_dates, moved_date, whole_days
from assistant.records import OwnDates, Record

_PLACEHOLDER = re.compile(r"\[[^\]]*\]")
_PART = re.compile(r"\d+|[^\W\d_]{3,}")
_OPEN = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]")  # the day or the month first


def own_dates(original: str, body: Replaced, shift_days: int) -> OwnDates:
    """What stood in a text where a date was moved; what was taken out stays out."""
    moved = (
        (first, last, original[start:end])
        for start, end, first, last in body.edits
        if not _PLACEHOLDER.fullmatch(body.text, first, last)
    )
    return OwnDates(shift_days, tuple(moved))


def with_own_dates(text: str, records: Iterable[Record]) -> str | None:
    """What is said of some uploads with their own dates; None where one of its dates can't be told, so that no
    sentence holds dates of both kinds.

    A date that stands so in a record's text is what stands in the file. One that is written otherwise is moved back if
    it has a day, a month and a year in an order that leaves no choice.
    """
    held = [(record, record.own_dates) for record in records]
    known: dict[str, set[str | None]] = {}
    for record, dates in held:
        for start, end, stood in dates.in_text if dates else ():
            known.setdefault(_plain(record.text[start:end]), set()).add(_plain(stood))
    shifts = {dates.shift_days if dates else None for _, dates in held}
    parts: list[str] = []
    done = 0
    for span in settle(find_dates(text), []):
        written = text[span.start : span.end]
        meant = known.get(_plain(written)) or {_moved_back(written, shifts)}
        if len(meant) != 1 or None in meant:
            return None
        parts += [text[done : span.start], *map(str, meant)]
        done = span.end
    return "".join([*parts, text[done:]])


def in_files_time(text: str, records: Iterable[Record]) -> str | None:
    """A question on some uploads with its dates as these have them, moved; None where they were moved by different
    days, or none was.

    A day that a text names, in whatever way, is put as it stands there, so that it is found; of one that stands there
    without its year and in several years, all.
    """
    held = [(record, record.own_dates) for record in records if record.own_dates and record.own_dates.in_text]
    shifts = {dates.shift_days for _, dates in held}
    if len(shifts) != 1:
        return None
    (shift,) = shifts
    named = [(stood, record.text[start:end]) for record, dates in held for start, end, stood in dates.in_text]
    day_first = day_comes_first(stood for stood, _ in named)
    near = whole_days((stood for stood, _ in named), day_first=day_first)
    days = [(day_of(stood, day_first=day_first), moved) for stood, moved in named]
    parts: list[str] = []
    done = 0
    for span in settle(find_dates(text), []):
        asked = day_of(text[span.start : span.end], day_first=day_first)
        alike = [moved for day, moved in days if asked and day and _is_same(asked, day)]
        by_day = {(day_of(moved, day_first=day_first) or (None,))[1:]: moved for moved in reversed(alike)}
        same = " or ".join(reversed(by_day.values()))
        written = moved_date(text[span.start : span.end], shift, day_first=day_first, near=near)
        parts += [text[done : span.start], same or written or text[span.start : span.end]]
        done = span.end
    return "".join([*parts, text[done:]])


def _is_same(one: tuple[int | None, int, int | None], other: tuple[int | None, int, int | None]) -> bool:
    """Whether two dates are of one day (or one month, where both name none); a year that is left out may be any."""
    return one[1:] == other[1:] and (one[0] == other[0] or None in (one[0], other[0]))


def _moved_back(written: str, shifts: Collection[int | None]) -> str | None:
    (shift,) = shifts if len(shifts) == 1 else (None,)
    whole = written.isdigit() or len(_PART.findall(written)) >= 3
    return moved_date(written, -shift) if shift is not None and whole and not _OPEN.match(written) else None


def _plain(written: str) -> str:
    return " ".join(written.split())
