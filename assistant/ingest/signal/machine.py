"""What a recorder says of its own recording: statements and measurements as text, marked as the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.ingest.content import Content
from assistant.ingest.text.passages import Stretch, cut
from assistant.records import Record
from assistant.settings import IngestSettings

STATEMENTS = "annotations"  # the part of a recording's uri under which its recorder's own words stand
# Who says what a recording's file says of it: the titles of these texts.
MACHINE = "The recorder's own interpretation, not confirmed by a person"
CONFIRMED = "The ECG's interpretation, confirmed by a person"
HEADER = "Comments in the recording's header"
MEASURED_BY_MACHINE = "Measurements of the recorder"  # the section


def is_line_by_line(title: str | None) -> bool:
    """Whether a text of this title is what a recording's file says of it: each line is a statement of its own."""
    return (title or "").startswith((MACHINE, CONFIRMED, HEADER))


def machine_record(
    file: Content,
    statements: Sequence[str],
    measurements: Sequence[str],
    limits: IngestSettings,
    *,
    title: str = MACHINE,
    taken_at: datetime | None = None,
    confirmed: bool = False,
) -> Record | None:
    """A text record (part "annotations") of a recorder's words, a line each; None where it said nothing.

    Statements come first ("Sinus rhythm"), then measurements ("PR interval: 161 ms"); repeated lines once. `fields`
    carry `author`: "machine", or "person" where `confirmed` says that somebody signed them.
    """
    text, stretches = "", []
    for section, lines in (
        ("Statements of the recorder", [" ".join(line.split()) for line in statements]),
        (MEASURED_BY_MACHINE, [" ".join(line.split()) for line in measurements]),
    ):
        block = "\n".join(dict.fromkeys(line for line in lines if line))
        if block:
            text += "\n\n" if text else ""
            stretch: Stretch = (len(text), len(text) + len(block), section, None)
            stretches.append(stretch)
            text += block
    if not text:
        return None
    return Record(
        kind="text",
        modality="SR",
        uri=file.uri,
        sha256=file.sha256,
        part=STATEMENTS,
        taken_at=taken_at,
        title=title,
        text=text,
        passages=cut(text, limits.passage_words, stretches),
        fields={"author": "person" if confirmed else "machine"},
    )
