"""Whether there is an earlier study that a question wants the present one compared with."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.records import Evidence, Record
from assistant.retrieve.query import Query
from assistant.retrieve.question import read_question
from assistant.wording import worded

NO_EARLIER = (
    "There is no earlier {what} of this patient here to compare with, so whatever follows is on the present one alone. "
    "Add the earlier one as a second file, or choose the patient where the archive holds it."
)
_NAMED = {"ECG": "ECG", "X-ray": "X-ray", "study": "study"}
XRAYS = frozenset({"CR", "DX", "RG"})
_IMAGING = XRAYS | {"CT", "MR", "US", "MG", "NM", "PT", "XA", "OT", "ECG"}


def nothing_earlier(query: Query, found: Iterable[Evidence]) -> str:
    """What a question after a comparison is told first where there is nothing to compare with; else empty.

    An earlier study is a second upload of the kind that is asked about, or one of the patient's history.
    """
    question = read_question(query.text)
    studied = [upload.record for upload in query.uploads if upload.record.kind != "text"]
    if question.kind != "comparison" or not (studied or query.patient or (query.uploads and question.modalities)):
        return ""
    what = _what(question.modalities, studied)
    here = {record.study_id or record.sha256 for record in studied if _is(record.modality, what)}
    past = {
        piece.study_id or piece.record_id
        for piece in found
        if piece.relation == "own" and piece.why.startswith("history") and _may_be(piece, what)
    }
    return "" if len(here | past) > 1 else worded(NO_EARLIER, what=_NAMED[what])


def _what(asked: frozenset[str], studied: Iterable[Record]) -> str:
    """What is to be compared: by the question's words, else by what lies there."""
    codes = asked or {record.modality for record in studied}
    if "ECG" in codes:
        return "ECG"
    return "X-ray" if codes & XRAYS else "study"


def _is(modality: str, what: str) -> bool:
    return {"ECG": modality == "ECG", "X-ray": modality in XRAYS}.get(what, True)


def _may_be(piece: Evidence, what: str) -> bool:
    """A report whose modality is none of an examination may be of any."""
    return _is(piece.modality, what) or piece.modality not in _IMAGING
