"""`workspace.db`: what can't be rebuilt. Conversations, feedback, accounts, the access log and draft runs.

Indexes hold derived data only; this file is the one to back up, with the key beside it. Its tables are migrated by
Alembic: opening it brings an older file up to date.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, ForeignKey, UniqueConstraint, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from assistant.errors import WardroundError

FILE = "workspace.db"


class WorkspaceBase(DeclarativeBase):
    """Tables of `workspace.db`. A change here needs a migration in `store/migrations/versions`."""


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class AccountRow(WorkspaceBase):
    """Who uses the workspace. Without sign-in that is the operating system's user."""

    __tablename__ = "account"
    account_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=_now)


class ConversationRow(WorkspaceBase):
    __tablename__ = "conversation"
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    started_at: Mapped[datetime] = mapped_column(default=_now)


class TurnRow(WorkspaceBase):
    """A question and its answer; `uploads` are record ids, never paths."""

    __tablename__ = "turn"
    turn_id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.conversation_id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=_now)
    question: Mapped[str]
    uploads: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class FeedbackRow(WorkspaceBase):
    """What a person said of one sentence of an answer: right, wrong or harmful."""

    __tablename__ = "feedback"
    feedback_id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.turn_id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    claim: Mapped[int]
    judgement: Mapped[str]
    comment: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=_now)


class AccessRow(WorkspaceBase):
    """Who saw which patient's record, and when; appended to, never changed."""

    __tablename__ = "access"
    access_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    seen_at: Mapped[datetime] = mapped_column(default=_now)
    action: Mapped[str]
    record_id: Mapped[str]
    patient_id: Mapped[str | None] = mapped_column(index=True)


class DraftRunRow(WorkspaceBase):
    __tablename__ = "draft_run"
    run_id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str]
    model: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(default=_now)
    ended_at: Mapped[datetime | None]


class DraftedRow(WorkspaceBase):
    """One study of a draft run: drafted, or set aside with its reason."""

    __tablename__ = "drafted"
    __table_args__ = (UniqueConstraint("run_id", "study_id"),)
    drafted_id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("draft_run.run_id"))
    study_id: Mapped[str]  # a pseudonym
    reason: Mapped[str | None]


class ForgottenRow(WorkspaceBase):
    """A patient or study that was forgotten, so that no build brings it back: a keyed hash, never an id."""

    __tablename__ = "forgotten"
    __table_args__ = (UniqueConstraint("key", "index"),)
    forgotten_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    index: Mapped[str]  # the one index it is about; "" for all
    since: Mapped[datetime] = mapped_column(default=_now)


class WorkspaceDb:
    """The workspace's database, brought up to date when it is opened."""

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / FILE
        self._engine: Engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool)
        event.listen(self._engine, "connect", _tune)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600))
        migrate(self._engine, self.path)

    def add_turn(self, conversation_id: str, question: str, uploads: Sequence[str], answer: dict[str, Any]) -> int:
        """Keep a question and its answer; begins the conversation if it is new. Gives the turn's id."""
        with Session(self._engine) as session, session.begin():
            if session.get(ConversationRow, conversation_id) is None:
                session.add(ConversationRow(conversation_id=conversation_id, account_id=self._account(session)))
                session.flush()
            turn = TurnRow(conversation_id=conversation_id, question=question, uploads=list(uploads), answer=answer)
            session.add(turn)
            session.flush()
            return turn.turn_id

    def turns(self, conversation_id: str) -> list[tuple[str, dict[str, Any]]]:
        """The (question, answer) pairs of a conversation, oldest first."""
        query = select(TurnRow).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.turn_id)
        with Session(self._engine) as session:
            return [(turn.question, turn.answer) for turn in session.scalars(query)]

    def add_feedback(self, turn_id: int, claim: int, judgement: str, comment: str = "") -> None:
        """Keep what a person said of the claim at that position of a turn's answer.

        Raises WardroundError when the judgement is none of right, wrong, harmful, or the turn does not exist.
        """
        if judgement not in ("right", "wrong", "harmful"):
            raise WardroundError(f"feedback {judgement!r}: say right, wrong or harmful")
        with Session(self._engine) as session, session.begin():
            if session.get(TurnRow, turn_id) is None:
                raise WardroundError(f"feedback on turn {turn_id}: there is no such turn")
            session.add(
                FeedbackRow(
                    turn_id=turn_id,
                    claim=claim,
                    judgement=judgement,
                    comment=comment,
                    account_id=self._account(session),
                )
            )

    def log_access(self, action: str, seen: Sequence[tuple[str, str | None]]) -> None:
        """Append that records (record id, patient pseudonym) were seen."""
        if not seen:
            return
        with Session(self._engine) as session, session.begin():
            account = self._account(session)
            session.add_all(
                AccessRow(account_id=account, action=action, record_id=record, patient_id=patient)
                for record, patient in seen
            )

    def start_draft_run(self, folder: Path, model: str) -> int:
        with Session(self._engine) as session, session.begin():
            run = DraftRunRow(folder=str(folder), model=model)
            session.add(run)
            session.flush()
            return run.run_id

    def add_drafted(self, run_id: int, study_id: str, reason: str | None = None) -> None:
        with Session(self._engine) as session, session.begin():
            session.add(DraftedRow(run_id=run_id, study_id=study_id, reason=reason))

    def end_draft_run(self, run_id: int) -> None:
        with Session(self._engine) as session, session.begin():
            run = session.get(DraftRunRow, run_id)
            if run is not None:
                run.ended_at = _now()

    def session(self) -> Session:
        """A session of one's own, for work that spans several tables."""
        return Session(self._engine)

    def vacuum(self) -> None:
        """Rewrite the file, so that nothing deleted lingers in free pages or in the write-ahead log."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def _account(self, session: Session) -> int:
        name = _user()
        account = session.scalar(select(AccountRow).where(AccountRow.name == name))
        if account is None:
            account = AccountRow(name=name)
            session.add(account)
            session.flush()
        return account.account_id


def migrate(engine: Engine, path: Path) -> None:
    """Bring the database to the newest version. Raises WardroundError if it is damaged or of a newer Wardround."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy.exc import DatabaseError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        raise WardroundError(f"{path}: not a readable database ({error.orig}); restore it from a backup") from error
    except CommandError as error:
        raise WardroundError(f"{path}: made by a newer Wardround ({error}); install that version") from error


def _tune(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA foreign_keys=ON")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return f"uid-{os.getuid()}"
