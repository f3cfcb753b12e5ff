"""What the patient's own texts and uploaded documents say on a question, quoted line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from assistant.generate.sentences import NOT_A_STATEMENT, Sentence, alike, best_sentences
from assistant.generate.task import TextEncoder
from assistant.records import Evidence, TextPlace
from assistant.retrieve.lines import Line, lines, title_of
from assistant.retrieve.question import read_question
from assistant.retrieve.within import Found, answering, asked_of_document
from assistant.store.indexed_text import DOCUMENT

AT_MOST, OF_A_SECTION = 4, 8  # lines that are quoted; of a section, where its heading is what was asked for
# A score of `best_sentences`. Of 29 questions of PubMedQA whose own abstract holds no such line, 9 get an answer by it,
# of 80 beside another's abstract none, nor of 38 that made documents do not answer (the first of these has 0.53).
_NEAR_IN_MEANING = 0.6
_NEAR_BEST = 0.9  # of the best line's share of the question


def document_sentences(question: str, own: Sequence[Evidence], encode: TextEncoder | None = None) -> list[Sentence]:
    """The lines of own texts that answer a question, in reading order, the record with the best of them first.

    Where none holds its words, and nothing of a kind (a dose, a treatment) is wanted, sentences near in meaning do. A
    line that is no sentence is quoted under its heading: `Medication: “Ramipril 5 mg once daily”`. Empty where no text
    holds what is asked for. A section of a report that is asked for as such is told by `section_asked` alone.
    """
    if read_question(question).section:
        own = [piece for piece in own if piece.modality == DOCUMENT]
    asked = asked_of_document(question)
    told: list[tuple[float, list[Sentence]]] = []
    ranked = sorted(enumerate(own), key=lambda pair: (pair[1].record_id, _start(pair[1])))
    for _, pieces in groupby(ranked, key=lambda pair: pair[1].record_id):
        document = [(line, rank, piece) for rank, piece in pieces for line in _lines(piece)]
        if not document:
            continue
        first = min((piece for _, _, piece in document), key=_start)
        title = first.title or (title_of(first.text) if _start(first) == 0 else "")
        places = {id(line): (rank, piece) for line, rank, piece in document}
        chosen = _chosen(answering(asked, [line for line, _, _ in document], title), whole=asked.whole)
        if chosen:
            sentences = [_sentence(found, *places[id(found.line)]) for found in chosen]
            told.append((max(found.share for found in chosen), sentences))
    found: dict[str, Sentence] = {}
    for _, sentences in sorted(told, key=lambda pair: (-pair[0], pair[1][0].rank)):
        for sentence in sentences:
            if not any(alike(sentence.text, other) for other in found):
                found[sentence.text] = sentence
    if not found and not asked.wants and encode is not None:
        return best_sentences(question, own, encode, AT_MOST, _NEAR_IN_MEANING)
    return list(found.values())[:OF_A_SECTION]


def _lines(piece: Evidence) -> Iterator[Line]:
    return (line for line in lines(piece.text, piece.section or "") if not NOT_A_STATEMENT.search(line.text))


def _chosen(found: Sequence[Found], *, whole: bool) -> list[Found]:
    """The best lines; of those that only their heading tells, the whole section."""
    if not found:
        return []
    best = max(answer.share for answer in found)
    near = [answer for answer in found if answer.share >= _NEAR_BEST * best]
    if whole or any(answer.by_heading for answer in near):
        return sorted(near, key=lambda answer: not answer.by_heading)[:OF_A_SECTION]
    ranked = sorted(near, key=lambda answer: -answer.share)[:AT_MOST]
    return [answer for answer in near if answer in ranked]


def _sentence(found: Found, rank: int, piece: Evidence) -> Sentence:
    line = found.line
    named = "" if line.text.startswith(line.heading) else _named(line.heading)
    quoted = line.text if line.is_sentence else f"{named}“{line.text}”"
    return Sentence(quoted, piece, rank, line.start, found.share)


def _named(heading: str) -> str:
    return f"{heading[:1].upper()}{heading[1:].lower() if heading.isupper() else heading[1:]}: " if heading else ""


def _start(piece: Evidence) -> int:
    return piece.place.start if isinstance(piece.place, TextPlace) else 0
