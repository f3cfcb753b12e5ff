"""The answerer that invents nothing: it quotes sentences, states measured values and counts similar studies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.errors import WardroundError
from assistant.findings import extract_findings, implies, measurements_named
from assistant.findings.asked import Asked, asked_about
from assistant.findings.sides import side_asked, stands
from assistant.generate.context import Exchange
from assistant.generate.counts import (
    are_chosen,
    count_findings,
    count_labels,
    labels_named,
    studies_of,
    without_repeats,
)
from assistant.generate.documents import document_sentences, under_headings
from assistant.generate.found import asks_generally, found_for_words
from assistant.generate.importance import AT_MOST, LEAST_VALUES, most_telling
from assistant.generate.of_file import FileSays, disagreements, file_says, is_of_another_finding, is_of_file, quoted
from assistant.generate.prompts import load_prompt
from assistant.generate.reports import section_asked
from assistant.generate.sentences import Sentence, best_sentences, quotable
from assistant.generate.task import DraftTask, Task, TextEncoder
from assistant.generate.values import (
    asks_at_large,
    asks_for_values_alone,
    asks_of_others,
    asks_of_whole,
    bears_on,
    description_asked,
    is_measured,
    measured_for,
    names_a_quantity,
    of_the_one_meant,
)
from assistant.generate.whole import asks_of_machine
from assistant.records import About, Evidence, Statement, ValuePlace, countable
from assistant.retrieve.difference import ON_BOTH, unrepeated
from assistant.retrieve.own import STATED_FACT, with_upload
from assistant.retrieve.question import is_reason_for_study, read_question
from assistant.retrieve.relevance import content_words
from assistant.retrieve.route import asks_of_patient

_OF_OTHERS = frozenset({"similar", "count", "cases"})
_OF_ONE_PATIENT = re.compile(r"\b(?:this|our|the) patient\b|\b(?:he|she|his|her)\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[,;?]|\band\b", re.IGNORECASE)
OF_OTHER_SIDE = 2  # sentences of the patient's own texts that are told beside those of the side that is asked for
_NOT_QUOTED = ("TECHNIQUE", "COMPARISON")  # sections of a report that neither values nor similar studies fill


class QuoteAnswerer:
    """Answers with nothing but evidence, word for word, and with counts of it. Deterministic; no model."""

    name = "quote"
    model = "quote"
    prompt = None

    def __init__(self, prompts_dir: Path | None = None) -> None:
        self._prompts_dir = prompts_dir

    def prompt_for(self, task: Task | DraftTask) -> None:
        return None

    def context_for(self, task: Task | DraftTask) -> None:
        return None

    def standalone(self, question: str, earlier: tuple[Exchange, ...]) -> None:
        return None

    def unsourced(self, question: str) -> Iterator[str]:
        return iter(())

    def look(self) -> None:
        """It needs nothing."""

    def answer(self, task: Task) -> Iterator[Statement]:
        """What the recording's own file says, with what does not agree with it, and what the patient's own texts say on
        the findings asked for; then measured values; then what similar studies show, then sentences of general
        knowledge; nothing where none of it bears on the question.

        Where values alone are asked for and the study has them, or the reason why it has not, they come first, and
        after them only what the patient's own records say on them. Where the patient's report or a section of it is
        asked for, nothing follows it. Of a recording as a whole the most telling values are given. General knowledge
        answers no question about the patient whose file is there, and beside that file it is told to be general.
        """
        question = task.question
        task = replace(task, evidence=of_the_one_meant(question, task.evidence))
        yield from (_measured(piece) for piece in task.evidence if piece.why == STATED_FACT)
        if described := description_asked(question, task.evidence):
            yield from map(_measured, described)
            return
        values = unrepeated(measured_for(question, task.evidence))
        own = [p for p in task.evidence if p.relation == "own" and p.kind == "text" and not is_of_file(p)]
        mine, of_others = _clauses(question)
        alone = bool(values) and asks_for_values_alone(mine)
        says = file_says(question, task.evidence, for_value=alone)
        section = section_asked(question, own)
        told = [] if section else _own_on_values(mine, own) if alone else _own_findings(question, own)
        told = under_headings(told, own)
        near = [] if alone or section else self._near(task, said=told, unless_file=says)
        on = side_asked(question)
        elsewhere = [said for said in (*told, *near) if _is_elsewhere(on, said)]
        told, near = ([said for said in of if said not in elsewhere] for of in (told, near))
        at_odds = disagreements(says.on_it, values, task.evidence)
        first = [
            *quoted(says.on_it),
            *at_odds,
            *map(_quoted, told),
            *section,
            *(map(_quoted, near) if asks_of_whole(question) else ()),
        ]
        if asks_of_whole(question) and not any(piece.why == ON_BOTH for piece in values):
            said = {id for statement in at_odds for id in statement.citations}
            values = [piece for piece in values if piece.id not in said]
            values = most_telling(values, max(LEAST_VALUES, AT_MOST - len(first)))
        measured = [_measured(piece) for piece in values]
        values_first = alone and not asked_about(mine).named
        yield from (*measured, *first) if values_first else (*first, *measured)
        yield from quoted(says.beside)
        yield from quoted(says.another_side, another_side=True)
        if section:
            return
        yield from map(_quoted, [sentence for sentence in near if not asks_of_whole(question)])
        yield from map(_quoted_elsewhere, elsewhere[:OF_OTHER_SIDE])
        if alone and not of_others:
            return
        measures = any(map(is_measured, values))
        answered = bool(first or says or near or elsewhere or (measures and asked_about(question).named))
        counted = [] if asks_at_large(question) else self._others(task, own_answers=answered)
        if measures and names_a_quantity(mine) and not of_others:  # of the rhythm, not what else similar ones have
            counted = [statement for statement in counted if bears_on(mine, statement.text)]
        yield from counted
        if alone or ((near or elsewhere) and not asked_about(question).named):  # the patient's own text gives it
            return
        yield from self._general(task, room=4 if not (near or told or counted) else 2)

    @staticmethod
    def _general(task: Task, room: int) -> Iterator[Statement]:
        """Sentences of general knowledge; beside a file of the patient's with where they are from, and none at all
        where the question is about the patient."""
        beside_file = task.of_patient or any(piece.relation == "own" for piece in task.evidence)
        of_patient = asks_of_patient(task.question) or read_question(task.question).kind == "finding"
        if beside_file and (of_patient or asks_of_machine(task.question)):
            return
        knowledge = [p for p in task.evidence if p.relation == "knowledge" and p.kind == "text"]
        for sentence in best_sentences(task.question, knowledge, task.encode, room):
            if not beside_file:
                yield _quoted(sentence)
            elif not _OF_ONE_PATIENT.search(sentence.text):
                words = re.sub(r"[“”]", '"', sentence.text)
                yield Statement(f"In the archive's literature: “{words}”", (sentence.evidence.id,), "general")

    @staticmethod
    def _near(task: Task, *, said: Sequence[Sentence], unless_file: FileSays) -> list[Sentence]:
        """Lines of own texts that answer; of a recording's file where none of its statements was quoted."""
        own = [p for p in task.evidence if p.relation == "own" and p.kind == "text"]
        own = [p for p in own if not (is_of_file(p) and (unless_file or asks_at_large(task.question)))]
        texts = {sentence.text for sentence in said}
        named = asked_about(task.question).named
        of_findings = bool(named) and read_question(task.question).kind == "finding"
        near = document_sentences(task.question, own, task.encode, of_findings=of_findings)
        return [
            s
            for s in near
            if s.text not in texts and not (is_of_file(s.evidence) and is_of_another_finding(s.text, named))
        ]

    @staticmethod
    def _others(task: Task, *, own_answers: bool) -> list[Statement]:
        """What similar studies show. Beside own evidence that answers it is told where it is asked for; that none of
        them shows a thing says nothing of the patient, and is told where nothing of the patient's is in play."""
        similar = [p for p in task.evidence if p.relation == "similar"]
        if own_answers and not (asks_of_others(task.question) or read_question(task.question).kind in _OF_OTHERS):
            return []
        counted = list(_similar(task.question, similar, task.encode, task.chosen))
        if any(p.relation == "own" for p in task.evidence) or all(p.kind == "text" for p in similar):
            counted = [statement for statement in counted if not statement.text.startswith("None of")]
        return counted

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """The study's own values first, what similar studies' reports and labels show after them.

        Of a template's sections the first takes values and findings, the last statements on the rhythm, labels
        and a quotation; a MEASUREMENTS section takes values alone. How the study was made and what it is compared with
        is not quoted.
        """
        sections = load_prompt(task.template, self._prompts_dir).sections
        if not sections:
            raise WardroundError(f"prompt {task.template!r}: a report template names its sections in the front matter")
        written = [name for name in sections if name.upper() not in _NOT_QUOTED] or sections
        first, last = written[0], written[-1]
        measured = [piece for piece in task.own if is_measured(piece)]
        yield from ((first, _measured(piece)) for piece in measured if isinstance(piece.place, ValuePlace))
        findings = last if first.upper() == "MEASUREMENTS" else first
        if findings == first:
            yield from ((first, statement) for statement in count_findings(task.similar))
        yield from ((last, _measured(piece)) for piece in measured if not isinstance(piece.place, ValuePlace))
        mentioned = count_findings(task.similar) if findings != first else []
        counted = (*without_repeats(count_labels(task.similar), mentioned), *mentioned)
        yield from ((last, statement) for statement in counted)
        yield from ((last, statement) for statement in _from_most_similar(task.similar))


