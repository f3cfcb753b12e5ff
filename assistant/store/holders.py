"""Which studies of one generation hold a file, looked up once: a page asks it for its files again and again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from assistant.store.catalogue import RecordRow

Held = tuple[tuple[str, frozenset[str]], ...]
"""Studies, each with the patients of its records (pseudonyms)."""

KEPT = 4_096  # hashes whose holders stay in memory


class Holders:
    """A generation does not change, so what holds a file is kept for as long as its catalogue is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Held] = {}

    def of(self, sha256: Iterable[str]) -> dict[str, Held]:
        """By hash, what holds a file of it; hashes that nothing holds are left out."""
        hashes = [digest for digest in dict.fromkeys(sha256) if digest]
        known = {digest: self._known[digest] for digest in hashes if digest in self._known}
        if unknown := [digest for digest in hashes if digest not in known]:
            found = self._looked_up(unknown)
            known |= found
            self._known = found if len(self._known) > KEPT else {**self._known, **found}
        return {digest: held for digest in hashes if (held := known[digest])}

    def _looked_up(self, hashes: list[str]) -> dict[str, Held]:
        holding = select(RecordRow.sha256, RecordRow.study_id).where(RecordRow.sha256.in_(hashes)).distinct()
        with Session(self._engine) as session:
            found = [(row.sha256, row.study_id) for row in session.execute(holding)]
            patients: dict[str, set[str]] = {study: set() for _, study in found}
            whose = select(RecordRow.study_id, RecordRow.patient_id).where(RecordRow.study_id.in_(list(patients)))
            for row in session.execute(whose.distinct()) if found else ():
                patients[row.study_id] |= {row.patient_id} if row.patient_id else set()
        return {
            digest: tuple((study, frozenset(patients[study])) for held, study in found if held == digest)
            for digest in hashes
        }
