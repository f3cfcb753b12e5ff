"""Where the workspace's probes and published scorecards were written: anywhere on the disk, so each place is kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_place import add_unless_there
from assistant.store.workspace_tables import WrittenRow

Kind = Literal["probes", "scorecard"]


def remember_written(db: WorkspaceDb, kind: Kind, paths: Iterable[Path]) -> None:
    """Keep that these files were written, so that a patient who is forgotten leaves them as well."""
    rows = [{"kind": kind, "path": str(path.resolve())} for path in paths]
    if rows:
        with db.session() as session, session.begin():
            add_unless_there(session, WrittenRow, rows)


def written(session: Session, kind: Kind) -> list[Path]:
    """The files of a kind, whether or not they are still there, in order."""
    query = select(WrittenRow.path).where(WrittenRow.kind == kind)
    return sorted(map(Path, session.scalars(query)))


def drop_written(session: Session, path: Path) -> None:
    """A file is there no longer."""
    session.execute(delete(WrittenRow).where(WrittenRow.path == str(path)))
