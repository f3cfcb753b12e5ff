"""What may be sent to the server: refused before its first byte where there is no room for it.

Gradio bounds a single file. This bounds a request, and all that lies on the disk together.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.settings import UiSettings

MB = 1_000_000
_FORM_BYTES = 10 * MB  # of anything else that is sent: a question, an event's data
_UPLOADS = ("/gradio_api/upload", "/api/v1/", "/mcp")


class UploadGuard:
    """ASGI middleware: 413 for a request that is too large, 411 for one that does not say how large it is, 507 where
    the server's room for uploads is full."""

    def __init__(self, app: ASGIApp, folder: Path, ui: UiSettings) -> None:
        self._app, self._folder, self._ui = app, folder, ui

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("POST", "PUT", "PATCH"):
            headers = dict(scope["headers"])
            refused = self._refusal(scope["path"], headers)
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, path: str, headers: dict[bytes, bytes]) -> PlainTextResponse | None:
        length = headers.get(b"content-length", b"")
        if not length.isdigit():
            if not length and b"transfer-encoding" not in headers:
                return None  # no body
            return PlainTextResponse("say how long the request is (Content-Length)", 411)
        size, uploads = int(length), path.startswith(_UPLOADS)
        most = self._ui.max_uploads_mb * MB if uploads else _FORM_BYTES
        if size > most:
            limit = f"{most // MB:,} MB{' (ui.max_uploads_mb)' if uploads else ''}"
            return PlainTextResponse(f"{size / MB:,.0f} MB at once is more than the limit of {limit}", 413)
        if uploads and size + folder_bytes(self._folder) > self._ui.max_stored_mb * MB:
            said = "the server's room for uploads is full (ui.max_stored_mb): try again when others have closed theirs"
            return PlainTextResponse(said, 507)
        return None


def folder_bytes(folder: Path) -> int:
    """What the files below a folder take, those of several names counted once."""
    seen: dict[int, int] = {}
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                state = Path(where, name).lstat()
            except OSError:  # deleted just now
                continue
            seen[state.st_ino] = state.st_size
    return sum(seen.values())
