"""The workspace's own tables: conversations, feedback, accounts, the access log, draft runs, and who was forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assistant.store.text_types import Json, Text


class WorkspaceBase(DeclarativeBase):
    """A change here needs a migration in `store/migrations/versions`."""

    type_annotation_map = {str: Text}  # noqa: RUF012 (SQLAlchemy's own way)


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class AccountRow(WorkspaceBase):
    """Who uses the workspace. Without sign-in that is the operating system's user, who has no password."""

    __tablename__ = "account"
    account_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    password: Mapped[str | None]  # as argon2 writes it, with salt and costs
    roles: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    indexes: Mapped[list[str] | None] = mapped_column(Json, default=None)  # that it may see; none given: all
    state: Mapped[str] = mapped_column(default="active", server_default="active")  # or disabled, removed


class SessionRow(WorkspaceBase):
    """A browser that somebody signed in with; of its cookie only the SHA-256 is kept."""

    __tablename__ = "session"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    began_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime] = mapped_column(default=now)


class TokenRow(WorkspaceBase):
    """What a program shows instead of a password; only its SHA-256 is kept."""

    __tablename__ = "token"
    token_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FailureRow(WorkspaceBase):
    """A sign-in that was refused: whose name and which address, each as a keyed hash, for counting alone."""

    __tablename__ = "failure"
    failure_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)
    failed_at: Mapped[datetime] = mapped_column(default=now, index=True)


class ConversationRow(WorkspaceBase):
    """An account's conversation; `title` is the first question, or what the account called it."""

    __tablename__ = "conversation"
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=now)
    title: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)


class TurnRow(WorkspaceBase):
    """A question and its answer; `uploads` are record ids, never paths.

    `case_number` counts the conversation's cases, `scope` is what the case is about (`Scope.to_json`, pseudonyms only).
    A turn that was asked anew or taken back has `replaced_at`: it is shown no more, and goes with its conversation.
    """

    __tablename__ = "turn"
    turn_id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.conversation_id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    question: Mapped[str]
    uploads: Mapped[list[str]] = mapped_column(Json)
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    case_number: Mapped[int] = mapped_column(default=0)
    scope: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    replaced_at: Mapped[datetime | None]


class FeedbackRow(WorkspaceBase):
    """What a person said of one sentence, right, wrong or harmful: of an answer (`turn_id`) or of a draft (its digest).

    `sentence` is its place there, `said` the claim as it stood; `concerns` are pseudonyms of the patients and studies
    that a draft's sentence is about or cites, by which `forget` finds it.
    """

    __tablename__ = "feedback"
    feedback_id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.turn_id", ondelete="CASCADE"), index=True)
    draft: Mapped[str | None] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    sentence: Mapped[str]
    said: Mapped[dict[str, Any]] = mapped_column(Json)
    concerns: Mapped[list[str]] = mapped_column(Json)
    judgement: Mapped[str]
    comment: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=now)


class DraftEditRow(WorkspaceBase):
    """What a person decided on one sentence of a draft (its digest): rows are added, none is changed.

    `before` and `after` are the claims that stood there; `concerns` as of feedback.
    """

    __tablename__ = "draft_edit"
    edit_id: Mapped[int] = mapped_column(primary_key=True)
    draft: Mapped[str] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    sentence: Mapped[str]
    action: Mapped[str]
    before: Mapped[list[Any]] = mapped_column(Json)
    after: Mapped[list[Any]] = mapped_column(Json)
    concerns: Mapped[list[str]] = mapped_column(Json)


class AccessRow(WorkspaceBase):
    """Who saw which patient's record, and when.

    Triggers refuse every change but one: `forget` turns patient and record into `forgotten-…` (migration 0003). A later
    migration that rebuilds the table must make them again.
    """

    __tablename__ = "access"
    access_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    seen_at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str]
    record_id: Mapped[str]
    patient_id: Mapped[str | None] = mapped_column(index=True)
    __table_args__ = (Index("ix_access_seen_at", "seen_at"),)


class DraftRunRow(WorkspaceBase):
    __tablename__ = "draft_run"
    run_id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str]
    model: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(default=now)
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
    since: Mapped[datetime] = mapped_column(default=now)


class WrittenRow(WorkspaceBase):
    """A suite of probes, or a file of a published scorecard, that may lie anywhere: `forget` looks into it."""

    __tablename__ = "written"
    __table_args__ = (UniqueConstraint("kind", "path"),)
    written_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    path: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(default=now)
