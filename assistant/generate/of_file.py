"""What an own recording's file says of it: a recorder's statements, a person's, the diagnoses of a header.

They are quoted word for word, each as what it is, and where a measured value does not agree both are said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.findings import extract_findings, implies, is_abnormal
from assistant.findings.asked import asked_about
from assistant.findings.quantities import Quantity, covers, quantities
from assistant.generate.values import asks_at_large, asks_of_whole, bears_on, is_measured
from assistant.generate.whole import asks_of_machine
from assistant.ingest.signal.machine import CONFIRMED, HEADER, MACHINE, MEASURED_BY_MACHINE
from assistant.measure.limits import TOLERANCES, limits
from assistant.records import Evidence, Finding, Statement, ValuePlace
from assistant.retrieve.lines import section_sentences
from assistant.retrieve.own import OF_THE_FILE, named_upload
from assistant.retrieve.relevance import content_words
from assistant.retrieve.within import COVERED

AT_MOST, IN_A_SENTENCE = 12, 6  # lines that are quoted, and of them in one sentence
_WITHOUT_PR = frozenset({"atrial fibrillation", "atrial flutter"})
DISAGREEMENTS = 3
_SIDES = frozenset({"left", "right", "anterior", "posterior", "atrial", "ventricular"})
_WHOSE = {
    MACHINE: "The recorder's own statement, not confirmed by a person",
    CONFIRMED: "The file's interpretation, confirmed by a person",
    HEADER: "The file's header says",
}
_BY_ITSELF = "The file itself says"

# What ECG recorders call critical and tell before all else (Philips DXL: acute MI, acute ischemia, complete heart
# block, extreme tachycardia); of the last what is an emergency at any rate.
_CRITICAL = (
    "myocardial infarction", "myocardial ischemia", "third-degree atrioventricular block", "ventricular tachycardia",
    "ventricular fibrillation",
)  # fmt: skip


_NOT_ON_ANYTHING = frozenset(
    content_words("anything something nothing everything going happening wrong else note some kind")
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what a file says, and what it states."""

    text: str
    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def is_critical(self) -> bool:
        return any(
            finding.status != "absent" and _speaks_of(finding, name) for finding in self.findings for name in _CRITICAL
        )

    @property
    def names_abnormal(self) -> bool:
        return any(finding.status != "absent" and is_abnormal(finding.entity) for finding in self.findings)


@dataclass(frozen=True, slots=True)
class FileSays:
    """The lines of own files that a question is after: those that speak of it; where none does but it is on the whole,
    the abnormal ones `beside` what was measured; and of `another_side` or chamber those on what is asked of one."""

    on_it: tuple[Line, ...] = ()
    beside: tuple[Line, ...] = ()
    another_side: tuple[Line, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.on_it or self.beside or self.another_side)


def is_of_file(piece: Evidence) -> bool:
    """Whether the evidence is what a recording's own file says of it."""
    return piece.relation == "own" and piece.why == OF_THE_FILE


def file_says(question: str, evidence: Sequence[Evidence], *, for_value: bool) -> FileSays:
    """What own files say on a question; all of it, the critical and the abnormal first, where it asks for the whole.

    `for_value`: the question asks for measured values and nothing else; of lines only those that speak of these count.
    """
    if asks_at_large(question):
        return FileSays()
    lines = _lines(evidence)
    named = asked_about(question).named
    ranked = sorted(lines, key=lambda line: (not line.is_critical, not line.names_abnormal, not line.findings))
    if asks_of_machine(question) or (asks_of_whole(question) and not named):
        return FileSays(tuple(ranked[:AT_MOST]))
    another = [line for line in lines if _is_of_another_side(line, named)]
    on_it = [
        line
        for line in lines
        if line not in another
        and (
            any(_speaks_of(finding, name) for finding in line.findings for name in named)
            or bears_on(question, line.text)
            or _holds(line.text, question)
        )
    ]
    if on_it or (for_value and not named):
        return FileSays(tuple(on_it[:AT_MOST]), another_side=tuple(another))
    abnormal = tuple(line for line in ranked if line.names_abnormal) if asks_of_whole(question) else ()
    return FileSays(beside=abnormal[:AT_MOST], another_side=tuple(another))


