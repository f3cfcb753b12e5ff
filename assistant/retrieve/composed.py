"""Example plus text: "like this one, but with a pacemaker".

What the words wish for is read as findings, so that a denial counts as one: "without effusion" prefers studies whose
text denies an effusion, then those that do not mention it. Words that name no finding count by the nearness of the
studies' texts. A question about the upload ("is there an effusion?") wishes for nothing: it must not pick the cases
that answer it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.findings import extract_findings
from assistant.findings.wanted import Contrast, Grant, WantedFinding, contrasts
from assistant.records import Finding, Status
from assistant.retrieve.rank import Hit, encode
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.words import query_words
from assistant.wording import joined, worded

WISH_WEIGHT = 0.5  # of what the words wish for, beside likeness scaled to 0..1 over the candidates
BEHIND = 1.5  # the span of such scores: what is taken off those that come after all others
UNTOLD = "OT"  # the modality of a picture file, which does not say what took it
# How far a study grants a wish: what is stated as wished, not mentioned, or stated otherwise.
GRANTED: dict[Status, dict[Grant, float]] = {
    "present": {"as wished": 1.0, "silent": 0.0, "otherwise": -1.0},
    "absent": {"as wished": 1.0, "silent": 0.8, "otherwise": -1.0},
}

_COMPARES = re.compile(r"\b(like (this|these|that|it|mine)|similar|same|resembl\w+|comparable|alike)\b", re.IGNORECASE)
# Asked of them, words wish for nothing: what chooses studies must not be what is then asked of those chosen.
_ASKS_OF_THEM = re.compile(
    r"\b(in|of|among|do|does|did|have|has|how (many|often)|what)( (of|the|these|those|other|most|all))* "
    r"(similar|comparable|alike)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|^\s*(is|are|was|were|do|does|did|has|have|can|could|should|would|may|might|any|what|which|who|why|when|where|"
    r"how|describe|explain|tell|summari[sz]e|report|interpret|read)\b",
    re.IGNORECASE,
)
_OF_COMPARISON = query_words(
    "like similar same resembling comparable alike find show search other others case cases patient patients study "
    "studies image images picture pictures film x-ray radiograph cxr ecg ekg tracing recording recordings one ones "
    "this these that but with without and please me looking upload uploaded file compare comparison compared archive "
    "which are there what list give any"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a query's words ask of the studies that are like its uploads; false where they ask for nothing.

    Words that compare ("the same without effusion") are about such studies alone and nothing to search texts by.
    """

    text: str = ""
    contrasts: tuple[Contrast, ...] = ()
    compares: bool = False

    def __bool__(self) -> bool:
        return bool(self.text)

    @classmethod
    def of(cls, text: str) -> Wish:
        compares = bool(_COMPARES.search(text))
        if not text.strip() or _ASKS_OF_THEM.search(text) or (_ASKS.search(text) and not compares):
            return cls()
        wished = contrasts(text, doubtful=compares)
        if not wished and not query_words(text) - _OF_COMPARISON:
            return cls()
        return cls(text, wished, compares or any(c.wanted.status == "absent" for c in wished))

    @property
    def told(self) -> str:
        """For the route."""
        wished = [f"{'with' if c.wanted.status == 'present' else 'without'} {c.name}" for c in self.contrasts]
        return f"likeness: weighed with what the words ask for ({', '.join(wished) or 'studies whose text is near'})"

    @property
    def filters(self) -> tuple[WantedFinding, ...]:
        """What a study's text must state for all that shall be there."""
        return tuple(c.wanted for c in self.contrasts if c.wanted.status == "present")


def studies_by_text(index: OpenIndex, wish: Wish, filter_: Filter, settings: Settings) -> dict[str, float]:
    """The studies whose texts, titles or labels are nearest to the words of a wish, with the cosine of each."""
    if not wish or index.vectors("text") is None:
        return {}
    vector = encode(index, "text", [wish.text], settings.embed)
    ((scores, keys),) = index.nearest("text", vector, [filter_], settings.retrieve.candidates)
    passages = index.passages([int(key) for key in keys])
    records = index.records({passage.record_pk for passage in passages.values()})
    found: dict[str, float] = {}
    for score, key in zip(scores, keys, strict=True):
        if int(key) in passages:
            study = str(records[passages[int(key)].record_pk].record.study_id)
            found[study] = max(found.get(study, -1.0), float(score))
    return found


