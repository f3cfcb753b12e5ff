"""Where programs come in: the API and the MCP endpoint, each only where its setting says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from assistant.errors import MissingExtra

if TYPE_CHECKING:
    from assistant.assistant import Assistant


def let_programs_in(app: FastAPI, assistant: Assistant, folder: Path) -> None:
    """Add what `ui.api` and `ui.mcp` ask for; uploads lie below `folder` as long as they are worked on.

    Raises MissingExtra where the library for MCP is not installed.
    """
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
