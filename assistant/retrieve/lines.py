"""What a document says, line by line: its sentences and the items of its lists, each with the heading it stands under.

Headings are told by how a text is laid out, whatever they say: a short line without a full stop before text (a date may
close it), a line that ends in a colon, a name with a colon before its own text ("Impression: …"). A row of a table is a
line, and stands under the row that names its columns as well. How a letter opens and closes stands under no heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.findings import in_columns, is_row, sentence_spans
from assistant.retrieve.days import DAY

_LEAD = re.compile(r"\s*(?:(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-z][.)]|Summary\s*:)\s+)+")
_BULLET = re.compile(r"\s*[-*•–·]\s")
_NUMBERED = re.compile(r"\s*\(?(?:\d{1,2}|[a-z])[.)]\s")
_CHAPTER = re.compile(r"^\d{1,2}(?:\.\d{1,2})*\.?\s+(?=[A-ZÄÖÜ])")
_NAMED = re.compile(r"([A-ZÄÖÜ][\w /&'’-]{1,40}?)(?::|\.(?= [A-Z]))\s+(?=\S)")
_HEADING_WORDS, _TITLE_WORDS, _NAME_WORDS = 8, 16, 4
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*"
_DATE = (
    rf"(?:\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}\.? {_MONTH}\.?,? \d{{4}}"
    rf"|{_MONTH}\.? \d{{1,2}}, \d{{4}})"
)
_DATES = re.compile(rf"{_DATE}|{DAY.pattern}", re.IGNORECASE)
_FIGURES = r"[^\W\d_][\w/()+%, -]{0,60}?(?: [<>≤≥~]? ?\d[\d.,]*[HL*+]*)"
_VALUES = re.compile(rf"{_FIGURES}{{2,8}}$")  # a row set with few spaces: "Creatinine (mg/dl) 1.9 1.6"
_ONE_VALUE = re.compile(rf"{_FIGURES}$")  # one with a column left empty: "HbA1c (%) 7.9"
_DATED = re.compile(rf",? \(?(?:(?:on|of|from|dated|vom|am) )?{_DATE}\)?(?=:?$)", re.IGNORECASE)
_OPENS_OR_CLOSES = re.compile(
    r"(?:dear|sehr geehrte[rs]?|liebe[rs]?)\b|(?:with )?(?:kind(?:est)?|best|warm(?:est)?) (?:regards|wishes)\b"
    r"|(?:with )?(?:many )?thanks\b|yours\b|(?:sincerely|regards)\b|mit (?:freundlich|kollegial|best)\w+ [\w ]*gr[üu]",
    re.IGNORECASE,
)
# A line that names itself and says it: "Smoker: no", "Infarction date (acute): 29-Sep-90". It heads no other line.
_LABELLED = re.compile(r"[^\W\d_](?:[^:.;()]|\([^()]{1,20}\)){1,60}:\s+\S")
_PERSON = re.compile(
    r"(?:signed\b|(?:electronically )?(?:dr|prof|pd|mr|mrs|ms|herrn?|frau)\b[. ])|.*\[name\]", re.IGNORECASE
)
# What a heading makes of what stands under it: none of that is so, or is to be given, or is the patient's own.
_TURNS = re.compile(
    r"\ballerg|\bintoleran|\bhypersensitiv|\bunverträglich|\bfamily\b|\bfamilienanamnese|\bavoid|\bcontra-?indicat"
    r"|\bexclu|\bruled out|\bdifferential|\bstopped|\bdiscontinued|\bpaused|\bwithheld|\bdo not\b|\bnot to\b",
    re.IGNORECASE,
)
_LONGEST_SHORT = 4  # letters of a heading that is written short: "TTO", "PMH"
_OF_COLUMNS = re.compile(r"\b(?:unit|units|reference|range|normal|einheit|norm|referenz)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or an item of a list, white space run together and its number left out.

    `start` is the offset in the text, `heading` what it stands under ("" for nothing), which begins at `headed` (-1 for
    one that was given), `is_sentence` whether it is closed by a full stop.
    """

    start: int
    text: str
    heading: str
    headed: int
    is_sentence: bool

    @property
    def needs_heading(self) -> bool:
        """Whether it says something else, or nothing, without what it stands under: an item of a list, what a label
        on its own line is cut off from, and anything under "Allergies", "Family history", "Avoid"."""
        return not self.is_sentence or not self.text[0].isupper() or turns(self.heading)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    text: str  # as written, white space run together
    alone: bool  # on a line of its own
    begins: bool  # a line
    after_gap: bool  # an empty line stands before it
    in_columns: bool

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table with a figure."""
        has_figure = any(character.isdigit() for character in _DATES.sub("", self.text))
        return (
            self.alone
            and self.text[-1] != "."
            and has_figure
            and (self.in_columns or is_row(self.text) or bool(_VALUES.match(self.text)))
        )

    @property
    def names_columns(self) -> bool:
        """Whether it may be the row that names a table's columns: words and dates alone."""
        words = _DATES.sub("", self.text)
        if not self.alone or ":" in words or self.text[-1] in ".;" or any(character.isdigit() for character in words):
            return False
        dates = len(_DATES.findall(self.text))
        return self.in_columns or dates > 1 or bool(dates and _OF_COLUMNS.search(words))

    @property
    def is_dated(self) -> bool:
        return bool(_DATED.search(self.text))

    @property
    def is_short(self) -> bool:
        """Whether it may be a heading by its looks."""
        words = _CHAPTER.sub("", _DATED.sub("", self.text)).split()
        if not self.alone or not 0 < len(words) <= _HEADING_WORDS or _BULLET.match(self.text):
            return False
        if _LABELLED.match(self.text) or _PERSON.match(self.text):
            return False
        has_figures = any(character.isdigit() for word in words[1:] for character in word)
        return words[0][0].isupper() and self.text[-1] not in '.!;,”"' and not has_figures