@dataclass(frozen=True, slots=True)
class Texts:
    """What is known of studies by their texts, by index and study: what they state, and how near they are to a wish."""

    stated: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)
    near: dict[tuple[str, str], float] = field(default_factory=dict)


def recomposed(hits: Sequence[Hit], wish: Wish, texts: Texts, floor: float, modalities: frozenset[str]) -> list[Hit]:
    """Hits by likeness in the order of likeness and wish together; each says in `why` what its study states.

    What is below the relevance floor stays behind all that is not, unless it is of the uploads' `modalities` and its
    study states what was wished for: an ECG "like this one, but with atrial fibrillation" is an unlike one. Last come
    studies that state otherwise than wished; they are not handed on.
    """
    if not wish or not hits:
        return list(hits)
    granted = _granted(hits, wish, texts.stated) if wish.contrasts else _near(hits, texts.near)
    scores = [hit.score for hit in hits]
    low, span = min(scores), max(max(scores) - min(scores), 1e-9)
    weighed = []
    for hit, (value, told, is_granted, is_denied) in zip(hits, granted, strict=True):
        asked_for = is_granted and not {hit.stored.record.modality, UNTOLD}.isdisjoint(modalities)
        score = (1 - WISH_WEIGHT) * (hit.score - low) / span + WISH_WEIGHT * value
        score -= 2 * BEHIND if is_denied else BEHIND if hit.closeness < floor and not asked_for else 0.0
        weighed.append(replace(hit, score=score, all_words=asked_for, unwanted=is_denied, why=joined([hit.why, told])))
    return sorted(weighed, key=lambda hit: -hit.score)


def _granted(
    hits: Sequence[Hit], wish: Wish, stated: Mapping[tuple[str, str], list[Finding]]
) -> list[tuple[float, str, bool, bool]]:
    """How far each hit's study grants the wish, -1 to 1; in words what its texts and labels state; whether they state
    all that was wished for and nothing that was wished away; and whether they state otherwise than wished."""
    wished = any(contrast.wanted.status == "present" for contrast in wish.contrasts)
    found = []
    for hit in hits:
        findings = [*stated.get(_study(hit), ()), *labelled(hit)]
        values, told = zip(*(_of(contrast, findings) for contrast in wish.contrasts), strict=True)
        is_granted = wished and all(
            value == 1.0 if contrast.wanted.status == "present" else value > 0
            for contrast, value in zip(wish.contrasts, values, strict=True)
        )
        found.append((sum(values) / len(values), ", ".join(told), is_granted, min(values) < 0))
    return found


def _of(contrast: Contrast, stated: Sequence[Finding]) -> tuple[float, str]:
    how, told = contrast.granted(stated)
    return GRANTED[contrast.wanted.status][how], told


_NEAR_BY = "its study's text is near the words by {near:.2f}"


def _near(hits: Sequence[Hit], near: Mapping[tuple[str, str], float]) -> list[tuple[float, str, bool, bool]]:
    """The nearness of each hit's study to the words, a cosine, scaled to 0..1 over the hits."""
    values = [near.get(_study(hit)) for hit in hits]
    known = [value for value in values if value is not None]
    low, span = min(known, default=0.0), max(max(known, default=0.0) - min(known, default=0.0), 1e-9)
    return [
        (0.0, "its study's text is not among those near the words", False, False) if value is None
        else ((value - low) / span, worded(_NEAR_BY, near=value), False, False)
        for value in values
    ]  # fmt: skip


def labelled(hit: Hit) -> list[Finding]:
    """The findings that a record's labels name ("Pleural_Thickening|Effusion")."""
    named = "; ".join(hit.stored.record.labels.values()).replace("_", " ").replace("|", "; ")
    return extract_findings(named)


def _study(hit: Hit) -> tuple[str, str]:
    return hit.index.name, str(hit.stored.record.study_id)
