"""The age that a sentence gives a finding: "recent" (acute), "old" (healed, prior) or "unknown" (age undetermined)."""

from __future__ import annotations

import re

_RECENT = r"acute|subacute|hyperacute|recent|recently|evolving"
_OLD = r"old|chronic|remote|healed|longstanding|long[ -]standing"
_UNKNOWN = r"(?:of\s+)?(?:age[ -](?:is\s+)?)?(?:indeterminate|undetermined|unknown|uncertain)(?:[ -]age)?"
_BEFORE = re.compile(
    rf"\b(?:(?P<recent>{_RECENT})|(?P<old>{_OLD})|(?P<prior>prior|previous|past)(?=(?:\s+\w+){{0,3}}\s*$)"
    r"|(?P<unknown>age[ -](?:indeterminate|undetermined)|(?:indeterminate|undetermined|unknown)[ -]age))\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\W*(?:(?:which|that|is|are|was|appears?|looks?|probably|likely|possibly|to|be|of)\s+){0,4}"
    rf"(?:(?P<recent>{_RECENT})|(?P<old>{_OLD})|(?P<unknown>{_UNKNOWN}))(?=\s*(?:$|[.,;:)]))",
    re.IGNORECASE,
)
_OTHER_STUDY = re.compile(
    r"\b(?:exam\w*|stud(?:y|ies)|radiographs?|films?|x-?rays?|CT|ECGs?|tracings?)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[;:]|\b(?:but|since|compared|than|from|patient|year)\b", re.IGNORECASE)
_ABBREVIATED = {"AMI": "recent", "STEMI": "recent", "NSTEMI": "recent", "AKI": "recent", "CKD": "old", "ESRD": "old"}


def read_ages(text: str, previous: int, start: int, end: int, following: int, entity: str) -> frozenset[str]:
    """The ages of the finding at [start, end), with other findings ending at `previous` and beginning at `following`.

    An age that belongs to the finding's name ("chronic obstructive pulmonary disease") is none.
    """
    if re.search(r"\b(?:acute|chronic)\b", entity):
        return frozenset()
    ages = {_ABBREVIATED[word] for word in re.findall(r"[A-Z]+", text[start:end]) if word in _ABBREVIATED}
    before = _CLAUSE.split(text[previous:start])[-1]
    for found in (*_BEFORE.finditer(before), *_BEFORE.finditer(text[start:end])):
        if not (found["prior"] and _OTHER_STUDY.search(before, found.end())):
            ages.add("old" if found["prior"] else str(found.lastgroup))
    after = _AFTER.match(text[end:following])
    if after:
        ages.add(str(after.lastgroup))
    return frozenset(ages)