def _measured(piece: Evidence) -> Statement:
    return Statement(_ended(piece.text), (piece.id,), "patient")


def _quoted(sentence: Sentence) -> Statement:
    text = with_upload(sentence.text, sentence.evidence)
    return Statement(text, (sentence.evidence.id,), _about(sentence.evidence))


def _is_elsewhere(on: Asked, sentence: Sentence) -> bool:
    """Whether a sentence speaks of the other side alone than that which is asked for."""
    return stands(on, sentence.text, sentence.heading) == "of the other side"


def _quoted_elsewhere(sentence: Sentence) -> Statement:
    quotation = sentence.text if "“" in sentence.text else f"“{sentence.text}”"
    return _quoted(replace(sentence, text=f"Of the other side: {quotation}"))


def _about(piece: Evidence) -> About:
    """An uploaded report speaks of the patient; an uploaded article or guideline does not."""
    if piece.relation == "similar":
        return "similar"
    return "patient" if piece.relation == "own" and piece.modality != "DOC" else "general"


def _own_findings(question: str, own: Sequence[Evidence], at_most: int = 4) -> list[Sentence]:
    """Sentences of the patient's own records on the findings that were asked for."""
    asked = {finding.entity for finding in extract_findings(question)}
    on = side_asked(question)
    told: list[Sentence] = []
    for rank, piece in enumerate(
        piece for piece in own if piece.modality != "DOC" and not is_reason_for_study(piece.section)
    ):
        for start, sentence in quotable(piece.text, least_words=1):
            found = extract_findings(sentence)
            if any(implies(f, name) for f in found for name in asked):
                told.append(Sentence(sentence, piece, rank, start))
    return sorted(told, key=lambda said: _is_elsewhere(on, said))[:at_most]


