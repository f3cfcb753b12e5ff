"""The head of every page: name, disclaimer, the open archives and what their licences ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from assistant import demo
from assistant.ui.language import say

if TYPE_CHECKING:
    from assistant.assistant import Assistant


def header_html(assistant: Assistant) -> Markup:
    """Name, disclaimer, the open archives, and the notices that their licences ask for."""
    terms = demo.notices(assistant.workspace) if demo.DEMO_INDEX in assistant.indexes else ()
    notices = Markup("").join(Markup("<li>{}</li>").format(notice) for notice in terms)
    about = Markup('<details class="wr-notices"><summary>Sources</summary><ul>{}</ul></details>').format(notices)
    return Markup(
        '<header class="wr-header"><h1>Wardround</h1><div><p class="wr-archive">{}</p>'
        '<p class="wr-disclaimer">{}</p></div>{}</header>'
    ).format(archive_line(assistant), say("head.disclaimer"), about if notices else "")


def archive_line(assistant: Assistant) -> str:
    """Which archive is open: "demo: 1,204 records"."""
    counts = {name: sum(kinds.values()) for name, kinds in assistant.totals().items()}
    return "Archive: " + (", ".join(f"{name}, {count:,} records" for name, count in counts.items()) or "none")
