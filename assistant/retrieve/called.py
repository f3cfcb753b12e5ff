"""Whom a question names by a name: "Mr Meyer", "John Smith's ECG". What is called after one (Meyer's loop) is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from assistant.ingest.deid.called import words_of_name
from assistant.ingest.deid.text import find
from assistant.pseudonyms import Pseudonyms

_STAFF = re.compile(
    r"(?:\b(?:dr|drs|doctor|prof|professor|nurse|sister|sir|dame|st|saint|oberarzt|oberärztin|chefarzt|chefärztin|arzt|"
    r"ärztin|physician|cardiologist|radiologist|surgeon|med|by|author)\b[.:]?\s*)+$",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"\b(?:mr|mrs|ms|miss|mister|herrn?|frau|patient(?:in|en)?(?:'s|’s)?)\b\W{1,3}$", re.IGNORECASE)
# Where a full name without "Mr" stands in a question on somebody; "Rocky Mountain Spotted Fever" goes on.
_SPOKEN_OF = re.compile(
    r"\b(?:of|for|about|on|did|does|has|had|is|was|can|should|von|bei|für|über|hat|ist|war)\s{1,2}$", re.IGNORECASE
)
_FULL = re.compile(r"[^\W\d_a-z][^\W\d_]*\.?(?:[ -](?:\w{2,3} )?[^\W\d_a-z][^\W\d_]*\.?)+")
_ENDS = re.compile(r"(?:['’]s?\b|\W{0,2}$|[,:;?!.)]|\s[a-zäöü])")


def persons_named(text: str) -> tuple[str, ...]:
    """The persons whom a question names as patients: after "Mr" or "patient", or by given name and surname. Doctors
    ("Dr Stone") are none, since a question on a patient may well name theirs."""
    return tuple(dict.fromkeys(text[start:end] for _, start, end in _persons(text)))


def of_the_case(text: str) -> str:
    """A question on the case's own patient with "the patient" for whom it names: no file is read or searched with names
    in it, so "Has Mrs Doe pneumonia?" would ask about nobody."""
    parts, done = [], 0
    for begin, _, end in _persons(text):
        parts += [text[done:begin], "the patient"]
        done = end
    return "".join([*parts, text[done:]])


def _persons(text: str) -> Iterator[tuple[int, int, int]]:
    """Where each person stands: the beginning with "Mr" or "patient", that of the name, and its end."""
    for span in find(text):
        before = text[max(0, span.start - 40) : span.start]
        if span.kind != "name" or _STAFF.search(before):
            continue
        addressed = _ADDRESSED.search(before)
        full = _FULL.fullmatch(text, span.start, span.end) and _ENDS.match(text, span.end)
        whose = text[span.end : span.end + 2] in ("'s", "’s")
        if addressed or (full and (whose or _SPOKEN_OF.search(before))):
            yield span.start - (len(addressed[0]) if addressed else 0), span.start, span.end


def is_called(name: str, called: Iterable[str], pseudonyms: Pseudonyms) -> bool:
    """Whether one word of a name is among those (keyed) by which a case's files call anybody."""
    known = set(called)
    words = {form for word in words_of_name(name) for form in (word, word.removesuffix("s"))}
    return any(pseudonyms.name(word) in known for word in words)
