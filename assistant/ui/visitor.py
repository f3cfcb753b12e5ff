"""Who is at the page: the account, what it may see, and the language it reads.

`visitor()` holds wherever the page's code runs: in Gradio's events, step by step of a generator too, and in the
server's own routes, for which its middleware calls `entering`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from assistant.ui.language import choose_language

LANGUAGE_COOKIE = "wr_language"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`name` is the account's, None where nobody signs in; `indexes` those that it may see, None for all."""

    name: str | None = None
    language: str = "en"
    roles: frozenset[str] = frozenset({"reader", "author", "auditor", "administrator"})
    indexes: frozenset[str] | None = None

    def may(self, role: str) -> bool:
        return role in self.roles

    def sees(self, index: str) -> bool:
        return self.indexes is None or index in self.indexes


Known = Callable[[str | None, str], Visitor]
"""(account's name or None, language) → visitor."""

_now: ContextVar[Visitor | None] = ContextVar("visitor", default=None)
_known: Known = lambda name, language: Visitor(name, language)  # noqa: E731 (replaced where accounts are kept)


def visitor() -> Visitor:
    """Whoever the running code works for; one without a name outside of any request."""
    if (found := _now.get()) is not None:
        return found
    if "gradio" not in sys.modules:  # the command line draws too, and must not wait for Gradio to be imported
        return Visitor()
    from gradio.context import LocalContext

    request = LocalContext.request.get(None)
    return visitor_of(request, getattr(request, "username", None)) if request is not None else Visitor()


def visitor_of(request: Any, name: str | None) -> Visitor:
    """The visitor behind a request of Gradio or Starlette."""
    return _known(name, choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")))


def known_by(look_up: Known) -> None:
    """From now on accounts are looked up so."""
    global _known
    _known = look_up


@contextmanager
def entering(who: Visitor) -> Iterator[Visitor]:
    """Code in this block works for that visitor."""
    token = _now.set(who)
    try:
        yield who
    finally:
        _now.reset(token)
