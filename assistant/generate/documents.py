"""What the patient's own texts and uploaded documents say on a question, quoted line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from assistant.generate.sentences import NOT_A_STATEMENT, Sentence, alike, best_sentences
from assistant.generate.task import TextEncoder
from assistant.records import Evidence, TextPlace
from assistant.retrieve.lines import Line, as_read, lines, title_of, turns
from assistant.retrieve.own import named_upload, own_title
from assistant.retrieve.passaged import follows
from assistant.retrieve.question import is_reason_for_study, read_question
from assistant.retrieve.within import Found, answering, asked_of_document
from assistant.store.indexed_text import DOCUMENT

# Lines of a record that are quoted; of a section, where its heading is what was asked for; of what sums it up.
AT_MOST, OF_A_SECTION, OF_A_SUMMARY = 4, 20, 8
_ENOUGH = 8  # lines, after which no record is told that answers in sentences
# A score of `best_sentences`. Of 29 questions of PubMedQA whose own abstract holds no such line, 9 get an answer by it,
# of 80 beside another's abstract none, nor of 38 that made documents do not answer (the first of these has 0.53).
_NEAR_IN_MEANING = 0.6
_TELLS_PATIENTS_OWN = re.compile(r"\b(?:history|complaint|admission)\b", re.IGNORECASE)
_NEAR_BEST = 0.9  # of the best line's share of the question


def document_sentences(
    question: str,
    own: Sequence[Evidence],
    encode: TextEncoder | None = None,
    *,
    of_findings: bool = False,
) -> list[Sentence]:
    """The lines of own texts that answer a question, in reading order, the record with the best of them first.

    Where none holds its words, and nothing of a kind (a dose, a treatment) is wanted, sentences near in meaning do. A
    line that is no sentence is quoted under its heading: `Medication: “Ramipril 5 mg once daily”`. Empty where no text
    holds what is asked for. A section of a report that is asked for as such is told by `section_asked` alone.
    `of_findings`: what there is is asked for, of which the reason for a study says nothing.
    """
    if read_question(question).section:
        own = [piece for piece in own if piece.modality == DOCUMENT]
    asked = asked_of_document(question)
    told: list[tuple[float, list[Sentence], int]] = []
    ranked = sorted(enumerate(own), key=lambda pair: (pair[1].record_id, _start(pair[1])))
    for _, pieces in groupby(ranked, key=lambda pair: pair[1].record_id):
        ranked_pieces = list(pieces)
        document = _lines(ranked_pieces)
        if not document:
            continue
        first = ranked_pieces[0][1]
        title = own_title(first) or (title_of(first.text) if _start(first) == 0 else "")
        places = {id(line): (rank, piece) for line, rank, piece in document}
        found_there = answering(asked, [line for line, _, _ in document], title)
        if of_findings:
            found_there = [one for one in found_there if not _says_why(one.line.heading, places[id(one.line)][1])]
        chosen, more = _chosen(found_there, whole=asked.whole)
        if chosen:
            sentences = [_sentence(found, *places[id(found.line)]) for found in chosen]
            told.append((max(found.share for found in chosen), sentences, more))
    found: dict[str, Sentence] = {}
    for _, sentences, more in sorted(told, key=lambda of_record: (-of_record[0], of_record[1][0].rank)):
        if len(found) >= _ENOUGH and not any(map(_is_item, sentences)):
            continue
        new = [sentence for sentence in sentences if not _is_told(sentence, found)]
        if new and more:
            new[-1] = replace(new[-1], text=f"{new[-1].text} (and {more} more {'line' if more == 1 else 'lines'})")
        found |= {sentence.text: sentence for sentence in new}
    if not found and not asked.wants and encode is not None:
        near = [piece for piece in own if not (of_findings and _says_why(piece.section or "", piece))]
        return best_sentences(question, near, encode, AT_MOST, _NEAR_IN_MEANING)
    return list(found.values())


def _says_why(heading: str, piece: Evidence) -> bool:
    """Whether a heading heads why a study was made; a letter's history and complaints are what the patient has."""
    return is_reason_for_study(heading) and not (piece.modality == DOCUMENT and _TELLS_PATIENTS_OWN.search(heading))


