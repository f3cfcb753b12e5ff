"""Searches, answers and drafts read back from the JSON that `to_json` wrote.

That is what a kept conversation, `drafts.jsonl` and the log of an evaluation hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assistant.records.answer import Answer, Claim, Draft, Dropped, PromptUse, Section
from assistant.records.evidence import BoxPlace, Evidence, Place, SearchResult, SignalPlace, TextPlace, ValuePlace

Json = Mapping[str, Any]


def stored_place(found: Json | None) -> Place | None:
    """The place that `place_json` wrote. Raises KeyError where it is none."""
    if found is None:
        return None
    if "box" in found:
        x0, y0, x1, y1 = found["box"]
        return BoxPlace((x0, y0, x1, y1), found.get("frame", 0))
    if "lead" in found:
        return SignalPlace(found["lead"], found["start_s"], found["end_s"])
    if "name" in found:
        return ValuePlace(found["name"], found["value"], found["unit"])
    return TextPlace(found["start"], found["end"], found.get("page"))


def stored_evidence(found: Json) -> Evidence:
    taken = found.get("taken_at")
    return Evidence(
        id=found["id"],
        record_id=found["record_id"],
        kind=found["kind"],
        modality=found["modality"],
        relation=found["relation"],
        text=found["text"],
        place=stored_place(found["place"]),
        score=found["score"],
        kept=found["kept"],
        why=found["why"],
        patient_id=found.get("patient_id"),
        study_id=found.get("study_id"),
        external_id=found.get("external_id"),
        labels=found.get("labels") or {},
        title=found.get("title"),
        url=found.get("url"),
        section=found.get("section"),
        found_by=found.get("found_by"),
        taken_at=datetime.fromisoformat(taken) if taken else None,
        copy_of=found.get("copy_of"),
        chosen=bool(found.get("chosen")),
        dates_moved=bool(found.get("dates_moved")),
    )


def stored_search(found: Json) -> SearchResult:
    return SearchResult(
        query=found["query"],
        route=tuple(found["route"]),
        evidence=tuple(map(stored_evidence, found["evidence"])),
        abstained=found["abstained"],
        reason=found.get("reason", ""),
        timing_ms=found.get("timing_ms") or {},
    )


def stored_claim(found: Json) -> Claim:
    written = found.get("written")
    return Claim(
        text=found["text"],
        about=found["about"],
        verdict=found["verdict"],
        error_kind=found.get("error_kind"),
        citations=tuple(found.get("citations", ())),
        score=found.get("score", 0.0),
        why=found.get("why", ""),
        written=None if written is None else tuple(written),
        dates_moved=bool(found.get("dates_moved")),
    )


def stored_answer(found: Json) -> Answer:
    """An answer without the claims that a setting had removed, which its JSON does not hold."""
    use = found.get("prompt_use")
    return Answer(
        question=found["question"],
        claims=tuple(map(stored_claim, found["claims"])),
        evidence=tuple(map(stored_evidence, found["evidence"])),
        abstained=found["abstained"],
        reason=found["reason"],
        model=found["model"],
        prompt=found.get("prompt"),
        route=tuple(found.get("route", ())),
        timing_ms=found.get("timing_ms") or {},
        standalone=found.get("standalone"),
        mode=found.get("mode"),
        prompt_use=PromptUse(use["tokens"], tuple(Dropped(**piece) for piece in use["dropped"])) if use else None,
        closest=tuple(found.get("closest", ())),
        own_knowledge=tuple(found.get("own_knowledge", ())),
        notice=found.get("notice", ""),
    )


def stored_draft(found: Json) -> Draft:
    """A line of `drafts.jsonl`. Raises KeyError, TypeError or ValueError where it is none."""
    return Draft(
        study_id=str(found["study_id"]),
        sections=tuple(Section(s["name"], tuple(map(stored_claim, s["claims"]))) for s in found["sections"]),
        evidence=tuple(map(stored_evidence, found["evidence"])),
        flags=tuple(found.get("flags", ())),
        model=found.get("model", ""),
        prompt=found.get("prompt"),
        given=found.get("given", ""),
        template=found.get("template", ""),
    )
