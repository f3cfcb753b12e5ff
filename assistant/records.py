"""The domain's words: what Wardround reads, finds, says and checks.

Every room speaks in these types; no dictionaries are passed between rooms. They are frozen: a room that
changes something returns a new value (`dataclasses.replace`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["image", "signal", "text"]
KINDS: tuple[Kind, ...] = ("image", "signal", "text")
Relation = Literal["own", "similar", "knowledge"]
About = Literal["patient", "similar", "general"]
Verdict = Literal["supported", "contradicted", "unsupported"]
ErrorKind = Literal[
    "fabrication", "negation", "laterality", "location", "severity",
    "number", "time", "patient", "omission", "unverifiable",
]  # fmt: skip
Status = Literal["present", "absent", "uncertain"]
CodeSystem = Literal["ICD-10-CM", "SNOMED CT"]

ChannelType = Literal["ecg", "ppg", "eeg", "resp", "pressure", "eog", "emg", "spo2", "temperature", "other"]

STANDARD_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


# --- what ingest reads ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture, ready to be looked at.

    `pixels` is uint8, (height, width) for grey or (height, width, 3) for RGB; for DICOM the VOI LUT or
    window has been applied and MONOCHROME1 turned round, so that air is dark in an X-ray. `regions` are the boxes
    (x0, y0, x1, y1) of what was imaged, where the file states them (an ultrasound's): the rest is screen furniture.
    """

    pixels: NDArray[np.uint8]
    regions: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A physiological signal.

    `samples` is float32, (n_samples, n_leads); NaN where the recording has a gap. `leads` are the standard names
    (I, II, III, aVR, aVL, aVF, V1–V6) where they are known, a channel's own name elsewhere. `types` and `units` say
    of each channel what it is and what its samples are in; both empty: ECG leads in millivolts.
    """

    samples: NDArray[np.float32]
    leads: tuple[str, ...]
    sampling_rate_hz: float
    types: tuple[ChannelType, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sampling_rate_hz

    @property
    def is_ecg(self) -> bool:
        """Whether its channels are leads of an ECG; only such a signal is encoded, and beats are sought in it."""
        return all(kind == "ecg" for kind in self.types)

    @property
    def in_millivolts(self) -> bool:
        return all(unit == "mV" for unit in self.units)

    def lead(self, name: str) -> NDArray[np.float32]:
        """One lead's samples, shape (n_samples,); KeyError if the recording lacks it."""
        try:
            return self.samples[:, self.leads.index(name)]
        except ValueError:
            raise KeyError(name) from None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a record's text that is searched as a whole: `text[start:end]` of that record."""

    start: int
    end: int
    section: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a header or a table row says of its patient: strings that must vanish from the texts of the same study.

    Names ("DOE^JANE", "Dr. Amy Stone"), ids (record and accession numbers), places (institution, ward, address), and
    the day of birth. It is handed from reader to de-identification and goes no further.
    """

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    birth_date: date | None = None

    def __or__(self, other: Known) -> Known:
        """What either of the two knows."""
        return Known(
            tuple(dict.fromkeys(self.names + other.names)),
            tuple(dict.fromkeys(self.ids + other.ids)),
            tuple(dict.fromkeys(self.places + other.places)),
            self.birth_date or other.birth_date,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One indexed thing: an image, a signal or a text.

    As ingest makes it, `patient_id` and `study_id` are the archive's own and `record_id` is empty; the store
    and the query replace them by pseudonyms. `part` tells apart several records of one file. A text record
    carries its whole `text` and the `passages` into which it was cut. `labels` belong to the study.
    `fields` are further facts of the file (view position, age, sampling rate …), shown but not searched. `known` is
    what the reader met of the patient's identity, for de-identification alone; it is empty afterwards, and
    `shift_days` then says by how many days the record's dates were moved (None: not at all). Neither is shown, and
    `shift_days` is stored sealed only.
    """

    kind: Kind
    modality: str  # a DICOM code: CR, DX, CT, MR, US, ECG, SR, DOC, OT …
    uri: str  # relative to the source's folder, with forward slashes
    sha256: str = ""
    part: str = ""
    record_id: str = ""
    patient_id: str | None = None
    study_id: str | None = None
    taken_at: datetime | None = None
    external_id: str | None = None
    title: str | None = None
    url: str | None = None
    text: str = ""
    passages: tuple[Passage, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str | int | float] = field(default_factory=dict)
    image: Image | None = None
    signal: Signal | None = None
    known: Known = Known()
    shift_days: int | None = None

    @property
    def frame(self) -> int:
        """Which frame of its file a picture is, counted from 0 (`fields` count from 1, as DICOM and viewers do)."""
        return int(self.fields.get("frame", 1)) - 1

    @property
    def is_encoded(self) -> bool:
        """Whether its picture or signal gets a vector: all but signals that are no ECG, which have no encoder."""
        return self.signal is None or self.signal.is_ecg


