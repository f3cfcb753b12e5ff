"""The conversation as HTML: questions, checked claims with numbered citations, abstentions, errors.

Every text goes through `Markup.format`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from assistant.records import Claim, Evidence
from assistant.ui import words
from assistant.ui.chat.cards import card
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.language import say

Opened = tuple[int, str] | None  # turn and evidence that the panel shows

_QUESTIONS = ("What do similar studies show?", "What rhythm is this?", "What does this document say about treatment?")
_WELCOME = Markup(
    '<div class="wr-welcome"><h2>Ask the archive</h2><p>Drop an X-ray, an ECG or a PDF below, or just ask. Every '
    "sentence of an answer is checked against its evidence before it appears.</p><ul>{}</ul></div>"
).format(
    Markup("").join(
        Markup('<li><button type="button" data-act="suggest" data-question="{}">{}</button></li>').format(
            question, question
        )
        for question in _QUESTIONS
    )
)


def conversation_html(conversation: Conversation) -> Markup:
    """All turns, oldest first."""
    if not conversation.turns:
        return _WELCOME
    opened = conversation.opened()
    turns = Markup("").join(_turn(number, turn, opened) for number, turn in enumerate(conversation.turns))
    if conversation.switched:
        turns += _new_case(True)
    return Markup('<div class="wr-turns" role="log" aria-label="Conversation">{}</div>').format(turns)


def _turn(number: int, turn: Turn, opened: Opened) -> Markup:
    files = Markup("").join(card(upload) for upload in turn.uploads)
    attached = (
        Markup('<ul class="wr-cards" aria-label="Files that came with it">{}</ul>').format(files) if files else ""
    )
    return _new_case(turn.new_case) + Markup(
        '<section class="wr-turn"><div class="wr-question"><span class="wr-who">You</span><p>{}</p>{}</div>'
        '<div class="wr-answer" data-stage="{}"><span class="wr-who">Wardround</span>{}{}{}{}</div></section>'
    ).format(
        turn.question,
        attached,
        turn.stage,
        _step(turn),
        _note(turn),
        _claims(number, turn, opened),
        _end(number, turn),
    )


def _new_case(begins: bool) -> Markup:
    if not begins:
        return Markup("")
    return Markup('<p class="wr-case" role="separator">New case: nothing from above goes along with what follows.</p>')


def _step(turn: Turn) -> Markup:
    if turn.search is None:
        doing = say("uploads.in_line", place=turn.place) if turn.place else "Searching the archive …"
        return Markup('<p class="wr-step wr-busy">{}</p>').format(doing) if turn.stage == "searching" else Markup("")
    kept = sum(evidence.kept for evidence in turn.search.evidence)
    told = [f"asked as: {turn.search.query}"] if turn.search.query != turn.question else []
    route = Markup("").join(
        Markup("<li>{}</li>").format(step) for step in (*told, *turn.search.route, *_left_out(turn))
    )
    return Markup('<details class="wr-step"><summary>Searched: kept {} of {}</summary><ul>{}</ul></details>').format(
        kept, len(turn.search.evidence), route
    )


def _left_out(turn: Turn) -> list[str]:
    """What the prompt's budget left out, in words."""
    use = turn.answer.prompt_use if turn.answer else None
    if use is None or not use.dropped:
        return []
    turns = [dropped.what for dropped in use.dropped if dropped.what.startswith("turn ")]
    pieces = len(use.dropped) - len(turns)
    parts = [f"{pieces} piece{'s' * (pieces != 1)} of evidence"] * bool(pieces) + turns
    return [f"prompt: about {use.tokens} tokens; left out {', '.join(parts)}, {use.dropped[0].why}"]


def _note(turn: Turn) -> Markup:
    return Markup('<p class="wr-note" role="status">{}</p>').format(turn.note) if turn.note else Markup("")


def _claims(number: int, turn: Turn, opened: Opened) -> Markup:
    if not turn.claims:
        return Markup("")
    order = turn.numbered()
    known = turn.evidence()
    lit = opened[1] if opened and opened[0] == number else None

    def cite(key: str) -> Markup:
        return _citation(number, order[key], known.get(key), key == lit)

    items = Markup("").join(_claim(claim, cite) for claim in turn.claims)
    return Markup('<ol class="wr-claims">{}</ol>').format(items)


def _claim(claim: Claim, cite: Callable[[str], Markup]) -> Markup:
    mark, told = words.verdict(claim)
    cited = Markup("").join(map(cite, claim.citations))
    why = (
        Markup('<span class="wr-why">{}</span>').format(claim.why) if claim.why and claim.verdict != "supported" else ""
    )
    return Markup(
        '<li class="wr-claim wr-{}"><p class="wr-said"><span class="wr-text">{}</span>{}</p>'
        '<p class="wr-verdict" title="{}"><span aria-hidden="true">{}</span> {}{}</p></li>'
    ).format(claim.verdict, claim.text, cited, claim.why, mark, told, why)


def _citation(turn: int, number: int, evidence: Evidence | None, lit: bool) -> Markup:
    if evidence is None:
        return Markup('<span class="wr-cite wr-cite-gone" title="no such evidence">[{}?]</span>').format(number)
    name = words.modality(evidence.modality, evidence.kind)
    return Markup(
        '<button type="button" class="wr-cite" data-act="show" data-turn="{}" data-evidence="{}" '
        'aria-pressed="{}" aria-label="Evidence {}: {}">{}</button>'
    ).format(turn, evidence.id, "true" if lit else "false", number, name, number)


def _end(number: int, turn: Turn) -> Markup:
    if turn.error:
        return Markup('<p class="wr-error" role="alert"><strong>That did not work.</strong> {}</p>').format(turn.error)
    if turn.stage == "checking":
        doing = "Checking each sentence against its evidence …"
        doing = say("uploads.in_line", place=turn.place) if turn.place else doing
        return Markup('<p class="wr-step wr-busy">{}</p>').format(doing)
    if turn.stage == "stopped":
        return Markup('<p class="wr-step">Stopped.</p>')
    if turn.answer is None or not turn.answer.abstained:
        return Markup("")
    return Markup(
        '<div class="wr-abstained" role="status"><strong>∅ No answer.</strong> The evidence does not support one.'
        "<p>{}</p>{}{}</div>"
    ).format(turn.answer.reason, _nearest(number, turn), _unsourced(turn.answer.own_knowledge))


def _nearest(number: int, turn: Turn) -> Markup:
    """What came closest, for the reader to judge; a miss is offered, never woven into an answer."""
    known = turn.evidence()
    near = [known[key] for key in (turn.answer.closest if turn.answer else ()) if key in known]
    if not near:
        return Markup("")
    items = Markup("").join(
        Markup(
            '<li><button type="button" class="wr-near" data-act="show" data-turn="{}" data-evidence="{}">{}</button>'
            "</li>"
        ).format(number, e.id, f"{words.modality(e.modality, e.kind)}: {shorten(words.gist(e))}")
        for e in near
    )
    return Markup('<p class="wr-near-head">Nearest evidence, not good enough to answer from:</p><ul>{}</ul>').format(
        items
    )


def _unsourced(sentences: Sequence[str]) -> Markup:
    """The model's own knowledge, set apart so that nobody takes it for an answer from evidence."""
    if not sentences:
        return Markup("")
    return Markup(
        '<div class="wr-unsourced" role="note"><p class="wr-verdict"><span aria-hidden="true">⊘</span> No source: '
        "the model’s own knowledge, unchecked</p><p>{}</p></div>"
    ).format(" ".join(sentences))


def shorten(text: str, longest: int = 110) -> str:
    """One line of at most `longest` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0] + " …"
