"""Counts over all that a query may see of the archive: what its texts state, as they were read when it was indexed.

What a search finds says nothing of how common a thing is. A count does, over every study inside the query's filters
and wall, and whoever checks a sentence counts again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.findings import extract_findings
from assistant.findings.archive_counts import CHOSEN_PATIENT, ArchiveCount, CountVerb, Unit, wanted_of
from assistant.findings.labels import clinical_labels
from assistant.findings.wanted import WantedFinding
from assistant.records import Finding
from assistant.retrieve.query import Query
from assistant.retrieve.question import Question, read_question
from assistant.retrieve.wall import filters_of
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.rows import CaseRow
from assistant.store.words import query_words

_NO_METHOD = frozenset({"SR", "DOC", "OT", ""})  # modalities that say nothing of what took the pictures
_EITHER = re.compile(r"\b(?:or|either|and/or|not|than|except|but)\b|/", re.IGNORECASE)
_PATIENTS = re.compile(r"\bpatients\b", re.IGNORECASE)
_REPORTS = re.compile(r"\breports?\b", re.IGNORECASE)
_TOO_WIDE = frozenset({"abnormality"})  # asked for as such it is no finding that a report does or does not mention
# The words of a request around what it is about.
_FRAME = query_words(
    "how many often frequent frequently common commonly rare rarely regularly prevalent prevalence number of among "
    "count total share proportion percentage fraction what which find show list search give get retrieve display pull "
    "bring look up fetch me all some any please can you could do does we have has had are is there the a an in of from "
    "our this archive collection database data set cohort chest x-ray x-rays xray xrays film films radiograph "
    "radiographs cxr cxrs ecg ecgs ekg ekgs electrocardiogram electrocardiograms ct cts scan scans mri mris image "
    "images picture pictures tracing tracings recording recordings study studies report reports case cases example "
    "examples patient patients with that who mention mentions mentioned mentioning show shows showing shown describe "
    "describes describing state states stating contain contains containing reported reporting note notes noted occur "
    "occurs occurring appear appears documented positive for was were found in see seen"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks to be counted in the archive, or shown of it: findings, as a sentence names them."""

    finding: str
    denied: bool
    unit: Unit

    @property
    def verb(self) -> CountVerb:
        return "state that there is no" if self.denied else "mention"

    @property
    def wanted(self) -> tuple[WantedFinding, ...]:
        return wanted_of(self.finding, self.verb)


def asked_of_archive(text: str) -> Asked | None:
    """What a question asks of the archive as a whole; None where it asks for something else, or for more than findings:
    of "how many women over 60 have cardiomegaly" a count of all with cardiomegaly is no answer."""
    question = read_question(text)
    if question.kind not in ("count", "cases"):
        return None
    found = extract_findings(question.subject)
    if not found or _EITHER.search(question.subject) or _unread(question, found):
        return None
    denied = {finding.status == "absent" for finding in found}
    if len(denied) > 1 or (denied == {True} and len(found) > 1):
        return None
    unit: Unit = "patients" if _PATIENTS.search(text) else "reports" if _REPORTS.search(text) else "studies"
    asked = Asked(" and ".join(_phrase(finding, question.subject) for finding in found), denied == {True}, unit)
    return asked if len(asked.wanted) == len(found) else None


def _unread(question: Question, found: Sequence[Finding]) -> bool:
    """Whether words are left over that nothing of a count stands for."""
    rest = list(question.subject)
    for finding in found:
        if (
            finding.entity in _TOO_WIDE
            or finding.location
            or finding.time
            or finding.change
            or finding.value is not None
        ):
            return True
        for start, end in [(finding.start, finding.end), *((start, end) for _, start, end in finding.spans)]:
            rest[start:end] = " " * (end - start)
    return bool(query_words("".join(rest)) - _FRAME)


def _phrase(finding: Finding, text: str) -> str:
    """A finding as a sentence names it, with its side and degree in the question's own words."""
    said = sorted((start, end) for name, start, end in finding.spans if name in ("side", "severity"))
    return " ".join([*(text[start:end].lower() for start, end in said), finding.entity])


