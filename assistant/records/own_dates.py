"""The dates that stand in an uploaded file itself, which de-identification moved in the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class OwnDates:
    """By how many days a record's dates were moved, and for each date of its text what stood there: (start, end, own).

    For whoever handed the file in, to be shown and nothing else: it is in memory as long as the file is in play, and
    neither kept nor given to a model.
    """

    shift_days: int = field(repr=False)
    in_text: tuple[tuple[int, int, str], ...] = field(default=(), repr=False)

    def moment(self, moved: datetime) -> datetime:
        """The file's own day of a moved one."""
        return moved - timedelta(days=self.shift_days)

    def stretch(self, text: str, start: int, end: int) -> str:
        """A stretch of the record's text with the file's own dates; of one that is cut the whole stands where it
        begins."""
        parts: list[str] = []
        done = start
        for first, last, own in self.in_text:
            if last <= start or first >= end:
                continue
            parts += [text[done : max(done, first)], own if first >= start else ""]
            done = max(done, last)
        return "".join([*parts, text[done:end] if done < end else ""])

    def in_record(self, start: int, place: tuple[int, int]) -> tuple[int, int]:
        """Where in the record's text a place of the stretch shown from `start` on lies; of a date the whole."""
        shorter = 0  # by how much the record is shorter up to there than what is shown
        first, last = (start + offset for offset in place)
        begin, end = first, last
        for date_start, date_end, own in self.in_text:
            if date_start < start:
                continue
            shown, longer = date_start + shorter, len(own) - (date_end - date_start)
            if shown + len(own) <= first:
                begin = first - shorter - longer
            elif shown <= first:
                begin = date_start
            if shown + len(own) <= last:
                end = last - shorter - longer
            elif shown < last:
                end = date_end
            shorter += longer
        return begin, end
