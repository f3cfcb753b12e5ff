"""The pages in one: each is built by its own room, and all share the server, the archive and the visitor.

Gradio is imported at the top (its events look at the handlers' annotations): import this module, like `server`,
only where the page is opened.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from assistant.ui.chat.chat_page import build_chat
from assistant.ui.chat.desk import Desk

if TYPE_CHECKING:
    from assistant.assistant import Assistant

STYLES = sorted((Path(__file__).parent / "static" / "css").glob("*.css"))


def build_page(assistant: Assistant, folder: Path | None = None) -> gr.Blocks:
    """The page over an opened assistant; uploads lie below `folder` as long as their conversation lasts."""
    desk = Desk(assistant, folder or Path(tempfile.mkdtemp(prefix="wardround-")))
    with gr.Blocks(title="Wardround", analytics_enabled=False, fill_width=True, delete_cache=(600, 3_600)) as page:
        build_chat(page, desk)
    return page