def _own_on_values(question: str, own: Sequence[Evidence], at_most: int = 4) -> list[Sentence]:
    """Sentences of the patient's own records on the measured quantities that were asked for: a "left bundle branch
    block" where the QRS is."""
    told = [
        Sentence(sentence, piece, rank, start)
        for rank, piece in enumerate(piece for piece in own if piece.modality != "DOC")
        for start, sentence in quotable(piece.text, least_words=1)
        if bears_on(question, sentence)
    ]
    return told[:at_most]


def _similar(
    question: str, similar: Sequence[Evidence], encode: TextEncoder | None, chosen: int
) -> Iterator[Statement]:
    """Counts over the studies like the upload and a quotation or two; nothing where the question is about something
    else. Of studies that its words found, what they say of what it names is quoted, and nothing counted."""
    kind = read_question(question).kind
    asked = list(dict.fromkeys(finding.entity for finding in extract_findings(question)))
    if kind in ("similar", "count"):  # "how high is the CRP in similar studies?"
        asked += [name for name in measurements_named(_clauses(question)[1] or question) if name not in asked]
    alike = countable(similar)
    if alike:
        yield from _alike(question, alike, asked, encode, chosen)
    elif kind != "similar":  # without anything that a study could be similar to there is no similar one
        yield from found_for_words(question, similar, asked)


