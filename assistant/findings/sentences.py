"""Sentences of clinical and general text, as offsets: nothing is changed, nothing is lost between them but space."""

from __future__ import annotations

import re
from collections import deque

# A full stop after these does not end a sentence (unless a new line follows).
_ABBREVIATED = """
    dr drs mr mrs ms prof st vs viz e.g i.e eg ie cf fig figs approx ca al resp max dept vol eds pp sec ref refs
    spp ph.d m.d a.m p.m jr sr wk wks yr yrs hr hrs pt pts hx dx tx sx inc ltd corp
    z.b d.h bzw u.a ggf evtl sog nr abb tab vgl usw inkl li re bds
"""
# Only before a digit: "no. 4" is a number, "Effusion? No." is an answer.
_NUMBERED = "no nos p fig figs vol sec ref nr abb tab ch eq"
# A single capital letter after these words closes a name of a kind ("hepatitis B. The"), it is no initial.
_LETTERED = """
    hepatitis vitamin type group class influenza grade lead factor category stage immunoglobulin appendix figure
    table panel part section plan option
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_BEFORE_DIGITS = frozenset(_NUMBERED.split())
_LETTERED_KINDS = frozenset(_LETTERED.split())
_CLOSERS = "\"'”’»)]"
_BOUNDARY = re.compile(
    r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*|[a-z)\d]{2}[.](?=[A-Z][a-z])|\n[^\S\n]*(?:\n\s*)?"
)
_LIST_MARKER = re.compile(r"(?:\(?\d{1,2}[.)]|\(?[a-z][.)]|[-*•–·])\s")
_LABELLED = re.compile(  # a line with its own name: "Diagnoses: …", "Infarction date (acute): …"
    r"[A-ZÄÖÜ][\w/-]*(?: [\w/-]+){0,3}(?: \([^()\n]{1,20}\))?:(?=\s|$)"
)
_MARKER_ONLY = re.compile(r"\(?(?:\d{1,2}|[A-Za-z])[.)]+")
_LAST_TOKEN = re.compile(r"[^\s(\[“\"]+$")
_WRAPPED_LINE = 60  # characters: a line at least this long may go on in the next, whatever letter that begins with
_GAP = re.compile(r"(?<=[^\s.!?,;:])(?: {3,}| *\t\s*| ?\| ?)(?=\S)")
_ROW = re.compile(  # a name of a few words, a figure, and more after it: "Creatinine 2.1 1.7 mg/dL 0.7-1.2"
    r"[^\W\d_][\w/()+-]{0,40}(?:[ ,]{1,2}[^\W\d_][\w/()+-]{0,40}){0,4}[ \t|:]{1,40}(?:[<>≤≥~] ?)?(?:\d[\d.,]*|-)[HL*+]*"
    r"[ \t|]{1,40}(?:\S{0,20}\d|\S{0,20}/|%|-)"
)
_DOSED = re.compile(
    r"[A-ZÄÖÜ][\w-]{0,40}(?: [\w-]{1,40}){0,2} \d[\d.,/]* ?(?:mg|g|µg|μg|mcg|ml|I[UE]|units?|puffs?|%)(?!\w)"
)
_LONGEST_ROW = 300  # characters
LONGEST_SENTENCE = 1_500  # characters; longer ones are cut between words
_LONGEST_QUOTE = 600  # characters between “ and ” that are kept whole
_QUOTE = re.compile(rf"“[^“”]{{0,{_LONGEST_QUOTE}}}”")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of `text`, in order, as (start, end) offsets without surrounding space.

    Knows abbreviations ("e.g.", "Dr."), decimals ("2.3 cm"), list markers ("1. Cardiomegaly"), headings and
    items on lines of their own, rows of a table, lines wrapped in mid-sentence, a missing space ("clear.No effusion")
    and curly quotes, which are kept whole. Linear in the length of the text.
    """
    spans: list[tuple[int, int]] = []
    start = _skip_space(text, 0)
    quoted_until = _quotes(text)
    for match in _BOUNDARY.finditer(text):
        end = match.end()
        if end <= start or _inside(quoted_until, match.start()):
            continue
        if text[match.start()] == "\n":
            if not _line_ends_sentence(text, start, match.start(), end):
                continue
            end = match.start()
        elif not _stop_ends_sentence(text, start, match.start(), end):
            continue
        _add(spans, text, start, end)
        start = _skip_space(text, end)
    _add(spans, text, start, len(text))
    return spans


