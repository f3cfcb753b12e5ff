"""A generation's catalogue as a schema of a PostgreSQL database.

The generation's folder holds `catalogue.json` instead of a SQLite file: the name of the schema, and how many rows each
table has with a digest of their content. The manifest covers that file with its SHA-256, so `CURRENT` stays the one
commit point: no reader learns the name of a schema before its generation counts. No address and no password stand in
it; those are the settings'.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from assistant.errors import DamagedIndex, DatabaseUnavailable, WardroundError
from assistant.settings import StoreSettings
from assistant.store.catalogue import NUMBERED, Base, Catalogue, StagedVector, copy_rows
from assistant.store.files import write_atomically
from assistant.store.home import home_made, home_of
from assistant.store.server import Server, server_of

FILE = "catalogue.json"
_TABLES = [table for table in Base.metadata.sorted_tables if table.name != StagedVector.__tablename__]
_STAGED = Base.metadata.tables[StagedVector.__tablename__]
_BUSY_SECONDS = 5  # how long the removal of an old schema waits for its last readers


@dataclass(frozen=True, slots=True)
class PostgresCatalogue:
    """The catalogue of the generation or working copy in `folder`."""

    folder: Path
    store: StoreSettings

    @property
    def where(self) -> str:
        return f"{self._server.name}, schema {self.schema}"

    @property
    def schema(self) -> str:
        return str(_told(self.folder / FILE)["schema"])

    @property
    def _server(self) -> Server:
        if self.store.database_url is None:
            raise DatabaseUnavailable(
                f"{self.folder}: its catalogue lies in PostgreSQL; set store.database_url (in the environment: "
                "WARDROUND_STORE__DATABASE_URL) to the database that it was built into"
            )
        return server_of(self.store)

    def exists(self) -> bool:
        return (self.folder / FILE).exists()

    def engine(self, *, writable: bool = False) -> Engine:
        return self._server.engine(self.schema, writable=writable)

    def start(self, base: Catalogue | None, index: str) -> None:
        """A new schema, in one transaction: a kill leaves a file that names a schema which was never made."""
        workspace = self.folder.parent.parent.parent  # the folder is indexes/<name>/building
        schema = f"{schema_prefix(home_made(workspace).workspace, index)}{secrets.token_hex(5)}"
        write_atomically(self.folder / FILE, json.dumps({"schema": schema}))
        with self._server.transaction() as connection:
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
            here = connection.execution_options(schema_translate_map={None: schema})
            for table in Base.metadata.sorted_tables:
                here.execute(CreateTable(table, include_foreign_key_constraints=[]))
            if isinstance(base, PostgresCatalogue):
                for table in _TABLES:
                    columns = ", ".join(f'"{column.name}"' for column in table.columns)
                    connection.execute(
                        text(
                            f'INSERT INTO "{schema}".{table.name} ({columns}) '
                            f'SELECT {columns} FROM "{base.schema}".{table.name}'
                        )
                    )
            elif base is not None:
                copy_rows(base, here)
            for table in Base.metadata.sorted_tables:  # after the rows: each in one pass over them
                for wanted in table.indexes:
                    here.execute(CreateIndex(wanted))
                for foreign in table.foreign_key_constraints:
                    here.execute(AddConstraint(foreign, isolate_from_table=False))
            for name, key in base.last_keys().items() if base is not None else ():
                connection.execute(text(f"SELECT setval('\"{schema}\".{name}_pk_seq', :key)"), {"key": key})

    def last_keys(self) -> dict[str, int]:
        engine = self.engine()
        with engine.connect() as connection:
            found = {
                name: connection.execute(text(f'SELECT last_value, is_called FROM "{self.schema}".{name}_pk_seq')).one()
                for name in NUMBERED
            }
        return {name: row.last_value for name, row in found.items() if row.is_called}

    def seal(self, number: int) -> None:
        """Drop what is staged, and write down what each table holds."""
        schema = self.schema
        with self._server.transaction() as connection:
            here = connection.execution_options(schema_translate_map={None: schema})
            Base.metadata.drop_all(here, tables=[_STAGED])
            for table in _TABLES:
                connection.execute(text(f'ANALYZE "{schema}".{table.name}'))
            connection.execute(text(f"COMMENT ON SCHEMA \"{schema}\" IS 'Wardround: generation {number} of an index'"))
            tables = {table.name: digest_of(connection, schema, table) for table in _TABLES}
        write_atomically(self.folder / FILE, json.dumps({"schema": schema, "tables": tables}, indent=1))

    def verify(self, *, thorough: bool = False) -> None:
        told = _told(self.folder / FILE)
        schema, tables = told["schema"], told.get("tables", {})
        engine = self.engine()
        with engine.connect() as connection:
            for table in _TABLES:
                rows = connection.scalar(text(f'SELECT count(*) FROM "{schema}".{table.name}'))
                found = digest_of(connection, schema, table) if thorough else {"rows": rows}
                expected = tables.get(table.name, {})
                if rows != expected.get("rows"):
                    raise DamagedIndex(
                        f"{self.where}: table {table.name} has {rows} rows instead of {expected.get('rows')}; "
                        "build the index again"
                    )
                if thorough and found != expected:
                    raise DamagedIndex(
                        f"{self.where}: the content of table {table.name} does not match its digest; "
                        "build the index again"
                    )

    def drop(self) -> None:
        if self.exists():
            drop_schema(self._server, self.schema)


def _told(path: Path) -> dict[str, Any]:
    """What a `catalogue.json` says. Raises DamagedIndex."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not re.fullmatch(r"[a-z0-9_]{1,63}", told["schema"]):
            raise ValueError(told["schema"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedIndex(f"{path}: can't be understood; build the index again") from error
    return told


def schema_prefix(workspace_id: str, index: str) -> str:
    """How the schemas of an index begin: within PostgreSQL's 63 characters, and different for each index's name."""
    plain = re.sub(r"[^a-z0-9]", "_", index.lower())[:20]
    return f"wardround_{workspace_id}_{plain}_{hashlib.sha256(index.encode()).hexdigest()[:8]}_"


def schemas_of(store: StoreSettings, workspace_id: str, index: str | None = None) -> list[str]:
    """Every schema of an index, or of all indexes of a workspace, that the database holds, named by a folder or not."""
    prefix = f"wardround_{workspace_id}_" if index is None else schema_prefix(workspace_id, index)
    with server_of(store).transaction() as connection:
        found = connection.scalars(
            text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix) ORDER BY nspname"),
            {"prefix": prefix},
        )
        return list(found)


def drop_unnamed(workspace: Path, store: StoreSettings) -> list[str]:
    """Remove the schemas of a workspace that none of its folders names, since somebody has removed the folder by hand.

    Gives what could not be removed. Safe beside a build: a folder names its schema before there is one.
    """
    home = home_of(workspace)
    if home is None or store.database_url is None:
        return []
    left = []
    try:
        there = schemas_of(store, home.workspace)  # first: what is made from here on is not in it
        # working copies before generations, since a commit makes the one the other
        named = {_schema_in(file) for pattern in ("building", "generations/*") for file in
                 workspace.glob(f"indexes/*/{pattern}/{FILE}")}  # fmt: skip
    except WardroundError as error:
        return [str(error)]
    for schema in there:
        if schema not in named:
            try:
                drop_schema(server_of(store), schema)
            except WardroundError as error:
                left.append(str(error))
    return left


def _schema_in(file: Path) -> str | None:
    """None for a file that is gone by now."""
    try:
        return str(_told(file)["schema"])
    except DamagedIndex:
        if not file.exists():
            return None
        raise


def drop_schema(server: Server, schema: str) -> None:
    """Remove a schema. Raises WorkspaceBusy where a reader does not let go of it."""
    with server.transaction() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'"))
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


def digest_of(connection: Connection, schema: str, table: Table) -> dict[str, Any]:
    """How many rows a table has, and the sum of 64 bits of each row's SHA-256: the same in whatever order they lie."""
    row = connection.execute(
        text(
            "SELECT count(*) AS rows, coalesce(sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), "
            f'16))::bit(64)::bigint), 0)::text AS digest FROM "{schema}".{table.name} AS t'
        )
    ).one()
    return {"rows": row.rows, "digest": row.digest}
