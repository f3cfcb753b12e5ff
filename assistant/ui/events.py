"""How the pages' events are told to Gradio."""

from __future__ import annotations

from typing import Any

QUIET: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [], "api_visibility": "private"}
"""An event that shows no progress of Gradio's. With nothing to show it on, no component is told that the event is
pending: a progress tracker that is drawn anew meanwhile goes on asking for every frame as long as the page is open
(Gradio 6.31), hidden or not."""

DIRECT: dict[str, Any] = {**QUIET, "queue": False}
"""A quiet event that waits for no other. Notices (`gr.Warning`) of such an event are shown to nobody."""
