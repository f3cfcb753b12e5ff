"""A question and one of its choices as a statement that evidence can be held against.

"Is baloxavir effective for influenza?" + yes → "baloxavir is effective for influenza."
"What is the antidote of heparin?" + "Protamine" → "The antidote of heparin is Protamine."
"Which of the following drugs can lower potassium?" + "Insulin" → "Insulin can lower potassium."

What has none of these shapes becomes "question: choice", which a checker that goes by words can still weigh.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from assistant.ingest.deid.ner import model_folder

if TYPE_CHECKING:
    from spacy.language import Language

_AUXILIARY = re.compile(
    r"^(is|are|was|were|do|does|did|can|could|has|have|had|should|would|will|may|might|must)\b", re.IGNORECASE
)
_EMPTY = frozenset(("do", "does", "did"))
_BE = r"(?:is|are|was|were|can|may|has|have)"
_WHAT_IS = re.compile(r"^(?:what|who|which)\s+(is|are|was|were)\s+((?:the|an?)\s.+)$", re.IGNORECASE)
_WHICH_IS = re.compile(
    rf"^(?:which|what)\s+(?:one\s+)?of\s+(?:the\s+following|these)(?:\s+[\w-]+){{0,3}}?\s+(?P<verb>{_BE})\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_QUESTION_WORD = re.compile(r"^(?:which|what|who|where|when|why|how)\b", re.IGNORECASE)
_EXCEPTION = re.compile(r"\b(?:not|except|false|incorrect|untrue|least|never)\b", re.IGNORECASE)


def asks_yes_or_no(choices: tuple[str, ...]) -> bool:
    return {choice.casefold() for choice in choices} <= {"yes", "no", "maybe"}


def asks_for_exception(question: str) -> bool:
    """Whether the right choice is the one that does not hold; no evidence speaks for such a one."""
    return _EXCEPTION.search(question) is not None


def affirmed(question: str) -> str:
    """What a yes to the question says: its subject moved before the verb; the question itself where none is found."""
    asked = " ".join(question.split()).rstrip("?. ")
    # what stands before the last sentence is its setting: "A randomised trial. Does it help?"
    start = max((found.end() for found in re.finditer(r"[.:?!]\s+", asked)), default=0)
    setting, asked = asked[:start], asked[start:]
    found = _AUXILIARY.match(asked)
    if found is None:
        return f"{setting}{asked}."
    verb, rest = found[1].lower(), asked[found.end() :].strip()
    if rest.lower().startswith("there "):
        return f"{setting}There {verb}{rest[5:]}."
    subject = rest[: _subject_end(f"{found[1]} {rest}?", len(found[1]) + 1)].strip()
    predicate = rest[len(subject) :].strip()
    moved = "" if verb in _EMPTY else f"{verb} "
    return f"{setting}{subject} {moved}{predicate}.".replace(" .", ".")


def proposition(question: str, choice: str) -> str:
    """The statement that a choice makes of a question that is no yes-or-no question."""
    asked, chosen = " ".join(question.split()), choice.strip().rstrip(".")
    is_question = asked.endswith("?") or _QUESTION_WORD.match(asked) is not None
    asked = asked.rstrip("?:.…_ ")
    if not is_question:
        return f"{asked} {chosen}."
    if found := _WHICH_IS.match(asked):
        return f"{chosen} {found['verb']}{found['rest']}."
    if found := _WHAT_IS.match(asked):
        return f"{found[2][0].upper()}{found[2][1:]} {found[1]} {chosen}."
    return f"{asked}: {chosen}."


def _subject_end(question: str, offset: int) -> int:
    """Where the subject of an inverted question ends, counted from `offset`, the place after its verb."""
    document = _parser()(question)
    for token in document:
        if token.dep_ in ("nsubj", "nsubjpass", "csubj", "expl") and token.idx >= offset:
            last = document[token.right_edge.i]
            return int(last.idx + len(last) - offset)
    first = next((token for token in document if token.idx >= offset), None)
    return int(first.idx + len(first) - offset) if first is not None else 0


@cache
def _parser() -> Language:
    """The tagger and parser of the packaged English model of spaCy."""
    import spacy

    return spacy.load(model_folder(), exclude=["ner", "lemmatizer", "attribute_ruler", "senter"])
