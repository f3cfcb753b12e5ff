"""What each kind of FHIR resource says, as sections of (heading, lines)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from assistant.ingest.text.fhir.values import (
    Resource,
    codes,
    concept,
    items,
    lines,
    notes,
    quantity,
    reference_ranges,
    said,
    value_of,
)
from assistant.ingest.text.html import plain_text

Section = tuple[str | None, list[str]]
Resolve = Callable[[Any], Resource | None]  # a Reference's target, where it lies in the same file


def observation_line(resource: Resource, resolve: Resolve, depth: int = 0) -> list[str]:
    """An observation as a line, its components and members as lines below it.

    "Haemoglobin: 7.2 g/dl (low; reference 7.5 g/dl to 10 g/dl)"
    """
    name = concept(resource.get("code")) or "Observation"
    asides = [concept(resource.get("interpretation"))]
    if span := reference_ranges(resource):
        asides.append(f"reference {span}")
    asides += [concept(resource.get("bodySite")), concept(resource.get("method"))]
    if (status := said(resource.get("status"))) in ("preliminary", "registered"):
        asides.append(status)
    value = value_of(resource)
    if not value and (missing := concept(resource.get("dataAbsentReason"))):
        value = f"not known ({missing})"
    about = "; ".join(aside for aside in asides if aside)
    found = [f"{name}: {value}" + (f" ({about})" if about else "")] if value or about else []
    for component in items(resource.get("component")):
        found += observation_line(component, resolve, depth + 1)
    if depth < 5:
        for member in items(resource.get("hasMember")):
            if (target := resolve(member)) is not None:
                found += observation_line(target, resolve, depth + 1)
    return found + list(notes(resource))


def report_sections(resource: Resource, resolve: Resolve) -> Iterator[Section]:
    """A DiagnosticReport: what was examined, its results, its conclusion."""
    head = [concept(resource.get("code"))]
    if (status := said(resource.get("status"))) and status not in ("final", "unknown"):
        head.append(f"Status: {status}")
    yield "EXAMINATION", [line for line in head if line]
    results = [resolve(item) for item in items(resource.get("result"))]
    yield "RESULTS", [line for r in results if r is not None for line in observation_line(r, resolve)]
    yield "CONCLUSION", [line for line in (lines(resource.get("conclusion")),) if line]
    yield (
        "DIAGNOSIS",
        [
            f"{name} ({code})" if (code := codes(item)) and code != name else name
            for item in items(resource.get("conclusionCode"))
            if (name := concept(item))
        ],
    )


def imaging_study(resource: Resource, _: Resolve) -> Iterator[Section]:
    said_of = [lines(resource.get("description")), concept(resource.get("procedureCode"))]
    if reason := concept(resource.get("reasonCode")):
        said_of.append(f"Reason: {reason}")
    yield "EXAMINATION", [line for line in said_of if line]
    series = []
    for item in items(resource.get("series")):
        side = concept(item.get("laterality"))
        parts = [
            said(item.get("description")), concept(item.get("modality")), concept(item.get("bodySite")), side,
            f"{said(item.get('numberOfInstances'))} images" if said(item.get("numberOfInstances")) else "",
        ]  # fmt: skip
        series.append(", ".join(part for part in parts if part))
    yield "SERIES", [line for line in series if line]
    yield "NOTES", list(notes(resource))


def condition(resource: Resource, _: Resolve) -> Iterator[Section]:
    name = concept(resource.get("code"))
    if concept(resource.get("verificationStatus")).lower() == "refuted":
        yield "CONDITION", [f"No {name}: refuted"] if name else []
        return
    code = codes(resource.get("code"))
    found = [f"{name} ({code})" if code and code != name else name]
    for label, key in (("Clinical status", "clinicalStatus"), ("Verification", "verificationStatus")):
        found.append(_labelled(label, concept(resource.get(key))))
    for label, key in (("Severity", "severity"), ("Site", "bodySite"), ("Kind", "category")):
        found.append(_labelled(label, concept(resource.get(key))))
    found += [_labelled("Stage", concept(stage.get("summary"))) for stage in items(resource.get("stage"))]
    onset = said(resource.get("onsetString")) or quantity(resource.get("onsetAge"))
    found += [_labelled("Onset", onset), _labelled("Abatement", said(resource.get("abatementString")))]
    yield "CONDITION", [line for line in found if line] + list(notes(resource)) if name else []


def statement(label: str, key: str) -> Callable[[Resource, Resolve], Iterator[Section]]:
    """What a resource of a simple kind says: its status, its concept, the texts of its dosages and reactions."""

    def sections(resource: Resource, resolve: Resolve) -> Iterator[Section]:
        medication = resolve(resource.get("medicationReference")) or {}
        name = concept(resource.get(key)) or concept(medication.get("code"))
        name = name or said((resource.get("medicationReference") or {}).get("display"))
        status = said(resource.get("status"))
        found = [f"{name} ({status})" if status else name]
        for dose in ("dosageInstruction", "dosage"):
            found += [_labelled("Dosage", said(item.get("text"))) for item in items(resource.get(dose))]
        for reaction in items(resource.get("reaction")):
            found.append(_labelled("Reaction", concept(reaction.get("manifestation"))))
        found.append(_labelled("Reason", concept(resource.get("reasonCode"))))
        found.append(_labelled("Outcome", concept(resource.get("outcome"))))
        yield label, [line for line in found if line] + list(notes(resource)) if name else []

    return sections


def composition(resource: Resource, _: Resolve) -> Iterator[Section]:
    """A clinical document: the narrative of each section."""
    ahead = list(reversed(items(resource.get("section"))))
    while ahead:
        section = ahead.pop()
        ahead += reversed(items(section.get("section")))
        yield said(section.get("title")) or concept(section.get("code")) or None, narrative(section)


def narrative(resource: Resource) -> list[str]:
    """The lines of a resource's `text.div`."""
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    return [line for line in plain_text(div).split("\n") if line.strip()] if isinstance(div, str) else []


def _labelled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


STATEMENTS: dict[str, Callable[[Resource, Resolve], Iterator[Section]]] = {
    "Condition": condition,
    "ImagingStudy": imaging_study,
    "Composition": composition,
    "Procedure": statement("PROCEDURE", "code"),
    "AllergyIntolerance": statement("ALLERGY", "code"),
    "Immunization": statement("IMMUNIZATION", "vaccineCode"),
    "MedicationRequest": statement("MEDICATION", "medicationCodeableConcept"),
    "MedicationStatement": statement("MEDICATION", "medicationCodeableConcept"),
    "MedicationAdministration": statement("MEDICATION", "medicationCodeableConcept"),
}