def in_columns(line: str) -> bool:
    """Whether a line is set in columns, which stand well apart."""
    return len(_GAP.findall(line.strip()[:_LONGEST_ROW])) > 1


def is_row(line: str) -> bool:
    """Whether a line looks like a row of a table: in columns, or a name and figures."""
    return in_columns(line) or bool(_ROW.match(line.strip()[:_LONGEST_ROW]))


def ends_as_item(line: str, below: str) -> bool:
    """Whether a line is a drug with its dose in a list, however long it is: "Metformin 500 mg twice daily (reduced)"
    above another one, or closed by a bracket above a line that begins in capitals."""
    return bool(_DOSED.match(line)) and bool(_DOSED.match(below) or (line.endswith(")") and below[:1].isupper()))


def sentences(text: str) -> list[str]:
    """The sentences of `text` as strings."""
    return [text[start:end] for start, end in sentence_spans(text)]


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST_SENTENCE:  # a table or a runaway line: what reads sentences stays bounded
        cut = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        cut = cut if cut > 0 else start + LONGEST_SENTENCE
        spans.append((start, cut))
        start = _skip_space(text, cut)
    if end > start:
        spans.append((start, end))


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _quotes(text: str) -> deque[tuple[int, int]]:
    """Inner spans of “…” that close within a reasonable length."""
    return deque((match.start(), match.end() - 1) for match in _QUOTE.finditer(text))


def _inside(quotes: deque[tuple[int, int]], at: int) -> bool:
    while quotes and quotes[0][1] <= at:
        # boundaries come in order, so a quote behind us is never asked for again
        quotes.popleft()
    if not quotes or at <= quotes[0][0]:
        return False
    # the stop right before the closing mark ends the sentence together with it
    return at + 1 < quotes[0][1]


def _stop_ends_sentence(text: str, start: int, at: int, end: int) -> bool:
    stop = text[at:end]
    if stop[0] in "。！？":  # no space follows them
        return True
    after = _skip_space(text, end)
    if after >= len(text):
        return True
    following = text[after]
    if "\n" in text[end:after] and (following.isupper() or _LIST_MARKER.match(text, after)):
        return not _MARKER_ONLY.fullmatch(text[start:end])
    if stop[0] in "!?…" or stop.startswith(".."):
        return not (following.islower() and (stop[-1] in _CLOSERS or stop[0] != "!"))
    if following in ",;:)":
        return False
    before = _LAST_TOKEN.search(text[max(start, at - 40) : at + (0 if stop[0] == "." else 1)])
    token = before.group().rstrip(".") if before else ""
    if not token or _MARKER_ONLY.fullmatch(text[start : min(at + 1, start + 5)]):
        return False
    word = token.lower()
    if word in _BEFORE_DIGITS and following.isdigit():
        return False
    if word in _ABBREVIATIONS:
        return False
    if len(token) == 1 and token.isalpha():
        return _letter_ends_sentence(text, start, at, following)
    if "." in token and following.islower():  # "U.S. adults", but "1.5 cm. no effusion" ends
        return token[-1].isdigit()
    return not (word == "etc" and following.islower())


def _letter_ends_sentence(text: str, start: int, at: int, following: str) -> bool:
    """Whether "X." closes a sentence ("hepatitis B. The") rather than being an initial ("J. Smith")."""
    if following.islower():
        return False
    words = text[max(start, at - 40) : at - 1].split()
    if not words or words[-1].lower() in _LETTERED_KINDS:
        return bool(words)
    return not (words[-1][0].isupper() or words[-1].endswith("."))


def _line_ends_sentence(text: str, start: int, at: int, after: int) -> bool:
    if "\n" in text[at + 1 : after] or after >= len(text):
        return True
    if _LIST_MARKER.match(text, after) or _LABELLED.match(text, after):
        return True
    line = text[max(start, text.rfind("\n", 0, at) + 1) : at].rstrip()
    if line.endswith((":", ";")):
        return True
    below = _line_at(text, after)
    if is_row(line) and is_row(below):
        return True
    if ends_as_item(line, below):
        return True
    if not line or line.endswith((",", "-", "–")):
        return False
    following = text[after]
    if following.islower() or following in "(,;":
        return False
    return len(line) < _WRAPPED_LINE


def _line_at(text: str, start: int) -> str:
    end = text.find("\n", start, start + _LONGEST_ROW)
    return text[start : end if end >= 0 else start + _LONGEST_ROW]
