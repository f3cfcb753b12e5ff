"""Evidence as it is compared: read once, and what stands in it word for word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.findings.mentions import read_sentence
from assistant.findings.quantities import Quantity
from assistant.findings.sentences import sentences
from assistant.verify.clinical import Said
from assistant.verify.wording import Wording, read_wording, stem

_RUNNING = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+|[<>=≥≤±%−°?]|(?<!\w)-(?=\d)")
_LIST_LEAD = re.compile(r"(?:(?:\(?\d{1,2}[.)]|\(?[a-z][.)]|Summary\s*:)\s+)+")
_SPACES = re.compile(r"[ \t]{2,}")  # between the columns of a table
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " ", "‑": "-"})


@dataclass(frozen=True, slots=True)
class ReadEvidence:
    """Evidence, read once: its texts, cut into sentences, what they say, and their words for quotations."""

    texts: tuple[str, ...]
    pieces: tuple[tuple[Wording, ...], ...]
    said: tuple[Said, ...]
    quantities: tuple[Quantity, ...]
    quotable: frozenset[str]
    running: tuple[Running, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Running:
    """A piece's words in a row, a space around each, and where its sentences begin and end in that row."""

    words: str
    starts: frozenset[int]
    ends: frozenset[int]


def _run(cut: Sequence[str]) -> Running:
    row, starts, ends = " ", [], []
    for sentence in cut:
        starts.append(len(row) - 1)
        if lead := _LIST_LEAD.match(sentence):  # "1. Rest." may be quoted without its number
            starts.append(len(row) + len(running_words(lead.group())) - 2)
        row += running_words(sentence)[1:]
        ends.append(len(row))
    return Running(row, frozenset(starts), frozenset(ends))


def running_words(text: str) -> str:
    """The words and signs of a text in lower case, a space before, between and after; marks and lines are gone."""
    found = _RUNNING.findall(unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(found)} " if found else " "


def stands_in(claim: str, evidence: ReadEvidence) -> bool:
    """Whether the claim is one or several whole sentences of the evidence, however these are broken into lines."""
    wanted = running_words(claim)
    if wanted == " ":
        return False
    for piece in evidence.running:
        at = piece.words.find(wanted)
        while at >= 0:
            if at in piece.starts and at + len(wanted) in piece.ends:
                return True
            at = piece.words.find(wanted, at + 1)
    return False


@lru_cache(maxsize=512)
def read_evidence(pieces: tuple[str, ...]) -> ReadEvidence:
    """Evidence as it is compared; kept, for all sentences of an answer are judged against the same."""
    cut = [[_SPACES.sub(" ", sentence) for sentence in sentences(piece)] for piece in pieces]
    flat = [sentence for piece in cut for sentence in piece]
    readings = [read_sentence(sentence) for sentence in flat]
    worded = tuple(tuple(read_wording(sentence) for sentence in piece) for piece in cut)
    return ReadEvidence(
        pieces,
        worded,
        tuple(Said(mention, reading.text) for reading in readings for mention in reading.mentions),
        tuple(quantity for reading in readings for quantity in reading.quantities),
        frozenset(quotable(sentence) for sentence in flat),
        tuple(_run(piece) for piece in cut),
        frozenset(
            word
            for piece in worded
            for sentence in piece
            for word in (*sentence.meant, *(stem(plain) for plain in sentence.plain))
        ),
    )


def quotable(text: str) -> str:
    """Text as quotations are compared: one kind of quote, dash and space, lower case, no closing mark."""
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return " ".join(plain.split()).casefold().strip(" .;:,\"'")
