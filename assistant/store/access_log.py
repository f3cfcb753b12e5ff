"""Reading the access log: who saw which patient's records, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, func, select

from assistant.store.workspace_tables import AccessRow, AccountRow

if TYPE_CHECKING:
    from assistant.store.workspace_db import WorkspaceDb

S = TypeVar("S", bound=Select[*tuple[Any, ...]])
FORGOTTEN = "forgotten-"
"""What the patient and the record of an entry begin with once the patient was forgotten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`record_id` is what was done to, where that is no record: an account, an address. The time is UTC."""

    access_id: int
    seen_at: datetime
    account: str
    action: str
    record_id: str
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; `patients` are pseudonyms, `since` is included and `until` is not. Times are UTC."""

    patients: frozenset[str] | None = None
    account: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AccessLog:
    """The log of a workspace, newest entry first."""

    def __init__(self, db: WorkspaceDb) -> None:
        self._db = db

    def entries(self, wanted: Wanted, *, most: int | None = None, before: int | None = None) -> Iterator[Entry]:
        """Entries from the newest on, or from before the one of that number, at most so many; read as they are used."""
        query = _where(select(AccessRow, AccountRow.name).join(AccountRow), wanted)
        if before is not None:
            query = query.where(AccessRow.access_id < before)
        query = query.order_by(AccessRow.access_id.desc()).limit(most).execution_options(yield_per=1_000)
        with self._db.session() as session:
            for row, account in session.execute(query):
                yield Entry(row.access_id, row.seen_at, account, row.action, row.record_id, row.patient_id)

    def count(self, wanted: Wanted) -> int:
        with self._db.session() as session:
            return session.scalar(_where(select(func.count()).select_from(AccessRow).join(AccountRow), wanted)) or 0

    def accounts(self) -> list[str]:
        """The names that occur."""
        return self._each(select(AccountRow.name).where(AccountRow.account_id.in_(select(AccessRow.account_id))))

    def actions(self) -> list[str]:
        """What was done, of each kind once."""
        return self._each(select(AccessRow.action).distinct())

    def _each(self, query: Select[Any]) -> list[str]:
        with self._db.session() as session:
            return sorted(session.scalars(query))


def _where(query: S, wanted: Wanted) -> S:
    if wanted.patients is not None:
        query = query.where(AccessRow.patient_id.in_(wanted.patients))
    if wanted.account:
        query = query.where(AccountRow.name == wanted.account)
    if wanted.action:
        query = query.where(AccessRow.action == wanted.action)
    if wanted.since is not None:
        query = query.where(AccessRow.seen_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AccessRow.seen_at < wanted.until)
    return query
