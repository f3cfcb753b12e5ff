"""ECGs of the archive that a question is about: the chosen patient's, or those of studies that were chosen by hand.

They are measured as an upload is, and what is said of one names it where there are several.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from assistant.errors import WardroundError
from assistant.measure import Measurements, Wanted, measure_signal
from assistant.records import Evidence, Record, SearchResult
from assistant.retrieve.history import when
from assistant.retrieve.own import of_source, recording_evidence, unmeasured
from assistant.retrieve.query import Query
from assistant.retrieve.wall import filters_of, own_of, whose_is_unclear
from assistant.settings import Settings
from assistant.store.index import OpenIndex
from assistant.wording import worded

KEPT = 512  # recordings whose measurements stay in memory
_OF_PATIENT = (
    "Of the {total} ECGs that the archive holds of this patient the {count} latest were measured for this answer."
)
_OF_CHOSEN = "Of the {total} chosen ECGs {count} were measured for this answer: choose fewer to have each measured."


class MeasuredRecordings:
    """What was measured on recordings of the archive, so that each is read and measured once in a process.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Measurements] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, record: Record, read: Callable[[str], Record]) -> Measurements | None:
        """What is measured on a recording; None where `read` gives its samples no more."""
        key = (record.record_id, record.sha256)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        try:
            signal = read(record.record_id).signal
        except WardroundError:  # the file is gone, or another one by now
            return None
        if signal is None:
            return None
        found = measure_signal(signal)
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


def recordings_of(indexes: Sequence[OpenIndex], query: Query, settings: Settings) -> list[tuple[Record, bool]]:
    """The ECGs of the patient or the studies that a query chooses, inside its wall, newest first, each with whether it
    is the chosen patient's own. None where it chooses neither, or where files are asked about that hold an ECG."""
    uploaded = any(upload.record.modality == "ECG" for upload in query.uploads)
    others = query.modalities and "ECG" not in query.modalities
    if uploaded or others or query.leave_out_own or not (query.patient or query.studies):
        return []
    if whose_is_unclear(indexes, query):
        return []
    found: dict[str, tuple[Record, bool]] = {}  # by content: two indexes may hold the same file
    owned, filters = own_of(indexes, query), filters_of(indexes, query, settings)
    for index, filter_, own in zip(indexes, filters, owned, strict=True):
        within = replace(filter_, kinds=frozenset({"signal"}), modalities=frozenset({"ECG"}))
        for records in index.studies_of(within).values():
            for record in records:
                is_own = bool(query.patient) and own.holds(record.patient_id, record.study_id)
                found.setdefault(f"{record.sha256}/{record.part}", (record, is_own))
    return sorted(found.values(), key=lambda one: one[0].taken_at or datetime.min, reverse=True)


def with_measured(
    found: SearchResult,
    recordings: Sequence[tuple[Record, bool]],
    measured: Callable[[Record], Measurements | None],
    without_identifiers: Callable[[str], str],
    at_most: int,
    wanted: Wanted,
) -> SearchResult:
    """What a search found, with what is measured on the first `at_most` recordings in front."""
    if not recordings:
        return found
    looked, patients = recordings[:at_most], all(is_own for _, is_own in recordings)
    names = _names([record for record, _ in looked], without_identifiers)
    told: list[Evidence] = []
    for (record, is_own), name in zip(looked, names, strict=True):
        values = measured(record)
        pieces = recording_evidence(record, values, wanted, archived=True) if values else [unmeasured(record)]
        if not is_own:
            pieces = [replace(of_source(p, f"chosen ECG {name}"), relation="similar", chosen=True) for p in pieces]
        elif len(recordings) > 1:
            pieces = [of_source(piece, f"archived ECG {name}{_since(record, looked)}") for piece in pieces]
        told += pieces
    notice = ""
    if len(recordings) > at_most:
        notice = worded(_OF_PATIENT if patients else _OF_CHOSEN, total=len(recordings), count=at_most)
    return replace(found, evidence=(*told, *found.evidence), abstained=False, reason="", notice=notice)


def _since(record: Record, looked: Sequence[tuple[Record, bool]]) -> str:
    """How long before the newest a recording was made: ", 6 weeks before the latest study"; "" without a date."""
    newest = looked[0][0].taken_at
    return f", {when(record.taken_at, newest, 'the latest study')}" if record.taken_at and newest else ""


def _names(records: Sequence[Record], without_identifiers: Callable[[str], str]) -> list[str]:
    """What recordings are called: by the archive's key, or where that could identify the patient by the pseudonym."""
    names: list[str] = []
    for record in records:
        name = record.external_id or ""
        words = re.sub(r"[_\W]+", " ", name).strip()
        if not words or without_identifiers(words) != words:
            name = record.study_id or record.record_id
        alike = sum(known == name or known.startswith(f"{name}, ") for known in names)
        names.append(f"{name}, {alike + 1}" if alike else name)
    return names
