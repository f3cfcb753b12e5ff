"""A model's replies kept in a file, so that what checks them can be measured again without asking the model again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assistant.generate import chat


class _Kept(list[str]):
    """A reply that was had before; `cut` as of a stream that came to its end."""

    cut = False

    def close(self) -> None:
        """There is nothing to end."""


def keep_replies(path: Path | None) -> None:
    """From now on ask a server for each prompt once: a reply stands in `path` (JSON) under the prompt it belongs to."""
    known: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    stream = chat.ChatServer.stream

    def once(server: chat.ChatServer, system: str, user: str, pictures: Any = (), **more: Any) -> _Kept:
        key = json.dumps([server.model, system, user, len(pictures), more.get("extra") or {}])
        if key not in known:
            known[key] = list(stream(server, system, user, pictures, **more))
            if path:
                path.write_text(json.dumps(known), encoding="utf-8")
        return _Kept(known[key])

    chat.ChatServer.stream = once  # type: ignore[method-assign, assignment]
