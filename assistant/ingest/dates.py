"""When something was taken, from the many ways in which archives write it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

# Digits alone, by how many there are: strptime would also find the 2nd of January, 0:01, in "20111201".
_DIGITS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FORMATS = (
    "%Y-%m",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y:%m:%d %H:%M:%S",  # EXIF
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%B %Y",
    "%b %Y",
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})$")


@lru_cache(maxsize=4096)
def parse_date(text: str | None, *, day_first: bool = False) -> datetime | None:
    """The moment that `text` names, without a time zone (clocks of an archive are local); None if unclear.

    Knows ISO 8601, DICOM's YYYYMMDD[HHMMSS], EXIF, spelled months, year and month, and a year alone (its first
    day). `01/10/1990` is unclear unless one of the two numbers can't be a month or `day_first` is known to hold.
    """
    text = (text or "").strip()
    if not text:
        return None
    if match := _SLASHED.match(text):
        return _slashed(int(match[1]), int(match[2]), int(match[3]), day_first)
    if re.fullmatch(r"\d{4}\.0", text):  # a year that went through a table of floating-point numbers
        text = text[:4]
    if not text.isdigit():  # digits alone are DICOM's, which ISO would read otherwise
        try:
            return _plausible(datetime.fromisoformat(text).replace(tzinfo=None))
        except ValueError:
            pass
    digits = _DIGITS.get(len(text), "") if text.isdigit() else None
    for form in _FORMATS if digits is None else (digits,):
        try:
            return _plausible(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _slashed(first: int, second: int, year: int, day_first: bool) -> datetime | None:
    if first > 12 or (day_first and second <= 12):
        day, month = first, second
    elif second > 12 or first == second:
        day, month = second, first
    else:
        return None
    try:
        return _plausible(datetime(year, month, day))
    except ValueError:
        return None


def _plausible(moment: datetime) -> datetime | None:
    return moment if 1850 <= moment.year <= 2200 else None


def dicom_moment(date: str | None, time: str | None) -> datetime | None:
    """A DICOM date (DA) and time (TM) as one moment; the time is left out where it is unclear."""
    day = parse_date((date or "").replace(".", "").replace(":", "")[:8])
    if day is None:
        return None
    digits = re.sub(r"\D", "", (time or "").partition(".")[0])
    return parse_date(f"{day:%Y%m%d}{digits}") or day
