"""How an answer comes about, shown as it happens: the search and what it kept and dropped, then how it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from assistant.records import Answer, Evidence
from assistant.ui.chat.conversation import Turn
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import number as figure
from assistant.ui.language.told import translated

SHOWN_DROPPED = 4  # lines of what was left out; the rest is counted, and listed in the evidence panel
_STAGES = ("retrieve", "generate", "total")


def steps_html(turn: Turn) -> Markup:
    """Where a question stands, and what its search did: open while the answer is being written."""
    if turn.search is None:
        doing = say("uploads.in_line", place=turn.place) if turn.place else say("talk.searching")
        return _busy(doing) if turn.stage == "searching" else Markup("")
    kept = [piece for piece in turn.search.evidence if piece.kept]
    dropped = [piece for piece in turn.search.evidence if not piece.kept]
    told = [*map(translated, turn.search.route), *_counted(kept), *_left_out(turn.answer)]
    lines = Markup("").join(Markup("<li>{}</li>").format(line) for line in told)
    return Markup('<details class="wr-step" data-keep="steps"{}><summary>{}</summary><ul>{}</ul>{}</details>').format(
        Markup(" open") if turn.stage == "checking" else "",
        say("talk.searched", kept=figure(len(kept)), all=figure(len(kept) + len(dropped))),
        lines,
        _dropped(turn, dropped),
    )


def understood_html(turn: Turn, read: str) -> Markup:
    """What a question was understood as, where that is not what was asked: a wrong reading has to be seen at once."""
    if " ".join(read.split()).casefold() in " ".join(turn.question.split()).casefold():  # less an "And", say
        return Markup("")
    return Markup('<p class="wr-understood">{}</p>').format(say("talk.understood_as", question=read))


def writing_html(turn: Turn) -> Markup:
    """What is being done while sentences come in; nothing once the answer is there."""
    if turn.stage != "checking":
        return Markup("")
    return _busy(say("uploads.in_line", place=turn.place) if turn.place else say("talk.checking"))


def how_html(turn: Turn) -> Markup:
    """The fold that says how an answer came about: route, contexts, model, prompt, citations, timings."""
    answer = turn.answer
    if answer is None:
        return Markup("")
    kept = sum(piece.kept for piece in answer.evidence)
    contexts = say("how.contexts_told", kept=figure(kept), all=figure(len(answer.evidence)))
    if use := answer.prompt_use:
        contexts += " " + say_count("how.tokens", use.tokens)
    rows = [
        ("how.route", "; ".join(map(translated, answer.route))),
        ("how.contexts", contexts),
        ("how.model", answer.model),
        ("how.prompt", answer.prompt or say("how.no_prompt")),
        ("how.mode", answer.mode),
        ("how.checked", _checked(answer)),
        ("how.citations", _citations(answer)),
    ]
    body = Markup("").join(
        Markup("<dt>{}</dt><dd><bdi>{}</bdi></dd>").format(say(name), told) for name, told in rows if told
    )
    return Markup(
        '<details class="wr-how" data-keep="how"><summary>{}</summary><dl class="wr-about">{}'
        "<dt>{}</dt><dd>{}</dd></dl></details>"
    ).format(say("how.title"), body, say("how.time"), _times(answer))


def told_of(turn: Turn) -> str:
    """Where a turn stands in a few words, for a screen reader."""
    if turn.stage == "searching":
        return say("uploads.in_line", place=turn.place) if turn.place else say("talk.searching")
    if turn.stage == "checking":
        return say_count("talk.so_far", len(turn.claims)) if turn.claims else say("talk.checking")
    if turn.answer is not None and turn.answer.abstained:
        return say("talk.abstained")
    if turn.stage == "done":
        return say("talk.complete", checked=_checked(turn.answer) if turn.answer else "")
    return say(f"talk.{turn.stage}")


def _busy(doing: str) -> Markup:
    return Markup('<p class="wr-step wr-busy">{}</p>').format(doing)


def _counted(kept: Sequence[Evidence]) -> list[str]:
    """What was kept, by what it is and whose: "kept: 3 × Report (another patient)"."""
    kinds = Counter((words.modality(e.modality, e.kind), words.relation(e, ())) for e in kept)
    listed = [f"{figure(count)} × {name} ({whose})" for (name, whose), count in kinds.items()]
    return [say("talk.kept", listed=", ".join(listed))] if listed else []


def _dropped(turn: Turn, dropped: Sequence[Evidence]) -> Markup:
    if not dropped:
        return Markup("")
    lines = [
        f"{words.modality(piece.modality, piece.kind)}: {turn.with_numbers(translated(piece.why))}"
        for piece in dropped[:SHOWN_DROPPED]
    ]
    left = len(dropped) - SHOWN_DROPPED
    lines += [say_count("uploads.more", left)] if left > 0 else []
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    html = Markup('<details class="wr-left-out" data-keep="left-out"><summary>{}</summary><ul>{}</ul></details>')
    return html.format(say_count("talk.dropped", len(dropped)), items)


def _left_out(answer: Answer | None) -> list[str]:
    """What the prompt's budget left out, in words."""
    use = answer.prompt_use if answer else None
    if use is None or not use.dropped:
        return []
    turns = [dropped.what.removeprefix("turn ") for dropped in use.dropped if dropped.what.startswith("turn ")]
    pieces = len(use.dropped) - len(turns)
    parts = [say_count("talk.pieces", pieces)] if pieces else []
    parts += [say("talk.turn", turn=turn) for turn in turns]
    return [say("talk.left_out", tokens=figure(use.tokens), parts=", ".join(parts), why=translated(use.dropped[0].why))]


def _checked(answer: Answer) -> str:
    """ "3 sentences: 2 supported, 1 not supported"."""
    counts = Counter(words.verdict(claim)[1].split(" (")[0] for claim in answer.claims)
    listed = ", ".join(f"{figure(count)} {verdict}" for verdict, count in counts.items())
    return say_count("how.sentences", len(answer.claims), listed=listed) if answer.claims else ""


def _citations(answer: Answer) -> str:
    counts = answer.citation_counts
    if not counts.written:
        return ""
    return say("how.citations_told", written=figure(counts.written), carry=figure(counts.carry),
               wrong=figure(counts.wrong), repaired=figure(counts.repaired))  # fmt: skip


def _times(answer: Answer) -> Markup:
    """The stages as bars, in milliseconds; what they consist of beside them."""
    times = answer.timing_ms
    most = max([times.get(name, 0.0) for name in _STAGES] + [1.0])
    bars = Markup("").join(
        Markup('<li><span>{}</span> <b>{} ms</b> <i class="wr-bar-time" style="width:{}%"></i></li>').format(
            say(f"how.{name}"), figure(times[name]), round(100 * times[name] / most)
        )
        for name in _STAGES
        if name in times
    )
    rest = ", ".join(f"{name} {figure(value)} ms" for name, value in times.items() if name not in _STAGES)
    return Markup('<ul class="wr-times">{}</ul><span class="wr-why">{}</span>').format(bars, rest)
