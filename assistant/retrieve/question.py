"""What kind of question is asked, of which sort of recording and of which part of the body: by its words alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from importlib.resources import files
from typing import Literal

from assistant.findings.asked import Asked, asked_about, region_of
from assistant.ingest.deid.spans import KINDS
from assistant.ingest.deid.text import find, replace
from assistant.store.words import query_words

Wants = Literal["cases", "knowledge"]
_ANSWERED_BY_CASES = frozenset({"finding", "similar", "comparison", "count", "value", "cases"})
_NAMED_PATIENT = re.compile(
    r"\b(?:[Pp]atient|MRN|[Cc]ase)(?:'s|’s)?\W+(?:(?:no|number|id|MRN)\b\W*)?"
    r"(?:[A-Z]+[-_]?\d{2,}[\w-]*|\d{4,}|[A-Z][a-z]+\s+[A-Z][a-z]+)|\b(?:Mr|Mrs|Ms|Herr|Frau)\b\.?\s+[A-Z][a-z]+"
)
_NUMBERED_PATIENT = re.compile(
    r"\b(?:[Pp]atient(?:en|in)?|MRN)(?:'s|’s)?\W+(?:(?:no|number|id|ID|Nr|Nummer|MRN)\b\W*)?"
    r"([A-Za-z]+[-_/.]?\d[\w/.-]*\w|[A-Za-z]+\d|\d{4,}(?:[-/]\w+)*|\d{1,3})(?!\w)"
    r"(?!\W*(?:%|(?:(?:year|yr|month|week|day|hour|min|Jahr|Monat|Woche|Tag|Stunde)\w*|y/?o|[mck]?[gml]|m?mol|bpm|ms)\b))"
)
# An identifier's placeholder with the field that it fills: "(MRN [id], born [date])", "Mr. [name]".
_IDENTIFIED = re.compile(
    r"\([^()]*\[(?:KINDS)\][^()]*\)|(?:\b(?:mr|mrs|ms|dr|herr|frau|patient|case|mrn|born|tel|phone|no|number|id)\b\W*)*"
    r"\[(?:KINDS)\](?:['’]s\b)?".replace("KINDS", "|".join(KINDS)),
    re.IGNORECASE,
)
# Words for a record, which the vocabulary reads as all that is seen on it ("the study is normal").
_A_RECORD = re.compile(r"\b(?:stud(?:y|ies)|exam(?:ination)?s?|films?|radiographs?|ecgs?)\b", re.IGNORECASE)
# "Can hypertension cause LVH?", "Does amiodarone prolong the QT?", "Is gout treated with colchicine?": of whoever has
# it, no word points at one patient.
_OF_CAUSES = re.compile(
    r"""\W*(?:can|could|may|might|does|do|will|would|is|are)\s
    (?!.*\b(?:this|these|those|there|it|his|her|their|my|our|your|he|she|they|you|we|i|here|patient
        |the\ (?!qtc?\b|pr\b|qrs\b|risk\b|heart\b|blood\b))\b)
    .+\b(?:caused?|causing|causes|lead(?:ing)?\ to|results?\ (?:in|from)|provoke|trigger|induce|produce|predispose
    |prolong|shorten|worsen|mimic|prevent|raise|lower|associated\ with|linked\ (?:to|with)
    |(?:treat|cure|relieve
        |(?:treated|managed|cured|relieved|prevented)\ (?:with|by)
        |used\ (?:for|in|to)|recommended\ (?:for|in)|(?:contra-?)?indicated\ (?:for|in|with)
        |(?:effective|safe)\ (?:for|in|against|during))(?=\ \w))\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Questions that point at what was uploaded or at what lies beside it.
