"""Where programs come in: the API and the MCP endpoint, each only where its setting says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from assistant.errors import MissingExtra

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_THREADS = 40  # for all that waits for nothing


def let_programs_in(app: FastAPI, assistant: Assistant, folder: Path) -> None:
    """Add what `ui.api` and `ui.mcp` ask for; uploads lie below `folder` as long as they are worked on.

    Raises MissingExtra where the library for MCP is not installed.
    """
    if assistant.settings.ui.api or assistant.settings.ui.mcp:
        _give_threads(app, assistant.settings.ui.waiting + _THREADS)
    if assistant.settings.ui.api:
        from assistant.ui.api.service import PREFIX, api_app

        app.mount(PREFIX, api_app(assistant, folder))
    if assistant.settings.ui.mcp:
        try:
            from assistant.ui.api.mcp_server import add_mcp
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "mcp":
                raise
            raise MissingExtra("The Model Context Protocol (ui.mcp)", "mcp") from None
        add_mcp(app, assistant, folder)


def _give_threads(app: FastAPI, count: int) -> None:
    """So many threads for routes: whoever waits for a turn holds one, and the page must find another."""
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(whole: Any) -> AsyncIterator[Any]:
        current_default_thread_limiter().total_tokens = count
        async with outer(whole) as state:
            yield state

    app.router.lifespan_context = lifespan
