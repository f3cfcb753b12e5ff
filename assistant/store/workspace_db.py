"""What can't be rebuilt: conversations, feedback, accounts, the access log and draft runs.

Indexes hold derived data only; these tables are the ones to back up, with the key beside them. They are in
`workspace.db` or on a PostgreSQL server (`workspace_place.py`), and migrated by Alembic when they are opened.
"""

from __future__ import annotations

import getpass
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.acting import WhoActs, the_user
from assistant.settings import StoreSettings, load_settings
from assistant.store.workspace_place import add_unless_there, open_tables, vacuum
from assistant.store.workspace_tables import (
    AccessRow,
    AccountRow,
    ConversationRow,
    DraftedRow,
    DraftRunRow,
    TurnRow,
    now,
)

_AGAIN_S = 10.0


class WorkspaceDb:
    """The workspace's own tables, brought up to date when they are opened. Safe to use from several threads."""

    def __init__(self, workspace: Path, store: StoreSettings | None = None) -> None:
        """`store` is what the workspace's settings say, where it is left out."""
        self._engine = open_tables(workspace, store or load_settings(workspace).store)
        self.who_acts: WhoActs = the_user
        self._told: OrderedDict[tuple[str | None, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def add_turn(self, conversation_id: str, question: str, uploads: Sequence[str], answer: dict[str, Any]) -> int:
        """Keep a question and its answer; begins the conversation if it is new. Gives the turn's id."""
        with Session(self._engine) as session, session.begin():
            if session.get(ConversationRow, conversation_id) is None:
                row = {"conversation_id": conversation_id, "account_id": self.account(session)}
                add_unless_there(session, ConversationRow, [row])
            turn = TurnRow(conversation_id=conversation_id, question=question, uploads=list(uploads), answer=answer)
            session.add(turn)
            session.flush()
            return turn.turn_id

    def turns(self, conversation_id: str) -> list[tuple[str, dict[str, Any]]]:
        """The (question, answer) pairs of a conversation, oldest first."""
        query = select(TurnRow).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.turn_id)
        with Session(self._engine) as session:
            return [(turn.question, turn.answer) for turn in session.scalars(query)]

    def log_access(self, action: str, seen: Sequence[tuple[str, str | None]]) -> None:
        """Append that records (record id, patient pseudonym) were seen.

        A page draws what it shows again and again: there, what the same account was shown within seconds is one entry.
        """
        acting = self.who_acts()
        if acting.logged:
            seen = [one for one in seen if self._is_news((acting.account, action, *one))]
        if not seen:
            return
        with Session(self._engine) as session, session.begin():
            account = self.account(session)
            session.add_all(
                AccessRow(account_id=account, action=action, record_id=record, patient_id=patient)
                for record, patient in seen
            )
        with self._lock:  # only now: what could not be written down is not known to be
            self._told.update({(acting.account, action, *one): monotonic() for one in seen})

    def _is_news(self, what: tuple[str | None, ...]) -> bool:
        """Whether this was not logged within the last seconds."""
        with self._lock:
            while self._told and next(iter(self._told.values())) < monotonic() - _AGAIN_S:
                self._told.popitem(last=False)
            return what not in self._told

    def start_draft_run(self, folder: Path, model: str) -> int:
        with Session(self._engine) as session, session.begin():
            run = DraftRunRow(folder=str(folder), model=model)
            session.add(run)
            session.flush()
            return run.run_id

    def add_drafted(self, run_id: int, studies: Sequence[tuple[str, str | None]]) -> None:
        """Keep studies (pseudonyms) of a run, each with the reason why it was set aside, None where it was drafted."""
        with Session(self._engine) as session, session.begin():
            session.add_all(DraftedRow(run_id=run_id, study_id=study, reason=reason) for study, reason in studies)

    def end_draft_run(self, run_id: int) -> None:
        with Session(self._engine) as session, session.begin():
            run = session.get(DraftRunRow, run_id)
            if run is not None:
                run.ended_at = now()

    def session(self) -> Session:
        """A session of one's own, for work that spans several tables."""
        return Session(self._engine)

    def vacuum(self) -> None:
        """Rewrite what holds the rows, so that nothing deleted lingers in free pages or in the write-ahead log."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            vacuum(connection)

    def acting(self) -> str:
        """The name of the account that the running code works for: whoever is signed in, or the operating system's
        user."""
        return self.who_acts().account or _user()

    def account(self, session: Session, name: str | None = None) -> int:
        """The account of that name, made where there is none: by default the one that the running code works for."""
        name = name or self.acting()
        account = select(AccountRow.account_id).where(AccountRow.name == name)
        if (found := session.scalar(account)) is None:
            add_unless_there(session, AccountRow, [{"name": name}])
            found = session.scalars(account).one()
        return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return f"uid-{os.getuid()}"
