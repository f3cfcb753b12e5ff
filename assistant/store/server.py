"""A PostgreSQL database as a process uses it: shared pools of connections, errors a user can act on, locks."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from assistant.errors import DamagedIndex, DatabaseUnavailable, MissingExtra, WardroundError, WorkspaceBusy
from assistant.settings import StoreSettings

_DRIVERS = ("postgresql", "postgresql+psycopg", "postgres")
_OPTION = "store.database_url (in the environment: WARDROUND_STORE__DATABASE_URL)"
_CONNECT_SECONDS = 10
_LOST = ("08", "57P")  # SQLSTATE classes: connection exceptions, the server going down

_servers: dict[tuple[str, int], Server] = {}
_guard = threading.Lock()


def server_of(store: StoreSettings) -> Server:
    """The database that the settings name. Raises WardroundError where they name none, MissingExtra."""
    if store.database_url is None:
        raise WardroundError(
            "no PostgreSQL database is named: set {option} to postgresql://USER@HOST/DATABASE", option=_OPTION
        )
    url = _parsed(store.database_url.get_secret_value())
    key = (url.render_as_string(hide_password=False), store.database_connections)
    with _guard:
        if key not in _servers:
            _servers[key] = Server(url, store.database_connections)
        return _servers[key]


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # `from None`: the original may quote the password
        raise WardroundError(
            "{option}: not a database address; write postgresql://USER@HOST:5432/DATABASE", option=_OPTION
        ) from None
    if url.drivername not in _DRIVERS or not url.database:
        raise WardroundError(
            "{option}: {drivername}://…/{database} is no PostgreSQL database; write "
            "postgresql://USER@HOST:5432/DATABASE",
            option=_OPTION,
            drivername=url.drivername,
            database=url.database or "",
        )
    return url.set(drivername="postgresql+psycopg")


class Server:
    """One PostgreSQL database. A process has one pool for reading and one for writing, for all of its threads."""

    def __init__(self, url: URL, connections: int) -> None:
        self.url = url
        pool = {"pool_size": connections, "max_overflow": connections, "pool_pre_ping": True, "pool_recycle": 1800}
        self._reader = self._engine(**pool)
        event.listen(self._reader, "connect", _read_only)
        self._writer = self._engine(**pool)

    @property
    def name(self) -> str:
        """Host, port and database, for messages."""
        host = self.url.host or self.url.query.get("host") or os.environ.get("PGHOST") or "local socket"
        return f"PostgreSQL {host}:{self.url.port or os.environ.get('PGPORT', 5432)}, database {self.url.database!r}"

    def engine(self, schema: str, *, writable: bool = False) -> Engine:
        """An engine whose tables are those of a schema; without `writable` the server refuses every change."""
        engine = self._writer if writable else self._reader
        return engine.execution_options(schema_translate_map={None: schema})

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def alone(self, key: str, busy: str, *, wait_s: float = 0) -> Iterator[Held]:
        """Hold the lock of that name in the database; it goes with the connection, wherever the process runs.

        Raises WorkspaceBusy with the message `busy` where another connection holds it for longer than `wait_s`.
        """
        engine = self._engine(poolclass=NullPool)
        number = lock_number(key)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            deadline = time.monotonic() + wait_s
            while not connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": number}):
                if time.monotonic() >= deadline:
                    raise WorkspaceBusy(busy)
                time.sleep(0.1)
            try:
                yield Held(connection, number, self.name)
            finally:
                with suppress(SQLAlchemyError, WardroundError):  # a connection that is gone has let go of it
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})

    def close(self, *, forked: bool = False) -> None:
        """Close the pools' idle connections; the next use opens new ones. In a `forked` process the connections are
        its parent's, and are let go of without a word to the server."""
        for engine in (self._reader, self._writer):
            engine.dispose(close=not forked)

    def _engine(self, **options: Any) -> Engine:
        try:
            import psycopg  # noqa: F401 (SQLAlchemy imports it by itself, with a longer message)
        except ImportError as error:
            raise MissingExtra("the driver of PostgreSQL (psycopg)", "postgres") from error
        arguments = {
            "connect_timeout": _CONNECT_SECONDS, "application_name": "wardround", "client_encoding": "utf8",
            "keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3,
        }  # fmt: skip
        given = {name: value for name, value in arguments.items() if name not in self.url.query}
        # Values of a statement are texts of patients: no error message and no log may quote them.
        engine = create_engine(self.url, connect_args=given, hide_parameters=True, **options)
        event.listen(engine, "connect", self._check_encoding)
        event.listen(engine, "handle_error", self._explain)
        return engine

    def _check_encoding(self, connection: Any, _: Any) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise DatabaseUnavailable(
                "{name}: its encoding is {encoding}, and clinical text needs UTF8: "
                "CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0",
                name=self.name,
                encoding=encoding,
                database=self.url.database,
            )

    def _explain(self, context: ExceptionContext) -> None:
        """Say what a user can do about an error of the server; what is a fault of ours stays as it is."""
        import psycopg

        error = context.original_exception
        if context.is_pre_ping or not isinstance(error, psycopg.Error):
            return
        state = error.sqlstate or ""
        # A statement's error may quote a row in its detail, and so a patient's text; the primary message does not.
        reason = " ".join((error.diag.message_primary or str(error)).split()) or type(error).__name__
        if context.connection is None:
            raise DatabaseUnavailable(
                "{name}: {reason}; {way_out}", name=self.name, reason=reason, way_out=_way_out(str(error), self.url)
            ) from None
        if context.is_disconnect or state.startswith(_LOST):
            raise DatabaseUnavailable(
                "{name}: the connection was lost ({reason}); when the server runs, do the same again: a build "
                "goes on from its last batch",
                name=self.name,
                reason=reason,
            ) from None
        if state == "42501":
            raise DatabaseUnavailable(
                "{name}: {reason}; the role needs GRANT CREATE ON DATABASE {database} (docs/databases.md)",
                name=self.name,
                reason=reason,
                database=self.url.database,
            ) from None
        if state in ("42P01", "3F000"):
            raise DamagedIndex(
                "{name}: {reason}; its tables were replaced or removed: try again, or build the index again",
                name=self.name,
                reason=reason,
            ) from None
        if state == "55P03":
            raise WorkspaceBusy(
                "{name}: {reason}; another process uses the tables: try again", name=self.name, reason=reason
            ) from None
        if state.startswith("53"):
            raise DatabaseUnavailable(
                "{name}: {reason}; the server is out of a resource", name=self.name, reason=reason
            ) from None
        if error.diag.message_detail:
            raise WardroundError(
                "{name}: {reason} ({fault})", name=self.name, reason=reason, fault=type(error).__name__
            ) from None


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held as long as its connection lives."""

    connection: Connection
    number: int
    where: str

    def check(self) -> None:
        """Raises DatabaseUnavailable when the connection, and the lock with it, was lost in the meantime."""
        try:
            self.connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            raise DatabaseUnavailable(
                "{where}: the connection that held the build's lock was lost", where=self.where
            ) from error


def lock_number(key: str) -> int:
    """The 64-bit number that PostgreSQL's advisory lock of that name has."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


def _read_only(connection: Any, _: Any) -> None:
    connection.autocommit, before = True, connection.autocommit
    connection.execute("SET default_transaction_read_only = on")
    connection.autocommit = before


def _way_out(error: str, url: URL) -> str:
    if "password" in error or "authentication" in error:
        return f"set the password of {url.username or 'the role'} as PGPASSWORD or in ~/.pgpass, or correct {_OPTION}"
    if "does not exist" in error:
        return f"create it (createdb {url.database}; docs/databases.md), or correct {_OPTION}"
    return f"see that the server runs and accepts connections from here, or correct {_OPTION}"


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()  # another thread of the parent may have held it
    for server in _servers.values():
        server.close(forked=True)


os.register_at_fork(after_in_child=_after_fork)
