"""What is asked of the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assistant.findings.wanted import WantedFinding
from assistant.records import Kind, Record


@dataclass(frozen=True, slots=True)
class Upload:
    """What was handed in beside a question: a record with pseudonyms, and the archive's own ids for the filters.

    `vectors` keeps its passages' vectors by encoder fingerprint, so that they are encoded once and not at each turn.
    """

    record: Record
    patient: str | None = None
    study: str | None = None
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its uploads and filters. Patient ids are the archive's own.

    `studies` (pseudonyms) leaves only what lies in them, `indexes` only what lies in these of the open ones.
    `history` adds what the archive holds of the same patient (`patient`, or the uploads'), newest first.
    `leave_out_own` is for drafts and evaluation: the
    uploads' own study, their patient and near-duplicates are left out, and so are the studies and patients in
    `leave_out_studies` and `leave_out_patients` (pseudonyms). `whole` is for what an answer rests on: a short text of
    general knowledge comes whole, whichever passage of it was found.
    """

    text: str = ""
    uploads: tuple[Upload, ...] = ()
    k: int = 10
    kinds: frozenset[Kind] = frozenset()
    modalities: frozenset[str] = frozenset()
    patient: str | None = None
    exclude_patient: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    findings: tuple[WantedFinding, ...] = ()
    studies: frozenset[str] = field(default_factory=frozenset)
    indexes: frozenset[str] = field(default_factory=frozenset)
    history: bool = False
    leave_out_own: bool = False
    leave_out_studies: frozenset[str] = field(default_factory=frozenset)
    leave_out_patients: frozenset[str] = field(default_factory=frozenset)
    whole: bool = False

    def uploads_of(self, kind: Kind) -> list[Record]:
        """The uploads that an index of this kind can be searched with: of signals, the ECGs."""
        return [upload.record for upload in self.shown(kind)]

    def shown(self, kind: Kind) -> list[Upload]:
        """As `uploads_of`; ECGs on paper are none of a study's pictures, unless all are."""
        found = [u for u in self.uploads if u.record.kind == kind and u.record.is_encoded]
        return [u for u in found if not u.record.is_printed_ecg] or found
