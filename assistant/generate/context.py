"""What of the evidence a model is shown: numbered, fenced, and within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.findings import sentence_spans
from assistant.generate.fence import attribute, defused, fenced
from assistant.generate.values import is_measured
from assistant.records import Evidence, Image, TextPlace

_LEAST_USEFUL_REST = 200  # characters: a passage that would be cut to less than this is left out


@dataclass(frozen=True, slots=True)
class Context:
    """The evidence as a prompt holds it.

    `text` is the fenced listing, `ids` maps the short label a model cites ("E1") to the evidence id,
    `pictures` are (label, image) in the order in which they go along, `dropped` the ids of the evidence that
    the budget left out.
    """

    text: str
    ids: Mapping[str, str]
    pictures: tuple[tuple[str, Image], ...]
    dropped: tuple[str, ...]


def build_context(
    evidence: Iterable[Evidence], budget_chars: int, images: Mapping[str, Image] | None = None, max_images: int = 0
) -> Context:
    """The evidence, most useful first, as far as `budget_chars` characters of listing reach.

    Measured values of the study itself come first, then its own text, then the rest as selection ranked it.
    The last passage that is shown may be cut at the end of a sentence.
    """
    images = images or {}
    shown: list[str] = []
    ids: dict[str, str] = {}
    pictures: list[tuple[str, Image]] = []
    dropped: list[str] = []
    left = budget_chars
    for piece in sorted(evidence, key=_usefulness):
        label = f"E{len(ids) + 1}"
        picture = images.get(piece.id) if len(pictures) < max_images else None
        text = _shortened(defused(piece.text), left - _overhead(label, piece))
        if not text and picture is None:
            dropped.append(piece.id)
            continue
        about = _about(piece) + (f' picture="{len(pictures) + 1}"' if picture is not None else "")
        block = fenced(label, about, text or "(a picture, no text)")
        if picture is not None:
            pictures.append((label, picture))
        shown.append(block)
        ids[label] = piece.id
        left -= len(block) + 1
    return Context("\n".join(shown), ids, tuple(pictures), tuple(dropped))


def _usefulness(piece: Evidence) -> int:
    if piece.relation == "own":
        return 0 if is_measured(piece) else 1
    return 2


def _about(piece: Evidence) -> str:
    facts = [f'relation="{piece.relation}"', f'kind="{piece.kind}"', f'modality="{attribute(piece.modality)}"']
    if piece.title:
        facts.append(f'title="{attribute(piece.title[:120])}"')
    if piece.section:
        facts.append(f'section="{attribute(piece.section[:60])}"')
    if isinstance(piece.place, TextPlace) and piece.place.page is not None:
        facts.append(f'page="{piece.place.page}"')
    if piece.labels and piece.kind != "text":
        facts.append(f'labels="{attribute("; ".join(f"{k}: {v}" for k, v in piece.labels.items())[:300])}"')
    return " ".join(facts)


def _overhead(label: str, piece: Evidence) -> int:
    return len(fenced(label, _about(piece), "")) + len(' picture="1"') + 1


def _shortened(text: str, room: int) -> str:
    """The text, or its first whole sentences that fit; nothing if that would leave too little."""
    text = text.strip()
    if len(text) <= room:
        return text
    if room < _LEAST_USEFUL_REST:
        return ""
    ends = [end for _, end in sentence_spans(text) if end <= room]
    return text[: ends[-1]] if ends else ""
