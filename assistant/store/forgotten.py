"""Who was forgotten, and that no build brings them back.

What is kept of a forgotten patient is a keyed hash of the id and of the studies' ids: enough to know them again when
the archive still holds their files, and nothing that leads back to a person without the key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import or_, select

from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.store.generations import IndexFolder
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_place import add_unless_there, has_tables
from assistant.store.workspace_tables import ForgottenRow

REASON = "of a patient who was forgotten (wardround forget)"


@dataclass(frozen=True)
class Forgotten:
    """The forgotten of one index: patients under their namespace-free key or their pseudonym, studies likewise."""

    keys: frozenset[str]
    pseudonyms: Pseudonyms
    namespace: str

    @classmethod
    def of(cls, folder: IndexFolder, namespace: str, pseudonyms: Pseudonyms) -> Forgotten:
        """Those of an index; a workspace without tables of its own has forgotten nobody."""
        if not has_tables(folder.workspace):
            return cls(frozenset(), pseudonyms, namespace)
        query = select(ForgottenRow.key).where(or_(ForgottenRow.index == "", ForgottenRow.index == folder.name))
        with WorkspaceDb(folder.workspace, folder.store).session() as session:
            return cls(frozenset(session.scalars(query)), pseudonyms, namespace)

    def covers(self, record: Record) -> bool:
        """Whether a record, with the archive's own ids, is a forgotten patient's."""
        if not self.keys:
            return False
        found = set()
        if record.patient_id:
            found |= {
                self.pseudonyms.person(record.patient_id),
                self.pseudonyms.patient(record.patient_id, self.namespace),
            }
        elif record.study_id:
            found.add(self.pseudonyms.study(record.study_id, self.namespace))
        return bool(found & self.keys)


def remember(db: WorkspaceDb, keys: Iterable[str], index: str) -> None:
    """Keep that these keys are forgotten, in one index or ("") in all."""
    rows = [{"key": key, "index": index} for key in sorted(set(keys))]
    if not rows:
        return
    with db.session() as session, session.begin():
        add_unless_there(session, ForgottenRow, rows)
