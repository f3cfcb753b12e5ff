"""Conversations as they are kept: each belongs to the account that began it, and to nobody else.

What an account does not own is not there for it, whatever its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from assistant.errors import WardroundError
from assistant.store.workspace_place import add_unless_there
from assistant.store.workspace_tables import ConversationRow, FeedbackRow, TurnRow, now

if TYPE_CHECKING:
    from assistant.store.workspace_db import WorkspaceDb

LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class KeptTalk:
    """A conversation as a list shows it; times are UTC, `turns` those that are shown."""

    id: str
    title: str
    started_at: datetime
    changed_at: datetime
    turns: int


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question and its answer (`Answer.to_json`) in a case of its conversation; `uploads` are record ids."""

    id: int
    question: str
    uploads: tuple[str, ...]
    answer: Mapping[str, Any]
    case_number: int = 0
    scope: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_answered(self) -> bool:
        """False where the process ended before the question had its answer, or another one is still answering it."""
        return bool(self.answer)


class Talks:
    """The conversations of whichever account the running code works for. Safe to use from several threads."""

    def __init__(self, db: WorkspaceDb) -> None:
        self._db = db

    def add(
        self,
        talk_id: str,
        question: str,
        uploads: Sequence[str],
        answer: Mapping[str, Any],
        *,
        case_number: int = 0,
        scope: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep a turn, whose id it gives; the conversation begins with its first one and is called by its question.

        An empty `answer` is that of a question which is being answered: `finish` keeps what it comes to.
        Raises WardroundError for another account's conversation.
        """
        with self._db.session() as session, session.begin():
            account = self._db.account(session)
            row = {"conversation_id": talk_id, "account_id": account, "title": shorten_title(question)}
            if session.get(ConversationRow, talk_id) is None:
                add_unless_there(session, ConversationRow, [row])
            self._own(session, talk_id).changed_at = now()
            turn = TurnRow(
                conversation_id=talk_id, question=question, uploads=list(uploads), answer=dict(answer),
                case_number=case_number, scope=dict(scope or {}),
            )  # fmt: skip
            session.add(turn)
            session.flush()
            return turn.turn_id

    def finish(self, turn_id: int, uploads: Sequence[str], answer: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
        """Keep the answer of a turn that was added without one; False where the turn was forgotten or deleted since."""
        with self._db.session() as session, session.begin():
            row = session.get(TurnRow, turn_id)
            if row is None:
                return False
            self._own(session, row.conversation_id).changed_at = now()
            row.uploads, row.answer, row.scope = list(uploads), dict(answer), dict(scope)
            return True

    def drop(self, turn_id: int) -> None:
        """A turn that came to no answer goes, and its conversation where it has no other one."""
        with self._db.session() as session, session.begin():
            row = session.get(TurnRow, turn_id)
            if row is None:
                return
            talk = self._own(session, row.conversation_id)
            session.delete(row)
            session.flush()
            if session.scalar(select(TurnRow.turn_id).where(TurnRow.conversation_id == talk.conversation_id)) is None:
                session.delete(talk)

    def newest(self, limit: int = 100) -> list[KeptTalk]:
        """The account's conversations, the one with the latest turn first."""
        with self._db.session() as session, session.begin():
            shown = func.count(TurnRow.turn_id).filter(TurnRow.replaced_at.is_(None))
            query = (
                select(ConversationRow, shown)
                .outerjoin(TurnRow, TurnRow.conversation_id == ConversationRow.conversation_id)
                .where(ConversationRow.account_id == self._db.account(session))
                .group_by(ConversationRow.conversation_id)
                .order_by(ConversationRow.changed_at.desc(), ConversationRow.conversation_id)
                .limit(limit)
            )
            return [
                KeptTalk(row.conversation_id, row.title, row.started_at, row.changed_at, count)
                for row, count in session.execute(query)
            ]

    def turns(self, talk_id: str) -> list[KeptTurn]:
        """The turns that are shown, oldest first. Raises WardroundError when the account has no such conversation."""
        with self._db.session() as session, session.begin():
            self._own(session, talk_id)
            query = select(TurnRow).where(TurnRow.conversation_id == talk_id, TurnRow.replaced_at.is_(None))
            return [
                KeptTurn(row.turn_id, row.question, tuple(row.uploads), row.answer, row.case_number, row.scope)
                for row in session.scalars(query.order_by(TurnRow.turn_id))
            ]

    def take_back(self, talk_id: str, turn_ids: Sequence[int]) -> None:
        """Turns that were asked anew or taken back: kept for whoever looks into what was answered, and not shown."""
        with self._db.session() as session, session.begin():
            self._own(session, talk_id)
            chosen = (TurnRow.conversation_id == talk_id, TurnRow.turn_id.in_(turn_ids), TurnRow.replaced_at.is_(None))
            session.execute(update(TurnRow).where(*chosen).values(replaced_at=now()))

    def rename(self, talk_id: str, title: str) -> None:
        """Raises WardroundError for an empty title, or where the account has no such conversation."""
        if not (called := shorten_title(title)):
            raise WardroundError("a conversation needs a name: type at least one letter")
        with self._db.session() as session, session.begin():
            self._own(session, talk_id).title = called

    def delete(self, talk_id: str) -> None:
        """Turns, those taken back too, and what was said of their sentences go as well.

        Raises WardroundError when the account has no such conversation.
        """
        with self._db.session() as session, session.begin():
            row = self._own(session, talk_id)
            turns = select(TurnRow.turn_id).where(TurnRow.conversation_id == talk_id)
            session.execute(delete(FeedbackRow).where(FeedbackRow.turn_id.in_(turns)))
            session.execute(delete(TurnRow).where(TurnRow.conversation_id == talk_id))
            session.delete(row)

    def _own(self, session: Session, talk_id: str) -> ConversationRow:
        row = session.get(ConversationRow, talk_id)
        if row is None or row.account_id != self._db.account(session):
            raise WardroundError("no such conversation: it was deleted, or it is another account's")
        return row


def shorten_title(text: str) -> str:
    """One line of at most `LONGEST_TITLE` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_TITLE:
        return line
    return line[: LONGEST_TITLE - 2].rsplit(" ", 1)[0] + " …"
