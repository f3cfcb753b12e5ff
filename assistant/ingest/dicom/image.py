"""Pictures of DICOM objects as a viewer would show them.

Grey-scale pipeline of DICOM PS3.3 C.11: modality LUT or rescale, VOI LUT or window, then polarity.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dicom.decode_apart import DecoderFailed, decode_apart
from assistant.ingest.image.picture import check_pixels, plain, stretch
from assistant.records import Image, Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_SOFT_TISSUE = (40.0, 400.0)  # Hounsfield units, the usual body window
_BYTES = re.compile(r"less than expected \((\d+) vs\.? (\d+) bytes")  # how pydicom says it
_DECODERS = "pip install python-gdcm pyjpegls pylibjpeg-openjpeg"


def read(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """One image record; of a multi-frame object the middle frame (`fields` say which of how many)."""
    frames = max(1, int(getattr(dataset, "NumberOfFrames", 1) or 1))
    rows, columns = int(getattr(dataset, "Rows", 0) or 0), int(getattr(dataset, "Columns", 0) or 0)
    if not rows or not columns:
        raise file.refuse("a DICOM object with pixel data but without a number of rows and columns")
    check_pixels(file, columns, rows, limits)
    if frames > limits.max_frames:
        raise file.refuse(f"{frames:,} frames are more than the limit of {limits.max_frames} (ingest.max_frames)")
    frame = (frames - 1) // 2
    raw = _decode(file, dataset, frame)
    fields: dict[str, str | int | float] = {"width": columns, "height": rows}
    if frames > 1:
        fields |= {"frames": frames, "frame": frame}
    if raw.ndim == 3:
        pixels = plain(_colour(dataset, raw))
    else:
        pixels, window = _grey(dataset, raw, frame)
        fields["window"] = window
    modality = str(getattr(dataset, "Modality", "") or "OT").strip().upper() or "OT"
    return [
        Record(
            kind="image",
            modality=modality,
            uri=file.uri,
            sha256=file.sha256,
            fields=fields,
            image=Image(pixels),
        )
    ]


def _decode(file: Content, dataset: Dataset, frame: int) -> NDArray[Any]:
    """One frame's stored values, (rows, columns), or RGB, (rows, columns, 3)."""
    from pydicom.pixels.processing import apply_color_lut

    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        raw = _stored_values(file, dataset, frame)
    except UnreadableFile:
        raise
    except MemoryError:
        raise file.refuse("the picture does not fit into memory") from None
    except Exception as error:
        text = " ".join(str(error).split())
        if "missing dependencies" in text:
            raise file.refuse(
                f"its pixels are stored as {syntax.name}, for which no decoder is installed: {_DECODERS}"
            ) from None
        if (sizes := _BYTES.search(text)) or "less than expected" in text or "insufficient" in text.lower():
            found = f" ({sizes[1]} of {sizes[2]} bytes)" if sizes else ""
            raise file.refuse(f"its pixel data is cut off{found}") from None
        text = text.rpartition("available plugins:")[2].strip()
        hint = "" if find_spec("gdcm") else f"; more decoders: {_DECODERS}"
        raise file.refuse(f"its pixel data can't be decoded ({syntax.name}: {text[:160]}){hint}") from None
    if str(getattr(dataset, "PhotometricInterpretation", "")) == "PALETTE COLOR" and raw.ndim == 2:
        return np.asarray(apply_color_lut(raw, dataset))
    return np.asarray(raw)


