"""Uploads: brought into the conversation's folder, read at once, shown as cards."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from assistant.errors import UnreadableFile, WardroundError
from assistant.ingest import is_sidecar
from assistant.measure import measure_image, measure_signal
from assistant.records import STANDARD_LEADS, Record
from assistant.ui import words
from assistant.ui.evidence import picture
from assistant.ui.evidence.ecg_page import draw_strip

log = logging.getLogger(__name__)

NOTHING = Markup("")
Read = Callable[[Path], list[Record]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of the conversation: its records, or the reason why there are none.

    `companion` marks a file that belongs to another one (a WFDB `.dat` beside its `.hea`) and has no card of its
    own; `asked` one that has come along with a question. `face` is the card's picture and facts, made once.
    """

    name: str
    path: Path
    records: tuple[Record, ...] = ()
    reason: str = ""
    companion: bool = False
    asked: bool = False
    face: Markup = NOTHING


def take_in(folder: Path, sources: Sequence[Path], present: Sequence[Upload], read: Read) -> list[Upload]:
    """All uploads of a conversation after `sources` came in.

    The files lie beside each other in `folder` under their own names, so that a header finds its data file.
    What could not be read before is tried again: the missing half may have come now. If it comes again itself, the
    new one takes its place.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {source.name for source in sources}
    replaced = [upload for upload in present if upload.reason and upload.name in names]
    for upload in replaced:
        upload.path.unlink(missing_ok=True)
    present = [upload for upload in present if upload not in replaced]
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
        return replace(upload, companion=True, reason="")
    try:
        records = tuple(read(upload.path))
    except UnreadableFile as error:
        return replace(upload, reason=error.reason)
    except WardroundError as error:
        return replace(upload, reason=str(error))
    except Exception as error:  # a fault of ours: the other files and the conversation go on
        log.exception("an upload could not be read")
        return replace(upload, reason=f"an error inside Wardround ({type(error).__name__}); its log says more")
    if not records:
        return replace(upload, reason="nothing in it that could be read")
    facts = Markup("").join(Markup("<li>{}</li>").format(fact) for fact in facts_of(records))
    bad = quality_of(records[0])
    warning = Markup('<p class="wr-warning">⚠ {}</p>').format(bad) if bad else ""
    face = Markup('{}<div><bdi class="wr-name">{}</bdi><ul class="wr-facts">{}</ul>{}</div>')
    return replace(
        upload, records=records, reason="", face=face.format(_thumb(records[0]), upload.name, facts, warning)
    )


def shelf(uploads: Sequence[Upload]) -> Markup:
    """Above the box: a card for each file that waits for its question, the names of those already asked about."""
    shown = [(number, upload) for number, upload in enumerate(uploads) if not upload.companion]
    waiting = Markup("").join(card(upload, _remove(number, upload)) for number, upload in shown if not upload.asked)
    asked = Markup("").join(
        Markup("<li><bdi>{}</bdi>{}</li>").format(upload.name, _remove(number, upload))
        for number, upload in shown
        if upload.asked and not upload.reason
    )
    line = Markup('<ul class="wr-play" aria-label="Files that every question is asked with"><li>In play:</li>{}</ul>')
    fresh = Markup('<ul class="wr-cards" aria-label="Files for the next question">{}</ul>')
    return Markup("{}{}").format(line.format(asked) if asked else "", fresh.format(waiting) if waiting else "")


def card(upload: Upload, button: Markup = NOTHING) -> Markup:
    """What one file is, at a glance, or why it can't be read."""
    if upload.reason:
        return Markup(
            '<li class="wr-card wr-card-bad"><span class="wr-thumb wr-thumb-bad" aria-hidden="true">!</span><div>'
            '<bdi class="wr-name">{}</bdi><p class="wr-reason">Can’t be read: {}</p></div>{}</li>'
        ).format(upload.name, upload.reason, button)
    return Markup('<li class="wr-card">{}{}</li>').format(upload.face, button)


def _remove(number: int, upload: Upload) -> Markup:
    return Markup(
        '<button type="button" class="wr-remove" data-act="remove" data-number="{}" '
        'aria-label="Take {} out of this conversation" title="Take out">×</button>'
    ).format(number, upload.name)


def _thumb(record: Record) -> Markup:
    if record.image is not None:
        source = picture.png_uri(record.image, picture.CARD_PX)
        return Markup('<img class="wr-thumb" alt="" src="{}">').format(source)
    if record.signal is not None and record.signal.leads:
        return Markup('<span class="wr-thumb wr-thumb-ecg">{}</span>').format(Markup(draw_strip(record.signal)))
    return Markup('<span class="wr-thumb wr-thumb-text" aria-hidden="true">¶</span>')


def facts_of(records: Sequence[Record]) -> list[str]:
    """What a card says of a file: "12-lead ECG", "500 Hz", "10.0 s" …"""
    first = records[0]
    name = words.modality(first.modality, first.kind)
    facts: list[str] = []
    if first.signal is not None:
        count = len(first.signal.leads)
        facts.append(f"{count}-lead {name}" if first.signal.is_ecg else f"{name}, {count} channel{'s' * (count > 1)}")
        facts += [", ".join(first.signal.leads)] if set(first.signal.leads) != set(STANDARD_LEADS) else []
        facts += [f"{first.signal.sampling_rate_hz:g} Hz", f"{first.signal.duration_s:.1f} s"]
    elif first.image is not None:
        height, width = first.image.pixels.shape[:2]
        facts += [f"{name} ({first.modality})" if name != first.modality else name, f"{width} × {height} pixels"]
    else:
        pages = max((passage.page or 0 for record in records for passage in record.passages), default=0)
        facts += [name, f"{pages} page{'s' * (pages > 1)}"] if pages else [name]
        facts.append(f"{sum(len(record.text.split()) for record in records):,} words")
    if view := first.fields.get("view"):
        facts.append(f"view {view}")
    if len(records) > 1 and first.kind != "text":
        facts.append(f"{len(records)} parts")
    if first.patient_id:
        facts.append(f"patient {first.patient_id}")
    return [*facts, *filter(None, [words.origin(first)])]


def quality_of(record: Record) -> str:
    """What makes a recording or a picture less than good, measured on it; empty if it is fit for use."""
    if record.signal is not None:
        quality = measure_signal(record.signal).quality
    elif record.image is not None:
        quality = measure_image(record.image).quality
    else:
        return ""
    overall = quality.get("overall", "good")
    return "" if overall == "good" else f"{overall} quality: {quality.get('reasons', '')}"