def quoted(lines: Sequence[Line], *, another_side: bool = False) -> Iterator[Statement]:
    """The lines as sentences, those of one text together, with who says so and of which upload."""
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        source = (line.evidence.record_id, _lead(line.evidence), named_upload(line.evidence))
        groups.setdefault(source, []).append(line)
    for (_, lead, upload), said in groups.items():
        for at in range(0, len(said), IN_A_SENTENCE):
            part = said[at : at + IN_A_SENTENCE]
            words = ", ".join(f"“{line.text}”" for line in part)
            cited = tuple(dict.fromkeys(line.evidence.id for line in part))
            told = f"Of another side or chamber, {lead[0].lower()}{lead[1:]}" if another_side else lead
            yield Statement(f"{told}: {words}{f' {upload}' if upload else ''}.", cited, "patient")


def disagreements(lines: Sequence[Line], values: Sequence[Evidence], evidence: Sequence[Evidence]) -> list[Statement]:
    """Where a measured value and the file do not agree: a finding by its definition, a recorder's value by what
    recorders may be off.

    `lines` are those that are quoted, `values` those that are told: one of both has to be.
    """
    measured = [piece for piece in evidence if is_measured(piece) and isinstance(piece.place, ValuePlace)]
    found: dict[str, Statement] = {}
    for piece in measured:
        for line in _lines(evidence, of_measurements=True):
            if not (line in lines or piece in values) or named_upload(line.evidence) not in ("", named_upload(piece)):
                continue
            if (why := _against(line, piece)) is not None:
                said = piece.text.split(" (upload ")[0].rstrip(".")
                upload = f" {named_upload(piece)}" if named_upload(piece) else ""
                text = f"Measured here “{said}” and in the file “{line.text}” do not agree{why}{upload}."
                found.setdefault(text, Statement(text, (piece.id, line.evidence.id), "patient"))
    return list(found.values())[:DISAGREEMENTS]


def _holds(line: str, question: str) -> bool:
    """Whether a line holds most of a question's words: "any extrasystoles?", where no finding is called so."""
    asked = set(content_words(question)) - _NOT_ON_ANYTHING
    return bool(asked) and len(asked & set(content_words(line))) >= COVERED * len(asked)


def _is_of_another_side(line: Line, named: Iterable[str]) -> bool:
    """Whether a line states what is asked of a side or chamber of another one: a right ventricular hypertrophy where a
    left one is asked for; and nothing that is asked."""
    if any(_speaks_of(finding, name) for finding in line.findings for name in named):
        return False
    apart = [set(finding.entity.split()) ^ set(name.split()) for finding in line.findings for name in named]
    return any(words and words <= _SIDES for words in apart)


def _speaks_of(finding: Finding, name: str) -> bool:
    """Whether a finding says something of another, be it certain or not."""
    return bool(implies(finding, name) or implies(replace(finding, status="present"), name))


def _against(line: Line, piece: Evidence) -> str | None:
    """Why a line and a measured value do not agree, to follow that they don't; None where they do."""
    value = _single(piece.text)
    if value is None or value.name is None:
        return None
    for finding in line.findings:
        if finding.status == "present" and finding.entity in _WITHOUT_PR and covers("pr", value.name):
            return ": atrial activity of that kind has no PR interval"
        limit = limits().get(finding.entity)
        if limit and finding.status == "present" and covers(limit.measure, value.name):
            room = limit.outside / 2  # of the error of the measurement: what lies nearer may fit
            if not limit.low - room <= value.value <= limit.high + room:
                return f": {limit.source}"
    stated = _single(line.text) if line.evidence.section == MEASURED_BY_MACHINE else None
    if stated is None or stated.name != value.name or stated.dimension != value.dimension:
        return None
    tolerance = TOLERANCES.get(value.name)
    return "" if tolerance and abs(stated.value - value.value) > tolerance[2] else None


def _single(text: str) -> Quantity | None:
    """The one named value that a line gives."""
    found = [quantity for quantity in quantities(text) if quantity.name is not None]
    return found[0] if len(found) == 1 else None


def _lines(evidence: Sequence[Evidence], *, of_measurements: bool = False) -> list[Line]:
    """Each statement once; `of_measurements` adds the values that a recorder gives."""
    found: dict[tuple[str, str], Line] = {}
    for piece in evidence:
        if not is_of_file(piece) or (piece.section == MEASURED_BY_MACHINE and not of_measurements):
            continue
        for row in piece.text.splitlines():
            for _, sentence in section_sentences(row):
                text = re.sub(r"[“”]", '"', sentence).rstrip(".")
                line = Line(text, piece, tuple(extract_findings(sentence)))
                found.setdefault((text.casefold(), named_upload(piece)), line)
    return list(found.values())


def _lead(piece: Evidence) -> str:
    return next((lead for title, lead in _WHOSE.items() if (piece.title or "").startswith(title)), _BY_ITSELF)
