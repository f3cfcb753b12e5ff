"""The JSON that goes out, as OpenAPI documents it; the same as the command line prints."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["image", "signal", "text"]


class _Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class EvidenceOut(_Out):
    """A record and a place in it: `{"page","start","end"}` of a text, `{"box","frame"}` of a picture,
    `{"lead","start_s","end_s"}` of a signal, `{"name","value","unit"}` of a measured value."""

    id: str = Field(description="what citations name")
    record_id: str
    external_id: str | None = Field(None, description="the archive's own key of the row")
    study_id: str | None = Field(None, description="a pseudonym")
    patient_id: str | None = Field(None, description="a pseudonym")
    kind: Kind
    modality: str = Field(description="a DICOM code: CR, DX, CT, MR, ECG, SR, DOC …")
    relation: Literal["own", "similar", "knowledge"] = Field(description="whose: only `own` carries the patient")
    labels: dict[str, str] = {}
    text: str
    place: dict[str, Any] | None = None
    score: float = Field(description="comparable within one kind only")
    kept: bool = Field(description="whether it would be, or was, handed to a model")
    why: str
    chosen: bool = Field(False, description="of a study that was picked by hand")
    dates_moved: bool = Field(False, description="de-identification moved its dates: they are not the file's own")
    copy_of: str | None = Field(None, description="record id of the upload that it is again: no other patient's study")


class SearchOut(_Out):
    query: str
    route: list[str] = Field(description="where it was searched, and why")
    evidence: list[EvidenceOut] = Field(description="best first")
    abstained: bool
    reason: str = ""
    timing_ms: dict[str, float] = {}


class ClaimOut(_Out):
    text: str
    about: Literal["patient", "similar", "general"]
    verdict: Literal["supported", "contradicted", "unsupported"]
    error_kind: str | None = None
    citations: list[str] = Field(description="evidence ids")
    dates_moved: bool = Field(False, description="a date in the text is one that de-identification moved")


class AnswerOut(_Out):
    question: str
    text: str = Field(description="the claims as prose; the reason, where it abstained")
    abstained: bool
    reason: str = ""
    notice: str = ""
    claims: list[ClaimOut]
    evidence: list[EvidenceOut]
    model: str
    prompt: str | None = None
    timing_ms: dict[str, float] = {}


class KeptAnswerOut(AnswerOut):
    turn_id: int = Field(description="what feedback names")


class StepOut(_Out):
    """One line of a streamed answer: `waiting` with the place in the line, `found`, a `claim` each, the `answer`;
    or an `error`, which ends it."""

    step: Literal["waiting", "found", "claim", "answer", "error"]


class IndexOut(_Out):
    index: str
    generation: int
    records: dict[str, int] = Field(description="how many of each kind")


class StatusOut(_Out):
    version: str
    indexes: list[IndexOut]
    answered_by: str = Field(description="who answers where none is named: quote, local or openai")
    account: str | None = Field(description="whose token it is; null where nobody signs in")
    roles: list[str]


class RecordOut(_Out):
    record_id: str
    kind: Kind
    modality: str
    patient_id: str | None = None
    study_id: str | None = None
    taken_at: str | None = None
    title: str | None = None
    labels: dict[str, str] = {}
    fields: dict[str, str | int | float] = {}
    text: str = ""
    content: str | None = Field(None, description="where its picture (PNG) or samples (CSV) are")


class PairIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str | int | None = Field(None, description="given back; left out, its place in the list")
    claim: str = Field(max_length=10_000)
    evidence: str | list[str]


class VerdictOut(_Out):
    id: str | int
    verdict: Literal["supported", "contradicted", "unsupported"]
    score: float = Field(ge=0, le=1, description="high: supported")
    error_kind: str | None = None
    why: str


class QueryIn(BaseModel):
    """A line of `wardround search --batch`, without files."""

    model_config = ConfigDict(extra="forbid")
    id: str | int | None = Field(None, description="given back; left out, its place in the list")
    text: str = Field(max_length=10_000)
    k: int | None = Field(None, ge=1, le=1_000)
    kind: list[Kind] = []
    modality: list[str] = []
    patient: str | None = None
    exclude_patient: str | None = None
    finding: list[str] = []


class TalkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    llm: Literal["quote", "local", "openai"] | None = None
    patient: str | None = Field(None, description="the archive's own id: only this patient's records count")
    history: bool = Field(False, description="the same patient's earlier studies too")


class TalkOut(_Out):
    id: str
    title: str = ""
    turns: int = 0


class FeedbackIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    conversation_id: str = Field(max_length=64)
    turn_id: int
    claim: int = Field(ge=0, description="its place in the answer's `claims`, from 0")
    judgement: Literal["right", "wrong", "harmful"]
    comment: str = Field("", max_length=2_000)


class DraftIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    studies: list[str] = Field(min_length=1, max_length=10_000, description="ids of indexed studies")
    template: str | None = Field(None, description="a prompt of prompts/, e.g. draft-ecg; left out, by modality")
    llm: Literal["quote", "local", "openai"] | None = None
    prior: bool = Field(False, description="compare with the same patient's study before it")


class ForgetIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    patient: str = Field(min_length=1, description="the archive's own id, or a pseudonym (P-…)")
    index: str | None = None
    dry_run: bool = Field(True, description="say what would go, and change nothing")


class Misfit(BaseModel):
    place: str = Field(description="the field, with dots where it lies within another one")
    problem: str


class Problem(BaseModel):
    detail: str = Field(description="what is wrong, where, and what to do")
    errors: list[Misfit] | None = Field(None, description="with 422: each field that does not fit")
