"""Sentences that count: "4 of the 5 most similar studies mention pleural effusion.", or of "the 5 chosen studies".

One grammar for whoever writes such a sentence and for whoever checks it: `parse_count(state_count(…))` gives
back what went in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SINGULAR = {
    "studies": "study",
    "similar studies": "similar study",
    "cases": "case",
    "patients": "patient",
    "reports": "report",
    "images": "image",
    "X-rays": "X-ray",
    "chest X-rays": "chest X-ray",
    "radiographs": "radiograph",
    "ECGs": "ECG",
    "recordings": "recording",
    "scans": "scan",
    "examinations": "examination",
    "echocardiograms": "echocardiogram",
    "documents": "document",
    "passages": "passage",
    "records": "record",
}
_PLURAL = {one: many for many, one in _SINGULAR.items()}
# plural: (singular, denied)
_VERBS = {
    "mention": ("mentions", "does not mention"),
    "are labelled": ("is labelled", "is not labelled"),
    "state that there is no": ("states that there is no", "does not state that there is no"),
    "state": ("states", "does not state"),
    "show": ("shows", "does not show"),
    "report": ("reports", "does not report"),
    "describe": ("describes", "does not describe"),
    "have": ("has", "does not have"),
}
_WRITTEN_OTHERWISE = {
    "are labeled": "are labelled",
    "is labeled": "is labelled",
    "is not labeled": "is not labelled",
    "are labelled as": "are labelled",
    "are labelled with": "are labelled",
    "mention no": "state that there is no",
    "mentions no": "states that there is no",
    "report no": "state that there is no",
    "reports no": "states that there is no",
    "show no": "state that there is no",
    "shows no": "states that there is no",
    "describe no": "state that there is no",
    "have no": "state that there is no",
    "do not mention": "does not mention",
    "do not show": "does not show",
    "do not report": "does not report",
    "do not describe": "does not describe",
    "do not have": "does not have",
}


@dataclass(frozen=True, slots=True)
class Count:
    """`n` of the `m` most similar or chosen `noun` `verb` `finding`; noun and verb in the plural, finding as it is."""

    n: int
    m: int
    noun: str
    verb: str
    finding: str

    @property
    def negated(self) -> bool:
        """Whether the studies counted are those in which the finding is stated to be absent."""
        return self.verb == "state that there is no"


def state_count(
    n: int,
    m: int,
    noun: str,
    verb: str,
    finding: str,
    *,
    chosen: bool = False,
    others: bool = False,
    whose: bool = False,
) -> str:
    """The sentence that `n` of the `m` most similar `noun` `verb` `finding`; of the `chosen` ones, where people chose.

    With `others` more were chosen than these: "2 of 3 of the chosen studies", "One of the chosen studies".
    With `whose` it is said of a single one that it is another patient's: beside a question on the patient it would be
    taken for theirs.

    `noun` and `verb` are in the plural ("studies", "mention"); verbs other than the known ones raise ValueError.
    """
    if verb not in _VERBS:
        raise ValueError(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
    if not 0 <= n <= m or m < 1:
        raise ValueError(f"{n} of {m} can't be counted")
    finding = finding.strip().rstrip(".")
    one, not_one = _VERBS[verb]
    which = "chosen" if chosen else "most similar"
    if chosen and others:
        begins = "One" if m == 1 else f"{n or 'None'} of {m}"
        return (
            f"{begins} of the chosen {noun} {(one if n else not_one) if m == 1 else one if n <= 1 else verb} {finding}."
        )
    if m == 1:
        another = ", another patient’s," if whose and not chosen else ""
        return f"The {which} {_SINGULAR.get(noun, noun)}{another} {one if n else not_one} {finding}."
    if n == m == 2:
        return f"Both {which} {noun} {verb} {finding}."
    if n == m:
        return f"All {m} {which} {noun} {verb} {finding}."
    many = "None" if n == 0 else str(n)
    return f"{many} of the {m} {which} {noun} {one if n <= 1 else verb} {finding}."


def _alternatives(words: set[str] | dict[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_VERB_FORMS: dict[str, tuple[str, bool]] = {}  # as written → (plural, affirmed)
for _many, (_one, _denied) in _VERBS.items():
    _VERB_FORMS |= {_denied: (_many, False), _one: (_many, True), _many: (_many, True)}
for _other, _known in _WRITTEN_OTHERWISE.items():
    _VERB_FORMS[_other] = _VERB_FORMS[_known]

_NUMBER = r"\d{1,6}|" + "|".join(_NUMBERS)
_NOUN = _alternatives({**_SINGULAR, **_PLURAL})
_VERB = _alternatives(dict(_VERB_FORMS))
_MANY = re.compile(
    rf"(?:(?P<n>{_NUMBER}|none|all)\s+(?:out\s+)?of\s+(?:the\s+)?(?P<m>{_NUMBER})|(?P<all>all)\s+(?P<am>{_NUMBER})"
    r"|(?P<both>both)(?:\s+of\s+the)?)"
    rf"\s+(?:of\s+the\s+)?(?:(?:(?:most\s+)?similar|chosen)\s+)?(?P<noun>{_NOUN})"
    rf"\s+(?P<verb>{_VERB})\s+(?:(?:a|an|as|with|the)\s+)?(?P<finding>\S.{{0,300}})",
    re.IGNORECASE | re.DOTALL,
)
_ONE = re.compile(
    rf"(?:the\s+(?:single\s+)?(?:most\s+similar|chosen)|one\s+of\s+the\s+chosen)\s+(?P<noun>{_NOUN})(?:,\s+another\s+patient['’]s,)?"
    rf"\s+(?P<verb>{_VERB})\s+(?:(?:a|an|as|with)\s+)?(?P<finding>\S.{{0,300}})",
    re.IGNORECASE | re.DOTALL,
)


def parse_count(sentence: str) -> Count | None:
    """What a counting sentence counts; None if it is no such sentence.

    Understands everything `state_count` writes, and its common variants ("two of the five similar X-rays show …",
    "all 5 studies are labeled …").
    """
    sentence = sentence.strip()
    if match := _MANY.match(sentence):
        total = 2 if match["both"] else _number(match["m"] or match["am"])
        said = (match["n"] or match["all"] or "all").lower()
        n = 0 if said == "none" else total if said == "all" else _number(said)
        plural, affirmed = _VERB_FORMS[_spaced(match["verb"])]
        if not affirmed:  # "2 of the 5 … do not mention": the others may well do
            n = total - n
        return Count(n, total, _plural(match["noun"]), plural, _bare(match["finding"]))
    if match := _ONE.match(sentence):
        plural, affirmed = _VERB_FORMS[_spaced(match["verb"])]
        return Count(int(affirmed), 1, _plural(match["noun"]), plural, _bare(match["finding"]))
    return None


def _spaced(words: str) -> str:
    return " ".join(words.lower().split())


def _bare(finding: str) -> str:
    return finding.strip().rstrip(".").rstrip()


def _plural(noun: str) -> str:
    known = {name.lower(): name for name in _SINGULAR} | {one.lower(): many for one, many in _PLURAL.items()}
    return known[" ".join(noun.lower().split())]


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.index(word.lower())
