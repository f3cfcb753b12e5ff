"""A draft as an HL7 FHIR R4 (4.0.1) `DiagnosticReport` of status preliminary.

Measured values are contained Observations and the report's results. Sentences are in the narrative, in the conclusion
and in an extension each, with verdict and references to the evidence; none of them is an Observation of the patient,
so that no system takes what similar studies show for a finding. Texts of evidence are contained DocumentReferences,
pictures and recordings Media. Patients are known by pseudonym only, and dates are left out: an archive's are moved.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from html import escape
from typing import Any

from assistant.export.layout import TITLE, Layout, Line, Source
from assistant.export.names import plain
from assistant.records import Evidence, SignalPlace, ValuePlace

CLAIM = "urn:wardround:fhir:claim"
FLAG = "urn:wardround:fhir:needs-a-look"
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"
_CATEGORY = {
    "ECG": ("EC", "Electrocardiac (e.g., EKG, EEC, Holter)"), "CT": ("CT", "CAT Scan"),
    "US": ("RUS", "Radiology Ultrasound"), "MR": ("NMR", "Nuclear Magnetic Resonance"), "CR": ("RX", "Radiograph"),
    "DX": ("RX", "Radiograph"),
}  # fmt: skip
_STUDY = {"ECG": ("11524-6", "EKG study")}
_IMAGING = ("18748-4", "Diagnostic imaging study")
# name of the value: LOINC code ("": told in words alone) and display, UCUM unit, method
_VALUES = {
    "heart_rate_bpm": ("8867-4", "Heart rate", "/min", ""),
    "p_ms": ("", "P wave duration", "ms", ""),
    "pr_ms": ("8625-6", "P-R Interval", "ms", ""),
    "qrs_ms": ("8633-0", "QRS duration", "ms", ""),
    "qt_ms": ("8634-8", "Q-T interval", "ms", ""),
    "qtc_bazett_ms": ("8636-3", "Q-T interval corrected", "ms", "Bazett"),
    "qtc_fridericia_ms": ("8636-3", "Q-T interval corrected", "ms", "Fridericia"),
    "axis_deg": ("8632-2", "QRS axis", "deg", ""),
}


def fhir_of(layout: Layout, pdf: bytes | None = None, issued: datetime | None = None) -> bytes:
    """The report as JSON; with `pdf`, that is its presented form beside plain text. `issued` is now if left out."""
    draft = layout.draft
    own = [evidence for evidence in draft.evidence if evidence.relation == "own"]
    modality = next((evidence.modality for evidence in own), "OT")
    references = {source.evidence.id: f"e{source.number}" for source in layout.sources}
    for evidence in own:  # what was measured is a result, cited or not
        if isinstance(evidence.place, ValuePlace) and not _is_prior(evidence):
            references.setdefault(evidence.id, f"m{len(references)}")
    subject = _subject(draft.patient_id)
    by_id = {evidence.id: evidence for evidence in draft.evidence}
    contained = [_contained(by_id[key], name, subject, layout) for key, name in references.items()]
    results = [r for r in contained if r["resourceType"] == "Observation" and "note" not in r]
    media = [r for r in contained if r["resourceType"] == "Media"]
    code, called = _STUDY.get(modality, _IMAGING)
    category, category_called = _CATEGORY.get(modality, ("OTH", "Other"))
    report: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": f"draft-{hashlib.blake2b(draft.study_id.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}",
        "text": {"status": "generated", "div": _narrative(layout)},
        "contained": contained,
        "extension": [*_claims(layout, references), *({"url": FLAG, "valueString": flag} for flag in layout.flags)],
        "identifier": [{"system": "urn:wardround:study", "value": plain(draft.study_id) or "?"}],
        "status": "preliminary",
        "category": [{"coding": [{"system": _SECTIONS, "code": category, "display": category_called}]}],
        "code": {"coding": [{"system": _LOINC, "code": code, "display": called}]},
        "subject": subject,
        "issued": (issued or datetime.now(UTC)).isoformat(timespec="seconds"),
        "result": [{"reference": f"#{found['id']}"} for found in results],
        "media": [{"comment": found["content"]["title"], "link": {"reference": f"#{found['id']}"}} for found in media],
        "conclusion": _conclusion(layout),
        "presentedForm": _forms(layout, pdf),
    }
    report = {name: value for name, value in report.items() if value not in ([], {}, "")}
    return json.dumps(report, ensure_ascii=False, indent=1).encode("utf-8")


def _subject(patient: str | None) -> dict[str, Any]:
    if patient is None:
        return {}
    return {"type": "Patient", "identifier": {"system": "urn:wardround:patient-pseudonym", "value": patient}}


def _is_prior(evidence: Evidence) -> bool:
    return evidence.why.startswith("history")


def _contained(evidence: Evidence, name: str, subject: dict[str, Any], layout: Layout) -> dict[str, Any]:
    heading = next((s.heading for s in layout.sources if s.evidence.id == evidence.id), "this study · measured")
    whose = {"subject": subject} if subject and evidence.relation == "own" else {}
    identifier = [{"system": "urn:wardround:evidence", "value": evidence.id}]
    said = plain(evidence.text).strip()
    if evidence.relation == "own" and isinstance(evidence.place, ValuePlace):
        found = _value(evidence.place, name, identifier, whose)
        return found | {"note": [{"text": heading}]} if _is_prior(evidence) else found
    if evidence.relation == "own" and isinstance(evidence.place, SignalPlace) and evidence.why.startswith("measured"):
        return {
            "resourceType": "Observation", "id": name, "identifier": identifier, "status": "preliminary",
            "code": {"text": "Statement measured on the recording"}, **whose, "valueString": said,
        }  # fmt: skip
    if evidence.kind == "text":
        attachment = {"contentType": "text/plain; charset=utf-8", "data": _base64(said.encode()), "title": heading}
        return {
            "resourceType": "DocumentReference", "id": name, "identifier": identifier, "status": "current", **whose,
            "description": heading, "content": [{"attachment": attachment}],
        }  # fmt: skip
    return {
        "resourceType": "Media", "id": name, "identifier": identifier, "status": "completed", **whose,
        "content": {"title": heading}, **({"note": [{"text": said}]} if said else {}),
    }  # fmt: skip


def _value(place: ValuePlace, name: str, identifier: list[Any], whose: dict[str, Any]) -> dict[str, Any]:
    code, called, unit, method = _VALUES.get(place.name, ("", "", "", ""))
    quantity: dict[str, Any] = {"value": round(place.value, 3), "unit": place.unit or "1"}
    if unit:
        quantity |= {"system": _UCUM, "code": unit}
    coding = {"coding": [{"system": _LOINC, "code": code, "display": called}]} if code else {}
    return {
        "resourceType": "Observation", "id": name, "identifier": identifier, "status": "preliminary",
        "code": {**coding, "text": called or place.name.replace("_", " ")}, **whose, "valueQuantity": quantity,
        **({"method": {"text": method}} if method else {}),
    }  # fmt: skip


def _claims(layout: Layout, references: dict[str, str]) -> list[dict[str, Any]]:
    """One extension a sentence: where it stands, whom it is about, its verdict, and what carries it."""
    return [_claim(name, line, references) for name, lines in layout.sections for line in lines if line.text.strip()]


def _claim(section: str, line: Line, references: dict[str, str]) -> dict[str, Any]:
    claim = line.claim
    parts: list[dict[str, Any]] = [
        {"url": "section", "valueString": section},
        {"url": "text", "valueString": line.text},
        {"url": "about", "valueCode": claim.about},
        {"url": "verdict", "valueCode": claim.verdict},
    ]
    if claim.error_kind:
        parts.append({"url": "errorKind", "valueCode": claim.error_kind})
    if line.decided:
        parts.append({"url": "decision", "valueString": line.decided})
    cited = dict.fromkeys(key for key in claim.citations if key in references)
    parts += [{"url": "evidence", "valueReference": {"reference": f"#{references[key]}"}} for key in cited]
    return {"url": CLAIM, "extension": parts}


def _conclusion(layout: Layout) -> str:
    """The last section's supported sentences, as a system shows them in a list, and those that a person wants there
    against the check, each as that."""
    if not layout.sections:
        return ""
    name, lines = layout.sections[-1]
    said = " ".join(
        f"{line.text} ({line.claim.verdict}; {line.decided})" if line.mark else line.text
        for line in lines
        if line.decided or not line.mark
    )
    return f"{name}: {said}" if said else ""


def _forms(layout: Layout, pdf: bytes | None) -> list[dict[str, Any]]:
    text = layout.as_text().encode()
    forms = [{"contentType": "text/plain; charset=utf-8", "data": _base64(text), "title": TITLE}]
    if pdf is not None:
        forms.insert(0, {"contentType": "application/pdf", "data": _base64(pdf), "title": TITLE})
    return forms


def _narrative(layout: Layout) -> str:
    parts = [f"<h1>{TITLE}</h1><p><i>{escape(layout.notice)}</i></p>"]
    parts += [f"<p><b>{escape(name)}</b>: {escape(value)}</p>" for name, value in layout.facts]
    if layout.flags:
        flags = "".join(f"<li>{escape(flag)}</li>" for flag in layout.flags)
        parts.append(f"<p><b>Needs a look</b></p><ul>{flags}</ul>")
    for name, lines in layout.sections:
        said = "".join(
            f"<p>{escape(line.text + line.cited)}{f' <i>({escape(line.told)})</i>' if line.told else ''}</p>"
            for line in lines
        )
        parts.append(f"<h2>{escape(name)}</h2>{said}")
    if layout.sources:
        parts.append(f"<h2>Evidence</h2><ol>{''.join(map(_listed, layout.sources))}</ol>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


def _listed(source: Source) -> str:
    return f"<li>{escape(source.heading)}{f': {escape(source.text)}' if source.text else ''}</li>"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
