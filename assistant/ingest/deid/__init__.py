"""De-identification: what is stored and shown holds no name, number or date that leads back to a person."""

from assistant.ingest.deid.records import Deidentifier, Removed

__all__ = ["Deidentifier", "Removed"]
