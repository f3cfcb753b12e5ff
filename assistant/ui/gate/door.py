"""Who a request is from: by the cookie of a session, or the token of a program.

What was looked up holds for two seconds: a page that is opened asks for a hundred files at once. A right that is
taken away, a session that is ended, is noticed after that time at the latest.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from assistant.store.accounts import Accounts
from assistant.store.sign_ins import SignedIn, SignIns
from assistant.ui.gate.seals import PREFIX
from assistant.ui.gate.visitor import Visitor

if TYPE_CHECKING:
    from assistant.assistant import Assistant

T = TypeVar("T")
HOLDS_S = 2.0
_MOST = 10_000  # looked up and kept
TOKEN_PATHS = ("/api/", "/mcp")
"""Where a program's token stands for a sign-in; nowhere else."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request is from. What was sent with a `key` is given back to that one alone: an account's, or where nobody
    signs in, a browser's."""

    account: str | None
    key: str


class Door:
    """Knows callers and their rights. Without `ui.sign_in` everybody is let in, and browsers are told apart only."""

    def __init__(self, assistant: Assistant) -> None:
        ui = assistant.settings.ui
        self.assistant = assistant
        self.site = secrets.token_hex(8)
        self.asks = ui.sign_in
        self.idle_s = 60 * ui.idle_minutes
        self.accounts = Accounts(assistant.db, ui.password_length)
        self.sign_ins = SignIns(assistant.db, assistant.workspace, ui)
        self._known: dict[tuple[str, str], tuple[float, object]] = {}

    def caller(self, request: Request, *, used: bool = True) -> Caller | None:
        """Who sends a request, None where nobody is signed in; `used` keeps the session from falling idle."""
        path = request.scope["path"]
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if self.asks and token and kind.lower() == "bearer" and path.startswith(TOKEN_PATHS):
            account = self._lately("token", token.strip(), self.sign_ins.by_token)
            return Caller(account.name, f"token {account.name}") if account is not None else None
        secret = request.cookies.get(cookie_name(request), "")
        if not self.asks:
            return Caller(None, _digest(secret) if secret else "")
        signed_in = self.session(secret, used=used) if secret else None
        return Caller(signed_in.account.name, f"account {signed_in.account.name}") if signed_in is not None else None

    def session(self, secret: str, *, used: bool) -> SignedIn | None:
        """The session of a cookie, as it was within the last seconds."""
        return self._lately(f"session {used}", secret, lambda secret: self.sign_ins.session(secret, used=used))

    def visitor(self, name: str | None, language: str) -> Visitor:
        """An account's rights as they are now; none at all where it can't sign in any more."""
        if not self.asks:
            return Visitor(None, language, site=self.site)
        account = self._lately("account", name, self.accounts.find) if name is not None else None
        if account is None or not account.can_sign_in:
            return Visitor(name, language, frozenset(), frozenset(), self.site)
        return Visitor(account.name, language, account.roles, account.indexes, self.site)

    def tell_refused(self, path: str, status: int) -> None:
        """Tell the access log where the present account asked for what its roles do not open (403), or for a record
        of an index that it may not see."""
        if status == 403:
            self.assistant.db.log_access("refused", [(_without_ids(path), None)])
        elif status == 404 and path.startswith(f"{PREFIX}/"):
            self.assistant.refuse_record(path.removeprefix(f"{PREFIX}/").partition("/")[0])

    def forget(self) -> None:
        """What was looked up counts no more: a session just began or ended."""
        self._known.clear()

    def _lately(self, what: str, key: str, look_up: Callable[[str], T]) -> T:
        kept = self._known.get((what, _digest(key)))
        now = time.monotonic()
        if kept is not None and now - kept[0] < HOLDS_S:
            return kept[1]  # type: ignore[return-value]
        if len(self._known) >= _MOST:
            self._known.clear()
        found = look_up(key)
        self._known[what, _digest(key)] = (now, found)
        return found


def cookie_name(request: Request) -> str:
    """The session cookie; over HTTPS with the prefix that keeps other hosts and plain HTTP from setting it."""
    return "__Host-wr_session" if request.url.scheme == "https" else "wr_session"


def set_cookie(
    response: Response, request: Request, secret: str, samesite: Literal["strict", "lax"] = "strict"
) -> None:
    """Gone with the browser's session, unreadable for scripts, and not sent along from other sites."""
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request), secret, path="/", httponly=True, samesite=samesite, secure=secure)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def _without_ids(path: str) -> str:
    """An address as far as it is the same for everybody: what comes behind may name a patient or a file."""
    return "/".join(path.partition("=")[0].split("/")[: 4 if path.startswith("/api/") else 3])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
