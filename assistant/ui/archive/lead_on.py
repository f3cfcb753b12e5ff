"""Where nothing is indexed yet, whoever may build an archive is led from the site's first page to the one that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.ui.gate.visitor import visitor

if TYPE_CHECKING:
    from assistant.assistant import Assistant

PATH = "/archive"
ROLE = "administrator"


class LeadOn:
    """ASGI middleware behind the gate. With a query ("/?ask=…") the conversation opens all the same."""

    def __init__(self, app: ASGIApp, assistant: Assistant) -> None:
        self._app, self._assistant = app, assistant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if _opens_the_site(scope) and visitor().may(ROLE) and not await run_in_threadpool(self._is_there):
            app = RedirectResponse(PATH, status_code=303)
        await app(scope, receive, send)

    def _is_there(self) -> bool:
        return bool(self._assistant.indexes)


def _opens_the_site(scope: Scope) -> bool:
    return bool(
        scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/" and not scope["query_string"]
    )
