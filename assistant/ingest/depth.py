"""Indexed and uploaded pictures read once more, frame by frame, with all the grey levels of their files.

What is burned into a frame is blackened as it is in the index, also in frames that the index does not hold.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest import archive, series
from assistant.ingest.again import content_again
from assistant.ingest.content import Content
from assistant.ingest.deid.pixels import BURNED_IN, MASKED, Box, is_left_alone, mask_burned_in
from assistant.ingest.dicom import depth as dicom
from assistant.ingest.dicom.web import PacsSource, Series, fetch
from assistant.ingest.formats import format_of, read_content
from assistant.ingest.image import nifti, picture
from assistant.ingest.image.depth import Depth, plain_depth
from assistant.ingest.series import Part
from assistant.records import Image, Record
from assistant.settings import IngestSettings

KEPT_BYTES = 256_000_000  # of files that are looked at now; frames of one are read again and again
MOST_SLICES = 2_000  # files of a folder that are looked through for the other slices of a series


def own_frame(record: Record) -> int:
    """Which frame or slice of its file or series a picture is, from 0."""
    return int(record.fields.get("frame", record.fields.get("slice", 1))) - 1


def frames_of(record: Record) -> int:
    """How many frames or slices its file or series has, as far as the record says."""
    return int(record.fields.get("frames", record.fields.get("slices", 1)))


@dataclass(frozen=True, slots=True)
class _Open:
    """A file that is looked at, and, by frame, where the letters were that were blackened as it was indexed."""

    content: Content
    hidden: dict[int, tuple[Box, ...]] = field(default_factory=dict)


class OpenFiles:
    """The bytes of the files that were looked at last, in memory only, and the frames of pictures in them.

    `mask` is whether letters burned into frames that no index holds are blackened, too.
    """

    def __init__(self, limits: IngestSettings, *, mask: bool = True) -> None:
        self._limits, self._mask = limits, mask
        self._files: OrderedDict[tuple[str, str, int, int], _Open] = OrderedDict()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._files.clear()

    def forget(self, paths: Collection[Path]) -> None:
        """Forget what lies in these files."""
        gone = {str(path) for path in paths}
        with self._lock:
            for key in [key for key in self._files if key[0] in gone]:
                del self._files[key]

    def depth(
        self,
        record: Record,
        frame: int | None,
        path: Path | None,
        uri: str,
        pacs: PacsSource | None = None,
        *,
        within: tuple[int, int] | None = None,
        keep: bool = True,
    ) -> Depth:
        """A frame (from 0; None: the record's own) of the file or series that a picture lies in: at `path`, in the
        member of an archive there that `uri` names, or in a PACS. Its bytes are kept for the next frame with `keep`.

        It may be `coarse` where it is to be fitted `within` so many pixels (width, height).
        Raises UnreadableFile where it can't be read any more or has changed, and where there is no such frame.
        """
        limits = self._limits
        opened = self._get(path, uri, pacs, keep)
        file = opened.content
        if file.sha256 != record.sha256:
            raise UnreadableFile(uri, "the file has changed since it was indexed; update the index")
        own = own_frame(record)
        frame = own if frame is None else frame
        masked = record.fields.get(BURNED_IN) == MASKED
        searched = self._mask and frame != own  # for letters, at full size
        if masked and own not in opened.hidden:
            opened.hidden[own] = _burned_in(record, _frame(record, file, own, limits))
        hidden = opened.hidden[own] if masked else ()
        if series.is_slice(record) and format_of(file) == "dicom":
            found = self._slice(own, frame, path, file, keep)
        else:
            plain = not masked and (not searched or is_left_alone(record.modality, record.fields))
            found = _frame(record, file, frame, limits, within if plain else None)
            if found.coarse and searched and found.regions:
                found = _frame(record, file, frame, limits)
        if searched:
            hidden = (*hidden, *_burned_in(record, found))
        return found.without(hidden)

    def _get(self, path: Path | None, uri: str, pacs: PacsSource | None, keep: bool) -> _Open:
        try:
            state = path.stat() if path is not None else None
        except OSError as error:
            raise UnreadableFile(uri, "can't be read from the disk ({said})", said=error.strerror or error) from None
        key = (str(path or pacs), uri, state.st_size if state else 0, state.st_mtime_ns if state else 0)
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        if path is not None:
            file = content_again(path, uri, self._limits)
        elif pacs is not None and uri.count("/") == 2:
            study, of_study, instance = uri.split("/")
            file = fetch(pacs, Series(study, of_study, ""), instance, uri, self._limits)
        else:
            raise UnreadableFile(uri, "the file is no longer where it was indexed; update the index")
        opened = _Open(file)
        if not keep:
            return opened
        with self._lock:
            self._files[key] = opened
            while len(self._files) > 1 and sum(len(one.content.data) for one in self._files.values()) > KEPT_BYTES:
                self._files.popitem(last=False)
        return opened

    def _slice(self, own: int, frame: int, path: Path | None, file: Content, keep: bool) -> Depth:
        """A slice of a series: of the file that the record is of, or of another one beside it."""
        slices: Sequence[Part] = ()
        if path is not None:
            slices = _series(path, file.uri, path.parent.stat().st_mtime_ns, self._limits.max_file_mb)
        if len(slices) <= own or slices[own].uri != file.uri:  # the others are not at hand, or no longer as indexed
            if frame != own:
                raise file.refuse("slice {frame} of its series is not at hand", frame=frame + 1)
            return dicom.read_depth(file, 0, self._limits)
        if not 0 <= frame < len(slices):
            raise file.refuse("there is no slice {frame}: it has {count}", frame=frame + 1, count=len(slices))
        other = self._get(slices[frame].path, slices[frame].uri, None, keep).content
        return replace(dicom.read_depth(other, 0, self._limits), frame=frame, frames=len(slices))


def _burned_in(record: Record, depth: Depth) -> tuple[Box, ...]:
    return mask_burned_in(Image(depth.picture(), depth.regions), record.modality, record.fields).boxes


def _frame(
    record: Record, file: Content, frame: int, limits: IngestSettings, within: tuple[int, int] | None = None
) -> Depth:
    match format_of(file):
        case "dicom":
            return dicom.read_depth(file, 0 if series.is_slice(record) else frame, limits, within)
        case "nifti":
            return nifti.read_depth(file, frame, limits)
        case "picture":
            return picture.read_depth(file, frame, limits)
    for read in read_content(file, limits):  # a picture inside a document
        if read.image is not None and read.part == record.part:
            return plain_depth(read.image.pixels)
    raise file.refuse("holds no such picture any more; update the index")


@lru_cache(maxsize=16)
def _series(path: Path, uri: str, _folder_state: int, max_file_mb: int) -> tuple[Part, ...]:
    limits = IngestSettings(max_file_mb=max_file_mb)
    whole, _, name = uri.partition("!")
    members = {m.name: m for m in archive.members(path, whole, limits)} if name else {}
    return tuple(series.slices_around(Part(uri, path, members.get(name)), limits, MOST_SLICES))
