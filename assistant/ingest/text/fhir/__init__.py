"""FHIR R4 (hl7.org/fhir/R4) as JSON: bundles, single resources and NDJSON; nothing is fetched."""

from assistant.ingest.text.fhir.reader import read, recognises

__all__ = ["read", "recognises"]
