"""What is said, before and after it was checked: statements, claims, answers, drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.records.evidence import Evidence

About = Literal["patient", "similar", "general"]
Verdict = Literal["supported", "contradicted", "unsupported"]
ErrorKind = Literal[
    "fabrication", "negation", "laterality", "location", "severity",
    "number", "time", "patient", "omission", "unverifiable",
]  # fmt: skip


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
    repaired any; None where nobody kept them. `dates_moved`: a date in the text is not the file's own, since
    de-identification moved the dates of what is cited.
    """

    text: str
    about: About
    verdict: Verdict
    error_kind: ErrorKind | None = None
    citations: tuple[str, ...] = ()
    score: float = 0.0
    why: str = ""
    written: tuple[str, ...] | None = None
    dates_moved: bool = False

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
            "dates_moved": self.dates_moved,
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

    `study_id` is what the caller named the study, `given` says in words what there was of it ("12-lead ECG, 10 s"),
    `template` names the report template that it follows, `prompt` the one that a model was asked with, with its
    version. `flags` are reasons for a person to look.
    """

    study_id: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]
    flags: tuple[str, ...] = ()
    model: str = ""
    prompt: str | None = None
    given: str = ""
    template: str = ""

    @property
    def external_id(self) -> str | None:
        """The user's own key of the drafted study, where its files have one."""
        return next((e.external_id for e in self.evidence if e.relation == "own" and e.external_id), None)

    @property
    def patient_id(self) -> str | None:
        """The pseudonym of whose study it is, where that is known."""
        return next((e.patient_id for e in self.evidence if e.relation == "own" and e.patient_id), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "study_id": self.study_id,
            "status": "preliminary",
            "given": self.given,
            "template": self.template,
            "sections": [{"name": s.name, "claims": [c.to_json() for c in s.claims]} for s in self.sections],
            "evidence": [e.to_json() for e in self.evidence],
            "flags": list(self.flags),
            "model": self.model,
            "prompt": self.prompt,
        }
