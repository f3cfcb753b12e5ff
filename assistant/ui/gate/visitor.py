"""Who is at the page: the account, what it may see, and the language it reads.

`visitor()` holds wherever the page's code runs: in Gradio's events, step by step of a generator too, and in the
server's own routes. The gate (`gate.py`) says who it is, in the request's scope; a thread of one's own is entered with
`entering`, or run in `contextvars.copy_context()`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from assistant.acting import Acting
from assistant.errors import NotAllowed
from assistant.ui.language import choose_language, say

LANGUAGE_COOKIE = "wr_language"
SCOPE_KEY = "wardround.visitor"
"""Where a request's scope holds a function that gives its Visitor, with the rights that hold now."""

EVERYBODY = ""
"""The role that everybody has who is let in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """`name` is the account's, None where nobody signs in; `indexes` those that it may see, None for all.

    `site` tells the servers of a process apart: an account of one is nobody at the other.
    """

    name: str | None = None
    language: str = "en"
    roles: frozenset[str] = frozenset({"reader", "author", "auditor", "administrator"})
    indexes: frozenset[str] | None = None
    site: str = ""

    @property
    def key(self) -> tuple[str, str | None]:
        """Who it is among all visitors of a process; where nobody signs in, the visitors of a server are one."""
        return self.site, self.name

    def may(self, *roles: str) -> bool:
        """Whether the visitor has one of these roles."""
        return any(role in self.roles or role == EVERYBODY for role in roles)

    def sees(self, index: str) -> bool:
        return self.indexes is None or index in self.indexes


_now: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def visitor() -> Visitor:
    """Whoever the running code works for; one without a name outside of any request."""
    if "gradio" in sys.modules:  # the command line draws too, and must not wait for Gradio to be imported
        from gradio.context import LocalContext

        # first: Gradio's queue was started in some request or other, whose context its events inherit
        if (request := LocalContext.request.get(None)) is not None:
            return visitor_of(request)
    return _now.get() or Visitor()


def visitor_of(request: Any) -> Visitor:
    """The visitor behind a request of Gradio or Starlette."""
    inner = getattr(request, "request", None) or request
    look_up: Callable[[], Visitor] | None = inner.scope.get(SCOPE_KEY)
    return look_up() if look_up is not None else Visitor(language=language_of(inner))


def language_of(request: Any) -> str:
    """The language that a request's cookie or browser asks for."""
    return choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))


def need(*roles: str) -> Visitor:
    """The visitor, who must have one of these roles. Raises NotAllowed."""
    who = visitor()
    if not who.may(*roles):
        raise NotAllowed(say("sign_in.role_missing", role=say(f"role.{roles[0]}")))
    return who


def acting(sign_in: bool) -> Acting:
    """For whom the archive works; with sign-in, for nobody who isn't signed in: they see no index."""
    who = visitor()
    if sign_in and who.name is None:
        return Acting(None, frozenset(), logged=True)
    return Acting(who.name, who.indexes, logged=True)


@contextmanager
def entering(who: Visitor) -> Iterator[Visitor]:
    """Code in this block works for that visitor."""
    token = _now.set(who)
    try:
        yield who
    finally:
        _now.reset(token)
