"""Everybody's feedback as rows to work with: JSON Lines or CSV, one opinion a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from assistant.store.opinions import GivenOpinion, all_opinions
from assistant.store.workspace_db import WorkspaceDb

COLUMNS = (
    "given_at", "by", "judgement", "comment", "about", "question", "sentence", "text", "claim_about", "verdict",
    "error_kind", "why", "citations", "evidence", "model", "prompt", "draft",
    "run", "study_id", "section",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would reckon with


def feedback_rows(db: WorkspaceDb) -> Iterator[dict[str, Any]]:
    """One opinion a row, oldest first, with the sentence as it stood and the texts that it cites.

    That they were handed out is told to the access log.
    """
    db.log_access("export_feedback", [("all", None)])
    return map(_row, all_opinions(db))


def as_json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """With a header; lists as JSON. No cell is a formula: an apostrophe goes before one that would be."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line(_cell(row[name]) for name in COLUMNS)


def _row(given: GivenOpinion) -> dict[str, Any]:
    said = given.said
    cited = said.get("citations", [])
    answer = given.answer or {}
    pieces = {piece["id"]: piece.get("text", "") for piece in (said.get("evidence") or answer.get("evidence", ()))}
    return {
        "given_at": given.given_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        "by": given.by,
        "judgement": given.judgement,
        "comment": given.comment,
        "about": "draft" if given.draft else "answer",
        "question": given.question,
        "sentence": given.sentence,
        "text": said.get("text", ""),
        "claim_about": said.get("about"),
        "verdict": said.get("verdict"),
        "error_kind": said.get("error_kind"),
        "why": said.get("why", ""),
        "citations": cited,
        "evidence": [pieces[key] for key in cited if key in pieces],
        "model": said.get("model") or answer.get("model"),
        "prompt": said.get("prompt") or answer.get("prompt"),
        "draft": given.draft,
        "run": said.get("run"),
        "study_id": said.get("study_id"),
        "section": said.get("section"),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()
