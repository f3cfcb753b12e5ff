"""A frame's stored values, bit for bit as pydicom's decoders give them."""

from __future__ import annotations

import contextlib
import io
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dicom.decode_apart import DecoderFailed, decode_apart, is_expendable, without_stderr
from assistant.ingest.dicom.header import Header
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BYTES = re.compile(r"less than expected \((\d+) vs\.? (\d+) bytes")  # how pydicom says it
_DECODERS = "pip install python-gdcm pyjpegls pylibjpeg-openjpeg pylibjpeg-rle"
_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
_VIDEO = ("MPEG", "HEVC")
_END_OF_IMAGE = b"\xff\xd9"
_UNDEFINED, _END = b"\xff" * 4, b"\xfe\xff\xdd\xe0" + bytes(4)  # length, and delimiter, of a sequence of fragments


def stored_values(file: Content, header: Header, frame: int, plugin: str = "") -> NDArray[Any]:
    """Frame `frame` (from 0): (rows, columns), or (rows, columns, samples) with YBR turned into RGB; read-only.

    `plugin` names one of pydicom's decoding plug-ins, by default the first that can. Raises UnreadableFile.
    """
    syntax = header.dataset.file_meta.TransferSyntaxUID
    if any(word in syntax.name for word in _VIDEO):
        raise file.refuse("a video ({syntax}): export the frames that matter as single pictures", syntax=syntax.name)
    if "JPIP" in syntax.name:
        raise file.refuse("its pixels lie on a server ({syntax}), from which nothing is fetched", syntax=syntax.name)
    try:
        return _decoded(file, header, frame, plugin)
    except UnreadableFile:
        raise
    except MemoryError:
        raise file.refuse("the picture does not fit into memory") from None
    except Exception as error:
        raise file.refuse(_why(syntax.name, error)) from None


def _why(syntax: str, error: Exception) -> str:
    text = " ".join(str(error).split())
    if "missing dependencies" in text:
        told = "its pixels are stored as {syntax}, for which no decoder is installed: {decoders}"
        return worded(told, syntax=syntax, decoders=_DECODERS)
    if (sizes := _BYTES.search(text)) or "less than expected" in text or "insufficient" in text.lower():
        if not sizes:
            return "its pixel data is cut off"
        return worded("its pixel data is cut off ({there} of {expected} bytes)", there=sizes[1], expected=sizes[2])
    if isinstance(error, NotImplementedError) and "is not supported" in text:
        told = "its pixels are stored as {syntax}, which no decoder here knows: export it uncompressed"
        return worded(told, syntax=syntax)
    text = text.rpartition("available plugins:")[2].strip()
    why = worded("its pixel data can't be decoded ({syntax}: {said})", syntax=syntax, said=text[:160])
    return joined([why, "" if find_spec("gdcm") else worded("more decoders: {decoders}", decoders=_DECODERS)])


def _decoded(file: Content, header: Header, frame: int, plugin: str) -> NDArray[Any]:
    """By the first decoder that can; by GDCM, which alone knows JPEG lossless, in a process of its own."""
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import as_pixel_options
    from pydicom.uid import ExplicitVRLittleEndian, JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, RLELossless

    assert header.pixels is not None
    syntax = header.dataset.file_meta.TransferSyntaxUID
    options = as_pixel_options(
        header.dataset, pixel_keyword=header.pixels.keyword, pixel_vr=header.pixels.vr, transfer_syntax_uid=syntax,
        view_only=True,
    )  # fmt: skip
    source: Any = memoryview(header.data)[header.pixels.start : header.pixels.end]
    if syntax == _ENCAPSULATED_UNCOMPRESSED:
        source, frame = frame_bytes(header, frame), 0
        syntax = options["transfer_syntax_uid"] = ExplicitVRLittleEndian
        options["number_of_frames"] = 1
    decoder = get_decoder(syntax)
    if not syntax.is_compressed:
        return np.asarray(decoder.as_array(source, index=frame, **options)[0])
    stored = frame_bytes(header, frame)
    if syntax in JPEGLSTransferSyntaxes and _END_OF_IMAGE not in stored:  # CharLS may take ten seconds to find out
        raise file.refuse("its pixel data is cut off")
    source = encapsulate([stored], has_bot=False)
    options.pop("extended_offsets", None)
    options["number_of_frames"] = 1
    plugins = [plugin] if plugin else sorted(decoder.available_plugins, key=_cost)
    if syntax == RLELossless and len(plugins) > 1:  # what two others can't read makes GDCM crash
        plugins = [name for name in plugins if name != "gdcm"]
    trouble: Exception | None = None
    if "gdcm" in plugins and syntax in JPEG2000TransferSyntaxes and is_expendable():  # the quickest; here it may crash
        with contextlib.suppress(Exception), without_stderr():
            return np.asarray(decoder.as_array(source, index=0, decoding_plugin="gdcm", **options)[0])
    for name in (name for name in plugins if name != "gdcm"):
        try:
            return np.asarray(decoder.as_array(source, index=0, decoding_plugin=name, **options)[0])
        except Exception as error:
            trouble = error
        except BaseException as error:  # a panic in a decoder that is written in Rust is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            trouble = RuntimeError(str(error))
    if "gdcm" in plugins:
        try:
            return decode_apart(*_alone(header, frame, source))
        except DecoderFailed as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    # No decoder at all: pydicom says which are missing.
    return np.asarray(decoder.as_array(source, index=0, **options)[0])


def _cost(name: str) -> int:
    """The order in which decoders are tried. Of JPEG 2000, Pillow takes half as long again as pylibjpeg; pydicom's own
    of RLE, in Python, takes four times as long as the others."""
    return {"pillow": 1, "pydicom": 2}.get(name, 0)


def frame_bytes(header: Header, frame: int) -> bytes:
    """What is stored of one frame (from 0) of encapsulated pixels (PS3.5 A.4); the others are not copied."""
    from pydicom.encaps import get_frame

    assert header.pixels is not None
    dataset = header.dataset
    stream = io.BytesIO(header.data)
    stream.seek(header.pixels.start)
    tables = [dataset.get(name) for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")]
    offsets = (tables[0], tables[1]) if all(tables) else None
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    return get_frame(stream, frame, extended_offsets=offsets, number_of_frames=frames)


def _alone(header: Header, frame: int, source: bytes) -> tuple[bytes, int]:
    """A DICOM file with this frame (`source`, encapsulated) as the only one, and its number in it; the whole file where
    a table tells where its frames lie."""
    assert header.pixels is not None
    if "ExtendedOffsetTable" in header.dataset:
        return header.data, frame
    return header.data[: header.pixels.start - 4] + _UNDEFINED + source + _END, 0
