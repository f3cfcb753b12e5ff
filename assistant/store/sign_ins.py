"""Who is signed in: passwords asked, sessions of browsers and tokens of programs kept, guessing slowed down."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from assistant.errors import WardroundError
from assistant.pseudonyms import Pseudonyms
from assistant.store.accounts import LONGEST_PASSWORD, NOBODY, Account, account_of, hasher, spelled
from assistant.store.text_types import storable
from assistant.store.workspace_tables import AccessRow, AccountRow, FailureRow, SessionRow, TokenRow, now

if TYPE_CHECKING:
    from assistant.settings import UiSettings
    from assistant.store.workspace_db import WorkspaceDb

log = logging.getLogger(__name__)

TOKEN_PREFIX = "wr_"
_LONGEST_TOKEN = 3_650  # days
_NOTED = timedelta(minutes=1)  # a session's last use is written down at most so often
_ADDRESSES_SHARE = 10  # so many times the failures of one name come from one address until that one waits, too
_AT_ONCE = threading.BoundedSemaphore(1)  # argon2 takes 64 MiB and 50 ms each time


class SignInRefused(WardroundError):
    """Name and password do not fit; or `wait_s` has to pass first, because they did not too often."""

    def __init__(self, wait_s: int = 0) -> None:
        self.wait_s = wait_s
        super().__init__(f"too many attempts: wait {-(-wait_s // 60)} min" if wait_s else "name or password is wrong")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account's session: when it ends in any case, and when if it is not used before. Times are UTC."""

    account: Account
    ends_at: datetime
    idle_at: datetime

    @property
    def left_s(self) -> int:
        return max(0, int((min(self.ends_at, self.idle_at) - now()).total_seconds()))


@dataclass(frozen=True, slots=True)
class Token:
    """What a program may show instead of a password; the token itself is shown once, when it is made."""

    token_id: int
    label: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None


