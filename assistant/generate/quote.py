"""The answerer that invents nothing: it quotes sentences, states measured values and counts similar studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.findings import extract_findings
from assistant.generate.counts import count_findings, count_labels, studies_of
from assistant.generate.prompts import load_prompt
from assistant.generate.relevance import content_words, points_at_study
from assistant.generate.sentences import Sentence, best_sentences, quotable
from assistant.generate.task import DraftTask, Task, TextEncoder
from assistant.generate.values import is_measured, measured_for
from assistant.records import About, Evidence, Statement


class QuoteAnswerer:
    """Answers with nothing but evidence, word for word, and with counts of it. Deterministic; no model."""

    name = "quote"
    model = "quote"
    prompt = None

    def __init__(self, prompts_dir: Path | None = None) -> None:
        self._prompts_dir = prompts_dir

    def prompt_for(self, task: Task | DraftTask) -> None:
        return None

    def answer(self, task: Task) -> Iterator[Statement]:
        """Measured values of the study, then sentences of what was uploaded, then what similar studies show,
        then sentences of general knowledge; nothing where none of it bears on the question."""
        yield from (_measured(piece) for piece in measured_for(task.question, task.evidence))
        own = [p for p in task.evidence if p.relation == "own" and p.kind == "text" and not is_measured(p)]
        similar = [p for p in task.evidence if p.relation == "similar"]
        knowledge = [p for p in task.evidence if p.relation == "knowledge" and p.kind == "text"]
        quotes = best_sentences(task.question, own, task.encode)
        yield from (_quoted(sentence) for sentence in quotes)
        counted = list(_similar(task.question, similar, task.encode))
        yield from counted
        room = 4 if not (quotes or counted) else 2
        yield from (_quoted(sentence) for sentence in best_sentences(task.question, knowledge, task.encode, room))

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """The study's own values and sentences in the first section; what similar studies show in the others."""
        first, *others = load_prompt(task.template, self._prompts_dir).sections
        for piece in task.own:
            if is_measured(piece):
                yield first, _measured(piece)
        last = others[-1] if others else first
        for section, statements in ((first if not others else others[0], count_findings(task.similar)),):
            yield from ((section, statement) for statement in statements)
        yield from ((last, statement) for statement in count_labels(task.similar))
        yield from ((last, statement) for statement in _from_most_similar("", task.similar, task.encode))


def _measured(piece: Evidence) -> Statement:
    return Statement(_ended(piece.text), (piece.id,), "patient")


def _quoted(sentence: Sentence) -> Statement:
    return Statement(sentence.text, (sentence.evidence.id,), _about(sentence.evidence))


def _about(piece: Evidence) -> About:
    """An uploaded report speaks of the patient; an uploaded article or guideline does not."""
    if piece.relation == "similar":
        return "similar"
    return "patient" if piece.relation == "own" and piece.modality != "DOC" else "general"


def _similar(question: str, similar: Sequence[Evidence], encode: TextEncoder | None) -> Iterator[Statement]:
    asked = list(dict.fromkeys(finding.entity for finding in extract_findings(question)))
    if not similar or not (asked or points_at_study(question)):
        return
    if asked:
        yield from count_findings(similar, asked)
    yield from count_labels(similar, content_words(question))
    if not asked:
        yield from count_findings(similar)
    yield from _from_most_similar(question, similar, encode)


def _from_most_similar(question: str, similar: Sequence[Evidence], encode: TextEncoder | None) -> Iterator[Statement]:
    """One or two sentences of the most similar study that has a report: those that answer, else those with findings."""
    studies = studies_of(similar)
    for place, pieces in enumerate(studies.values()):
        texts = [piece for piece in pieces if piece.kind == "text"]
        found = best_sentences(question, texts, encode, 2) if question.strip() else []
        found = found or [
            Sentence(sentence, piece, 0, start)
            for piece in texts
            for start, sentence in quotable(piece.text)
            if extract_findings(sentence)
        ]
        for sentence in found[:2]:
            lead = "In the most similar study" if place == 0 else "In a similar study"
            yield Statement(f"{lead}: “{sentence.text}”", (sentence.evidence.id,), "similar")
        if found:
            return


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else text + "."
