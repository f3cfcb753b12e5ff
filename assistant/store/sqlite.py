"""A generation's catalogue as one SQLite file beside its vectors: the default."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from assistant.store.catalogue import NUMBERED, Base, Catalogue, StagedVector, copy_rows

FILE = "catalogue.sqlite"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SqliteCatalogue:
    """The catalogue of the generation or working copy in `folder`. Its SHA-256 stands in the manifest."""

    folder: Path

    @property
    def where(self) -> str:
        return str(self.folder / FILE)

    def exists(self) -> bool:
        return (self.folder / FILE).exists()

    def engine(self, *, writable: bool = False) -> Engine:
        return open_sqlite(self.folder / FILE, writable=writable)

    def start(self, base: Catalogue | None, index: str) -> None:
        """The tables of a working copy, empty or as they are in `base`."""
        if isinstance(base, SqliteCatalogue):
            shutil.copyfile(base.folder / FILE, self.folder / FILE)
        engine = self.engine(writable=True)
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            if base is not None and not isinstance(base, SqliteCatalogue):
                copy_rows(base, connection)
                for name, key in base.last_keys().items():
                    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
                    connection.execute(
                        text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :key)"), {"name": name, "key": key}
                    )
        engine.dispose()

    def last_keys(self) -> dict[str, int]:
        engine = self.engine()
        with engine.connect() as connection:
            given = {row.name: row.seq for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}
            given["finding"] = connection.scalar(text("SELECT max(pk) FROM finding"))
        engine.dispose()
        return {name: given[name] for name in NUMBERED if given.get(name)}

    def seal(self, number: int) -> None:
        """Make the working copy the file that generation `number` is to hold: nothing staged, one file, no log."""
        engine = self.engine(writable=True)
        with engine.begin() as connection:
            Base.metadata.drop_all(connection, tables=[Base.metadata.tables[StagedVector.__tablename__]])
        settle(engine)

    def verify(self, *, thorough: bool = False) -> None:
        """Nothing to do: the manifest's SHA-256 covers the file."""

    def drop(self) -> None:
        (self.folder / FILE).unlink(missing_ok=True)


def open_sqlite(path: Path, *, writable: bool = False) -> Engine:
    """An engine over a SQLite file; a read-only one promises SQLite that nobody writes to it any more."""
    if writable:
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(engine, "connect", _tune_for_building)
        return engine
    return create_engine(f"sqlite:///file:{quote(str(path.resolve()))}?mode=ro&immutable=1&uri=true")


def settle(engine: Engine) -> None:
    """Leave one compact file without a write-ahead log, and close it."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        connection.execute(text("PRAGMA journal_mode=DELETE"))
    engine.dispose()


def _tune_for_building(connection: Any, _: Any) -> None:
    # One writer, and a commit must survive a kill (not a power cut: the working copy can be made again).
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Parts of `values`: SQLite bounds how many one statement takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
