"""Where the workspace's own tables lie, and how they move: `workspace.db`, or a schema of a PostgreSQL database.

`database.json` says which of the two counts. Where the settings want the other one, opening the tables moves every row
in one transaction; a kill on the way leaves either place whole. What a move leaves behind is kept beside the workspace
(`workspace.db.moved`) until a patient is forgotten.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Integer, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from assistant.errors import DatabaseUnavailable, WardroundError, WorkspaceBusy
from assistant.settings import StoreSettings
from assistant.store.files import fsync
from assistant.store.home import home_made, home_of, moved
from assistant.store.server import Server, lock_number, server_of
from assistant.store.sqlite import settle
from assistant.store.workspace_tables import WorkspaceBase

FILE = "workspace.db"
MOVED = f"{FILE}.moved"
_CHUNK = 1_000
_WAIT_S = 10  # for another process that writes or moves
log = logging.getLogger(__name__)


def has_tables(workspace: Path) -> bool:
    """Whether the workspace has tables of its own yet."""
    home = home_of(workspace)
    return (workspace / FILE).exists() or (home is not None and home.tables == "postgresql")


def open_tables(workspace: Path, store: StoreSettings) -> Engine:
    """The tables where the settings want them, moved there if need be, at the newest version.

    Raises WardroundError for damaged or newer tables, DatabaseUnavailable, WorkspaceBusy while they are being moved.
    """
    home = home_of(workspace)
    lies_in = home.tables if home else "sqlite"
    if store.catalogue == "postgresql":
        server = server_of(store)
        schema = f"wardround_{home_made(workspace).workspace}"
        if lies_in != "postgresql" or (workspace / FILE).exists():
            _move_to_server(workspace, server, schema)
        return _on_server(server, schema, home.server if home else "")
    if home is not None and lies_in == "postgresql":
        if store.database_url is None:
            raise DatabaseUnavailable(
                "{workspace}: its conversations, access log and list of forgotten patients are in {server}; set "
                "store.catalogue and store.database_url (in the environment: WARDROUND_STORE__CATALOGUE, "
                "WARDROUND_STORE__DATABASE_URL). With store.database_url alone they are moved back here",
                workspace=workspace,
                server=home.server,
            )
        _move_to_file(workspace, server_of(store), f"wardround_{home.workspace}")
    return _in_file(workspace / FILE)


def migrate(engine: Engine, where: str) -> None:
    """Bring the tables to the newest version. Raises WardroundError if they are damaged or of a newer Wardround."""
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # of two processes that come first, one makes the tables
            else:
                schema = connection.get_execution_options()["schema_translate_map"][None]
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": lock_number(schema)})
            _upgrade(connection, where)
    except DatabaseError as error:
        if "locked" in str(error.orig):
            raise WorkspaceBusy(
                "{where}: another process has been writing to it for {wait_s} s; try again", where=where, wait_s=_WAIT_S
            ) from error
        raise WardroundError(
            "{where}: not a readable database ({said}); restore it from a backup", where=where, said=error.orig
        ) from error


def _upgrade(connection: Connection, where: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":  # the migrations' tables without a schema are those of this one
        schema = connection.get_execution_options()["schema_translate_map"][None]
        connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise WardroundError(
            "{where}: made by a newer Wardround ({error}); install that version", where=where, error=error
        ) from error


def add_unless_there(session: Session, row: type[WorkspaceBase], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, of which another process may have put some there in this moment."""
    on = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(on(row).on_conflict_do_nothing(), list(values))


