"""Comparison with the prior study of the same patient: what its report says, what is measured on its recording.

The program quotes and measures; no model words the comparison, and nothing of the prior study supports a sentence
about the present one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.errors import UnreadableFile
from assistant.findings import extract_findings
from assistant.findings.sentences import sentences
from assistant.records import Evidence, Statement, ValuePlace

if TYPE_CHECKING:
    from assistant.assistant import Assistant

COMPARISON = "COMPARISON"
QUOTED = 4  # sentences of the prior report
_HISTORY = "history, "
_BEFORE = " before this study"
_COMPARED = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms", "qtc_fridericia_ms", "axis_deg")


def prior_evidence(assistant: Assistant, found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Of a search with history, the evidence of the latest study that was taken before this one.

    A study without a date is never taken for the prior one. Of a recording, its measured values come along.
    """
    earlier = [e for e in found if e.relation == "own" and e.kept and e.why.startswith(_HISTORY) and _BEFORE in e.why]
    if not earlier:
        return ()
    latest = [piece for piece in earlier if piece.study_id == earlier[0].study_id]
    return (*latest, *(value for piece in latest if piece.kind == "signal" for value in _values(assistant, piece)))


def is_prior(piece: Evidence) -> bool:
    return piece.relation == "own" and piece.why.startswith(_HISTORY)


def compared(prior: Sequence[Evidence]) -> Iterator[Statement]:
    """What the prior study says, as statements: sentences of its report that state findings, and measured values."""
    quoted = 0
    for piece in prior:
        when = _when(piece)
        if isinstance(piece.place, ValuePlace):
            yield Statement(piece.text, (piece.id,), "patient")
            continue
        for sentence in sentences(piece.text) if piece.kind == "text" else ():
            if quoted < QUOTED and extract_findings(sentence):
                quoted += 1
                yield Statement(f"Prior study, {when}: “{sentence}”", (piece.id,), "patient")


def _values(assistant: Assistant, piece: Evidence) -> list[Evidence]:
    from assistant.retrieve.own import upload_evidence

    try:
        record = assistant.record(piece.record_id)
    except UnreadableFile:  # the file is gone; its report may still be there
        return []
    values = upload_evidence(record)
    return [
        replace(value, why=piece.why, text=f"Prior recording, {_when(piece)}: {value.text}")
        for value in values
        if isinstance(value.place, ValuePlace) and value.place.name in _COMPARED
    ]


def _when(piece: Evidence) -> str:
    return piece.why.removeprefix(_HISTORY).partition(":")[0].partition(";")[0]