def _alike(
    question: str, alike: Sequence[Evidence], asked: Sequence[str], encode: TextEncoder | None, among: int
) -> Iterator[Statement]:
    if asked:
        mentioned = count_findings(alike, asked, among=among, whose=True)
        yield from mentioned
        yield from without_repeats(count_labels(alike, asked=asked, among=among, whose=True), mentioned)
    else:
        of_others = _clauses(question)[1] or question  # not the value that the same question asks of the study itself
        words = content_words(of_others)
        named = labels_named(alike, words)
        if not (named or asks_generally(of_others)):
            return
        labelled = count_labels(alike, words, among=among, whose=True)
        if named:  # the label is what was asked for, not all else that the reports say
            yield from labelled
            return
        mentioned = count_findings(alike, among=among, whose=True)
        yield from without_repeats(labelled, mentioned)
        yield from mentioned
    if any(piece.kind != "text" for piece in alike):
        yield from _from_most_similar(alike, asked, among, question)
        return
    first, among = next(iter(studies_of(alike))), max(len(studies_of(alike)), among)
    on = side_asked(question)
    states = [piece for piece in alike if not (asked and is_reason_for_study(piece.section))]
    near = [(said, _is_elsewhere(on, said)) for said in best_sentences(question, states, encode, at_most=3)]
    for said, elsewhere in sorted(near, key=lambda pair: pair[1]):
        yield _from_study(said.text, said.evidence, first, among, elsewhere=elsewhere)


def _clauses(question: str) -> tuple[str, str]:
    """What a question asks of the study itself, and what of similar ones: "what is the rate, and what do similar ECGs
    show?" asks for both."""
    clauses = [clause for clause in _CLAUSES.split(question) if clause.strip()]
    of_others = " ".join(clause for clause in clauses if asks_of_others(clause))
    return " ".join(clause for clause in clauses if not asks_of_others(clause)), of_others


def _from_most_similar(
    similar: Sequence[Evidence], asked: Sequence[str] = (), among: int = 0, question: str = ""
) -> Iterator[Statement]:
    """One or two sentences of the most similar study whose report speaks of what was asked, or of any finding.

    What is of the other side than the question names is quoted last, and as that; else the impression before the
    findings, what is present before what is absent.
    """
    studies = studies_of(similar)
    on = side_asked(question)
    for pieces in studies.values():
        told: list[tuple[bool, bool, bool, int, str, Evidence]] = []
        for piece in (piece for piece in pieces if piece.kind == "text" and not is_reason_for_study(piece.section)):
            in_findings = "IMPRESSION" not in (piece.section or "").upper()
            for start, sentence in quotable(piece.text, least_words=1):
                found = [f for f in extract_findings(sentence) if not asked or f.entity in asked]
                if found:
                    elsewhere = stands(on, sentence) == "of the other side"
                    present = any(finding.status == "present" for finding in found)
                    told.append((elsewhere, not present, in_findings, start, sentence, piece))
        best: dict[str, tuple[Evidence, bool]] = {}  # copies of a report say the same
        for elsewhere, *_, sentence, piece in sorted(told, key=lambda t: t[:4]):
            best.setdefault(sentence, (piece, elsewhere))
        for sentence, (piece, elsewhere) in list(best.items())[: 1 if asked else 2]:
            yield _from_study(sentence, piece, next(iter(studies)), max(len(studies), among), elsewhere=elsewhere)
        if told:
            return


def _from_study(
    sentence: str, piece: Evidence, most_similar: str, number: int, *, elsewhere: bool = False
) -> Statement:
    """A sentence of one of so many studies, with which it is, and that it is of the other side."""
    first = (piece.study_id or piece.record_id) == most_similar
    lead = "In the most similar study" if first else "In a similar study"
    if are_chosen([piece]):
        lead = "In one of the chosen studies" if number > 1 else "In the chosen study"
    return Statement(f"{lead}{', of the other side' if elsewhere else ''}: “{sentence}”", (piece.id,), "similar")


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else text + "."
