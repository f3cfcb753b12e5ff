"""For whom the running code works, as far as the archive and the workspace's tables need to know.

The command line and a script work for the operating system's user, who may see every index. The page tells an
`Assistant` by `act_for` how to find out who is at it now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acting:
    """`account` is None for the operating system's user; `indexes` are those it may see, None for all.

    With `logged`, whatever a search hands out is entered in the access log at once.
    """

    account: str | None = None
    indexes: frozenset[str] | None = None
    logged: bool = False

    def sees(self, index: str) -> bool:
        return self.indexes is None or index in self.indexes


WhoActs = Callable[[], Acting]


def the_user() -> Acting:
    """The operating system's user, who may see everything."""
    return Acting()
