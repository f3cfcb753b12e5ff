"""How a picture or signal was made, where its file says so: it stands above every drawing."""

from __future__ import annotations

from markupsafe import Markup

from assistant.records import Evidence, Record
from assistant.ui.language import words


def origin(evidence: Evidence, record: Record) -> Markup:
    """A caption such as "synthetic" or "projected from a real CT"; empty where nothing is said."""
    told = words.origin(evidence) or words.origin(record)
    return Markup('<figcaption class="wr-origin">⚑ {}</figcaption>').format(told) if told else Markup("")
