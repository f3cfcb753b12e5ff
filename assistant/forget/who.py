"""Who is to be forgotten: ids and pseudonyms, and how a text or a line is known to be of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from assistant.pseudonyms import Pseudonyms

_TELLING = 5  # characters of an own id that is looked for in people's words; "100" stands in every other text


@dataclass(frozen=True, slots=True)
class Who:
    """A patient in every namespace: pseudonyms of the patient and of the studies, and the words to look for."""

    own_id: str | None
    patients: frozenset[str]
    studies: frozenset[str]
    namespaces: frozenset[str]
    pseudonyms: Pseudonyms

    def is_named(self, patient: object) -> bool:
        """Whether an id, the archive's own or a pseudonym, is the patient's."""
        said = str(patient).strip() if patient else ""
        if not said or said == self.own_id or said in self.patients:
            return bool(said)
        return any(self.pseudonyms.patient(said, namespace) in self.patients for namespace in self.namespaces)

    def in_evidence(self, evidence: dict[str, Any]) -> bool:
        return evidence.get("patient_id") in self.patients or evidence.get("study_id") in self.studies

    def in_text(self, text: str) -> bool:
        """Whether a text names the patient: by a pseudonym, or by an own id that is no everyday number."""
        if any(name in text for name in (*self.patients, *self.studies)):
            return True
        if not self.own_id or len(self.own_id) < _TELLING:
            return False
        pieces = text.split(self.own_id)
        return any(not (left[-1:].isalnum() or right[:1].isalnum()) for left, right in pairwise(pieces))

    def drafted(self, line: str) -> bool:
        """Whether a line of `drafts.jsonl` is of the patient or cites them; its study may bear the archive's id."""
        if self.in_text(line):
            return True
        try:
            found = json.loads(line)
            study = str(found["study_id"])
        except (ValueError, KeyError, TypeError):
            return False
        if self.is_named(found.get("patient_id")):  # of a list of studies to draft
            return True
        return any(self.pseudonyms.study(study, namespace) in self.studies for namespace in self.namespaces)

    def in_case(self, case: Mapping[str, Any]) -> bool:
        """Whether a suite's case is about the patient, leaves them out of its search, or names them anywhere."""
        named = any(self.is_named(case.get(field)) for field in ("patient", "exclude_patient"))
        return named or self.in_text(json.dumps({**case, "group": ""}, ensure_ascii=False))
