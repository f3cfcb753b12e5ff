"""Uploads: brought into the conversation's folder within its limits, and read at once."""

from __future__ import annotations

import filecmp
import itertools
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from assistant.errors import UnreadableFile, WardroundError
from assistant.ingest import Reading, is_sidecar
from assistant.records import Record
from assistant.ui.chat.faces import face_of
from assistant.ui.language import say
from assistant.ui.language.figures import number

log = logging.getLogger(__name__)

Read = Callable[[Path], Reading]
MB = 1_000_000
NO_FACE = Markup("")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of the conversation: its records (without pixels, samples), or the reason why there are none.

    `companion` marks a file that belongs to another one (a WFDB `.dat` beside its `.hea`) and has no card of its
    own; `asked` one that has come along with a question. `face` is the card's picture and facts, made once.
    """

    name: str
    path: Path
    records: tuple[Record, ...] = ()
    reason: str = ""
    companion: bool = False
    asked: bool = False
    face: Markup = NO_FACE


@dataclass(frozen=True, slots=True)
class Room:
    """What may still come in: so many files in this conversation, so many bytes of this visitor."""

    files: int
    bytes: int
    most_files: int
    most_mb: int

    def refusal(self, count: int, size: int) -> str:
        """Why a file can't come in as well, where `count` files of `size` bytes with it would be new; "" if it can."""
        if count > self.files:
            return say("uploads.too_many", most=self.most_files)
        if size > self.bytes:
            return say("uploads.too_much", most=number(self.most_mb))
        return ""


def take_in(
    folder: Path,
    sources: Sequence[Path],
    present: Sequence[Upload],
    read: Read,
    room: Room | None = None,
    names: Mapping[Path, str] | None = None,
) -> list[Upload]:
    """All uploads of a conversation after `sources` came in.

    The files lie beside each other in `folder` under their own names, so that a header finds its data file; those
    whose names others have already lie in a folder of their own below it, so that it never finds another recording's.
    What could not be read before is tried again: the missing half may have come now. If it comes again itself, the
    new one takes its place. A file for which there is no `room`, or that is not there any more, is told as unreadable,
    and not kept. `names` are what the user calls the sources, where that differs from what they are called on the disk.
    """
    called = {source: (names or {}).get(source, source.name) for source in sources}
    replaced = [upload for upload in present if upload.reason and upload.name in called.values()]
    for upload in replaced:
        upload.path.unlink(missing_ok=True)
    present = [upload for upload in present if upload not in replaced]
    places = _places(folder, present, {source.name for source in sources})
    fresh: list[Upload] = []
    for source in sources:
        came = [upload for upload in fresh if not upload.reason]
        size = sum(_size(upload.path) for upload in came) + _size(source)
        refused = room.refusal(len(came) + 1, size) if room else ""
        refused = refused or ("" if source.exists() else say("uploads.went"))
        path = folder / source.name if refused else _bring(source, places())
        fresh.append(Upload(called[source], path, reason=refused))
    again = [_read(upload, read) if upload.reason and upload.path.exists() else upload for upload in present]
    return again + [upload if upload.reason else _read(upload, read) for upload in fresh]


def is_there(source: Path, name: str, present: Sequence[Upload]) -> bool:
    """Whether a file that could be read lies there under that name with the same bytes."""
    same_name = (upload.path for upload in present if upload.name == name and not upload.reason)
    return source.exists() and any(path.exists() and filecmp.cmp(source, path) for path in same_name)


def room_for(present: Sequence[Upload], stored: int, most_files: int, most_mb: int) -> Room:
    """What may come in beside the files of a conversation; `stored` bytes are the visitor's already."""
    return Room(
        most_files - sum(upload.path.exists() for upload in present), most_mb * MB - stored, most_files, most_mb
    )


def stored_bytes(uploads: Iterable[Upload]) -> int:
    """How much the files of some uploads take."""
    return sum(_size(upload.path) for upload in uploads)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # taken out in the meantime
        return 0


def _bring(source: Path, places: Iterable[Path]) -> Path:
    target = next(place / source.name for place in places if not (place / source.name).exists())
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
    return target


def _places(folder: Path, present: Sequence[Upload], names: Collection[str]) -> Callable[[], Iterator[Path]]:
    """Where files of those names may lie beside each other, best first: with one that could not be read, which may wait
    for them, then wherever none of them lies yet."""
    waiting = sorted({upload.path.parent for upload in present if upload.reason and upload.path.exists()})

    def below(first: int) -> Iterator[Path]:
        return (folder / str(number) if number else folder for number in itertools.count(first))

    taken = itertools.takewhile(lambda place: any((place / name).exists() for name in names), below(0))
    first = sum(1 for _ in taken)
    return lambda: itertools.chain(waiting, below(first))


def _read(upload: Upload, read: Read) -> Upload:
    if is_sidecar(upload.path):
        return replace(upload, companion=True, reason="")
    try:
        reading = read(upload.path)
    except UnreadableFile as error:
        return replace(upload, reason=error.reason)
    except WardroundError as error:
        return replace(upload, reason=error.told)
    except Exception as error:  # a fault of ours: the other files and the conversation go on
        log.exception("an upload could not be read")
        return replace(upload, reason=say("uploads.fault", error=type(error).__name__))
    if not reading.records:
        return replace(upload, reason=say("uploads.nothing"))
    light = tuple(replace(record, image=None, signal=None) for record in reading.records)
    return replace(upload, records=light, reason="", face=face_of(upload.name, reading))
