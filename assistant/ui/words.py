"""How the page names things: modalities, relations, verdicts, places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.records import BoxPlace, Claim, Evidence, Place, Record, SignalPlace, TextPlace, ValuePlace

MODALITIES = {
    "CR": "X-ray",
    "DX": "X-ray",
    "CT": "CT",
    "MR": "MR",
    "US": "Ultrasound",
    "MG": "Mammogram",
    "PT": "PET",
    "NM": "Scintigram",
    "XA": "Angiogram",
    "SM": "Slide",
    "OP": "Fundus photograph",
    "ECG": "ECG",
    "HD": "Haemodynamic recording",
    "RESP": "Respiration",
    "SR": "Report",
    "DOC": "Document",
    "OT": "Picture",
}
_MEASURES = {
    "heart_rate_bpm": "Heart rate",
    "pr_ms": "PR interval",
    "qrs_ms": "QRS duration",
    "qt_ms": "QT interval",
    "qtc_bazett_ms": "QTc (Bazett)",
    "qtc_fridericia_ms": "QTc (Fridericia)",
    "axis_deg": "Frontal QRS axis",
}
_UNITS = ("_bpm", "_ms", "_s", "_deg", "_mv", "_hz", "_px", "_share")
_ORIGIN = re.compile(r"\b(synthetic|simulated|projected from|generated)\b", re.IGNORECASE)


def modality(code: str, kind: str) -> str:
    """The modality for people: "X-ray" for CR; the code itself where there is no everyday word."""
    if code == "OT" and kind != "image":
        return {"signal": "Signal", "text": "Text"}[kind]
    return MODALITIES.get(code, code)


def relation(evidence: Evidence, uploaded: Iterable[str]) -> str:
    """Whose evidence it is: the upload's, this patient's, another patient's, or general knowledge.

    Where the archive names no patient, all that is known is that it is another study.
    """
    if evidence.relation == "own":
        return "this upload" if evidence.record_id in uploaded else "this patient"
    if evidence.relation == "similar":
        return "another patient" if evidence.patient_id else "another study"
    return "knowledge"


def place(where: Place | None) -> str:
    """The place in words: "page 3", "lead II, 2.0–4.5 s"; empty where it is the whole record."""
    match where:
        case TextPlace(page=int(page)):
            return f"page {page}"
        case SignalPlace(lead, start_s, end_s):
            return f"{'all leads' if lead == 'all' else f'lead {lead}'}, {start_s:.1f}–{end_s:.1f} s"
        case BoxPlace(_, frame) if frame:
            return f"marked box, frame {frame + 1}"
        case BoxPlace((0, 0, _, _)):  # the whole picture
            return ""
        case BoxPlace():
            return "marked box"
        case ValuePlace():
            return "measured on it"
        case _:
            return ""


def measure(name: str) -> str:
    """A measured value's name for people: "QT interval" for `qt_ms`."""
    if name in _MEASURES:
        return _MEASURES[name]
    for unit in _UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def verdict(claim: Claim) -> tuple[str, str]:
    """(mark, words) of a claim's verdict; they differ in shape and wording, not in colour alone."""
    kind = f" ({claim.error_kind})" if claim.error_kind else ""
    match claim.verdict:
        case "supported":
            return "✓", "supported"
        case "contradicted":
            return "✗", f"contradicted{kind}"
        case _:
            return "⚠", f"not supported{kind}"


def unasked(names: Sequence[str]) -> str:
    """Why a question that came with files that can't be read was not asked, and what to do."""
    one = len(names) == 1
    listed = names[0] if one else f"{', '.join(names[:-1])} and {names[-1]}"
    it, need = ("it", "it needs") if one else ("them", "they need")
    return (
        f"Not asked: {listed} can’t be read, so an answer would not be about {it}. "
        f"Remove {it}, or drop {it} together with the files {need}."
    )


def gist(evidence: Evidence) -> str:
    """What a line in a list says of it: its text, else its title, labels or study."""
    labels = ", ".join(evidence.labels.values())
    return evidence.text or evidence.title or labels or f"study {evidence.study_id or 'without a name'}"


def origin(thing: Evidence | Record) -> str:
    """What its title, labels or fields say of how it was made: "projected from a real CT"; empty if nothing."""
    told = [thing.title or "", *(f"{name} {value}" for name, value in thing.labels.items())]
    values = [thing.title or "", *map(str, thing.labels.values())]
    if isinstance(thing, Record):
        told += [f"{name} {value}" for name, value in thing.fields.items()]
        values += [str(value) for value in thing.fields.values()]
    for text, value in zip(told, values, strict=True):
        if _ORIGIN.search(text):
            return value if _ORIGIN.search(value) else text
    return ""
