"""What Gradio keeps of each open page, so that it stays as large as the page.

Gradio 6 gives a component that an event has updated a number of its own: the page's part is then found under a second
key with the next event, and one more piece is kept for every update. And of a closed page it drops the state values
after an hour, but never the page. For links that bring back a page as it was ("deep links", which are refused here:
gate/gradio_gate.py) it describes every output of an event anew, those that an event leaves alone too, values and the
schema of what they take included: an eighth of what fifty visitors cost (docs/performance.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.blocks import Block
from gradio.routes import App as GradioApp
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount


class Session(SessionState):
    """One open page. A part that takes another's place takes its number, and the folder for its files; what it shows is
    kept nowhere."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(blocks)
        self.config_values = {}

    def __setitem__(self, key: int, value: Any) -> None:
        before = self.blocks_config.blocks.get(key)
        if isinstance(value, Block) and before is not None and value is not before:
            value._id = key
            if (folder := vars(before).get("GRADIO_CACHE")) is not None:
                value.GRADIO_CACHE = folder
        if isinstance(before, gr.State):
            super().__setitem__(key, value)
        else:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Nothing is described for deep links."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nor is any value kept for them."""


class Sessions(StateHolder):
    """The pages that are open, and those that were not long ago."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)

    def delete_all_expired_state(self) -> None:
        """Called by Gradio again and again: whatever is not seen any more for an hour is dropped whole."""
        super().delete_all_expired_state()
        now = datetime.now()
        for session_id, session in list(self.session_data.items()):
            last = self.time_last_used.get(session_id, now)
            if session.is_closed and now - last > timedelta(seconds=session.STATE_TTL_WHEN_CLOSED):
                self.session_data.pop(session_id, None)
                self.time_last_used.pop(session_id, None)


def keep_sessions(page: gr.Blocks, app: FastAPI) -> None:
    """Let the mounted page's application keep its pages so; before the first visitor."""
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, GradioApp):
            route.app.state_holder = Sessions()
            route.app.state_holder.set_blocks(page)
