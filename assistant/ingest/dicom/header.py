"""A DICOM file's header, and where its pixel data lies; the pixels themselves stay where they are."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.quiet import quiet
from assistant.ingest.text.encodings import clean
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_EXPLICIT = b"1.2.840.10008.1.2.1".ljust(len(_DEFLATED), b"\0")
_GROUP_LENGTH_AT = 132  # of the file meta information (PS3.10 7.1), an element of 12 bytes
_PIXELS = {0x0008: "FloatPixelData", 0x0009: "DoubleFloatPixelData", 0x0010: "PixelData"}
_LONG = (b"OB", b"OW", b"OF", b"OD", b"UN")  # explicit VRs whose length takes four bytes, after two of no meaning
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PixelElement:
    """The element of group 7FE0 that holds the pixels: `data[start:end]` of the file is its value."""

    keyword: str
    vr: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """The elements before the pixel data. `data` is the file, with a deflated data set inflated."""

    dataset: Dataset
    data: bytes
    pixels: PixelElement | None


def read_header(file: Content, limits: IngestSettings) -> Header:
    """Raises UnreadableFile for a damaged header, a DICOMDIR, and what inflates beyond `limits.max_file_mb`."""
    import pydicom
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    data = _inflated(file, limits)
    stream = io.BytesIO(data)
    with quiet():
        try:
            dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True)
            if "DirectoryRecordSequence" in dataset:
                raise file.refuse(
                    "a DICOMDIR, the table of contents of a disc: index the folder that it lies in, with its files"
                )
            implicit, little = dataset.original_encoding
            if not getattr(dataset.file_meta, "TransferSyntaxUID", None):
                explicit = ExplicitVRLittleEndian if little is not False else ExplicitVRBigEndian
                dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
            pixels = _pixel_element(data, stream.tell(), little is not False)
        except UnreadableFile:
            raise
        except Exception as error:
            raise file.refuse("damaged DICOM file (its header can't be read: {brief})", brief=brief(error)) from None
    if len(dataset) == 0:
        raise file.refuse("damaged DICOM file (it ends before the first element)")
    return Header(dataset, data, pixels)


def _inflated(file: Content, limits: IngestSettings) -> bytes:
    """The file as it would be without the deflation of PS3.5 A.5, which is bounded here and not in pydicom."""
    data = file.data
    if data[128:132] != b"DICM" or _DEFLATED not in data[_GROUP_LENGTH_AT:4096]:
        return data
    (length,) = struct.unpack_from("<I", data, _GROUP_LENGTH_AT + 8)
    begin = _GROUP_LENGTH_AT + 12 + length
    limit = limits.max_file_mb * 1_000_000
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    body, rest = bytearray(data[:begin].replace(_DEFLATED, _EXPLICIT)), data[begin:]
    try:
        while rest and not inflate.eof and len(body) <= limit:  # piece by piece: one call would take the limit twice
            body += inflate.decompress(rest, 1 << 20)
            rest = inflate.unconsumed_tail
    except zlib.error as error:
        raise file.refuse("damaged DICOM file (its deflated data can't be inflated: {error})", error=error) from None
    if len(body) > limit:
        raise file.refuse(
            "inflates to more than the limit of {max_file_mb} MB (ingest.max_file_mb)", max_file_mb=limits.max_file_mb
        )
    if not inflate.eof:
        raise file.refuse("damaged DICOM file (its deflated data is cut off)")
    return bytes(body)


def _pixel_element(data: bytes, at: int, little: bool) -> PixelElement | None:
    """The pixel element that pydicom stopped before; None at the end of the file."""
    if at + 12 > len(data):
        return None
    order = "<" if little else ">"
    group, element, vr = struct.unpack_from(f"{order}HH2s", data, at)
    if group != 0x7FE0 or element not in _PIXELS:
        return None
    length = _stated_length(data[at : at + 12], little)
    explicit = vr in _LONG
    start = at + (12 if explicit else 8)
    end = len(data) if length == _UNDEFINED else min(start + length, len(data))
    return PixelElement(_PIXELS[element], vr.decode() if explicit else "OW", start, end)


def _stated_length(element: bytes, little: bool) -> int:
    """The length that the first 12 bytes of an element of pixel data state."""
    found: tuple[int] = struct.unpack_from("<I" if little else ">I", element, 8 if element[4:6] in _LONG else 4)
    return found[0]


def is_cut_off(stream: BinaryIO, size: int, little: bool) -> bool:
    """Whether a file of `size` bytes ends before its pixel data does; the stream stands where pydicom stopped."""
    at = stream.tell()
    head = stream.read(12)
    if (found := _pixel_element(head, 0, little)) is None:
        return True
    stated = _stated_length(head, little)
    return at + found.start + (stated if stated != _UNDEFINED else 1) > size


def brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def object_name(dataset: Dataset) -> str:
    """What kind of object a file says that it is."""
    uid = getattr(dataset, "SOPClassUID", None)
    if not uid:
        return "no SOP class"
    if uid.name == str(uid):
        return "a private or unknown SOP class" if not str(uid).startswith("1.2.840.10008.") else f"SOP class {uid}"
    return f"SOP class {uid.name}"


def stored(dataset: Dataset, keyword: str) -> Any:
    """An element's value, None if it is absent. Raises what pydicom raises for a damaged one.

    Most of the elements that are asked for are absent, which an attribute of a data set finds out at ten times the
    cost of a look at its tags.
    """
    tag = _tag(keyword)
    return dataset[tag].value if tag in dataset.keys() else None  # noqa: SIM118 - `in dataset` parses the tag anew


@lru_cache(maxsize=1024)
def _tag(keyword: str) -> BaseTag:
    from pydicom.tag import Tag

    return Tag(keyword)


def value(dataset: Dataset, keyword: str) -> str | None:
    """An element's value as one line of text, None if it is absent, blank or unreadable."""
    try:
        found = stored(dataset, keyword)
    except Exception:  # a damaged value is converted when it is first looked at
        return None
    if found is None:
        return None
    if not isinstance(found, str) and hasattr(found, "__iter__") and not hasattr(found, "components"):
        found = "\\".join(str(part) for part in found)
    return " ".join(clean(str(found)).split()) or None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """An element's finite numbers, as far as they are numbers; empty if it is absent or unreadable."""
    try:
        found = stored(dataset, keyword)
        if found is None or (isinstance(found, str) and not found.strip()):
            return []
        parts = found if hasattr(found, "__iter__") and not isinstance(found, str) else [found]
        values = [float(part) for part in parts]
    except Exception:
        return []
    return values if all(abs(v) < 1e12 for v in values) else []


def frame_item(dataset: Dataset, frame: int, name: str) -> Dataset:
    """Where an enhanced object keeps a frame's values (PS3.3 C.7.6.16): the frame's own functional groups, the shared
    ones, or, in other objects, the data set itself. `frame` counts from 0."""
    for groups, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        try:
            if (items := stored(dataset, groups)) is not None and (found := stored(items[index], name)) is not None:
                return found[0]
        except (AttributeError, IndexError, TypeError):
            continue
    return dataset
