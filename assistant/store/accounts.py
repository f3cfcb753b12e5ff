"""Who may use the workspace: accounts with passwords, roles and the indexes that they may see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.errors import WardroundError
from assistant.store.workspace_tables import AccountRow, SessionRow, TokenRow, WorkspaceBase

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from assistant.store.workspace_db import WorkspaceDb

ROLES = {
    "reader": "asks, searches and looks",
    "author": "drafts reports, edits and decides on them",
    "auditor": "reads the access log, the evaluation and the feedback",
    "administrator": "manages accounts and permissions",
}
_NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
LONGEST_PASSWORD = 1_024
NOBODY = "(nobody)"
"""Under what the access log keeps sign-ins by a name that no account has; itself a name that none can have."""


@dataclass(frozen=True, slots=True)
class Account:
    """`indexes` None means every one, also those that come later. Times are UTC."""

    account_id: int
    name: str
    roles: frozenset[str]
    indexes: frozenset[str] | None
    state: str
    created_at: datetime
    can_sign_in: bool


class Accounts:
    """The accounts of a workspace. Safe to use from several threads."""

    def __init__(self, db: WorkspaceDb, shortest_password: int = 12) -> None:
        self._db = db
        self._shortest = shortest_password

    def add(self, name: str, password: str, roles: Iterable[str], indexes: Iterable[str] | None = None) -> Account:
        """A new account. Raises WardroundError for a name that is or was in use, a role that is none, a weak password.

        An account that was made before there was sign-in, for the operating system's user, gets its password so.
        """
        if not _NAME.fullmatch(name):
            raise WardroundError(
                "account {name!r}: a name is 1 to 64 letters, digits and . _ @ - and begins with a letter or digit",
                name=name,
            )
        self._check(name, password)
        wanted = _roles(roles)
        with self._db.session() as session, session.begin():
            row = session.scalar(select(AccountRow).where(func.lower(AccountRow.name) == name.lower()))
            if row is not None and (row.password is not None or row.state != "active" or row.name != name):
                was = "was removed, and the access log still names it" if row.state == "removed" else "exists already"
                raise WardroundError("account {name!r}: {was}; choose another name", name=row.name, was=was)
            if row is None:
                row = AccountRow(name=name)
                session.add(row)
            row.password, row.roles = hasher().hash(spelled(password)), wanted
            row.indexes = None if indexes is None else sorted(set(indexes))
            session.flush()
            return account_of(row)

    def all(self) -> list[Account]:
        """Every account, removed ones too, by name."""
        rows = select(AccountRow).where(AccountRow.name != NOBODY).order_by(AccountRow.name)
        with self._db.session() as session:
            return [account_of(row) for row in session.scalars(rows)]

    def find(self, name: str) -> Account | None:
        with self._db.session() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name == name))
            return account_of(row) if row is not None else None

    def somebody(self, role: str = "") -> bool:
        """Whether anybody (with that role) can sign in."""
        return any(a.can_sign_in and (not role or role in a.roles) for a in self.all())

    def set_password(self, name: str, password: str) -> None:
        """A new password; every session and token of the account ends."""
        self._check(name, password)
        with self._db.session() as session, session.begin():
            row = _row(session, name)
            row.password = hasher().hash(spelled(password))
            _end_sign_ins(session, row.account_id)

    def set_roles(self, name: str, roles: Iterable[str]) -> None:
        """Other roles, from the next request on. Raises WardroundError where no administrator would be left."""
        wanted = _roles(roles)
        with self._db.session() as session, session.begin():
            row = _row(session, name)
            if "administrator" not in wanted:
                _keep_an_administrator(session, row)
            row.roles = wanted

    def set_indexes(self, name: str, indexes: Iterable[str] | None) -> None:
        """Which indexes the account may see; None: all of them."""
        with self._db.session() as session, session.begin():
            _row(session, name).indexes = None if indexes is None else sorted(set(indexes))

    def disable(self, name: str) -> None:
        """The account can't sign in any more until it is enabled; its sessions and tokens end."""
        with self._db.session() as session, session.begin():
            row = _row(session, name)
            _keep_an_administrator(session, row)
            row.state = "disabled"
            _end_sign_ins(session, row.account_id)

    def enable(self, name: str) -> None:
        with self._db.session() as session, session.begin():
            _row(session, name).state = "active"

    def remove(self, name: str) -> bool:
        """The account goes for good. Gives False where its name stays, since kept rows are about what it did."""
        with self._db.session() as session, session.begin():
            row = _row(session, name)
            _keep_an_administrator(session, row)
            _end_sign_ins(session, row.account_id)
            if _did_something(session, row.account_id):
                row.state, row.password, row.roles, row.indexes = "removed", None, [], []
                return False
            session.delete(row)
            return True

    def _check(self, name: str, password: str) -> None:
        """Raises WardroundError for a password that is too short, too long, or guessed at once."""
        if len(password) < self._shortest:
            raise WardroundError(
                "the password is too short: {shortest} characters at least (ui.password_length)",
                shortest=self._shortest,
            )
        if len(password) > LONGEST_PASSWORD:
            raise WardroundError(
                "the password is too long: {longest_password} characters at most", longest_password=LONGEST_PASSWORD
            )
        if len(set(password)) < 5:
            raise WardroundError("the password repeats the same few characters: take another, e.g. four words")
        if len(name) > 3 and name.lower() in password.lower():
            raise WardroundError("the password holds the account's name: take another, e.g. four words")


