"""The Gradio page and its views."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

    from assistant.assistant import Assistant

__all__ = ["build_page", "launch"]


def build_page(assistant: Assistant, folder: Path | None = None) -> gr.Blocks:
    """The page over an opened assistant, as Gradio blocks; see `assistant.ui.page`."""
    from assistant.ui import page

    return page.build_page(assistant, folder)


def launch(assistant: Assistant, port: int | None = None, open_browser: bool = False) -> None:
    """Open the chat on 127.0.0.1 and serve it until interrupted; see `assistant.ui.server`."""
    from assistant.ui import server

    server.launch(assistant, port, open_browser)
