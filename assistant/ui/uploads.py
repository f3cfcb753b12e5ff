"""Uploads: brought into the conversation's folder, read at once, shown as cards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from assistant.errors import UnreadableFile, WardroundError
from assistant.ingest import is_sidecar
from assistant.records import Record
from assistant.ui import picture, words
from assistant.ui.ecg_page import draw_strip

Read = Callable[[Path], list[Record]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of the conversation: its records, or the reason why there are none.

    `companion` marks a file that belongs to another one (a WFDB `.dat` beside its `.hea`) and has no card.
    """

    name: str
    path: Path
    records: tuple[Record, ...] = ()
    reason: str = ""
    companion: bool = False


def take_in(folder: Path, sources: Sequence[Path], present: Sequence[Upload], read: Read) -> list[Upload]:
    """All uploads of a conversation after `sources` came in.

    The files lie beside each other in `folder` under their own names, so that a header finds its data file.
    What could not be read before is tried again: the missing half may have come now.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = [Upload(source.name, _bring(source, folder)) for source in sources]
    return [_read(u, read) if u.reason else u for u in present] + [_read(u, read) for u in fresh]


def _bring(source: Path, folder: Path) -> Path:
    target, count = folder / source.name, 1
    while target.exists():
        count += 1
        target = folder / f"{source.stem}-{count}{source.suffix}"
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
    return target


def _read(upload: Upload, read: Read) -> Upload:
    if is_sidecar(upload.path):
        return Upload(upload.name, upload.path, companion=True)
    try:
        records = tuple(read(upload.path))
    except UnreadableFile as error:
        return Upload(upload.name, upload.path, reason=error.reason)
    except WardroundError as error:
        return Upload(upload.name, upload.path, reason=str(error))
    if not records:
        return Upload(upload.name, upload.path, reason="nothing in it that could be read")
    return Upload(upload.name, upload.path, records)


def cards(uploads: Sequence[Upload]) -> Markup:
    """One card a file, each with a button that takes the file out of the conversation."""
    shown = [(number, upload) for number, upload in enumerate(uploads) if not upload.companion]
    if not shown:
        return Markup("")
    body = Markup("").join(_card(number, upload) for number, upload in shown)
    return Markup('<ul class="wr-cards" aria-label="Files in this conversation">{}</ul>').format(body)


def _card(number: int, upload: Upload) -> Markup:
    remove = Markup(
        '<button type="button" class="wr-remove" data-act="remove" data-number="{}" '
        'aria-label="Take {} out of this conversation" title="Take out">×</button>'
    ).format(number, upload.name)
    if upload.reason:
        return Markup(
            '<li class="wr-card wr-card-bad"><span class="wr-thumb wr-thumb-bad" aria-hidden="true">!</span><div>'
            '<bdi class="wr-name">{}</bdi><p class="wr-reason">Can’t be read: {}</p></div>{}</li>'
        ).format(upload.name, upload.reason, remove)
    first = upload.records[0]
    facts = Markup("").join(Markup("<li>{}</li>").format(fact) for fact in facts_of(upload.records))
    return Markup(
        '<li class="wr-card">{}<div><bdi class="wr-name">{}</bdi><ul class="wr-facts">{}</ul></div>{}</li>'
    ).format(_thumb(first), upload.name, facts, remove)


def _thumb(record: Record) -> Markup:
    if record.image is not None:
        source = picture.png_uri(record.image, picture.CARD_PX)
        return Markup('<img class="wr-thumb" alt="" src="{}">').format(source)
    if record.signal is not None and record.signal.leads:
        return Markup('<span class="wr-thumb wr-thumb-ecg">{}</span>').format(Markup(draw_strip(record.signal)))
    return Markup('<span class="wr-thumb wr-thumb-text" aria-hidden="true">¶</span>')


def facts_of(records: Sequence[Record]) -> list[str]:
    """What a card says of a file, shortest first: "12-lead ECG", "500 Hz", "10 s" …"""
    first = records[0]
    name = words.modality(first.modality, first.kind)
    facts: list[str] = []
    if first.signal is not None:
        facts += [f"{len(first.signal.leads)}-lead {name}", ", ".join(first.signal.leads)]
        facts += [f"{first.signal.sampling_rate_hz:g} Hz", f"{first.signal.duration_s:.1f} s"]
    elif first.image is not None:
        height, width = first.image.pixels.shape[:2]
        facts += [f"{name} ({first.modality})", f"{width} × {height} pixels"]
        images = sum(record.kind == "image" for record in records)
        facts += [f"{images} frames"] if images > 1 else []
    else:
        pages = max((passage.page or 0 for record in records for passage in record.passages), default=0)
        facts += [name, f"{pages} page{'s' * (pages > 1)}"] if pages else [name]
        facts.append(f"{sum(len(record.text.split()) for record in records):,} words")
    for field in ("view", "view_position"):
        if value := first.fields.get(field):
            facts.append(f"view {value}")
    if told := words.origin(first):
        facts.append(told)
    return facts + quality_of(first)


def quality_of(record: Record) -> list[str]:
    """Warnings about a recording or a picture, measured on it; none if it is fit for use."""
    return []
