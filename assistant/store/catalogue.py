"""The catalogue: what an index knows of its files, records and passages, in SQL.

It lies in a SQLite file of its generation (`sqlite.py`) or in a schema of a PostgreSQL database (`postgres.py`), with
the same tables; `places.py` tells which. A generation's catalogue is read-only once committed; the builder writes into
a working copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    insert,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from assistant.store.text_types import Json, Sentence, SentencePairs, Text

_COPIED = 2_000  # rows at a time

# SQLite's keys have 64 bits under this name alone.
Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Tables of a generation's catalogue."""

    type_annotation_map = {str: Text}  # noqa: RUF012 (SQLAlchemy's own way)


class MetaRow(Base):
    """Facts about the index as a whole: encoders and their fingerprints, namespace, recipe."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(Json)


class ItemRow(Base):
    """One file or manifest row of the archive; `stamp` changes when it may have to be read again.

    Where only times of its files have changed, `digest` of their content decides; "" where there is none.
    """

    __tablename__ = "item"
    item_id: Mapped[str] = mapped_column(primary_key=True)
    stamp: Mapped[str]
    digest: Mapped[str]
    is_aside: Mapped[bool]  # nothing of it was read; the reason stands in the owner's path table


class RecordRow(Base):
    """One record. `is_case` tells a patient's study from general knowledge (a guideline, an abstract)."""

    __tablename__ = "record"
    __table_args__ = (
        Index("record_study", "study_id"),
        Index("record_patient", "patient_id"),
        {"sqlite_autoincrement": True},  # a key is never given twice, so that a vector can't meet another's row
    )
    pk: Mapped[int] = mapped_column(Key, primary_key=True)
    record_id: Mapped[str] = mapped_column(unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.item_id"), index=True)
    kind: Mapped[str]
    modality: Mapped[str]
    part: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    patient_id: Mapped[str | None]
    study_id: Mapped[str]
    is_case: Mapped[bool]
    taken_at: Mapped[datetime | None]
    shift: Mapped[int | None] = mapped_column(
        Key
    )  # by how many days taken_at was moved, sealed with the workspace's key
    external_id: Mapped[str | None]
    title: Mapped[str | None]
    url: Mapped[str | None]
    text: Mapped[str]
    labels: Mapped[dict[str, str]] = mapped_column(Json)
    fields: Mapped[dict[str, Any]] = mapped_column(Json)


class PassageRow(Base):
    """A searchable stretch of text. A caption holds the title and labels of a record, where it has any."""

    __tablename__ = "passage"
    __table_args__ = ({"sqlite_autoincrement": True},)
    pk: Mapped[int] = mapped_column(Key, primary_key=True)
    record_pk: Mapped[int] = mapped_column(ForeignKey("record.pk"), index=True)
    start: Mapped[int]
    end: Mapped[int]
    section: Mapped[str | None]
    page: Mapped[int | None]
    caption: Mapped[str | None]


class FindingRow(Base):
    """A finding that a text record of a patient's study states; `start` and `end` are offsets into the text."""

    __tablename__ = "finding"
    __table_args__ = (Index("finding_entity", "entity", "status", "record_pk"),)
    pk: Mapped[int] = mapped_column(Key, primary_key=True)
    record_pk: Mapped[int] = mapped_column(ForeignKey("record.pk"), index=True)
    entity: Mapped[str]
    status: Mapped[str]
    side: Mapped[str | None]
    severity: Mapped[str | None]
    start: Mapped[int]
    end: Mapped[int]
    code: Mapped[str | None]


class StagedVector(Base):
    """A vector waiting for the commit; the table exists only while an index is being built."""

    __tablename__ = "staged_vector"
    kind: Mapped[str] = mapped_column(primary_key=True)
    pk: Mapped[int] = mapped_column(Key, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class PathBase(DeclarativeBase):
    """The one table of original paths, in a file of its own that only its owner can read.

    With it stands whatever may quote a path or a name: why an item is set aside, and which parts of it are.
    """


class PathRow(PathBase):
    """An item's place. Generations of earlier versions lack the last four columns: name the others in a query."""

    __tablename__ = "path"
    item_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    uri: Mapped[str]
    path: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Sentence)  # why it is set aside; None when it was read
    parts: Mapped[list[list[str]]] = mapped_column(SentencePairs)  # what could not be read of it: [part, reason]
    removed: Mapped[dict[str, int]] = mapped_column(JSON)  # how many identifiers of each kind were taken out
    slices: Mapped[dict[str, list[str]]] = mapped_column(JSON)  # of a series: each record's part → its [path, uri]


NUMBERED = ("record", "passage", "finding")  # the tables whose keys the database gives


class Catalogue(Protocol):
    """Where the catalogue of one generation or working copy lives."""

    @property
    def where(self) -> str:
        """The place, for a message."""

    def exists(self) -> bool:
        """Whether there is anything to open."""

    def engine(self, *, writable: bool = False) -> Engine:
        """An engine over the tables; give it to `release` when it is no longer needed."""

    def start(self, base: Catalogue | None, index: str) -> None:
        """Make the tables of a working copy of that index, empty or with all rows of `base`. Keys go on from there."""

    def last_keys(self) -> dict[str, int]:
        """The highest key that was ever given in each of `NUMBERED`, whether or not its row is still there."""

    def seal(self, number: int) -> None:
        """Take what only a working copy has away and fix what generation `number` holds."""

    def verify(self, *, thorough: bool = False) -> None:
        """Raises DamagedIndex where the tables are not those that were sealed. `thorough` reads every row."""

    def drop(self) -> None:
        """Remove the tables, if they are there."""


def release(engine: Engine) -> None:
    """Close an engine of `Catalogue.engine`; one over a server stays open, since a process shares it."""
    if engine.dialect.name == "sqlite":
        engine.dispose()


@contextmanager
def reading(catalogue: Catalogue) -> Iterator[Session]:
    """A session that reads a committed catalogue."""
    engine = catalogue.engine()
    try:
        with Session(engine) as session:
            yield session
    finally:
        release(engine)


# --- from one database to another --------------------------------------------------------------------


def copy_rows(source: Catalogue, target: Connection) -> None:
    """Copy every row of a committed catalogue into empty tables."""
    engine = source.engine()
    try:
        with engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                if table.name == StagedVector.__tablename__:
                    continue
                rows = connection.execution_options(yield_per=_COPIED).execute(select(table))
                for chunk in rows.mappings().partitions():
                    target.execute(insert(table), [dict(row) for row in chunk])
    finally:
        release(engine)
