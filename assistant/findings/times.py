"""When a finding was: the words that say so ("for 2 weeks", "since 2019", "history of"), and of which finding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_COUNT = (
    r"(?:\d{1,3}(?:\.\d)?(?:\s?(?:-|–|to|or)\s?\d{1,3})?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|several|(?:a\s+)?few|a\s+couple\s+of|many)"
)
_UNIT = r"(?:second|minute|min|hour|hr|day|week|wk|month|year|yr|decade)s?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = rf"(?:\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}|(?:19|20)\d\d-\d\d-\d\d|{_MONTH}\s+(?:\d{{1,2}},?\s+)?(?:19|20)\d\d)"
_YEAR = r"(?:19|20)\d\d"
# said before what they date
_FORWARD = (
    rf"(?:an?\s+|the\s+)?(?P<span>{_COUNT}[\s-]+{_UNIT}[\s-]+history)(?=\s+of\b)"
    r"|(?P<history>(?:(?:past|prior|previous|remote|known|long|longstanding)\s+)?(?:medical\s+)?history\s+"
    r"(?:of|significant\s+for|notable\s+for|includ(?:es|ing)|positive\s+for)|\bh/o|\bhx\s+of)"
    rf"|(?P<during>\b\d{{1,3}}[\s-]+{_UNIT})(?=\s+of\b)"
)
# said right before it, as its adjective
_ADJECTIVE = r"(?P<adjective>\b(?:prior|previous|past)\b)(?!\s+(?:to|medical|surgical|history)\b)"
# said after it, or at the beginning of the sentence
_BACKWARD = (
    rf"\b(?:for|over|in|during|within|times|x)\s+(?:(?:the|about|approximately|at|least|over|more|than|nearly|almost|roughly"
    rf"|last|past|previous|preceding|another)\s+){{0,4}}(?:{_COUNT}\s+)?{_UNIT}\b"
    rf"(?:\s+(?:duration|now|prior|ago|earlier))?"
    rf"|\b(?:(?:about|approximately|some|over|nearly)\s+)?{_COUNT}[\s-]{_UNIT}\s+(?:ago|prior|earlier|before|previously|after"
    r"|later|following)\b"
    rf"|\bsince\s+(?:{_DATE}|{_YEAR}|[^,;.:()]{{1,60}})"
    rf"|\b(?:in|on|from|dated|of|until)\s+(?:{_DATE}|{_YEAR})\b|(?<![\w/.]){_DATE}"
    r"|\b(?:yesterday|today|tonight|this\s+morning|last\s+(?:night|week|month|year)|in\s+the\s+past|previously)\b"
)
_PHRASE = re.compile(rf"(?P<forward>{_FORWARD})|{_ADJECTIVE}|(?P<backward>{_BACKWARD})", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[;]|\bbut\b|\bnow\b|\bpresent(?:s|ed|ing)\b|\bcomes?\b|\bwho\b|\bhowever\b", re.IGNORECASE)
_BARE = re.compile(r"(?:for|over|in|during|within|times|x)\s+(?:the\s+)?\w+", re.IGNORECASE)
_OTHER_STUDY = re.compile(
    r"\s+(?:\w+\s+){0,2}?(?:exam\w*|stud(?:y|ies)|radiographs?|films?|x-?rays?|CTs?|MRIs?|ECGs?|tracings?|images?|report|"
    r"scans?)\b",
    re.IGNORECASE,
)
_DATES_A_STUDY = re.compile(
    r"\b(?:exam\w*|stud(?:y|ies)|radiographs?|films?|x-?rays?|CTs?|MRIs?|scans?)(?:\s+(?:of|from|dated|done|performed))?\s*$",
    re.IGNORECASE,
)
_ADJECTIVE_REACH = 24  # characters between "prior" and the finding


@dataclass(frozen=True, slots=True)
class _Phrase:
    kind: str
    start: int
    end: int


def read_times(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int] | None]:
    """For each finding at offsets [start, end) of a sentence, the offsets of the words that date it, or None."""
    told: list[tuple[int, int] | None] = [None] * len(spans)
    if not spans:
        return told
    behind = 0  # where the last phrase ended that dates what stands before it
    for phrase in _phrases(text):
        if phrase.kind == "backward":
            chosen = [i for i, (start, end) in enumerate(spans) if behind <= start and end <= phrase.start]
            chosen = [i for i in chosen if not _CLAUSE_END.search(text, spans[i][1], phrase.start)]
            if not chosen and not any(end <= phrase.start for _, end in spans):
                chosen = _following(text, spans, phrase.end)
            behind = phrase.end
        elif phrase.kind == "forward":
            chosen = _following(text, spans, phrase.end)
        else:
            chosen = [i for i, (start, _) in enumerate(spans) if 0 <= start - phrase.end <= _ADJECTIVE_REACH][:1]
        for i in chosen:
            if told[i] is None or phrase.kind == "forward":  # of two histories, the nearer one before it
                told[i] = (phrase.start, phrase.end)
    return told


@lru_cache(maxsize=20_000)
def _phrases(text: str) -> tuple[_Phrase, ...]:
    found = []
    for match in _PHRASE.finditer(text):
        if match["forward"]:
            group = next(name for name in ("span", "history", "during") if match[name])
            found.append(_Phrase("forward", *match.span(group)))
        elif match["adjective"]:
            if not _OTHER_STUDY.match(text, match.end()):
                found.append(_Phrase("adjective", *match.span("adjective")))
        elif _DATES_A_STUDY.search(text, 0, match.start()) is None and (
            not _BARE.fullmatch(match["backward"]) or re.search(r"\d{4}", match["backward"])
        ):
            found.append(_Phrase("backward", match.start(), match.start() + len(match["backward"].rstrip())))
    return tuple(found)


def _following(text: str, spans: Sequence[tuple[int, int]], at: int) -> list[int]:
    stop = _CLAUSE_END.search(text, at)
    return [i for i, (start, _) in enumerate(spans) if start >= at and (stop is None or start < stop.start())]