_POINTS_AT_STUDY = re.compile(
    r"""\b(similar|compar\w+|alike|like\ this|cases?|stud(y|ies)|patients?|upload\w*|attach\w*|files?|records?|recording
    |images?|pictures?|films?|radiograph\w*|x-?\s?rays?|cxr|scans?|ct|mri?|slices?|ecgs?|ekgs?|electrocardiogra\w+
    |leads?|strips?|rhythm\w*|beats?|heart|cardiac|lungs?|chest|findings?|abnormal\w*|normal|pathol\w+
    |diagnos\w+|interpret\w*|impression|report\w*|describe|summar\w+|suggest\w*|labels?|see|seen|visible|shows?|shown)\b
    |\bwhat(\ is|'s)\ (this|it|that|wrong)\b|\b(this|it|here)\s*\?""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a question is after.

    `kind` is knowledge (a definition, a treatment), finding (is there …), similar (like this one), comparison (with an
    earlier study), count, value (a measurement), cases (find reports with …) or other (bare words). `modalities` are
    DICOM codes, `region` is a part of the body, `about` what is named of the findings' vocabulary. `subject` is what is
    searched for: the text less whom it names and less the words of a request around it ("find chest X-ray reports with
    …"), which would else find the reports that say "chest X-ray". `section` is the part of a report that is asked for
    as such: a name of `[report.section]` in question.toml, "report" for all of it, "" where none is.
    """

    kind: str
    subject: str
    modalities: frozenset[str]
    region: str | None
    about: Asked
    section: str = ""

    @property
    def wants(self) -> Wants | None:
        """Whether patients' studies answer it or general knowledge; None where its words don't tell."""
        if self.kind in _ANSWERED_BY_CASES:
            return "cases"
        return "knowledge" if self.kind == "knowledge" else None


@dataclass(frozen=True, slots=True)
class _Patterns:
    kinds: Mapping[str, re.Pattern[str]]
    before: re.Pattern[str]
    normal: re.Pattern[str]
    modalities: Mapping[str, re.Pattern[str]]
    regions: Mapping[str, re.Pattern[str]]
    sections: Mapping[str, re.Pattern[str]]
    headings: Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("question.toml").read_text(encoding="utf-8"))

    def any_of(patterns: Sequence[str]) -> re.Pattern[str]:
        return re.compile("|".join(patterns).replace("RECORDS", raw["records"]), re.IGNORECASE)

    kinds, modalities, regions = (
        {name: any_of(patterns) for name, patterns in raw[group].items()} for group in ("kind", "modality", "region")
    )
    report, names = raw["report"], raw["report"]["section"]

    def asks_for(patterns: Sequence[str], name: str = "") -> list[str]:
        put = (("SECTION", f"(?:{name})"), ("STUDY", report["study"]), ("WHOSE", report["whose"]))
        return [reduce(lambda text, pair: text.replace(*pair), put, pattern) for pattern in patterns]

    sections = {s: any_of(asks_for(report["asked"], name) + asks_for(report.get(s, []))) for s, name in names.items()}
    sections["report"] = any_of(asks_for(report["whole"]))
    joined = r"(?:and|&|/)"  # FINDINGS AND IMPRESSION is of both
    headings = {s: any_of([rf"^(?:.+? ?{joined} ?)?(?:{name})(?: ?{joined}.+)?$"]) for s, name in names.items()}
    before, normal = any_of(raw["frame"]["before"]), any_of(raw["normal"]["words"])
    return _Patterns(kinds, before, normal, modalities, regions, sections, headings)


def names_a_patient(text: str) -> bool:
    """Whether a question names a patient by number or name; only a filter, not words, says whose records are meant."""
    return bool(_NAMED_PATIENT.search(text))


def ids_named(text: str) -> list[str]:
    """The ids that a question names patients by: "patient 4711", "MRN: A-0042"."""
    return list(dict.fromkeys(match[1] for match in _NUMBERED_PATIENT.finditer(text)))


def of_nobody(text: str, instead: str = "") -> str:
    """A question with `instead` for whom it names, where it names somebody: a de-identified archive holds no such
    words."""
    if not names_a_patient(text):
        return text
    marked = _IDENTIFIED.sub("\0", replace(text, find(text), None).text)
    marked = re.sub(r"\0[\s\0]*", "\0 ", _NAMED_PATIENT.sub("\0", marked))
    return " ".join(marked.replace("\0", f" {instead}").split())


def points_at_study(question: str) -> bool:
    """Whether the question asks about an uploaded study or studies like it ("what rhythm is this?")."""
    return not question.strip() or _POINTS_AT_STUDY.search(question) is not None


def asks_what_causes(question: str) -> bool:
    """Whether a question is what a disease or a drug does, or what a disease is treated with, whoever has it: "Can
    hypertension cause LVH?"."""
    return _OF_CAUSES.match(question) is not None


def sought(section: str) -> str:
    """The section that answers where `section` is asked for: of a whole report its impression."""
    return "impression" if section == "report" else section


def is_section(heading: str | None, section: str) -> bool:
    """Whether a report's heading ("FINAL DIAGNOSIS") heads the section of that name ("impression")."""
    pattern = _patterns().headings.get(section)
    return bool(heading and pattern and pattern.search(heading))


def is_reason_for_study(heading: str | None) -> bool:
    """Whether a report's heading heads why the study was made, which says nothing of what there is."""
    return is_section(heading, "indication")


def read_question(text: str) -> Question:
    """The question that `text` asks, by the patterns of question.toml."""
    patterns = _patterns()
    subject = of_nobody(text)
    text = of_nobody(text, "the patient")
    kind = next((kind for kind, pattern in patterns.kinds.items() if pattern.search(text)), "other")
    if (kind == "value" and patterns.normal.search(text)) or (kind == "finding" and asks_what_causes(text)):
        kind = "knowledge"
    section = next((section for section, pattern in patterns.sections.items() if pattern.search(text)), "")
    if section and kind not in ("comparison", "similar", "count"):
        kind = "finding"
    names = [name for name, pattern in patterns.modalities.items() if pattern.search(text)]
    about = asked_about(_A_RECORD.sub("", text) if section else text)
    region = next((region for region, pattern in patterns.regions.items() if pattern.search(text)), None)
    if region is None:  # "hiatal hernia" names no part, but the vocabulary knows where it belongs
        region = next((region for entity in sorted(about.named) if (region := region_of(entity))), None)
    subject = patterns.before.sub("", subject, count=1) if kind in ("cases", "count") else subject
    if not query_words(subject):
        subject = text
    return Question(kind, subject, frozenset(code for name in names for code in name.split()), region, about, section)