def _stored_values(file: Content, dataset: Dataset, frame: int) -> NDArray[Any]:
    """A frame by the first decoder that can; by GDCM, which alone knows JPEG lossless, in a process of its own."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return pixel_array(dataset, index=frame)
    plugins = get_decoder(syntax).available_plugins
    trouble: Exception | None = None
    for plugin in (plugin for plugin in plugins if plugin != "gdcm"):
        try:
            return pixel_array(dataset, index=frame, decoding_plugin=plugin)
        except Exception as error:
            trouble = error
    if "gdcm" in plugins:
        try:
            return decode_apart(file.data, frame)
        except DecoderFailed as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return pixel_array(dataset, index=frame)  # no decoder at all: pydicom says which are missing


def _colour(dataset: Dataset, raw: NDArray[Any]) -> NDArray[np.uint8]:
    """RGB of any depth as eight bits a channel; pydicom has turned YBR into RGB already."""
    if raw.dtype == np.uint8:
        return raw[..., :3]
    bits = 16 if int(raw.max(initial=0)) >= 1 << int(dataset.BitsStored) else int(dataset.BitsStored)
    return np.rint(raw[..., :3].astype(np.float64) / ((1 << bits) - 1) * 255).clip(0, 255).astype(np.uint8)


def _grey(dataset: Dataset, raw: NDArray[Any], frame: int) -> tuple[NDArray[np.uint8], str]:
    """Shown grey values and the words for the window that was applied."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    rescale = _frame_item(dataset, frame, "PixelValueTransformationSequence")
    if "RescaleSlope" in rescale and "ModalityLUTSequence" not in dataset:
        values = raw * float(rescale.RescaleSlope) + float(rescale.get("RescaleIntercept", 0) or 0)
    else:
        values = np.asarray(apply_modality_lut(raw, dataset), dtype=np.float64)
    voi = _frame_item(dataset, frame, "FrameVOILUTSequence")
    shown, words = None, ""
    if "VOILUTSequence" in voi and voi.VOILUTSequence:
        table = voi.VOILUTSequence[0]
        bits = int(table.LUTDescriptor[2]) or 16
        shown = apply_voi(np.rint(values).astype(np.int64), voi).astype(np.float64) / ((1 << bits) - 1)
        words = "VOI LUT"
    elif (centre := _first(voi, "WindowCenter")) is not None and (width := _first(voi, "WindowWidth")):
        shown = window(values, centre, width, str(voi.get("VOILUTFunction", "LINEAR") or "LINEAR"))
        words = f"centre {centre:g}, width {width:g}"
    if shown is None and str(getattr(dataset, "Modality", "")) == "CT" and values.min() < -200:
        shown = window(values, *_SOFT_TISSUE)
        words = "centre {:g}, width {:g} (soft tissue; the file states none)".format(*_SOFT_TISSUE)
    if shown is None or _blank(shown):
        pixels = stretch(values, _valid(dataset, raw))
        words = "full range" if shown is None else "full range (the stated window shows nothing)"
    else:
        pixels = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    if str(getattr(dataset, "PhotometricInterpretation", "")).strip() == "MONOCHROME1":
        pixels = 255 - pixels
    return np.ascontiguousarray(pixels), words


def window(values: NDArray[np.float64], centre: float, width: float, function: str = "LINEAR") -> NDArray[np.float64]:
    """Values through a window, 0 to 1 (PS3.3 C.11.2.1.2 and C.11.2.1.3; `width` > 0)."""
    match function.strip().upper():
        case "SIGMOID":
            return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
        case "LINEAR_EXACT":
            return np.clip((values - centre) / width + 0.5, 0, 1)
        case _:
            if width <= 1:
                return (values > centre - 0.5).astype(np.float64)
            return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _first(item: Dataset, keyword: str) -> float | None:
    try:
        found = item.get(keyword)
        found = found[0] if isinstance(found, list | tuple) or hasattr(found, "append") else found
        return float(found) if found is not None and str(found) != "" else None
    except (TypeError, ValueError, IndexError):
        return None


def _frame_item(dataset: Dataset, frame: int, name: str) -> Dataset:
    """Where an enhanced object keeps a frame's values: its own functional groups, the shared ones, the top."""
    for groups, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        try:
            return getattr(getattr(dataset, groups)[index], name)[0]
        except (AttributeError, IndexError, TypeError):
            continue
    return dataset


def _blank(shown: NDArray[np.float64]) -> bool:
    return bool(np.ptp(np.clip(shown, 0, 1)) < 2 / 255)


def _valid(dataset: Dataset, raw: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where a pixel is no padding (PS3.3 C.7.5.1.1.2)."""
    padding = getattr(dataset, "PixelPaddingValue", None)
    if padding is None:
        return None
    limit = getattr(dataset, "PixelPaddingRangeLimit", padding)
    low, high = sorted((int(padding), int(limit)))
    return (raw < low) | (raw > high)
