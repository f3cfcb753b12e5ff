"""`choose`: one of the choices is picked, by what is answered or by what the evidence says.

- **By the answer** (`choose_by = "answer"`, the default with a language model): the question is asked with its choices,
  lettered, and the reply is read strictly: it begins with a letter, or holds the words of one choice and of no other.
  What can't be read so is `unparsed`. This measures the model together with retrieval.
- **By the evidence** (`choose_by = "evidence"`, the default with `quote`, which writes nothing of its own): the
  question alone is asked, each choice is made a statement, and the verifier holds it against the evidence that was
  kept. The best supported one is picked; where none is supported, nothing is. Of a question of yes or no the statement
  is affirmed: yes where it is supported, no where it is contradicted; maybe is never picked. This measures whether the
  archive holds the answer and the verifier sees it; it says nothing about a model.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import replace

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.solve import searching
from assistant.evaluate.solve.interface import Means
from assistant.evaluate.solve.propositions import affirmed, asks_for_exception, asks_yes_or_no, proposition
from assistant.records import Answer, Claim, Evidence, Statement

_LETTER = re.compile(
    r"^\W*(?i:(?:the\s+)?(?:(?:correct|right|best|final)\s+)?(?:answer|choice|option)\s*(?:is\b)?\s*:?\s*)?"
    r"\(?(?P<letter>[A-Z])(?:\)|[.:,](?=\s|$)|\s*$)",
)
_OPENS = re.compile(r"^\W*(?P<word>yes|no|maybe)\b", re.IGNORECASE)
_WORDS = re.compile(r"\w+")


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    if case.reference.grades:
        sample = searching.solve(case, means, sample)
    if _by_evidence(means):
        return _from_evidence(case, means, sample)
    answer = _ask(case, means, lettered(case.question, case.choices))
    texts = [claim.text for claim in answer.claims] or list(answer.own_knowledge)
    choice = parse_choice(" ".join(texts), case.choices) if texts else None
    return replace(sample, answer=answer, choice=choice, unparsed=bool(texts) and choice is None)


def lettered(question: str, choices: Sequence[str]) -> str:
    """The question as a model is asked it."""
    if asks_yes_or_no(tuple(choices)):
        return f"{question}\nAnswer with one word first: {', '.join(choices)}."
    lines = [f"{letter}. {choice}" for letter, choice in zip(string.ascii_uppercase, choices, strict=False)]
    return "\n".join([question, *lines, "Which choice is right? Begin the answer with its letter."])


def parse_choice(reply: str, choices: Sequence[str]) -> int | None:
    """The place of the choice that a reply makes; None where it can't be read, or names a letter and another's words.

    A letter counts at the beginning alone and before a stop, a bracket or the end: "A patient …" picks nothing.
    """
    if asks_yes_or_no(tuple(choices)):
        opening = _OPENS.match(reply)
        words = [choice.casefold() for choice in choices]
        return words.index(opening["word"].casefold()) if opening and opening["word"].casefold() in words else None
    said = _spaced(reply)
    named = [place for place, choice in enumerate(choices) if _spaced(choice) in said]
    # a choice whose words are part of another's that was named is not named by itself
    named = [p for p in named if not any(p != q and _spaced(choices[p]) in _spaced(choices[q]) for q in named)]
    letter = _LETTER.match(reply)
    if letter is not None:
        place = string.ascii_uppercase.index(letter["letter"])
        return place if place < len(choices) and named in ([], [place]) else None
    return named[0] if len(named) == 1 else None


def _by_evidence(means: Means) -> bool:
    chosen = means.dataset.suite.choose_by
    return chosen == "evidence" or (chosen is None and means.settings.llm.name == "quote")


def _ask(case: Case, means: Means, question: str) -> Answer:
    return means.assistant(case).ask(
        question, files=means.uploads(case), patient=case.patient, exclude_patient=case.exclude_patient
    )


def _from_evidence(case: Case, means: Means, sample: Sample) -> Sample:
    answer = _ask(case, means, case.question)
    kept = {piece.id: piece for piece in answer.evidence if piece.kept}
    if asks_yes_or_no(case.choices):
        verdict, score = _held(affirmed(case.question), kept, means)
        said = {"supported": "yes", "contradicted": "no"}.get(verdict, "")
        scores = {"yes": score, "no": 1 - score, "maybe": 0.0}
        places = [place for place, choice in enumerate(case.choices) if choice.casefold() == said]
        return replace(
            sample,
            answer=answer,
            choice=places[0] if places else None,
            choice_scores=tuple(scores[choice.casefold()] for choice in case.choices),
        )
    if asks_for_exception(case.question):
        return replace(sample, answer=answer)
    held = [_held(proposition(case.question, choice), kept, means) for choice in case.choices]
    supported = [place for place, (verdict, _) in enumerate(held) if verdict == "supported"]
    best = max(supported, key=lambda place: held[place][1], default=None)
    return replace(sample, answer=answer, choice=best, choice_scores=tuple(score for _, score in held))


def _held(text: str, kept: dict[str, Evidence], means: Means) -> tuple[str, float]:
    """The verdict on a statement and its score: the worst of its parts. Without evidence it is unsupported."""
    if not kept:
        return "unsupported", 0.0
    of_patient = any(piece.relation == "own" and piece.modality != "DOC" for piece in kept.values())
    statement = Statement(text, tuple(kept), "patient" if of_patient else "general")
    parts: list[Claim] = means.verifier.verify(statement, kept)
    verdicts = [part.verdict for part in parts]
    verdict = next((name for name in ("contradicted", "unsupported") if name in verdicts), "supported")
    return verdict, min((part.score for part in parts), default=0.0)


def _spaced(text: str) -> str:
    """Its words alone, lower case, a space at both ends, so that whole words are found by `in`."""
    return f" {' '.join(_WORDS.findall(text.casefold()))} "
