"""What of the evidence a model is shown: numbered, fenced, and within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.findings import sentence_spans
from assistant.generate.fence import attribute, defused, fenced
from assistant.generate.tokens import estimate_tokens
from assistant.generate.values import is_measured
from assistant.records import Dropped, Evidence, Image, Statement, TextPlace, countable
from assistant.wording import worded

_LEAST_USEFUL_REST = 50  # tokens: a passage that would be cut to less than this is left out
# Of the budget, what earlier turns may take: a follow-up needs the last turns, but rests on evidence.
_EARLIER_SHARE = 0.25
_HISTORY = "history, "  # how the reason begins for which an earlier study was kept; the interval follows


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier turn of the conversation: the question and the sentences that passed the check, with citations."""

    number: int  # counted from 1
    question: str
    said: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The evidence as a prompt holds it.

    `text` is the fenced listing, `ids` maps the short label a model cites ("E1") to the evidence id, `pictures` are
    (label, image) in the order in which they go along, `earlier` the fenced earlier turns. `dropped` says what the
    budget left out, evidence by its id and turns as "turn 2"; `tokens` is an estimate of what is shown.
    """

    text: str
    ids: Mapping[str, str]
    pictures: tuple[tuple[str, Image], ...]
    dropped: tuple[Dropped, ...]
    earlier: str = ""
    tokens: int = 0


def build_context(
    evidence: Iterable[Evidence],
    budget_tokens: int,
    images: Mapping[str, Image] | None = None,
    max_images: int = 0,
    earlier: Sequence[Exchange] = (),
) -> Context:
    """The evidence, most useful first, as far as a budget of tokens reaches.

    Measured values of the study itself come first, then its own text, then the rest as selection ranked it. The last
    passage that is shown may be cut at the end of a sentence. Of the earlier turns the last ones are told, in at most
    a quarter of the budget; sentences cite what is listed now.
    """
    told, forgotten = _remembered(earlier, int(_EARLIER_SHARE * budget_tokens))
    listing = _Listing(budget_tokens - sum(map(_cost, told)), images or {}, max_images)
    for piece in sorted(evidence, key=_usefulness):
        listing.add(piece)
    labels = {key: label for label, key in listing.ids.items()}
    text = "\n".join(listing.blocks)
    turns = "\n".join(_turn(exchange, labels) for exchange in told)
    why = worded("beyond the prompt's budget of {tokens} tokens", tokens=budget_tokens)
    dropped = [f"turn {exchange.number}" for exchange in forgotten] + listing.dropped
    return Context(
        text, listing.ids, tuple(listing.pictures), tuple(Dropped(what, why) for what in dropped), turns,
        estimate_tokens(text) + estimate_tokens(turns),
    )  # fmt: skip


@dataclass(slots=True)
class _Listing:
    """The evidence shown so far, and the tokens that are left."""

    left: int
    images: Mapping[str, Image]
    max_images: int
    blocks: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    pictures: list[tuple[str, Image]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def add(self, piece: Evidence) -> None:
        label = f"E{len(self.ids) + 1}"
        picture = self.images.get(piece.id) if len(self.pictures) < self.max_images else None
        about = _about(piece) + (f' picture="{len(self.pictures) + 1}"' if picture is not None else "")
        text = _shortened(defused(piece.text), self.left - estimate_tokens(fenced(label, about, "")))
        block = fenced(label, about, text or "(a picture, no text)")
        if (not text and picture is None) or estimate_tokens(block) + 1 > self.left:
            self.dropped.append(piece.id)
            return
        if picture is not None:
            self.pictures.append((label, picture))
        self.blocks.append(block)
        self.ids[label] = piece.id
        self.left -= estimate_tokens(block) + 1


def _remembered(earlier: Sequence[Exchange], budget: int) -> tuple[list[Exchange], list[Exchange]]:
    """The last turns that fit into the budget, and those before them."""
    first = len(earlier)
    while first and (budget := budget - _cost(earlier[first - 1])) >= 0:
        first -= 1
    return list(earlier[first:]), list(earlier[:first])


def _cost(exchange: Exchange) -> int:
    return estimate_tokens(_turn(exchange, {})) + 6 * sum(len(said.citations) for said in exchange.said)


def _turn(exchange: Exchange, labels: Mapping[str, str]) -> str:
    lines = [f"Question: {defused(exchange.question)}"]
    for said in exchange.said:
        cited = [labels[key] for key in said.citations if key in labels]
        lines.append(defused(said.text) + (f" [{', '.join(cited)}]" if cited else ""))
    return f'<data id="turn-{exchange.number}" earlier="yes">\n' + "\n".join(lines) + "\n</data>"


def _usefulness(piece: Evidence) -> int:
    if piece.relation == "own":
        return 0 if is_measured(piece) else 1
    return 2


def _about(piece: Evidence) -> str:
    facts = [f'relation="{piece.relation}"', f'kind="{piece.kind}"', f'modality="{attribute(piece.modality)}"']
    if piece.relation == "similar" and not countable([piece]):
        facts.append('found="by words"')
    if piece.title:
        facts.append(f'title="{attribute(piece.title[:120])}"')
    if piece.section:
        facts.append(f'section="{attribute(piece.section[:60])}"')
    if isinstance(piece.place, TextPlace) and piece.place.page is not None:
        facts.append(f'page="{piece.place.page}"')
    if piece.relation == "own" and piece.why.startswith(_HISTORY):
        facts.append(f'taken="{attribute(piece.why.removeprefix(_HISTORY).partition(":")[0])}"')
    if piece.labels and piece.kind != "text":
        facts.append(f'labels="{attribute("; ".join(f"{k}: {v}" for k, v in piece.labels.items())[:300])}"')
    return " ".join(facts)


def _shortened(text: str, room: int) -> str:
    """The text, or its first whole sentences that fit into `room` tokens; nothing if that would leave too little."""
    text = text.strip()
    if estimate_tokens(text) <= room:
        return text
    if room < _LEAST_USEFUL_REST:
        return ""
    shown = ""
    for _, end in sentence_spans(text):
        if estimate_tokens(text[:end]) > room:
            break
        shown = text[:end]
    return shown
