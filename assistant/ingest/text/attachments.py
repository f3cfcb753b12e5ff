"""Documents inside messages and resources: a PDF, a picture or a text in base64, read as what its content says."""

from __future__ import annotations

import base64
import binascii
import re
from contextvars import ContextVar
from dataclasses import replace

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.records import Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_MAX_DEPTH = 4
_depth: ContextVar[int] = ContextVar("depth of attachments", default=0)


def from_base64(file: Content, part: str, coded: str, limits: IngestSettings) -> list[Record]:
    """As `attached`, for base64 with or without line breaks."""
    try:
        data = base64.b64decode(re.sub(r"\s+", "", coded), validate=True)
    except (binascii.Error, ValueError) as error:
        file.set_aside(part, "an attachment that is no valid base64 ({error})", error=error)
        return []
    return attached(file, part, data, limits)


def attached(file: Content, part: str, data: bytes, limits: IngestSettings) -> list[Record]:
    """The records of a document inside `file`, under its name with `part`; what can't be read is set aside.

    Attachments of attachments are read four deep.
    """
    from assistant.ingest.formats import read_content

    if _depth.get() >= _MAX_DEPTH:
        file.set_aside(part, "attachments inside attachments, more than {max_depth} deep", max_depth=_MAX_DEPTH)
        return []
    inner = Content(file.uri, data)
    token = _depth.set(_depth.get() + 1)
    try:
        records = read_content(inner, limits)
    except UnreadableFile as error:
        file.set_aside(part, error.reason)
        return []
    finally:
        _depth.reset(token)
    for name, reason in inner.aside:
        file.set_aside(worded("{part}, {name}", part=part, name=name), reason)
    return [replace(record, part=f"{part}, {record.part}" if record.part else part) for record in records]