@dataclass(frozen=True, slots=True)
class Study:
    """Records that belong together: an X-ray and its report, an ECG and its statements."""

    study_id: str
    patient_id: str | None
    records: tuple[Record, ...]


# --- findings ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """A clinical statement in normal form. `start` and `end` are offsets into the text it was read from.

    `time` are the text's own words ("for 2 weeks", "since 2019", "history of"), `change` is the course as stated.
    `code` names the entity, whatever its status, in `code_system`. `spans` are the offsets of the words behind
    `status` (a denial or doubt), `side`, `severity`, `location`, `change`, `value` and `time`, where any are said.
    """

    entity: str  # canonical name, lower case: "pleural effusion"
    status: Status
    side: Literal["left", "right", "bilateral"] | None = None
    severity: Literal["minimal", "mild", "moderate", "severe"] | None = None
    location: str | None = None  # "lower lobe", "apex", "inferior wall" …
    value: float | None = None
    unit: str | None = None
    start: int = 0
    end: int = 0
    time: str | None = None
    change: Literal["new", "worse", "better", "stable", "resolved"] | None = None
    code: str | None = None
    code_system: CodeSystem | None = None
    spans: tuple[tuple[str, int, int], ...] = ()


# --- evidence ---------------------------------------------------------------------------------------


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
    would hand it to a model, `why` the reason in words. `section` is the heading above the passage.
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
    taken_at: datetime | None = None

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
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
        }


# --- what is said, before and after it was checked ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence as an answerer wrote it, before anything was checked."""

    text: str
    citations: tuple[str, ...] = ()
    about: About = "general"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How evidence bears on a claim. `score` is in [0, 1], high = supported; `why` names the deciding words."""

    verdict: Verdict
    score: float
    error_kind: ErrorKind | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement of an answer with its verdict; `citations` are evidence ids.

    `written` are the citations as the answerer wrote them, invented ones included, before the verifier dropped or
    repaired any; None where nobody kept them.
    """

    text: str
    about: About
    verdict: Verdict
    error_kind: ErrorKind | None = None
    citations: tuple[str, ...] = ()
    score: float = 0.0
    why: str = ""
    written: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "about": self.about,
            "verdict": self.verdict,
            "error_kind": self.error_kind,
            "citations": list(self.citations),
            "score": round(self.score, 4),
            "why": self.why,
            "written": None if self.written is None else list(self.written),
        }


@dataclass(frozen=True, slots=True)
class CitationCounts:
    """What became of the citations of an answer's claims, as the answerer wrote them.

    `written` in all; `carry` the claim, which is supported; `invented`: of nothing that was given to the answerer;
    `removed`: given, but not carrying the supported claim that cited it; `without_support`: given, beside a claim that
    nothing carries. `repaired` claims are supported by evidence that they did not cite, `uncited` ones cited none.
    """

    written: int = 0
    carry: int = 0
    invented: int = 0
    removed: int = 0
    without_support: int = 0
    repaired: int = 0
    uncited: int = 0

    @property
    def wrong(self) -> int:
        """Citations that a reader must not follow as they were written."""
        return self.invented + self.removed + self.without_support

    def to_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__} | {"wrong": self.wrong}


