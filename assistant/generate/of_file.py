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
from assistant.generate.values import asks_at_large, asks_of_whole, bears_on, is_measured, is_on_recording
from assistant.generate.whole import asks_of_machine
from assistant.ingest.signal.machine import CONFIRMED, HEADER, MACHINE, MEASURED_BY_MACHINE
from assistant.measure.limits import TOLERANCES, limits
from assistant.records import Evidence, Finding, Statement, TextPlace, ValuePlace
from assistant.retrieve.lines import section_sentences
from assistant.retrieve.own import OF_THE_FILE, named_upload
from assistant.retrieve.relevance import content_words
from assistant.retrieve.within import COVERED

# Lines that are quoted, all of a header that is asked for as such, and of them in one sentence.
AT_MOST, OF_HEADER, IN_A_SENTENCE = 12, 60, 6
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


_THE_HEADER = re.compile(r"\bheader", re.IGNORECASE)
_DIAGNOSIS = re.compile(r"\bdiagnos[ei]s\b", re.IGNORECASE)
# "Infarction date: 29-Sep-90", "Start lysis therapy (hh.mm): 19:45": when something was, no more of what.
_SAYS_WHEN = re.compile(
    r"[^:]+:\s*(?:\d{1,2}[-./ ](?:\d{1,2}|[a-z]{3,9})[-./ ]\d{2,4}|\d{4}(?:-\d\d){0,2}|\d{1,2}[:.]\d\d)\W*",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\W*(?:since )?when\b|\b(?:what|which) (?:date|day)|\bdate of\b|\b(?:seit )?wann\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:previous|prior|former|earlier|old|history of|past|früher\w*|alte[rn]?)\b", re.IGNORECASE)
# A line that takes back, or stands by, what the others state: of alarms of a monitor, in their headers.
_ON_THE_REST = re.compile(r"\W*(?:(?:false|true) (?:alarm|positive)|fehlalarm)\W*", re.IGNORECASE)
_DENIED = re.compile(r":\s*(?:no|none|nil|normal|negative)\b", re.IGNORECASE)
_NAMED_FACT = re.compile(r"[^\W\d_][^:]{1,60}:\s+\S")
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
    def says_when(self) -> bool:
        return _SAYS_WHEN.fullmatch(self.text) is not None

    @property
    def names_abnormal(self) -> bool:
        """Of a fact with its name by what it says of that, where it says a finding: "stenoses (RCA): No stenoses"."""
        says = self.text.find(":") if _NAMED_FACT.match(self.text) else 0
        stated = [finding for finding in self.findings if finding.start > says]
        if not stated and not _DENIED.match(self.text, says):
            stated = list(self.findings)
        return any(finding.status != "absent" and is_abnormal(finding.entity) for finding in stated)


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
    ranked = sorted(
        lines, key=lambda line: (line.says_when, not line.is_critical, not line.names_abnormal, not line.findings)
    )
    if asks_of_machine(question):
        return FileSays(tuple(_as_written(lines)[:OF_HEADER] if _THE_HEADER.search(question) else ranked[:AT_MOST]))
    if asks_of_whole(question) and not named:
        return FileSays(tuple(_on_the_whole(question, ranked)[:AT_MOST]))
    another = [line for line in lines if _is_of_another_side(line, named)]
    on_it = [
        line
        for line in lines
        if line not in another
        and (
            any(_speaks_of(finding, name) for finding in line.findings for name in named)
            or bears_on(question, line.text)
            or _holds(line, question, named)
        )
    ]
    on_it = [line for line in on_it if line.says_when == bool(_WHEN.search(question))] or on_it
    if _PAST.search(question):
        on_it.sort(key=lambda line: not _PAST.search(line.text))
    on_it += _on_the_rest(on_it, lines)
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


def _on_the_whole(question: str, ranked: Sequence[Line]) -> list[Line]:
    """The lines that speak of the recording or its patient's diagnoses, of them those alone where a diagnosis is asked
    for; a fact with its name that is neither ("Smoker: no", a date) is left to who asks for it."""
    told = [
        line
        for line in ranked
        if not line.says_when and (line.findings or not _NAMED_FACT.match(line.text) or is_on_recording(line.text))
    ]
    if not _DIAGNOSIS.search(question):
        return told
    stated = [line for line in told if line.names_abnormal or _DIAGNOSIS.search(line.text.partition(":")[0])]
    return [*stated, *_on_the_rest(stated, ranked)] if stated else told


def _as_written(lines: Sequence[Line]) -> list[Line]:
    """The lines in the order of their file: evidence comes in that of its nearness."""
    places = {line.evidence.id: line.evidence.place for line in lines}
    starts = {id: place.start if isinstance(place, TextPlace) else 0 for id, place in places.items()}
    return sorted(lines, key=lambda line: starts[line.evidence.id])


def _on_the_rest(told: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """The lines that say of those of the same file whether they hold: "False alarm"."""
    files = {line.evidence.id for line in told}
    return [
        line for line in lines if line not in told and line.evidence.id in files and _ON_THE_REST.fullmatch(line.text)
    ]


def _holds(line: Line, question: str, named: Iterable[str]) -> bool:
    """Whether a line holds most of a question's words: "any extrasystoles?", where no finding is called so. Words of
    another finding than is asked for do not count: a "wandering atrial pacemaker" is no pacemaker."""
    asked = set(content_words(question)) - _NOT_ON_ANYTHING
    words = set(content_words(_less_other_findings(line.text, line.findings, named)))
    return bool(asked) and len(asked & words) >= COVERED * len(asked)


def is_of_another_finding(sentence: str, named: Iterable[str]) -> bool:
    """Whether a sentence states findings, none of which is asked for, and nothing beside them."""
    findings = extract_findings(sentence)
    named = frozenset(named)
    if not (named and findings) or any(_speaks_of(finding, name) for finding in findings for name in named):
        return False
    return not content_words(_less_other_findings(sentence, findings, named))


def _less_other_findings(text: str, findings: Iterable[Finding], named: Iterable[str]) -> str:
    """A text with blanks for the findings that are not asked for, where some are."""
    named = frozenset(named)
    rest = list(text)
    for finding in findings if named else ():
        if not any(_speaks_of(finding, name) for name in named):
            rest[finding.start : finding.end] = " " * (finding.end - finding.start)
    return "".join(rest)


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
                line = Line(text, piece, tuple(extract_findings(text)))
                found.setdefault((text.casefold(), named_upload(piece)), line)
    return list(found.values())


def _lead(piece: Evidence) -> str:
    return next((lead for title, lead in _WHOSE.items() if (piece.title or "").startswith(title)), _BY_ITSELF)
