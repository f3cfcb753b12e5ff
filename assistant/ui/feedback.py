"""What people say of single sentences, of answers and of drafts: the element below a sentence, and where it sends to.

The element is `static/wr_opinion.js`. What it sends is sealed: a visitor can judge only what the page showed them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse
from markupsafe import Markup
from pydantic import BaseModel, Field

from assistant.errors import WardroundError
from assistant.feedback import as_csv, as_json_lines, feedback_rows
from assistant.store.opinions import LONGEST_COMMENT, Opinion, Target, give, own_opinions, take_back
from assistant.ui.gate.seals import admit_sealed, sealed
from assistant.ui.gate.visitor import need, visitor
from assistant.ui.language import say
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.store.workspace_db import WorkspaceDb
    from assistant.ui.chat.conversation import Turn

ROUTE = "/wr/opinion"
EXPORT = "/wr/feedback"
_TEXTS = (
    "open", "title", "right", "wrong", "harmful", "comment", "save", "take_back", "close", "kept", "gone", "failed",
    "choose", "given",
)  # fmt: skip

Said = Callable[[Target], tuple[Mapping[str, Any], Sequence[str]]]
"""A draft's sentence → its claim, and the pseudonyms of whom it concerns. Raises WardroundError."""


class Given(BaseModel):
    """What the element sends; without a judgement, the opinion is taken back."""

    target: str = Field(max_length=400)
    judgement: str | None = Field(None, max_length=20)
    comment: str = Field("", max_length=LONGEST_COMMENT)


def opinion_html(target: Target, given: Opinion | None) -> Markup:
    """The element below a sentence, with what the visitor has said of it so far."""
    texts = {name: say(f"feedback.{name}") for name in _TEXTS}
    return Markup(
        '<wr-opinion data-route="{}" data-target="{}" data-judgement="{}" data-comment="{}" data-longest="{}" '
        'data-texts="{}"></wr-opinion>'
    ).format(
        ROUTE,
        sealed(_name(target)),
        given.judgement if given else "",
        given.comment if given else "",
        LONGEST_COMMENT,
        json.dumps(texts),
    )


def opinions_below(db: WorkspaceDb, turns: Sequence[Turn]) -> Callable[[Turn, int, int], Markup]:
    """The elements below the sentences of a conversation's kept turns."""
    given = own_opinions(db, [turn.row for turn in turns if turn.row is not None])

    def below(turn: Turn, _: int, sentence: int) -> Markup:
        target = Target(turn.row, None, str(sentence))
        return opinion_html(target, given.get(target))

    return below


def feedback_router(assistant: Assistant, said_in_draft: Said) -> APIRouter:
    """The routes that keep an opinion, and that hand out everybody's to an auditor."""
    router = APIRouter()

    @router.post(ROUTE, include_in_schema=False)
    def keep(given: Given) -> dict[str, str]:
        need("reader", "author")
        target = _target(admit_sealed(given.target))
        comment = assistant.without_identifiers(given.comment)
        try:
            if given.judgement is None:
                take_back(assistant.db, target)
            elif target.draft is None:
                give(assistant.db, target, given.judgement, comment)
            else:
                said, concerns = said_in_draft(target)
                give(assistant.db, target, given.judgement, comment, said, concerns)
        except WardroundError as error:
            raise HTTPException(422, translated(error)) from error
        return {"judgement": given.judgement or "", "comment": comment}

    @router.get(EXPORT + ".{form}", include_in_schema=False)
    def export(form: str) -> StreamingResponse:
        need("auditor")
        if form not in ("jsonl", "csv"):
            raise HTTPException(404, "feedback is handed out as jsonl or csv")
        rows = feedback_rows(assistant.db)
        lines: Iterator[str] = as_csv(rows) if form == "csv" else as_json_lines(rows)
        kind = "text/csv" if form == "csv" else "application/x-ndjson"
        name = {"Content-Disposition": f'attachment; filename="feedback.{form}"'}
        return StreamingResponse(lines, media_type=f"{kind}; charset=utf-8", headers=name)

    return router


def export_links() -> Markup:
    """Links to everybody's feedback, for whoever may have it."""
    if not visitor().may("auditor"):
        return Markup("")
    links = (Markup('<a href="{}.{}" download>{}</a>').format(EXPORT, form, form.upper()) for form in ("jsonl", "csv"))
    return Markup('<p class="wr-feedback-export">{} {}</p>').format(say("feedback.export"), Markup(" · ").join(links))


def _name(target: Target) -> str:
    return (
        f"turn:{target.turn}:{target.sentence}"
        if target.turn is not None
        else f"draft:{target.draft}:{target.sentence}"
    )


def _target(name: str) -> Target:
    kind, _, rest = name.partition(":")
    of, _, sentence = rest.partition(":")
    return Target(int(of), None, sentence) if kind == "turn" else Target(None, of, sentence)
