"""Whole answers, right or with one thing wrong: what a metric must notice, and what it must not.

A right answer repeats sentences of a patient's report, each citing the piece of evidence that says it; a study of
another patient lies beside it. One thing at a time is then changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.log import Sample
from assistant.evaluate.perturb.sentences import damages, paraphrases
from assistant.findings import extract_findings
from assistant.records import Answer, Evidence, Statement, TextPlace
from assistant.verify import Verifier

QUESTION = "What does this chest X-ray show?"
SENTENCE_DAMAGE = ("negation", "laterality", "location", "severity", "time", "number", "unit", "fabrication")
ANSWER_DAMAGE = ("finding dropped", "citations swapped", "citation invented")
HARMLESS = (
    "synonym", "reworded denial", "reworded statement", "case and marks", "unit converted", "list turned",
    "other order",
)  # fmt: skip
INVENTED = "e99"
_DENIAL = re.compile(r"\b(?:no|not|without|free|clear|normal|negative)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as somebody wrote it: its statements with their citations, and what they were written from.

    `kind` is what was changed, "" for nothing; `place` is the number of the statement that it was changed in.
    """

    group: str
    sentences: tuple[str, ...]
    statements: tuple[Statement, ...]
    evidence: tuple[Evidence, ...]
    kind: str = ""
    place: int | None = None

    @property
    def harmless(self) -> bool:
        return self.kind in HARMLESS

    @property
    def text(self) -> str:
        """The answer in words, without citations."""
        return " ".join(statement.text for statement in self.statements)

    @property
    def report(self) -> str:
        """The patient's report, which the right answer repeats."""
        return " ".join(self.sentences)


def right_answer(group: str, sentences: Sequence[str], other: Sequence[str]) -> Written:
    """An answer that repeats the sentences of a report, each citing itself; `other` is another patient's report."""
    own = tuple(_piece(f"e{n}", sentence, "own", group) for n, sentence in enumerate(sentences, start=1))
    beside = _piece(f"e{len(own) + 1}", " ".join(other), "similar", f"{group}-other")
    statements = tuple(Statement(piece.text, (piece.id,), "patient") for piece in own)
    return Written(group, tuple(sentences), statements, (*own, beside))


def changed_answers(right: Written) -> Iterator[Written]:
    """The answer with one thing changed, once for each kind of change that fits it."""
    seen: set[str] = set()
    for at, statement in enumerate(right.statements):
        changes = [*damages(statement.text), *((k, t) for k, t in paraphrases(statement.text) if k in HARMLESS)]
        for kind, text in changes:
            if kind not in seen and kind in (*SENTENCE_DAMAGE, *HARMLESS) and _surely(kind, text, right):
                seen.add(kind)
                yield _with(right, kind, at, replace(statement, text=text))
    yield from _whole_changes(right)


def _surely(kind: str, text: str, right: Written) -> bool:
    """Whether a changed sentence is surely wrong, or right, beside the rest of the report.

    A swapped finding must be claimed, not denied ("no rib fracture" follows from "no bony abnormality"), and nowhere
    else in the report.
    """
    if kind != "fabrication":
        return True
    new = {word for word in _WORD.findall(text.lower()) if word not in right.report.lower()}
    return bool(new) and _DENIAL.search(text) is None


def _whole_changes(right: Written) -> Iterator[Written]:
    statements = right.statements
    telling = [at for at, statement in enumerate(statements) if extract_findings(statement.text)]
    if len(statements) < 2:
        return
    if telling:
        left = statements[: telling[0]] + statements[telling[0] + 1 :]
        yield replace(right, statements=left, kind="finding dropped", place=telling[0])
    first, second, *rest = statements
    crossed = (replace(first, citations=second.citations), replace(second, citations=first.citations), *rest)
    yield replace(right, statements=crossed, kind="citations swapped", place=0)
    invented = replace(first, citations=(*first.citations, INVENTED))
    yield _with(right, "citation invented", 0, invented)
    yield replace(right, statements=tuple(reversed(statements)), kind="other order")


def _with(right: Written, kind: str, at: int, statement: Statement) -> Written:
    statements = (*right.statements[:at], statement, *right.statements[at + 1 :])
    return replace(right, statements=statements, kind=kind, place=at)


def as_case(written: Written) -> Case:
    """The case that the right answer answers: the report and its findings are the reference."""
    findings = tuple(sentence for sentence in written.sentences if extract_findings(sentence))
    reference = Reference(answerable=True, report=written.report, findings=findings, statements=written.sentences)
    return Case(id=written.group, question=QUESTION, reference=reference, group=written.group)


def as_sample(written: Written, verifier: Verifier | None = None) -> Sample:
    """What a run would have kept of the answer: each statement verified against what was given to its writer."""
    judge = verifier or Verifier()
    given = {piece.id: piece for piece in written.evidence}
    claims = tuple(claim for statement in written.statements for claim in judge.verify(statement, given))
    answer = Answer(QUESTION, claims, written.evidence, not claims, "", "written", None)
    return Sample(case=written.group, answer=answer, seconds={"solve": 0.0})


def _piece(name: str, text: str, relation: str, study: str) -> Evidence:
    return Evidence(
        name, f"r-{study}-{name}", "text", "SR", relation,  # type: ignore[arg-type]
        text, TextPlace(0, len(text)), 1.0, True, "", patient_id=study, study_id=study,
    )  # fmt: skip