def vacuum(connection: Connection) -> None:
    """Rewrite the tables, so that nothing of a deleted row lingers in them. In AUTOCOMMIT alone."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("VACUUM"))
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return
    schema = connection.get_execution_options()["schema_translate_map"][None]
    for table in WorkspaceBase.metadata.sorted_tables:
        connection.execute(text(f'VACUUM FULL "{schema}"."{table.name}"'))


def remove_moved_copies(workspace: Path) -> None:
    """What a move has left behind goes when a patient is forgotten: it is a copy of rows that now lie elsewhere."""
    for path in workspace.glob(f"{MOVED}*"):
        path.unlink()


# --- the two places ----------------------------------------------------------------------------------


def _in_file(path: Path) -> Engine:
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    engine = _file_engine(path)
    migrate(engine, str(path))
    return engine


def _file_engine(path: Path) -> Engine:
    # mode=rw: a file that was moved away under a running process is missed, not made anew and empty
    engine = create_engine(f"sqlite:///file:{path}?mode=rw&uri=true", poolclass=NullPool)
    event.listen(engine, "connect", _tune)
    return engine


def _tune(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={_WAIT_S * 1000}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _on_server(server: Server, schema: str, was_in: str) -> Engine:
    engine = server.engine(schema, writable=True)
    with engine.connect() as connection:
        if not inspect(connection).has_schema(schema):
            raise DatabaseUnavailable(
                "{server}: the tables of this workspace (schema {schema}) are not there; they were in {was_in}: "
                "correct store.database_url, or restore them from a backup",
                server=server.name,
                schema=schema,
                was_in=was_in,
            )
    migrate(engine, f"{server.name}, schema {schema}")
    return engine


# --- moving ------------------------------------------------------------------------------------------


def _move_to_server(workspace: Path, server: Server, schema: str) -> None:
    """Copy `workspace.db` into the schema, then set it aside. A workspace without one gets empty tables."""
    path = workspace / FILE
    with _moving(workspace, server, schema), ExitStack() as stack:
        source = stack.enter_context(_held(path)) if path.exists() else None
        lay_in = home_made(workspace).tables
        with server.transaction() as connection:
            here = connection.execution_options(schema_translate_map={None: schema})
            there = inspect(connection).has_schema(schema)
            if there and source is not None and lay_in == "sqlite":  # left by a move back that was killed
                connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
                there = False
            if not there and (source is not None or lay_in == "sqlite"):
                connection.execute(text(f'CREATE SCHEMA "{schema}"'))
                _upgrade(here, server.name)
                if source is not None:
                    _copy(source, here)
                there = True
            if there:
                moved(workspace, "postgresql", server.name)
        if there and source is not None:
            aside = _free(workspace / MOVED)
            path.rename(aside)
            log.warning("%s: its rows are in %s now; the file is kept as %s", path, server.name, aside.name)


def _move_to_file(workspace: Path, server: Server, schema: str) -> None:
    """Copy the schema into a new `workspace.db`, then remove it."""
    path, fresh = workspace / FILE, workspace / f"{FILE}.new"
    engine = _on_server(server, schema, server.name)  # at the newest version
    with _moving(workspace, server, schema):
        if home_made(workspace).tables == "sqlite":  # another process was quicker
            return
        fresh.unlink(missing_ok=True)
        target_engine = _in_file(fresh)
        with engine.begin() as source:
            for table in WorkspaceBase.metadata.sorted_tables:
                source.execute(text(f'LOCK TABLE "{schema}"."{table.name}" IN ACCESS EXCLUSIVE MODE'))
            with target_engine.begin() as target:
                _copy(source, target)
            settle(target_engine)
            fsync(fresh)
            if path.exists():
                path.rename(_free(workspace / MOVED))
            source.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
            fresh.replace(path)
            moved(workspace, "sqlite", "")
    log.warning("%s: the workspace's rows of %s are in this file again", path, server.name)


@contextmanager
def _moving(workspace: Path, server: Server, schema: str) -> Iterator[None]:
    busy = f"{workspace}: its tables are being moved by another process; try again"
    with server.alone(f"{schema}/move", busy, wait_s=_WAIT_S):
        yield


@contextmanager
def _held(path: Path) -> Iterator[Connection]:
    """The file's newest version, with nobody else in it."""
    engine = _in_file(path)
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        except OperationalError as error:
            raise WorkspaceBusy(
                "{path}: another process uses it, and it is to be moved; stop the chat and draft runs, then try again",
                path=path,
            ) from error
        yield connection


def _copy(source: Connection, target: Connection) -> None:
    for table in WorkspaceBase.metadata.sorted_tables:
        rows = source.execute(select(table)).mappings()
        for chunk in rows.partitions(_CHUNK):
            target.execute(insert(table), [dict(row) for row in chunk])
        counted = select(func.count()).select_from(table)
        had, has = source.scalar(counted), target.scalar(counted)
        if had != has:
            raise WardroundError(
                "moving the workspace's tables: {has} of {had} rows of {table}; nothing changed",
                has=has,
                had=had,
                table=table.name,
            )
        (key,) = table.primary_key.columns
        if target.dialect.name == "postgresql" and had and key.autoincrement and isinstance(key.type, Integer):
            schema = target.get_execution_options()["schema_translate_map"][None]
            last = target.scalar(select(func.max(key)))
            target.execute(text(f"SELECT setval('\"{schema}\".{table.name}_{key.name}_seq', :last)"), {"last": last})


def _free(path: Path) -> Path:
    """A name that no file has yet."""
    names = [path, *(path.with_name(f"{path.name}.{n}") for n in range(2, 1000))]
    return next(name for name in names if not name.exists())