@dataclass(frozen=True)
class Census:
    """The part of the archive that a query may see, one filter for each index.

    `of` says in words whose studies they are, where not everybody's; `modalities` leaves out studies that are known to
    be by others.
    """

    indexes: Sequence[OpenIndex]
    filters: Sequence[Filter]
    of: str = ""
    modalities: frozenset[str] = frozenset()

    @property
    def scope(self) -> str:
        """Of which part of the archive it is, in the words of a counting sentence."""
        names = ", ".join(index.name for index in self.indexes)
        told = [f"{'index' if len(self.indexes) == 1 else 'indexes'} {names}", self.of]
        if self.modalities:
            told.append(f"by {' or '.join(sorted(self.modalities))}, or not told by what")
        return "; ".join(filter(None, told))

    def count(self, finding: str, verb: CountVerb, unit: Unit) -> ArchiveCount | None:
        """How many units state, deny or are labelled with a finding; None where its words are not understood, no unit
        is there to be counted, or an index was built before findings were kept.

        A unit that states a finding somewhere and denies it elsewhere mentions it.
        """
        wanted = wanted_of(finding, verb)
        labels = verb == "are labelled"
        if not wanted or not (labels or all(index.states_findings for index in self.indexes)):
            return None
        everyone: set[str] = set()
        counted: set[str] = set()
        for index, filter_ in zip(self.indexes, self.filters, strict=True):
            rows = [row for row in self._rows(index, filter_) if _is_counted(row, labels)]
            units = {row.pk: name for row in rows if (name := _unit(index, row, unit)) is not None}
            everyone |= set(units.values())
            each = [self._holding(index, rows, units, one, labels) for one in wanted]
            holding = set.intersection(*each)
            if verb == "state that there is no":
                stated = wanted_of(finding, "mention")
                holding -= set.union(set(), *(self._holding(index, rows, units, one, False) for one in stated))
            counted |= holding
        return ArchiveCount(len(counted), len(everyone), unit, verb, finding, self.scope) if everyone else None

    def _rows(self, index: OpenIndex, filter_: Filter) -> list[CaseRow]:
        rows = index.cases(filter_)
        if not self.modalities:
            return rows
        taken_by: dict[str, set[str]] = {}
        for row in rows:
            taken_by.setdefault(row.study, set()).update({row.modality} - _NO_METHOD)
        return [row for row in rows if not taken_by[row.study] or taken_by[row.study] & self.modalities]

    @staticmethod
    def _holding(
        index: OpenIndex, rows: Sequence[CaseRow], units: Mapping[int, str], wanted: WantedFinding, labels: bool
    ) -> set[str]:
        if not labels:
            return {units[pk] for pk in index.stating(wanted) if pk in units}
        says = {value: False for row in rows for _, value in clinical_labels(row.labels)}
        says = {value: any(map(wanted.fits, extract_findings(value.replace("_", " ")))) for value in says}
        return {
            units[row.pk]
            for row in rows
            if row.pk in units and any(says[value] for _, value in clinical_labels(row.labels))
        }


def _is_counted(row: CaseRow, labels: bool) -> bool:
    """Whether a record is among those counted: a labelled picture or signal, or a text."""
    return row.kind != "text" and bool(clinical_labels(row.labels)) if labels else row.kind == "text"


def _unit(index: OpenIndex, row: CaseRow, unit: Unit) -> str | None:
    """The name of the unit that a record belongs to; None where that is a patient and none is named."""
    if unit == "patients":
        return row.patient
    return row.study if unit == "studies" else f"{index.name}/{row.pk}"


def census_of(indexes: Sequence[OpenIndex], query: Query, modalities: frozenset[str], settings: Settings) -> Census:
    """All of some indexes that a query may see."""
    among = [index for index in indexes if not query.indexes or index.name in query.indexes]
    whose = {
        CHOSEN_PATIENT: query.patient,
        "the chosen studies": query.studies,
        "one patient left out": query.exclude_patient,
        "taken in the dates chosen": query.since or query.until,
        f"by {' or '.join(sorted(query.modalities))}": query.modalities,
    }
    told = "; ".join(words for words, holds in whose.items() if holds)
    return Census(among, filters_of(among, query, settings), told, modalities)
