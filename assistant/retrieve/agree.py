"""Hits that agree with what is looked for, before those that say otherwise: the right side, there or not there.

Words and meaning hardly tell "right pleural effusion" from "left pleural effusion" or "no pleural effusion": all three
share their words, and a text encoder sets them close together. So where words look for studies with a finding, what the
study of each hit states is held against it, as `assistant.retrieve.composed` does for what is like an upload. Whoever
asks whether a finding is there wants to hear of those who deny it, too; who asks of a side, of the other side last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from math import inf

from assistant.findings import extract_findings
from assistant.findings.wanted import Contrast, Grant, contrasts
from assistant.records import Finding
from assistant.retrieve.composed import labelled
from assistant.retrieve.query import Query
from assistant.retrieve.question import Question
from assistant.retrieve.rank import Hit
from assistant.retrieve.wall import Own
from assistant.store.filters import Filter
from assistant.wording import joined, worded

FIRST = 128  # hits that are looked at; chosen with SILENT on a half of Open-i, see docs/retrieval.md
SILENT = 0.85  # what a hit counts whose study does not say whether or where it is
_GRAVEST: tuple[Grant, ...] = ("otherwise", "as wished", "silent")
_LOOKS_FOR_STUDIES = frozenset({"cases", "other"})  # of the kinds of question, a request for them and bare words


def looked_for(query: Query, question: Question) -> tuple[Contrast, ...]:
    """The findings that a query's words look for among studies, as there or as not there; where they ask, those alone
    of which they name the side."""
    if question.kind == "finding" and question.about.side and not query.patient:
        asked = (replace(one, asked=True) for one in contrasts(question.subject, doubtful=True))
        return tuple(one for one in asked if one.wanted.status == "present" and question.about.side in one.wanted.sides)
    if question.kind not in _LOOKS_FOR_STUDIES or query.patient or "?" in query.text:
        return ()
    return contrasts(question.subject)


def agreeing(
    hits: Iterable[Hit], wished: Sequence[Contrast], walls: Mapping[str, Filter], owned: Mapping[str, Own]
) -> Iterator[Hit]:
    """Text hits by score, of the first ones none that states otherwise before one that agrees.

    A hit that states otherwise has at most the score of the last that agrees, says why, and where it was looked for,
    rather than asked for, is not handed on. One that is silent counts `SILENT` of its score. What is of nobody (an
    article) or the query's own stays where it is.
    """
    ranking = iter(hits)
    if not wished:
        yield from ranking
        return
    first = list(islice(ranking, FIRST))
    stands = [_stand(wished, stated) for stated in _stated(first, walls, owned)]
    least = min((hit.score for hit, (how, _) in zip(first, stands, strict=True) if how == "as wished"), default=inf)
    placed = []
    for hit, (how, told) in zip(first, stands, strict=True):
        if how == "otherwise":
            unwanted = not any(contrast.asked for contrast in wished)
            hit = replace(hit, score=min(hit.score, least), unwanted=unwanted, why=joined([told, hit.why]))
        elif how == "silent":
            hit = replace(hit, score=SILENT * hit.score, why=joined([hit.why, worded("set back: {why}", why=told)]))
        placed.append((how == "otherwise", hit))
    placed.sort(key=lambda pair: (-pair[1].score, pair[0]))  # stable: equal scores stay as they were ranked
    yield from chain((hit for _, hit in placed), ranking)


def _stand(wished: Sequence[Contrast], stated: Sequence[Finding] | None) -> tuple[Grant | None, str]:
    """What a study states of all that is looked for, and in words: otherwise to any of it, else as wished to some of
    it, else nothing; None where there is nothing to hold against it."""
    if stated is None:
        return None, ""
    found = [contrast.granted(stated) for contrast in wished]
    how = next(grant for grant in _GRAVEST if any(stand == grant for stand, _ in found))
    return how, joined(dict.fromkeys(told for stand, told in found if stand == how), ", ")


def _stated(
    hits: Sequence[Hit], walls: Mapping[str, Filter], owned: Mapping[str, Own]
) -> list[Sequence[Finding] | None]:
    """What each hit's study states and its labels name; None of what is of nobody or the query's own."""
    of_study: dict[tuple[str, str], list[Finding]] = {}
    for index in {hit.index.name: hit.index for hit in hits}.values():
        studies = {str(hit.stored.record.study_id) for hit in hits if hit.index is index and hit.stored.is_case}
        if index.states_findings and studies:
            told = index.stated_in(studies, walls[index.name])
            of_study.update({(index.name, study): findings for study, findings in told.items()})
    found: list[Sequence[Finding] | None] = []
    for hit in hits:
        record = hit.stored.record
        if not hit.stored.is_case or owned[hit.index.name].holds(record.patient_id, record.study_id):
            found.append(None)
            continue
        stated = of_study.get((hit.index.name, str(record.study_id)), [])
        if not hit.index.states_findings and hit.passage:  # an index that was built before findings were kept
            stated = extract_findings(hit.passage.text)
        found.append([*stated, *labelled(hit)])
    return found