def count_citations(claims: Iterable[Claim], given: Collection[str]) -> CitationCounts:
    """Counts over claims whose citations were kept as written; `given` are the ids handed to the answerer."""
    total: Counter[str] = Counter()
    for claim in claims:
        if claim.written is None:
            continue
        total["written"] += len(claim.written)
        total["uncited"] += not claim.written
        supported = claim.verdict == "supported"
        for citation in claim.written:
            if citation not in given:
                total["invented"] += 1
            elif not supported:
                total["without_support"] += 1
            else:
                total["carry" if citation in claim.citations else "removed"] += 1
        total["repaired"] += supported and bool(set(claim.citations) - set(claim.written))
    return CitationCounts(**total)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, best first; `route` names the indexes and weights the query went to, and why."""

    query: str
    route: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    abstained: bool
    reason: str = ""
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "query": self.query,
            "route": list(self.route),
            "evidence": [e.to_json() for e in self.evidence],
            "abstained": self.abstained,
            "reason": self.reason,
            "timing_ms": {k: round(v, 2) for k, v in self.timing_ms.items()},
        }


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a prompt's budget left out: evidence by its id, an earlier turn as "turn 2"; and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class PromptUse:
    """How much of its budget of tokens a prompt's evidence and earlier turns took (estimated), and what it left out."""

    tokens: int
    dropped: tuple[Dropped, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"tokens": self.tokens, "dropped": [{"what": d.what, "why": d.why} for d in self.dropped]}


@dataclass(frozen=True, slots=True)
class Answer:
    """Checked claims in order, the evidence considered, and how the answer came about.

    `standalone` is the question as it was searched and put, where a follow-up had to be rewritten. An abstention names
    in `closest` the evidence that came closest, for a person to look at. `own_knowledge` are sentences of the model
    that rest on no evidence; they are set apart, shown only where a setting asks for them, and never claims. `notice`
    says what a reader must know of how it came about: that the language model was lost, say. `removed` are the claims
    that `verify.unsupported = "remove"` took away; their citations are counted and they are not in the JSON.
    """

    question: str
    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    abstained: bool
    reason: str
    model: str
    prompt: str | None
    route: tuple[str, ...] = ()
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    standalone: str | None = None
    mode: str | None = None
    prompt_use: PromptUse | None = None
    closest: tuple[str, ...] = ()
    own_knowledge: tuple[str, ...] = ()
    notice: str = ""
    removed: tuple[Claim, ...] = ()

    @property
    def text(self) -> str:
        """The claims as prose; when abstained, the reason."""
        return self.reason if self.abstained else " ".join(claim.text for claim in self.claims)

    @property
    def citation_counts(self) -> CitationCounts:
        """How the answerer's citations stood up to being checked, those of removed claims too."""
        given = {evidence.id for evidence in self.evidence if evidence.kept}
        return count_citations((*self.claims, *self.removed), given)

    def to_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "text": self.text,
            "abstained": self.abstained,
            "reason": self.reason,
            "notice": self.notice,
            "claims": [c.to_json() for c in self.claims],
            "citation_counts": self.citation_counts.to_json(),
            "evidence": [e.to_json() for e in self.evidence],
            "model": self.model,
            "prompt": self.prompt,
            "route": list(self.route),
            "timing_ms": {k: round(v, 2) for k, v in self.timing_ms.items()},
            "standalone": self.standalone,
            "mode": self.mode,
            "prompt_use": self.prompt_use.to_json() if self.prompt_use else None,
            "closest": list(self.closest),
            "own_knowledge": list(self.own_knowledge),
        }


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as sections of checked claims; always preliminary.

    `study_id` is what the caller named the study. `flags` are reasons for a person to look.
    """

    study_id: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]
    flags: tuple[str, ...] = ()
    model: str = ""
    prompt: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "study_id": self.study_id,
            "status": "preliminary",
            "sections": [{"name": s.name, "claims": [c.to_json() for c in s.claims]} for s in self.sections],
            "evidence": [e.to_json() for e in self.evidence],
            "flags": list(self.flags),
            "model": self.model,
            "prompt": self.prompt,
        }
