"""What studies say that were found by the words of a question: it is quoted, study by study, and never counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.findings import extract_findings, implies
from assistant.findings.asked import Asked
from assistant.findings.sides import Stands, side_asked, stands
from assistant.findings.wanted import Contrast, contrasts
from assistant.generate.counts import studies_of
from assistant.generate.sentences import quotable
from assistant.records import Evidence, Statement
from assistant.retrieve.question import is_reason_for_study, points_at_study, read_question
from assistant.retrieve.relevance import content_words

_OF_STUDIES = frozenset({"cases", "count"})
AT_MOST, OF_STUDIES_AT_MOST = 3, 5  # studies that are quoted; more where studies as such are asked for
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
# What a question on a study as a whole may say beside words that point at it ("is there anything else of note?").
_GENERAL = frozenset(
    content_words(
        "anything something nothing everything wrong else note main likely most overall going happening look looks "
        "like tell say says give list find found any kind sort type thing things present noted mention mentions "
        "similar other others patient patients chest acute disease diseases please good bad okay ok healthy common "
        "often archive compare compared comparison ones"
    )
)


_OF_A_CIRCUMSTANCE = re.compile(r"\W*(?:by whom|who|whose|when|where|why|wer|wann|wo|warum)\b", re.IGNORECASE)


def asks_generally(question: str) -> bool:
    """Whether a question asks what a study shows at large, and for nothing of which similar ones need say nothing:
    "findings?" does, "what is the slice thickness?" does not."""
    if not points_at_study(question) or _OF_A_CIRCUMSTANCE.match(question):
        return False
    words = [word for word in _WORD.findall(question) if not points_at_study(word)]
    return all(stem in _GENERAL for word in words for stem in content_words(word))


def found_for_words(question: str, found: Sequence[Evidence], asked: Sequence[str]) -> Iterator[Statement]:
    """A sentence, or a label, of each of the first studies that speaks of all the findings `asked` for.

    Where neither studies nor a finding in them is asked for, it holds what else the question names, too; and where
    studies are asked for with something that is no known finding, the words for it. Where a side is, sentences of that
    side go before those of none, and those of the other side are told as that where there are no others.
    """
    read = read_question(question)
    kind = read.kind
    if not asked and kind not in _OF_STUDIES:
        return
    wished = contrasts(read.subject, doubtful=True) if kind in _OF_STUDIES else ()
    named = _named_beside_findings(read.subject)
    if not (asked or named):
        return
    beside = frozenset[str]() if asked and kind in (*_OF_STUDIES, "finding") else named
    on = side_asked(read.subject)
    quoted = [one for pieces in studies_of(found).values() if (one := _quoted(pieces, asked, beside, wished, on))]
    here = [one for one in quoted if one[0] != "of the other side"] or quoted
    here.sort(key=lambda one: one[0] != "of the side")  # stable: else as they were found
    at_most = OF_STUDIES_AT_MOST if kind in _OF_STUDIES else AT_MOST
    yield from (statement for _, statement in here[:at_most])


def _quoted(
    pieces: Sequence[Evidence], asked: Sequence[str], beside: frozenset[str], wished: Sequence[Contrast], on: Asked
) -> tuple[Stands, Statement] | None:
    """What a study says, of the side that is asked for rather than of the other."""
    elsewhere: Statement | None = None
    for piece in pieces:
        states = piece.kind == "text" and not is_reason_for_study(piece.section)
        for _, sentence in quotable(piece.text, least_words=1) if states else ():
            if not (beside <= set(content_words(sentence)) and _speaks(sentence, asked, wished)):
                continue
            if (where := stands(on, sentence)) != "of the other side":
                return where, Statement(f"In a study found for these words: “{sentence}”", (piece.id,), "similar")
            text = f"In a study found for these words, of the other side: “{sentence}”"
            elsewhere = elsewhere or Statement(text, (piece.id,), "similar")
    for piece in pieces:
        for label in piece.labels.values() if piece.kind != "text" and not beside else ():
            if _speaks(label, asked, wished) and (where := stands(on, label)) != "of the other side":
                text = f"A study found for these words is labelled “{label}”."
                return where, Statement(text, (piece.id,), "similar")
    return ("of the other side", elsewhere) if elsewhere else None


def _speaks(text: str, asked: Sequence[str], wished: Sequence[Contrast]) -> bool:
    """Whether a text states or denies everything asked for; as it is wished for, where it is."""
    stated = extract_findings(text)
    if any(not any(implies(finding, name) for finding in stated) for name in asked):
        return False
    return all(any(map(wish.wanted.fits, stated)) for wish in wished)


def _named_beside_findings(question: str) -> frozenset[str]:
    """The stems of what a question names beside findings: of "digoxin and hypokalemia" the digoxin."""
    rest = list(question)
    for finding in extract_findings(question):
        rest[finding.start : finding.end] = " " * (finding.end - finding.start)
    words = [word for word in _WORD.findall("".join(rest)) if not points_at_study(word)]
    return frozenset(stem for word in words for stem in content_words(word)) - _GENERAL