def under_headings(told: Sequence[Sentence], own: Sequence[Evidence]) -> list[Sentence]:
    """Sentences of own texts, those that say something else without their heading under it."""
    ranked = sorted(enumerate(own), key=lambda pair: (pair[1].record_id, _start(pair[1])))
    lines_ = [
        line for _, pieces in groupby(ranked, key=lambda pair: pair[1].record_id) for line in _lines(list(pieces))
    ]
    quoted = {
        (piece.id, line.text): _sentence(Found(line, 0.0, False), rank, piece).text
        for line, rank, piece in lines_
        if turns(line.heading)
    }
    return [replace(said, text=quoted.get((said.evidence.id, said.text), said.text)) for said in told]


def _is_item(sentence: Sentence) -> bool:
    return sentence.text.endswith("”")


def _is_told(sentence: Sentence, found: Mapping[str, Sentence]) -> bool:
    """Whether the same was quoted; items of a list that differ in a word ("Apixaban 5 mg …") are not the same, nor are
    sentences of two uploads, one of which may deny what the other states."""
    if sentence.text in found or _is_item(sentence):
        return sentence.text in found
    upload = named_upload(sentence.evidence)
    return any(alike(sentence.text, text) and named_upload(o.evidence) == upload for text, o in found.items())


def _lines(pieces: Sequence[tuple[int, Evidence]]) -> list[tuple[Line, int, Evidence]]:
    """The lines of a record's passages, each with its passage; those that follow on each other are read as one text, so
    that a list goes on under its heading."""
    found = []
    for run in _runs(pieces):
        start = _start(run[0][1])
        text = ""
        for _, piece in run:
            text = text.ljust(_start(piece) - start, "\n") + piece.text
        section = run[0][1].section or ""
        for line in lines(text, section, begins=start == 0, below=bool(section)):
            rank, piece = next(pair for pair in reversed(run) if _start(pair[1]) - start <= line.start)
            within = replace(line, start=line.start + start - _start(piece))
            if not NOT_A_STATEMENT.search(line.text):
                found.append((within, rank, piece))
    return found


def _runs(pieces: Sequence[tuple[int, Evidence]]) -> Iterator[list[tuple[int, Evidence]]]:
    """Passages without anything left out between them."""
    run: list[tuple[int, Evidence]] = []
    for rank, piece in pieces:
        if run and not (isinstance(piece.place, TextPlace) and follows(_end(run[-1][1]), piece.place.start)):
            yield run
            run = []
        run.append((rank, piece))
    if run:
        yield run


def _chosen(found: Sequence[Found], *, whole: bool) -> tuple[list[Found], int]:
    """The best lines, and how many items of a list are left out; of those that only their heading tells, the whole
    section."""
    if not found:
        return [], 0
    best = max(answer.share for answer in found)
    near = [answer for answer in found if answer.share >= _NEAR_BEST * best]
    near = [answer for answer in near if answer.of_section] or near
    if whole or any(answer.by_heading for answer in near):
        ranked, at_most = (
            sorted(near, key=lambda answer: not answer.by_heading),
            OF_A_SUMMARY if whole else OF_A_SECTION,
        )
        return ranked[:at_most], 0 if whole else len(ranked[at_most:])
    kept = sorted(near, key=lambda answer: -answer.share)[:AT_MOST]
    items = [answer for answer in near if answer not in kept and not answer.line.is_sentence]
    return [answer for answer in near if answer in kept], len(items)


def _sentence(found: Found, rank: int, piece: Evidence) -> Sentence:
    line = found.line
    named = "" if line.text.startswith(line.heading) else _named(line.heading)
    quoted = f"{named}“{line.text}”" if line.needs_heading else line.text
    return Sentence(quoted, piece, rank, line.start, found.share, line.heading)


def _named(heading: str) -> str:
    read = as_read(heading)
    return f"{read[:1].upper()}{read[1:]}: " if heading else ""


def _end(piece: Evidence) -> int:
    return _start(piece) + len(piece.text)


def _start(piece: Evidence) -> int:
    return piece.place.start if isinstance(piece.place, TextPlace) else 0