def turns(heading: str) -> bool:
    """Whether what stands under a heading says something else without it: "Allergies", "Family history", "Avoid"."""
    return bool(_TURNS.search(heading))


def as_read(heading: str) -> str:
    """A heading as it stands before a quotation: "MEDICATION" is read "Medication", "TTO" stays."""
    return heading.capitalize() if heading.isupper() and len(heading) > _LONGEST_SHORT else heading


def section_sentences(text: str) -> list[tuple[int, str]]:
    """(offset, sentence) of all sentences of a report's section, less numbers of lists; notes need no full stop."""
    found = []
    for start, end in sentence_spans(text):
        lead = _LEAD.match(text, start, end)
        sentence = " ".join(text[lead.end() if lead else start : end].split())
        if any(character.isalnum() for character in sentence):
            found.append((start, sentence))
    return found


def title_of(text: str) -> str:
    """The line that a document begins with, where it is no sentence; "" else."""
    first = next(iter(_spans(text)), None)
    is_title = first and first.alone and first.text[-1] not in ".!;," and len(first.text.split()) <= _TITLE_WORDS
    return first.text if first and is_title else ""


def lines(text: str, heading: str = "", *, begins: bool = True, below: bool = False) -> list[Line]:
    """The lines of a text in reading order, without headings and questions; `heading` is what the text stands under,
    right `below` it or going on, `begins` says that nothing stands before it, so that its first line may be a title."""
    spans = list(_spans(text))
    is_heading = _headings(spans, begins=begins, below=below)
    found: list[Line] = []
    headed, columns, under = -1, None, heading
    above: tuple[str, int] | None = None  # the heading before a label that is of its own line only
    amid = False  # whether that label stands amid a line, and is of its own sentence
    for n, span in enumerate(spans):
        if above is not None and (span.begins or amid):
            (heading, headed), above = above, None
        if _names_columns_of(span, spans[n + 1 : n + 2]):
            columns, under = span, f"{as_read(heading)} ({span.text})" if heading else span.text
            continue
        if is_heading[n]:
            heading = under = _CHAPTER.sub("", span.text.rstrip(":"))
            headed, columns = span.start, None
            continue
        if columns is not None and (span.is_row or (span.alone and _ONE_VALUE.match(span.text))):
            found.append(Line(span.start, span.text, under, columns.start, False))
            continue
        columns = None
        name = _NAMED.match(span.text)
        if span.begins and (_OPENS_OR_CLOSES.match(span.text) or (span.alone and _PERSON.match(span.text))):
            heading, headed = "", span.start
        elif name and _is_name(name[1]) and (span.begins or name[0].rstrip().endswith(":")):
            if _DATED.search(name[1]) or _is_complete(spans, n) or (not span.begins and DAY.search(name[1])):
                above, amid = (heading, headed), not span.begins
            heading, headed = name[1], span.start
        elif span.alone and _LABELLED.match(span.text):
            above, amid = (heading, headed), False
            heading, headed = span.text.partition(":")[0], span.start
        lead = _LEAD.match(span.text)
        said = span.text[lead.end() if lead else 0 :]
        if any(character.isalnum() for character in said) and not said.endswith("?"):
            found.append(Line(span.start, said, heading, headed, said[-1] in '.!”"'))
    return found