class SignIns:
    """The sessions and tokens of a workspace's accounts. Safe to use from several threads."""

    def __init__(self, db: WorkspaceDb, workspace: Path, ui: UiSettings) -> None:
        self._db = db
        self._ui = ui
        self._idle = timedelta(minutes=ui.idle_minutes)
        self._longest = timedelta(hours=ui.session_hours)
        self._pseudonyms = Pseudonyms.of(workspace)

    # --- by password ---------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, address: str) -> tuple[str, Account]:
        """A new session's secret, for the browser's cookie, and whose it is.

        A name that nobody has takes as long and is told the same as a wrong password. Raises SignInRefused.
        """
        name = storable(name.strip())
        account_id, kept = self._checked(name, password, address)
        secret = secrets.token_urlsafe(32)
        with self._db.session() as session, session.begin():
            account = session.get_one(AccountRow, account_id)
            if hasher().check_needs_rehash(kept):
                account.password = hasher().hash(spelled(password))
            self._end(session, self._over())
            session.add(SessionRow(session_id=_sha256(secret), account_id=account_id))
            session.add(AccessRow(account_id=account_id, action="sign_in", record_id=address))
            return secret, account_of(account)

    def check_password(self, name: str, password: str, address: str) -> None:
        """Ask for the password once more, before something is changed. Raises SignInRefused."""
        self._checked(storable(name.strip()), password, address)

    def lift(self, name: str) -> None:
        """The name has to wait no more."""
        who = self._counted(f"name {storable(name.strip()).lower()}")
        with self._db.session() as session, session.begin():
            session.execute(delete(FailureRow).where(FailureRow.name == who))

    def _checked(self, name: str, password: str, address: str) -> tuple[int, str]:
        """Whose name and password these are, and the password as it is kept. Raises SignInRefused."""
        who, place = self._counted(f"name {name.lower()}"), self._counted(f"address {address}")
        with _AT_ONCE:  # also between counting and failing: guesses sent together are counted all the same
            self._wait_first(who, place)
            with self._db.session() as session:
                row = session.scalar(select(AccountRow).where(AccountRow.name == name))
                usable = row is not None and account_of(row).can_sign_in
                kept = (row.password if row is not None and usable else None) or _nobodys()
            if not (_fits(kept, password) and usable) or row is None:
                self._failed(row, who, place, address)
                log.warning("sign-in refused: %s from %s", row.name if row is not None else "an unknown name", address)
                raise SignInRefused
        self.lift(name)
        return row.account_id, kept

    def _wait_first(self, who: str, place: str) -> None:
        since = now() - timedelta(minutes=self._ui.lock_minutes)
        with self._db.session() as session:
            for failed, most in self._failures(session, who, place, since):
                if len(failed) >= most:
                    raise SignInRefused(max(1, int((failed[-1] - since).total_seconds())))

    def _failed(self, row: AccountRow | None, who: str, place: str, address: str) -> None:
        """Count a failure, and tell the access log of it; of a name that nobody has, not which it was: it may be the
        password, typed into the wrong box."""
        since = now() - timedelta(minutes=self._ui.lock_minutes)
        with self._db.session() as session, session.begin():
            session.execute(delete(FailureRow).where(FailureRow.failed_at <= since))
            session.add(FailureRow(name=who, address=place))
            session.flush()
            account_id = row.account_id if row is not None else self._db.account(session, NOBODY)
            locked = any(len(failed) == most for failed, most in self._failures(session, who, place, since))
            for action in ("sign_in_refused", *(("sign_in_locked",) if locked else ())):
                session.add(AccessRow(account_id=account_id, action=action, record_id=address))

    def _failures(
        self, session: Session, who: str, place: str, since: datetime
    ) -> Iterator[tuple[list[datetime], int]]:
        """When the name and the address failed since then, newest first, each with how often at most they may."""
        for column, key, most in (
            (FailureRow.name, who, self._ui.sign_in_failures),
            (FailureRow.address, place, self._ui.sign_in_failures * _ADDRESSES_SHARE),
        ):
            times = select(FailureRow.failed_at).where(column == key, FailureRow.failed_at > since)
            yield list(session.scalars(times.order_by(FailureRow.failed_at.desc()).limit(most))), most

    def _counted(self, what: str) -> str:
        return self._pseudonyms.person(f"sign-in {what}")

    # --- by cookie -----------------------------------------------------------------------------------

    def session(self, secret: str, *, used: bool = True) -> SignedIn | None:
        """The session of a cookie, None when it is over; `used` keeps it from falling idle."""
        with self._db.session() as session:
            row = session.get(SessionRow, _sha256(secret))
            account = session.get(AccountRow, row.account_id) if row is not None else None
            if row is None or account is None or not account_of(account).can_sign_in:
                return None
            time, used_at = now(), row.used_at
            if time - row.used_at > self._idle or time - row.began_at > self._longest:
                self._end(session, SessionRow.session_id == row.session_id)
                session.commit()
                return None
            if used and time - row.used_at > min(_NOTED, self._idle / 4):
                row.used_at = used_at = time
                session.commit()
            return SignedIn(account_of(account), row.began_at + self._longest, used_at + self._idle)

    def sign_out(self, secret: str) -> None:
        mine = delete(SessionRow).where(SessionRow.session_id == _sha256(secret)).returning(SessionRow.account_id)
        with self._db.session() as session, session.begin():
            for account_id in session.scalars(mine).all():
                session.add(AccessRow(account_id=account_id, action="sign_out", record_id=""))

    def _over(self) -> ColumnElement[bool]:
        time = now()
        return or_(SessionRow.used_at < time - self._idle, SessionRow.began_at < time - self._longest)

    def _end(self, session: Session, which: ColumnElement[bool]) -> None:
        """Drop sessions whose time is over; the access log is told of each with the time at which it was."""
        gone = delete(SessionRow).where(which).returning(SessionRow.account_id, SessionRow.used_at, SessionRow.began_at)
        for account_id, used_at, began_at in session.execute(gone).all():
            ended = min(used_at + self._idle, began_at + self._longest)
            session.add(AccessRow(account_id=account_id, action="session_over", record_id="", seen_at=ended))

    # --- by token ------------------------------------------------------------------------------------

    def make_token(self, name: str, label: str, days: int) -> str:
        """A new token of an account, which a program sends as `Authorization: Bearer …`; it can't be shown again.

        Raises WardroundError for an account that can't sign in, or a time that is none.
        """
        if not 1 <= days <= _LONGEST_TOKEN:
            raise WardroundError(f"{days} days: a token holds 1 to {_LONGEST_TOKEN}")
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with self._db.session() as session, session.begin():
            row = session.scalar(select(AccountRow).where(AccountRow.name == name))
            if row is None or not account_of(row).can_sign_in:
                raise WardroundError(f"account {name!r}: can't sign in; `wardround user list` says why")
            ends = now() + timedelta(days=days)
            session.add(TokenRow(account_id=row.account_id, sha256=_sha256(token), label=label, ends_at=ends))
        return token

    def by_token(self, token: str) -> Account | None:
        """Whose token it is; None where it is none, or its time is over."""
        with self._db.session() as session:
            row = session.scalar(select(TokenRow).where(TokenRow.sha256 == _sha256(token)))
            if row is None or row.ends_at <= now():
                return None
            account = account_of(session.get_one(AccountRow, row.account_id))
            if row.used_at is None or now() - row.used_at > _NOTED:
                row.used_at = now()
                session.commit()
            return account if account.can_sign_in else None

    def tokens(self, name: str) -> list[Token]:
        """The tokens of an account, oldest first."""
        of_account = select(TokenRow).join(AccountRow, AccountRow.account_id == TokenRow.account_id)
        with self._db.session() as session:
            rows = session.scalars(of_account.where(AccountRow.name == name).order_by(TokenRow.token_id))
            return [Token(row.token_id, row.label, row.made_at, row.ends_at, row.used_at) for row in rows]

    def end_token(self, name: str, token_id: int) -> None:
        """Raises WardroundError where the account has no such token."""
        with self._db.session() as session, session.begin():
            row = session.get(TokenRow, token_id)
            if row is None or session.get_one(AccountRow, row.account_id).name != name:
                raise WardroundError(f"token {token_id}: account {name!r} has none of that number")
            session.delete(row)


def _fits(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return hasher().verify(kept, spelled(password))
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """The hash of a password that nobody knows, so that an unknown name takes as long as a known one."""
    return hasher().hash(secrets.token_urlsafe(32))


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
