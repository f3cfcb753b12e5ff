"""What a citation points to: a record and a place in it; and what a search found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from assistant.records.record import Kind

Relation = Literal["own", "similar", "knowledge"]
FoundBy = Literal["likeness", "words", "both"]

OF_SOURCE = re.compile(r"(?:^|\s)(\((?:upload|archived ECG|chosen ECG) .+\))\.?$")
"""How a sentence ends that says of which of several it is: "Heart rate 72 beats/min (upload a.hea)."."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Character offsets in the record's text, and the page where there is one (counted from 1)."""

    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class BoxPlace:
    """A box (x0, y0, x1, y1) in pixels of a frame (counted from 0)."""

    box: tuple[int, int, int, int]
    frame: int = 0


@dataclass(frozen=True, slots=True)
class SignalPlace:
    """A time window of one lead; `lead` is "all" for the whole recording."""

    lead: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """A measured value: `name` as in `wardround measure` ("heart_rate_bpm"), `unit` spelled for people."""

    name: str
    value: float
    unit: str


Place = TextPlace | BoxPlace | SignalPlace | ValuePlace


def place_json(place: Place | None) -> dict[str, Any] | None:
    """The place as the contract's JSON."""
    match place:
        case None:
            return None
        case TextPlace(start, end, page):
            found: dict[str, Any] = {"start": start, "end": end}
            return {"page": page, **found} if page is not None else found
        case BoxPlace(box, frame):
            return {"box": list(box), "frame": frame}
        case SignalPlace(lead, start_s, end_s):
            return {"lead": lead, "start_s": start_s, "end_s": end_s}
        case ValuePlace(name, value, unit):
            return {"name": name, "value": value, "unit": unit}


def evidence_id(record_id: str, place: Place | None, saying: str = "") -> str:
    """Opaque and the same each time the same place of the same record is cited.

    `saying` tells apart several statements about one place, such as the rhythm and the quality of one recording.
    """
    key = json.dumps([record_id, place_json(place), saying], sort_keys=True)
    return "e" + hashlib.blake2b(key.encode(), digest_size=5).hexdigest()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a citation points to: a record and a place in it.

    `text` is what a reader sees of it: the passage or sentence itself, a measured value in words, or the
    title and labels of a picture. `score` is comparable within one kind only. `kept` says whether selection
    would hand it to a model, `why` the reason in words. `section` is the heading above the passage. `found_by` says
    what chose its study: likeness to what was uploaded, the words of the question, or likeness weighed with what these
    wish for; None where no search did. `copy_of` is the
    record id of the upload that a record of the archive is again (the same file, or nearly the same content),
    `chosen` says that whoever asks picked its study by hand, so that nothing is said of how similar it is.
    `dates_moved`: those in `text`, and `taken_at`, are not the file's own, since de-identification moved them.
    """

    id: str
    record_id: str
    kind: Kind
    modality: str
    relation: Relation
    text: str
    place: Place | None
    score: float
    kept: bool
    why: str
    patient_id: str | None = None
    study_id: str | None = None
    external_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    url: str | None = None
    section: str | None = None
    found_by: FoundBy | None = None
    taken_at: datetime | None = None
    copy_of: str | None = None
    chosen: bool = False
    dates_moved: bool = False

    @property
    def counted_as(self) -> str:
        """What is counted once: the study, or the record where no study is known."""
        return self.study_id or self.record_id

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "record_id": self.record_id,
            "external_id": self.external_id,
            "study_id": self.study_id,
            "patient_id": self.patient_id,
            "kind": self.kind,
            "modality": self.modality,
            "relation": self.relation,
            "labels": dict(self.labels),
            "text": self.text,
            "place": place_json(self.place),
            "score": round(float(self.score), 6),
            "kept": self.kept,
            "why": self.why,
            "title": self.title,
            "url": self.url,
            "section": self.section,
            "found_by": self.found_by,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "copy_of": self.copy_of,
            "chosen": self.chosen,
            "dates_moved": self.dates_moved,
        }


def countable(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The pieces of studies over which a count says something: likeness alone chose them, or people did by hand.

    Of studies that were found by the words "hernia", all mention a hernia: that says nothing of how common it is.
    """
    pieces = list(evidence)
    chosen = {piece.counted_as for piece in pieces if piece.chosen or piece.found_by in ("likeness", None)}
    return [piece for piece in pieces if piece.counted_as in chosen]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, best first; `route` names the indexes and weights the query went to, and why; `notice` is
    what a reader of an answer has to know of what was left out."""

    query: str
    route: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    abstained: bool
    reason: str = ""
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "query": self.query,
            "route": list(self.route),
            "evidence": [e.to_json() for e in self.evidence],
            "abstained": self.abstained,
            "reason": self.reason,
            "timing_ms": {k: round(v, 2) for k, v in self.timing_ms.items()},
        }
