"""Sections of clinical reports in English, told by their headings; reports in other languages are passed whole.

The headings are those of ACR's practice parameter for communication of diagnostic imaging findings and RSNA's RadReport
templates (radiology), of the ASE's recommendations for a standardized report of adult echocardiography (2002) and the
AHA/ACCF/HRS statements on the ECG (2007) (cardiology), of HL7's C-CDA discharge summary and history and physical
(discharge), and of the CAP's protocols (pathology), with the short forms met in reports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.text.passages import Stretch

_ANY = frozenset((
    "history", "procedure", "procedures", "conclusion", "conclusions", "recommendation", "recommendations",
    "interpretation", "summary", "opinion", "diagnosis", "diagnoses", "addendum", "notification", "comment", "comments",
    "indications", "reason for referral", "result", "results", "limitations", "complications", "anesthesia",
    "wet read", "diagnostic impression", "additional history", "information",
))  # fmt: skip
_TYPICAL: dict[str, frozenset[str]] = {
    "radiology": frozenset((
        "findings", "impression", "impressions", "indication", "technique", "comparison", "comparisons", "exam",
        "examination", "clinical history", "clinical information", "clinical indication", "reason for exam",
        "reason for examination", "reason for study", "findings and impression", "findings/impression",
        "technique and findings", "contrast", "radiation dose", "exam type", "type of exam", "exam description",
    )),
    "cardiology": frozenset((
        "ecg diagnosis", "ecg interpretation", "ekg interpretation", "ecg findings", "rhythm", "heart rate",
        "pr interval", "qrs", "qrs duration", "qt/qtc", "qt interval", "intervals", "axis", "qrs axis", "st segment",
        "st segments", "st-t", "st-t changes", "t waves", "left ventricle", "right ventricle", "left atrium",
        "right atrium", "mitral valve", "aortic valve", "tricuspid valve", "pulmonic valve", "pulmonary valve",
        "pericardium", "interatrial septum", "interventricular septum", "interpretation summary", "study quality",
        "wall motion", "doppler", "2-d findings", "m-mode", "great vessels", "hemodynamics", "coronary arteries",
    )),
    "discharge": frozenset((
        "chief complaint", "history of present illness", "hpi", "past medical history", "past surgical history", "pmh",
        "past medical and surgical history", "past history", "medications", "current medications", "home medications",
        "medications on admission", "admission medications", "allergies", "physical exam", "physical examination",
        "family history", "social history", "family and social history", "family history and social history",
        "review of systems", "ros", "hospital course", "brief hospital course", "emergency department course",
        "ed course", "discharge diagnosis", "discharge diagnoses", "admission diagnosis", "admitting diagnosis",
        "discharge medications", "discharge instructions", "discharge condition", "condition on discharge",
        "disposition", "discharge disposition", "follow-up", "followup", "follow up", "vital signs", "vitals",
        "immunizations", "assessment", "plan", "assessment and plan", "assessment/plan", "gynecologic history",
        "laboratory data", "laboratory results", "labs", "pertinent results", "past surgical", "obstetric history",
        "exam on discharge", "reason for admission", "principal diagnosis", "secondary diagnoses", "consultations",
    )),
    "pathology": frozenset((
        "gross description", "gross examination", "microscopic description", "microscopic examination", "gross",
        "microscopic", "macroscopic description", "macroscopy", "microscopy", "final diagnosis",
        "final pathologic diagnosis", "pathologic diagnosis", "specimen", "specimens", "specimen submitted",
        "specimens submitted", "specimen source", "clinical diagnosis", "preoperative diagnosis",
        "postoperative diagnosis", "immunohistochemistry",
        "synoptic report", "intraoperative consultation", "frozen section diagnosis",
        "ancillary studies", "pathologic stage", "tumor site", "histologic type", "histologic grade", "margins",
    )),
}  # fmt: skip
_HEADINGS = _ANY.union(*_TYPICAL.values())
# German reports are passed whole; their headings tell only that the text is a report.
_GERMAN = frozenset((
    "befund", "beurteilung", "klinische angaben", "fragestellung", "indikation", "technik",
    "rechtfertigende indikation", "diagnose", "diagnosen", "anamnese", "epikrise", "therapie", "verlauf",
    "makroskopie", "mikroskopie", "material", "entlassungsmedikation", "medikation",
))  # fmt: skip
# Without a colon these are words of any text; alone on a line they are headings of other documents, too.
_COLON_ONLY = _TYPICAL["cardiology"].union((
    "gross", "microscopic", "margins", "contrast", "plan", "labs", "result", "information", "exam", "comment",
    "comments", "specimen", "history",
))  # fmt: skip
# A heading opens a line (with a colon or a dash, or alone on it) or stands in capitals with a colon in mid-line.
_LINE_HEADING = re.compile(
    r"^[ \t*_#]*(?P<name>[A-Za-zÄÖÜäöüß0-9][A-Za-zÄÖÜäöüß \t/&-]{1,40}?)[*_ \t]*(?P<end>:[*_]*|-(?=\s)|$)", re.MULTILINE
)
_INLINE_HEADING = re.compile(r"(?<=[^\n]\s)(?P<name>[A-Z][A-Z \t/-]{1,40})(?P<end>:)")
_MARKDOWN = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<title>\S.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_TOGETHER = 2  # typical headings from which on a text is a report


def report_sections(text: str) -> list[Stretch]:
    """The sections of a report, headings left out of them; what comes before the first has the section None."""
    return _between(text, [(start, end, name.upper()) for start, end, name in _marks(text, _HEADINGS)])


def report_type(text: str) -> str | None:
    """ "radiology", "cardiology", "discharge" or "pathology" by a text's headings; None for what is no report.

    A text is a report if at least two different headings are typical of one of these. A German report, which is not
    cut, is "other".
    """
    names = {name for _, _, name in _marks(text, _HEADINGS)}
    counts = {kind: len(names & typical) for kind, typical in _TYPICAL.items()}
    best = max(counts, key=lambda kind: counts[kind])
    if counts[best] >= _TOGETHER:
        return best
    return "other" if len({name for _, _, name in _marks(text, _GERMAN)}) >= _TOGETHER else None


def markdown_sections(text: str) -> list[Stretch]:
    """The stretches below each Markdown heading (code fences are not looked into)."""
    fenced = [m.span() for m in re.finditer(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)]
    marks = [
        (match.start(), match.end(), match.group("title"))
        for match in _MARKDOWN.finditer(text)
        if not any(start <= match.start() < end for start, end in fenced)
    ]
    return _between(text, marks)


def _marks(text: str, headings: frozenset[str]) -> list[tuple[int, int, str]]:
    """Where the headings stand: start and end with their colon, and their names in small letters."""
    found = [(match.start(), match["name"], match) for match in _LINE_HEADING.finditer(text)]
    found += [
        (match.start() + word.start(), match["name"][word.start() :], match)
        for match in _INLINE_HEADING.finditer(text)
        for word in re.finditer(r"\S+", match["name"])  # "seen on PA FINDINGS:": the longest end that is a heading
    ]
    marks: list[tuple[int, int, str]] = []
    for start, written, match in sorted(found, key=lambda item: item[0]):
        name = " ".join(written.lower().split())
        if name not in headings or (name in _COLON_ONLY and not match["end"].startswith(":")):
            continue
        if not marks or start >= marks[-1][1]:
            marks.append((start, match.end(), name))
    return marks


def _between(text: str, marks: Sequence[tuple[int, int, str]]) -> list[Stretch]:
    found: list[Stretch] = []
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    if not marks:
        return [(0, len(text), None, None)]
    if text[: marks[0][0]].strip():
        found.append((0, marks[0][0], None, None))
    found += [(stop, end, name, None) for (_, stop, name), end in zip(marks, ends, strict=True)]
    return [stretch for stretch in found if text[stretch[0] : stretch[1]].strip()]
