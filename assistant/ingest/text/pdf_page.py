"""A page of a PDF as a picture, without what de-identification took out of its text, and where its words stand.

A word is shown because the record's text has it at that place. What the text lacks there (a name, a date that was
moved, a running header) is blackened in a report and on a patient's page, which are drawn from their text alone:
pictures, drawings, stamps and forms, in which nobody looked for names, are left out. Of another document the headers
and figures are shown, unless something in the words themselves identifies somebody.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib.util import find_spec
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.deid.calendar_words import MONTHS, WEEKDAYS
from assistant.ingest.text.pdf_apart import Word
from assistant.records import Record

TIMEOUT_S = 20.0
INSTALL = "pages are drawn with pypdfium2: pip install 'wardround[ocr]'"
_TOKEN = re.compile(r"\w+")
_CALENDAR = frozenset(name.casefold() for names in (*MONTHS, *WEEKDAYS) for name in names)

Box = tuple[float, float, float, float]  # left, top, width, height in percent of the picture


@dataclass(frozen=True, slots=True)
class PageDrawing:
    """A page as PNG, its size in pixels, and the boxes of the cited words, one a line."""

    png: bytes
    width: int
    height: int
    lit: tuple[Box, ...]
    hidden: int  # words that were blackened


@contextmanager
def _drawing(uri: str, page: int) -> Iterator[Callable[..., dict[str, Any]]]:
    """The drawing process: a call sends a request (and a file) and gives the answer. Raises UnreadableFile."""
    command = [sys.executable, "-m", "assistant.ingest.text.pdf_apart"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None and process.stdout is not None
    requests, answers = process.stdin, process.stdout

    def draw(asked: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        clock = threading.Timer(TIMEOUT_S, process.kill)  # of each step: what the caller does between them is its own
        clock.start()
        try:
            requests.write(json.dumps(asked).encode() + b"\n" + data)
            requests.flush()
            answer: dict[str, Any] = json.loads(answers.readline() or b'{"error": "it took too long, or crashed"}')
            if "error" in answer:
                raise UnreadableFile(uri, "page {page} can't be drawn ({answer})", page=page, answer=answer["error"])
            return {**answer, "png": answers.read(answer["size"])} if "size" in answer else answer
        except (OSError, ValueError) as error:
            raise UnreadableFile(uri, "page {page} can't be drawn", page=page) from error
        finally:
            clock.cancel()

    try:
        yield draw
    finally:
        process.kill()
        process.wait()
        for pipe in (requests, answers):
            with suppress(OSError):
                pipe.close()


def can_draw() -> bool:
    """Whether the library that draws pages is installed."""
    return find_spec("pypdfium2") is not None


def pages_of(record: Record) -> dict[int, tuple[int, int]]:
    """Where each page of a document stands in its text: page → (start, end); empty where it has no pages."""
    spans: dict[int, tuple[int, int]] = {}
    for passage in record.passages:
        if passage.page is not None:
            start, end = spans.get(passage.page, (passage.start, passage.end))
            spans[passage.page] = min(start, passage.start), max(end, passage.end)
    return spans


def draw_page(
    data: bytes,
    record: Record,
    page: int,
    clean: Callable[[str], str],
    cited: tuple[int, int] | None = None,
    width: int = 1_400,
) -> PageDrawing:
    """Page `page` (counted from 1) of the document, `width` pixels wide, the characters `cited` of its text lit.

    `record` is the document as it is stored; `clean` takes identifiers out of a text. Raises UnreadableFile where the
    page can't be drawn.
    """
    if not can_draw():
        raise UnreadableFile(record.uri, INSTALL)
    start, end = pages_of(record).get(page, (0, 0))
    text, dates = record.shown_text(start, end), record.own_dates
    is_of_somebody = record.patient_id is not None or record.modality != "DOC"
    with _drawing(record.uri, page) as draw:
        found = draw({"size": len(data), "page": page, "width": width, "text_only": is_of_somebody}, data)
        words: list[Word] = [tuple(word) for word in found["words"]]
        letters = [word[0] for word in words]
        places = matched(letters, text)
        hide = hidden(letters, places, None if is_of_somebody else clean)
        png = draw({"hide": hide})["png"]
    first, last = cited or (0, 0)
    there = [
        None if place is None else dates.in_record(start, place) if dates else (start + place[0], start + place[1])
        for place in places
    ]
    chosen = [w for w, place in zip(words, there, strict=True) if place and place[0] < last and place[1] > first]
    size = found["width"], found["height"]
    return PageDrawing(png, *size, tuple(_lines(chosen, *size)), len(hide))


def matched(words: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """For each word of a page, where it stands in the text; None where the text has something else in its place.

    Both are compared as runs of letters and figures in their order; a word that the text joins over a line's end
    counts as one with its other half.
    """
    tokens = [(m[0].casefold(), n) for n, word in enumerate(words) for m in _TOKEN.finditer(word)]
    own = [(m[0].casefold(), m.span()) for m in _TOKEN.finditer(text)]
    found: list[tuple[int, int] | None] = [None] * len(tokens)
    matcher = SequenceMatcher(None, [t[0] for t in tokens], [o[0] for o in own], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found[a:b] = [span for _, span in own[c:d]]
        elif kind == "replace" and "".join(t[0] for t in tokens[a:b]) == "".join(o[0] for o in own[c:d]):
            found[a:b] = [(own[c][1][0], own[d - 1][1][1])] * (b - a)
    of_word: dict[int, list[tuple[int, int] | None]] = {}
    for (_, number), place in zip(tokens, found, strict=True):
        of_word.setdefault(number, []).append(place)
    return [_joined(of_word[number]) if number in of_word else None for number in range(len(words))]


def _joined(places: Sequence[tuple[int, int] | None]) -> tuple[int, int] | None:
    known = [place for place in places if place]
    return (known[0][0], known[-1][1]) if len(known) == len(places) else None


def hidden(
    words: Sequence[str], places: Sequence[tuple[int, int] | None], clean: Callable[[str], str] | None
) -> list[int]:
    """The numbers of the words to blacken: those without a place in the text; with `clean`, of these only the runs in
    which it finds an identifier. Marks without a letter or figure stay; what is part of a date beside them goes too."""
    runs = list(_runs(words, places))
    hide = {number for run in _identifying(words, runs, clean) for number in run}
    for step in (1, -1):
        for number in sorted(hide, reverse=step < 0):
            beside = number + step
            while 0 <= beside < len(words) and beside not in hide and _is_of_date(words[beside]):
                hide.add(beside)
                beside += step
    return sorted(hide)


def _identifying(
    words: Sequence[str], runs: Sequence[list[int]], clean: Callable[[str], str] | None
) -> Sequence[list[int]]:
    """The runs of words in which `clean` finds an identifier, looked through all at once; all of them without it."""
    if clean is None or not runs:
        return runs
    stretches = [" ".join(words[number] for number in run) for run in runs]
    left = clean("\n\n".join(stretches)).split("\n\n")
    if len(left) != len(runs):
        return runs
    return [run for run, before, after in zip(runs, stretches, left, strict=True) if before != after]


def _runs(words: Sequence[str], places: Sequence[tuple[int, int] | None]) -> Iterator[list[int]]:
    run: list[int] = []
    for number, (word, place) in enumerate(zip(words, places, strict=True)):
        if place is None and _TOKEN.search(word):
            run.append(number)
        elif place is not None and run:
            yield run
            run = []
    if run:
        yield run


def _is_of_date(word: str) -> bool:
    return word.strip(".,;:()").casefold() in _CALENDAR or bool(re.fullmatch(r"\W*\d{1,4}(?:st|nd|rd|th)?\W*", word))


def _lines(words: Sequence[Word], width: int, height: int) -> Iterator[Box]:
    """One box for the words that stand beside each other on a line."""
    line: list[float] = []
    for _, left, top, right, bottom in words:
        middle = (top + bottom) / 2
        if line and line[1] <= middle <= line[3] and 0 <= left - line[2] < 2 * (bottom - top):
            line = [line[0], min(line[1], top), right, max(line[3], bottom)]
            continue
        if line:
            yield _percent(line, width, height)
        line = [left, top, right, bottom]
    if line:
        yield _percent(line, width, height)


def _percent(line: Sequence[float], width: int, height: int) -> Box:
    left, top, right, bottom = line
    return 100 * left / width, 100 * top / height, 100 * (right - left) / width, 100 * (bottom - top) / height