def _is_name(label: str) -> bool:
    return len(_DATED.sub("", label).split()) <= _NAME_WORDS


def _is_complete(spans: Sequence[_Span], n: int) -> bool:
    """Whether a label's own line says all of it: "Smoker: no" before another label or an empty line, not the first item
    of a list ("Medication: Aspirin 100 mg" before "Ramipril 5 mg")."""
    if not spans[n].alone or spans[n].text[-1] in ".!":
        return False
    following = spans[n + 1] if n + 1 < len(spans) else None
    return following is None or following.after_gap or bool(_LABELLED.match(following.text))


def _names_columns_of(span: _Span, following: Sequence[_Span]) -> bool:
    """Whether a row names the columns of the table that follows it."""
    if not span.names_columns or (following and not following[0].is_row):
        return False
    if not following:
        return bool(_DATES.search(span.text) and _OF_COLUMNS.search(span.text))
    return bool(_DATES.search(span.text) or _OF_COLUMNS.search(span.text)) or len(span.text.split()) > 2


def _spans(text: str) -> Iterator[_Span]:
    for start, end in sentence_spans(text):
        before = text[text.rfind("\n", 0, start) + 1 : start]
        after = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
        begins = not before.strip()
        gap = text[len(text[:start].rstrip()) : start].count("\n") > 1
        written = text[start:end]
        alone = begins and not after.strip()
        yield _Span(start, " ".join(written.split()), alone, begins, gap, in_columns(written))


def _headings(spans: Sequence[_Span], *, begins: bool, below: bool) -> list[bool]:
    """Which spans are headings. Of short lines in a row the first is one, and the last where a sentence follows: what
    lies between are the items of a list."""
    found = []
    for n, span in enumerate(spans):
        following = spans[n + 1] if n + 1 < len(spans) else None
        if following is None or not span.alone or _BULLET.match(span.text):
            found.append(False)
        elif span.text.endswith(":") or (span.text.endswith("?") and span.is_short):
            found.append(True)
        elif _NUMBERED.match(span.text):
            in_list = _NUMBERED.match(following.text) or (n and _NUMBERED.match(spans[n - 1].text))
            found.append(span.is_short and following.text.endswith(".") and not in_list)
        elif n == 0 and below:  # the first of a list, or a heading below another one
            found.append(span.is_short and following.text.endswith("."))
        elif n == 0 and begins:
            is_list = _LABELLED.match(span.text) and _LABELLED.match(following.text)  # "Smoker: no", "Age: 60", …
            found.append(bool(span.text[-1] not in ".!;," and len(span.text.split()) <= _TITLE_WORDS and not is_list))
        elif span.is_dated:  # "Chest X-ray 02.09.2024" opens a section after a sentence; among items it is one of them
            after = n > 0 and (spans[n - 1].text[-1] in '.!”"' or spans[n - 1].is_row)
            found.append(span.is_short and after and not following.is_dated)
        else:
            opens = n <= 1 or not spans[n - 1].is_short
            found.append(span.is_short and (opens or not following.is_short))
    return found
