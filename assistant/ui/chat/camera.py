"""The button that takes a picture for the box; what it does stands in static/wr_camera.js."""

from __future__ import annotations

from markupsafe import Markup

from assistant.ui.language import say


def camera_html(box: str) -> Markup:
    """The button for the box of that selector, with the texts of its dialog."""
    texts = {name: say(f"uploads.camera_{name}") for name in ("title", "sees", "take", "cancel", "none")}
    told = Markup(" ").join(Markup('data-{}="{}"').format(name, text) for name, text in texts.items())
    return Markup(
        '<wr-camera data-box="{}" {}><button type="button" class="wr-act">{}</button> <span role="status"></span>'
        "</wr-camera>"
    ).format(box, told, say("uploads.camera"))
