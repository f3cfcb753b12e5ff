"""A report that is asked for as such: its impression, or the section that the question names, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from assistant.generate.counts import studies_of
from assistant.records import Evidence, Statement, TextPlace
from assistant.retrieve.lines import section_sentences
from assistant.retrieve.own import with_upload
from assistant.retrieve.question import is_section, read_question

AT_MOST = 12  # sentences; a section that is longer is to be read in the report itself
_STATED = ("report", "impression", "findings")  # told by a report without sections, too


def section_asked(question: str, own: Sequence[Evidence]) -> list[Statement]:
    """The sentences of the report's section that a question asks for, in reading order; none where it asks for none.

    They are those of one study: of the uploads, which lie on the table, else of the newest. A report as a whole is told
    by its impression; one without by its findings, and one without sections by all that it says. A section that the
    newest report has not is not looked for in an older one, which would be taken for the newest. Each is a quotation
    with the name of its section: an indication "Pneumonia" states none, and the findings may be at odds with it.
    """
    section = read_question(question).section
    reports = [piece for piece in own if piece.modality != "DOC"]
    if not section or not reports:
        return []
    study = min(studies_of(reports).values(), key=lambda pieces: min(_order(piece) for piece in pieces))
    pieces = next((pieces for pieces in _candidates(section, study) if pieces), [])
    found: dict[str, Evidence] = {}
    for piece in sorted(pieces, key=_place):
        for _, sentence in section_sentences(piece.text):
            found.setdefault(sentence, piece)
    return [
        Statement(
            with_upload(f"{(piece.section or 'Report').capitalize()}: “{sentence}”", piece), (piece.id,), "patient"
        )
        for sentence, piece in list(found.items())[:AT_MOST]
    ]


def _candidates(section: str, study: Sequence[Evidence]) -> Iterator[list[Evidence]]:
    """Pieces of the study that may answer, the fittest first."""
    for name in ("impression", "findings") if section == "report" else (section,):
        yield [piece for piece in study if is_section(piece.section, name)]
    if section in _STATED:
        yield [piece for piece in study if piece.section is None]


def _order(piece: Evidence) -> tuple[bool, float]:
    return "upload" not in piece.why, -piece.taken_at.timestamp() if piece.taken_at else inf


def _place(piece: Evidence) -> tuple[str, int]:
    return piece.record_id, piece.place.start if isinstance(piece.place, TextPlace) else 0