@lru_cache(maxsize=1)
def hasher() -> PasswordHasher:
    """Argon2id with the costs that RFC 9106 gives for machines without memory to spare (64 MiB, 3 passes)."""
    from argon2 import PasswordHasher, profiles

    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


def spelled(password: str) -> bytes:
    """The password as bytes, the same from whatever keyboard it was typed on: ä is one letter or two (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def account_of(row: AccountRow) -> Account:
    return Account(
        row.account_id,
        row.name,
        frozenset(row.roles),
        None if row.indexes is None else frozenset(row.indexes),
        row.state,
        row.created_at,
        row.state == "active" and row.password is not None,
    )


def _roles(roles: Iterable[str]) -> list[str]:
    wanted = sorted(set(roles))
    if unknown := [role for role in wanted if role not in ROLES]:
        raise WardroundError("role {unknown!r}: it is one of {roles}", unknown=unknown[0], roles=", ".join(ROLES))
    if not wanted:
        raise WardroundError("an account without a role can do nothing: give one of {roles}", roles=", ".join(ROLES))
    return wanted


def _row(session: Session, name: str) -> AccountRow:
    row = session.scalar(select(AccountRow).where(AccountRow.name == name))
    if row is None or row.state == "removed":
        raise WardroundError("account {name!r}: there is none; `wardround user list` names all", name=name)
    return row


def _keep_an_administrator(session: Session, row: AccountRow) -> None:
    others = session.scalars(select(AccountRow).where(AccountRow.account_id != row.account_id))
    if "administrator" in row.roles and not any(
        "administrator" in other.roles and account_of(other).can_sign_in for other in others
    ):
        raise WardroundError("account {name!r} is the only administrator: make another one first", name=row.name)


def _end_sign_ins(session: Session, account_id: int) -> None:
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
    session.execute(delete(TokenRow).where(TokenRow.account_id == account_id))


def _did_something(session: Session, account_id: int) -> bool:
    """Whether a row that stays is about the account: of the access log, a conversation, feedback, an edit."""
    for table in WorkspaceBase.metadata.sorted_tables:
        for column in table.columns:
            of_accounts = any(key.column is AccountRow.__table__.c.account_id for key in column.foreign_keys)
            if of_accounts and table.name not in (SessionRow.__tablename__, TokenRow.__tablename__):
                query = select(column).where(column == account_id).limit(1)
                if session.scalar(query) is not None:
                    return True
    return False
