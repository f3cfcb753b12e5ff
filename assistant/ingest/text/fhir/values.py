"""FHIR's data types in words (hl7.org/fhir/R4/datatypes.html). Anything may be missing or of the wrong type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from assistant.ingest.dates import parse_date
from assistant.ingest.text.encodings import clean

Resource = Mapping[str, Any]
_DATES = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "performedDateTime", "performedPeriod", "started",
    "onsetDateTime", "onsetPeriod", "occurrenceDateTime", "occurrencePeriod", "date", "authoredOn", "whenHandedOver",
    "recordedDate", "assertedDate", "issued", "recorded",
)  # fmt: skip
# Code systems by their URL (hl7.org/fhir/R4/terminologies-systems.html), in small letters.
_SYSTEMS = {
    "http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMED CT", "http://radlex.org": "RadLex",
    "http://www.radlex.org": "RadLex", "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10", "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM", "http://fhir.de/codesystem/bfarm/icd-10-gm": "ICD-10-GM",
    "http://hl7.org/fhir/sid/cvx": "CVX", "http://hl7.org/fhir/sid/ndc": "NDC", "http://www.whocc.no/atc": "ATC",
    "http://www.ama-assn.org/go/cpt": "CPT", "http://dicom.nema.org/resources/ontology/dcm": "DCM",
}  # fmt: skip
_NOT_USED = frozenset(("entered-in-error", "cancelled", "nullified"))


def items(value: Any) -> list[Resource]:
    """The objects of a list, or the one object; nothing for anything else."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def said(value: Any) -> str:
    """A string or number as one clean line, "" for anything else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(clean(str(value)).split()) if isinstance(value, str | int | float) else ""


def lines(value: Any) -> str:
    """A string with its line breaks."""
    return clean(value).strip() if isinstance(value, str) else ""


def concept(value: Any) -> str:
    """A CodeableConcept, a Coding, or a list of them: their texts or displays, else codes."""
    names = (
        said(item.get("text")) or said(item.get("display")) or _coding(item.get("coding")) or said(item.get("code"))
        for item in items(value)
    )
    return ", ".join(dict.fromkeys(name for name in names if name))


def _coding(value: Any) -> str:
    codings = items(value)
    return next((said(c.get("display")) for c in codings if said(c.get("display"))), "") or next(
        (_code(c) for c in codings if said(c.get("code"))), ""
    )


def _code(coding: Resource) -> str:
    """A code after the name of its system; after nothing where the system is none of the well-known ones."""
    return f"{_SYSTEMS.get(said(coding.get('system')).rstrip('/').lower(), '')} {said(coding.get('code'))}".strip()


def codes(value: Any) -> str:
    """The codes of a concept, after the names of well-known systems: "LOINC 718-7, SNOMED CT 271026005"."""
    found = (_code(coding) for item in items(value) for coding in items(item.get("coding")) if said(coding.get("code")))
    return ", ".join(dict.fromkeys(found))


def quantity(value: Any) -> str:
    """A Quantity with comparator and unit."""
    if not isinstance(value, dict) or not said(value.get("value")):
        return ""
    unit = said(value.get("unit")) or said(value.get("code"))
    return f"{said(value.get('comparator'))}{said(value['value'])} {unit}".strip()


def extent(value: Any) -> str:
    """A Range."""
    if not isinstance(value, dict):
        return ""
    low, high = quantity(value.get("low")), quantity(value.get("high"))
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else (f"at most {high}" if high else "")


def value_of(resource: Resource) -> str:
    """The `value[x]` of an Observation or of one of its components."""
    if found := quantity(resource.get("valueQuantity")) or concept(resource.get("valueCodeableConcept")):
        return found
    if ratio := resource.get("valueRatio"):
        parts = [quantity(ratio.get(key)) for key in ("numerator", "denominator")] if isinstance(ratio, dict) else []
        return " : ".join(part for part in parts if part)
    if "valueString" in resource:
        return lines(resource["valueString"])
    if isinstance(period := resource.get("valuePeriod"), dict):
        return " to ".join(part for part in (said(period.get("start")), said(period.get("end"))) if part)
    if isinstance(sampled := resource.get("valueSampledData"), dict):
        count = len(sampled["data"].split()) if isinstance(sampled.get("data"), str) else 0
        return f"a sampled signal of {count:,} values, which is not read"
    plain = ("valueBoolean", "valueInteger", "valueTime", "valueDateTime")
    return extent(resource.get("valueRange")) or next((s for k in plain if (s := said(resource.get(k)))), "")


def reference_ranges(resource: Resource) -> str:
    """The reference ranges of an Observation."""
    found = []
    for item in items(resource.get("referenceRange")):
        about = concept(item.get("appliesTo")) or concept(item.get("type"))
        span = said(item.get("text")) or extent({key: item.get(key) for key in ("low", "high")})
        found.append(f"{about}: {span}" if about and span else span)
    return "; ".join(part for part in found if part)


def notes(resource: Resource) -> Iterator[str]:
    for note in items(resource.get("note")):
        if text := lines(note.get("text")):
            yield text


def moment(resource: Resource) -> datetime | None:
    """When it happened, else when it was written down."""
    for name in _DATES:
        value = resource.get(name)
        value = (value.get("start") or value.get("end")) if isinstance(value, dict) else value
        if isinstance(value, str) and (found := parse_date(value)):
            return found
    return None


def withdrawn(resource: Resource) -> str:
    """The word that says that a resource does not hold: a status, or a condition that was refuted; "" otherwise."""
    status = said(resource.get("status")) or said(resource.get("docStatus"))
    if status in _NOT_USED:
        return status
    check = resource.get("verificationStatus")
    found = [said(coding.get("code")) for item in items(check) for coding in items(item.get("coding"))]
    return next((code for code in found if code == "entered-in-error"), "")
