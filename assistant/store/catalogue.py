"""The catalogue: what an index knows of its files, records and passages, in SQL.

SQLite by default. A generation's catalogue is read-only once committed; the builder writes into a working copy.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, ForeignKey, Index, LargeBinary, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool


class Base(DeclarativeBase):
    """Tables of a generation's catalogue."""


class MetaRow(Base):
    """Facts about the index as a whole: encoders and their fingerprints, namespace, recipe."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


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
    pk: Mapped[int] = mapped_column(primary_key=True)
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
    shift: Mapped[int | None]  # by how many days taken_at was moved, sealed with the workspace's key
    external_id: Mapped[str | None]
    title: Mapped[str | None]
    url: Mapped[str | None]
    text: Mapped[str]
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)


class PassageRow(Base):
    """A searchable stretch of text. A caption holds the title and labels of a record, where it has any."""

    __tablename__ = "passage"
    __table_args__ = ({"sqlite_autoincrement": True},)
    pk: Mapped[int] = mapped_column(primary_key=True)
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
    pk: Mapped[int] = mapped_column(primary_key=True)
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
    pk: Mapped[int] = mapped_column(primary_key=True)
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
    reason: Mapped[str | None]  # why it is set aside; None when it was read
    parts: Mapped[list[list[str]]] = mapped_column(JSON)  # what could not be read of it: [part, reason]
    removed: Mapped[dict[str, int]] = mapped_column(JSON)  # how many identifiers of each kind were taken out
    slices: Mapped[dict[str, list[str]]] = mapped_column(JSON)  # of a series: each record's part → its [path, uri]


def open_catalogue(path: Path, *, writable: bool = False) -> Engine:
    """An engine over a SQLite file; a read-only one promises SQLite that nobody writes to it any more."""
    if writable:
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(engine, "connect", _tune_for_building)
        return engine
    return create_engine(f"sqlite:///file:{_quoted(path)}?mode=ro&immutable=1&uri=true")


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))


def _tune_for_building(connection: Any, _: Any) -> None:
    # One writer, and a commit must survive a kill (not a power cut: the working copy can be made again).
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
