"""The conversation as HTML: questions, checked claims with numbered citations, abstentions, errors.

Every text goes through `Markup.format`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from assistant.assistant import NAMED_PATIENT
from assistant.pseudonyms import is_patient_pseudonym
from assistant.records import Claim, Evidence
from assistant.ui.chat.cards import card
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.own_dates import OwnDates
from assistant.ui.chat.steps import how_html, steps_html, understood_html, writing_html
from assistant.ui.language import say, say_count, words
from assistant.ui.language.told import translated

Opened = tuple[int, str] | None  # turn and evidence that the panel shows
Tools = Callable[[Turn, int, int], Markup]
"""What stands below a sentence: (turn, its number, the sentence's number) → buttons, say."""

SHOWN_TURNS = 20  # all of them are drawn anew with each sentence
_QUESTIONS = ("talk.try_similar", "talk.try_rhythm", "talk.try_document")


def no_tools(turn: Turn, number: int, sentence: int) -> Markup:
    return Markup("")


def conversation_html(
    conversation: Conversation, tools: Tools = no_tools, editing: int | None = None, all_turns: bool = False
) -> Markup:
    """The turns, oldest first, of a long conversation the last ones; `editing` is the one that is being put anew."""
    if not conversation.turns:
        return _welcome()
    opened, dates = conversation.opened(), OwnDates(conversation)
    hidden = 0 if all_turns else max(0, len(conversation.turns) - SHOWN_TURNS)
    turns = act("earlier", say_count("talk.earlier", hidden)) if hidden else Markup("")
    turns += Markup("").join(
        _turn(number, turn, opened, conversation, dates, tools, editing)
        for number, turn in enumerate(conversation.turns)
        if number >= hidden
    )
    if conversation.switched:
        turns += _new_case(True)
    if editing is not None:
        turns += Markup('<p class="wr-editing-note">{} {}</p>').format(
            say("talk.editing", turn=editing + 1), act("leave_editing", say("talk.leave_editing"))
        )
    return Markup('<div class="wr-turns" role="log" aria-live="off" aria-label="{}">{}</div>').format(
        say("talk.name"), turns
    )


def act(name: str, text: str, css: str = "wr-act", **data: object) -> Markup:
    """A button whose click reaches `Desk.act` under that name, with the data."""
    told = Markup("").join(Markup(' data-{}="{}"').format(key.replace("_", "-"), value) for key, value in data.items())
    return Markup('<button type="button" class="{}" data-act="{}"{}>{}</button>').format(css, name, told, text)


def _welcome() -> Markup:
    tries = Markup("").join(
        Markup("<li>{}</li>").format(act("suggest", say(key), css="wr-suggest", question=say(key)))
        for key in _QUESTIONS
    )
    return Markup('<div class="wr-welcome"><h2>{}</h2><p>{}</p><ul>{}</ul></div>').format(
        say("talk.welcome"), say("talk.welcome_how"), tries
    )


def _turn(
    number: int, turn: Turn, opened: Opened, conversation: Conversation, dates: OwnDates, tools: Tools,
    editing: int | None,
) -> Markup:  # fmt: skip
    return _new_case(turn.new_case) + Markup(
        '<section class="wr-turn{}" data-turn="{}" aria-label="{}"><div class="wr-question">'
        '<span class="wr-who">{}</span><p>{}</p>{}</div><div class="wr-answer" data-stage="{}">'
        '<span class="wr-who">Wardround</span>{}{}{}{}{}{}{}</div></section>'
    ).format(
        " wr-editing" if editing is not None and number >= editing else "",
        number,
        say("talk.section", turn=number + 1),
        say("talk.you"),
        turn.question,
        _files(turn),
        turn.stage,
        understood_html(turn, dates.understood(turn)),
        steps_html(turn),
        _note(dates.note(turn)),
        _claims(number, turn, opened, dates, tools),
        _end(number, turn, dates),
        how_html(turn),
        _ways(number, turn, conversation),
    )


def without_files(talk: Conversation) -> str:
    """That the files of the case went with an earlier visit, and what is searched without them; else empty."""
    gone = talk.files_gone()
    if not gone or talk.case is None:
        return ""
    told = say_count("talk.files_gone", gone)
    narrowed = talk.case.patient or talk.case.studies
    return told if narrowed else f"{told} {say('talk.files_gone_archive')}"


def _files(turn: Turn) -> Markup:
    """The files that came with a question, or how many did on an earlier visit."""
    if turn.gone:
        return Markup('<p class="wr-gone">{}</p>').format(say_count("talk.gone", turn.gone))
    cards = Markup("").join(card(upload) for upload in turn.uploads)
    return (
        Markup('<ul class="wr-cards" aria-label="{}">{}</ul>').format(say("talk.came_with"), cards) if cards else cards
    )


def _new_case(begins: bool) -> Markup:
    return Markup('<p class="wr-case" role="separator">{}</p>').format(say("talk.new_case")) if begins else Markup("")


def _note(told: str) -> Markup:
    return Markup('<p class="wr-note">{}</p>').format(translated(told)) if told else Markup("")


def _claims(number: int, turn: Turn, opened: Opened, dates: OwnDates, tools: Tools) -> Markup:
    if not turn.claims:
        return Markup("")
    order = turn.numbered()
    known = turn.evidence()
    lit = opened[1] if opened and opened[0] == number else None

    def cite(key: str) -> Markup:
        return _citation(number, order[key], known.get(key), key == lit)

    judged = turn.row is not None and not turn.busy
    items = Markup("").join(
        _claim(dates.of_claim(claim, known), cite, tools(turn, number, sentence) if judged else Markup(""))
        for sentence, claim in enumerate(turn.claims)
    )
    return Markup('<ol class="wr-claims">{}</ol>').format(items)


def _claim(claim: Claim, cite: Callable[[str], Markup], tools: Markup) -> Markup:
    mark, told = words.verdict(claim)
    cited = Markup("").join(map(cite, claim.citations))
    why = (
        Markup('<span class="wr-why">{}</span>').format(translated(claim.why))
        if claim.why and claim.verdict != "supported"
        else ""
    )
    moved = Markup('<span class="wr-why wr-moved">{}</span>').format(say("verdict.dates_moved"))
    return Markup(
        '<li class="wr-claim wr-{}"><p class="wr-said"><span class="wr-text">{}</span>{}</p>'
        '<p class="wr-verdict" title="{}"><span aria-hidden="true">{}</span> {}{}{}</p>{}</li>'
    ).format(
        claim.verdict, claim.text, cited, translated(claim.why), mark, told, moved if claim.dates_moved else "", why,
        tools,
    )  # fmt: skip


def _citation(turn: int, number: int, evidence: Evidence | None, lit: bool) -> Markup:
    if evidence is None:
        return Markup('<span class="wr-cite wr-cite-gone" title="{}">[{}?]</span>').format(
            say("talk.no_evidence"), number
        )
    name = words.modality(evidence.modality, evidence.kind)
    return Markup(
        '<button type="button" class="wr-cite" data-act="show" data-turn="{}" data-evidence="{}" '
        'aria-pressed="{}" aria-label="{}">{}</button>'
    ).format(
        turn, evidence.id, "true" if lit else "false", say("talk.evidence", number=number, name=name), number
    )  # fmt: skip


def _end(number: int, turn: Turn, dates: OwnDates) -> Markup:
    if turn.stage == "refused":
        return _refusal(number, turn)
    if turn.error:
        return Markup('<p class="wr-error" role="alert"><strong>{}</strong> {}</p>').format(
            say("talk.failed"), translated(turn.error)
        )
    if turn.stage == "interrupted":
        return Markup('<p class="wr-warning">⚠ {}</p>').format(say("talk.interrupted"))
    if turn.stage == "stopped":
        return Markup('<p class="wr-step">{}</p>').format(say("talk.stopped"))
    if turn.answer is None or not turn.answer.abstained:
        return writing_html(turn)
    choose = act("choose", say("case.choose")) if turn.answer.reason == NAMED_PATIENT else ""
    return Markup(
        '<div class="wr-abstained"><p class="wr-abstained-head"><span aria-hidden="true">∅</span> <strong>{}</strong> '
        "{}</p><p>{}</p>{}{}{}</div>"
    ).format(
        say("talk.no_answer"), say("talk.no_answer_why"), translated(turn.answer.reason), choose,
        _nearest(number, turn, dates), _unsourced(turn.answer.own_knowledge),
    )  # fmt: skip


def _refusal(number: int, turn: Turn) -> Markup:
    """A question about another patient than the case's, with the ways out."""
    is_id = is_patient_pseudonym(turn.named) or any(letter.isdigit() for letter in turn.named)
    them = act("other_case", say("case.about_them", named=turn.named), turn=number)
    ways = (them if is_id else act("choose", say("case.choose"))) + act("edit", say("talk.edit"), turn=number)
    return Markup(
        '<div class="wr-refused" role="alert"><p><span aria-hidden="true">⊗</span> <strong>{}</strong> {}</p>{}</div>'
    ).format(say("case.refused"), say("case.refused_why", named=turn.named), ways)


def _ways(number: int, turn: Turn, conversation: Conversation) -> Markup:
    """What can be done with a turn of the case in play: edit its question; of the last one ask again, take it back."""
    if conversation.busy or number < conversation.first:
        return Markup("")
    ways = [] if turn.stage == "refused" else [act("edit", say("talk.edit"), turn=number)]
    if number == len(conversation.turns) - 1:
        retry = Markup('<button type="button" class="wr-act" data-act="again" data-event="retry">{}</button>')
        ways += [retry.format(say("talk.again"))] if turn.stage not in ("unasked", "refused") else []
        ways.append(act("undo", say("talk.undo")))
    return Markup('<div class="wr-turn-ways" role="group" aria-label="{}">{}</div>').format(
        say("talk.ways", turn=number + 1), Markup("").join(ways)
    )


def _nearest(number: int, turn: Turn, dates: OwnDates) -> Markup:
    """What came closest, for the reader to judge; a miss is offered, never woven into an answer."""
    known = turn.evidence()
    near = [known[key] for key in (turn.answer.closest if turn.answer else ()) if key in known]
    if not near:
        return Markup("")
    items = Markup("").join(
        Markup(
            '<li><button type="button" class="wr-near" data-act="show" data-turn="{}" data-evidence="{}">{}</button>'
            "</li>"
        ).format(number, e.id, f"{words.modality(e.modality, e.kind)}: {shorten(words.gist(dates.of_evidence(e)))}")
        for e in near
    )
    return Markup('<p class="wr-near-head">{}</p><ul>{}</ul>').format(say("talk.nearest"), items)


def _unsourced(sentences: Sequence[str]) -> Markup:
    """The model's own knowledge, set apart so that nobody takes it for an answer from evidence."""
    if not sentences:
        return Markup("")
    return Markup(
        '<div class="wr-unsourced" role="note"><p class="wr-verdict"><span aria-hidden="true">⊘</span> {}</p>'
        "<p>{}</p></div>"
    ).format(say("talk.no_source"), " ".join(sentences))


def shorten(text: str, longest: int = 110) -> str:
    """One line of at most `longest` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0] + " …"
