"""The weights of a route at work: which passages go first, and how likeness and text take turns in one list.

Weights depend on the question and never on the archive, instead of one average for all (CLaMR, Wan et al. 2025).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice
from typing import Protocol

from assistant.records import Evidence
from assistant.retrieve.question import Question, Wants
from assistant.retrieve.rank import BLOCK, Hit
from assistant.wording import joined, worded

# What is not of the wanted sort counts this share of its score. Mild, since a question is misread at times; on the
# demonstration archive, see docs/retrieval.md.
OTHER_SORT = 0.85
OTHER_MODALITY = 0.85
OTHER_REGION = 0.9


class _Preferring(Protocol):
    """The part of a route that bears on single hits."""

    @property
    def question(self) -> Question: ...
    @property
    def wants(self) -> Wants | None: ...


def preferred(hits: Iterable[Hit], route: _Preferring, number: int = BLOCK) -> Iterator[Hit]:
    """Text hits with the first ones, so many, in the order of their weighed scores, the others as they come."""
    ranking = iter(hits)
    first = list(islice(ranking, number))
    if route.wants or route.question.modalities:
        modalities = _modalities(first) if route.question.modalities else {}
        first = [_weighed(hit, route, modalities) for hit in first]
        first.sort(key=lambda hit: -hit.score)  # stable: equal scores stay as they were ranked
    yield from chain(first, ranking)


def order_told(*, own: bool, patient: bool, studies: bool, agreeing: bool, in_turns: bool) -> str:
    """By what a list is ordered, in words: what stands before the score, and what shares the list.

    `own` is what the uploads and a history say, `patient` a chosen patient's texts, `studies` those of chosen studies,
    `agreeing` words that are held against what studies state, `in_turns` likeness beside text.
    """
    told = {
        "the uploads' own passages and the patient's history first": own,
        "texts of the chosen patient that speak of what is asked before others": patient,
        "texts of the chosen studies that speak of what is asked before others": studies and not patient,
        "studies that state what is looked for before those that state otherwise": agreeing,
        "what is like the upload and what was found by words take turns": in_turns,
    }
    return joined(["order: by score", *(words for words, holds in told.items() if holds)])


def _weighed(hit: Hit, route: _Preferring, modalities: Mapping[tuple[str, str], frozenset[str]]) -> Hit:
    weight, why = 1.0, []
    if route.wants and hit.stored.is_case != (route.wants == "cases"):
        weight *= OTHER_SORT
        cases = route.wants == "cases"
        why.append("the question asks for patients’ studies" if cases else "the question asks for knowledge")
    if hit.stored.is_case:
        of_study = modalities.get((hit.index.name, str(hit.stored.record.study_id)), frozenset())
        if of_study and not of_study & route.question.modalities:
            weight *= OTHER_MODALITY
            why.append(worded("a study by {codes}", codes=", ".join(sorted(of_study))))
        part = str(hit.stored.record.fields.get("body_part", "")).lower()
        if part and route.question.region and route.question.region not in part:
            weight *= OTHER_REGION
            why.append(worded("of another part of the body ({part})", part=part))
    if not why:
        return hit
    back = worded("set back: {why}", why=joined(why, ", "))
    return replace(hit, score=hit.score * weight, why=joined([hit.why, back]))


def _modalities(hits: Iterable[Hit]) -> dict[tuple[str, str], frozenset[str]]:
    """The modalities of the hits' studies, by index and study, as far as pictures and signals tell them."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    ordered = sorted((hit for hit in hits if hit.stored.is_case), key=lambda hit: hit.index.name)
    for name, of_index in groupby(ordered, key=lambda hit: hit.index.name):
        members = list(of_index)
        told = members[0].index.modalities_of({str(hit.stored.record.study_id) for hit in members})
        found |= {(name, study): codes for study, codes in told.items()}
    return found


@dataclass(frozen=True, slots=True)
class Turns:
    """How likeness to the uploads and text share one list; both above 0."""

    likeness: float
    text: float


def in_turns(likeness: Iterable[Evidence], text: Iterable[Evidence], turns: Turns) -> Iterator[Evidence]:
    """What is alike and what was found by words in one list, each as often as its weight has it.

    A study's picture and its report stay together: they take their turns as a block. With weights of 0.75 and 0.25, of
    eight pieces six are by likeness.
    """
    blocks = (list(block) for _, block in groupby(likeness, key=lambda evidence: evidence.study_id))
    singles = ([evidence] for evidence in text)
    weights = {"likeness": turns.likeness, "text": turns.text}
    due = {"likeness": 0.0, "text": 0.0}  # what each has had so far, over its weight
    streams: dict[str, Iterator[list[Evidence]]] = {"likeness": blocks, "text": singles}
    while streams:
        name = min(streams, key=lambda name: (due[name], -weights[name]))
        block = next(streams[name], None)
        if block is None:
            del streams[name]
            continue
        due[name] += len(block) / weights[name]
        yield from block
