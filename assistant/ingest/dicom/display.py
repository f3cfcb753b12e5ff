"""Stored values as a viewer would show them.

The grey-scale pipeline of DICOM PS3.3 C.11: modality LUT or rescale, VOI LUT or window, then polarity. What is computed
for a picture of at most 16 bits is a table of all its values, so that a large one costs one look-up a pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.dicom.header import frame_item, numbers, value
from assistant.ingest.image.display import RANGE, as_bytes, plain, weighted_range

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

SOFT_TISSUE = (40.0, 400.0)  # Hounsfield units, the usual body window
_TABLE_FROM = 65_536  # pixels; a smaller picture is computed directly
_SAMPLE = 1_000_000  # pixels that the range of a picture beyond 16 bits is taken from
_COUNTED = 262_144  # values that are counted or looked up at a time: their indices, eight bytes each, stay in the cache
_LOOK = 4_096  # pixels from which a stated window is seen to show something
_BLOCK = 4_000_000  # values that are turned into floating point at a time

Curve = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class _Shade:
    """Values after the modality step to shown grey in [0, 1], and the words for it; a window's centre and width."""

    curve: Curve
    words: str
    window: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grades:
    """Every stored value from `first` on, up to the highest of a picture: what it means and what it is shown as.

    `values` (n,) are after the modality step (Hounsfield units …), NaN where a stored value is padding; `shown` (n,) is
    the grey of 0 to 255. `window` is the centre and width that come closest to that, `words` say what it is.
    """

    first: int
    values: NDArray[np.float64]
    shown: NDArray[np.uint8]
    window: tuple[float, float]
    words: str


def show_grey(dataset: Dataset, raw: NDArray[Any], frame: int) -> tuple[NDArray[np.uint8], str]:
    """Shown grey values of a frame (rows, columns), or RGB where a palette colours a part of it, and the window."""
    if raw.dtype == np.bool_ or raw.dtype.kind not in "iuf":
        raw = raw.astype(np.uint8)
    finish = _finish(dataset)
    if raw.dtype.itemsize <= 2 and raw.size >= _TABLE_FROM:
        pixels, words = _by_table(dataset, raw, frame, finish)
    else:
        pixels, words = _directly(dataset, raw, frame, finish)
    return _coloured(dataset, raw, pixels), words


def show_colour(dataset: Dataset, raw: NDArray[Any]) -> NDArray[np.uint8]:
    """RGB of any depth as eight bits a channel, one channel if it is grey."""
    rgb = raw[..., :3]
    if rgb.dtype == np.uint8:
        return plain(rgb)
    stored = int(getattr(dataset, "BitsStored", 8) or 8)
    bits = 8 * rgb.dtype.itemsize if int(rgb.max(initial=0)) >= 1 << stored else stored
    return plain(np.concatenate([as_bytes(block / ((1 << bits) - 1)) for block in _row_blocks(rgb)]))


def from_palette(dataset: Dataset, raw: NDArray[Any]) -> NDArray[np.uint8]:
    """Palette colour, segmented or not (PS3.3 C.7.6.3.1.5), as RGB: each value that may occur is looked up once."""
    from pydicom.pixels.processing import apply_color_lut

    low, high = int(raw.min()), int(raw.max())
    codes = np.arange(low, high + 1).astype(raw.dtype).reshape(1, -1)
    colours = np.asarray(apply_color_lut(codes, dataset))[0, :, :3]
    if colours.dtype != np.uint8:  # entries of 16 bits; some writers fill the lower eight only
        colours = (colours >> (0 if int(colours.max(initial=0)) < 256 else 8)).astype(np.uint8)
    packed = np.zeros((len(colours), 4), dtype=np.uint8)  # one look-up a pixel instead of three
    packed[:, :3] = colours
    blocks = [np.take(packed.view("<u4")[:, 0], block.astype(np.intp) - low) for block in _row_blocks(raw)]
    return plain(np.concatenate(blocks).view(np.uint8).reshape(*raw.shape, 4)[..., :3])


# --- ways through the pipeline ------------------------------------------------------------------------


def _by_table(dataset: Dataset, raw: NDArray[Any], frame: int, finish: Curve) -> tuple[NDArray[np.uint8], str]:
    """Each value that may occur is shaded once, and found through its bits."""
    flat = _flat(raw)
    unsigned = np.dtype(f"u{raw.dtype.itemsize}")
    codes, shown, _, shade = _graded(dataset, flat, frame, finish)
    table = np.zeros(1 << 8 * raw.dtype.itemsize, dtype=np.uint8)
    table[codes.view(unsigned)] = shown
    indices = flat.view(unsigned)
    found = np.empty(flat.size, dtype=np.uint8)
    for start in range(0, flat.size, _COUNTED):
        np.take(table, indices[start : start + _COUNTED], out=found[start : start + _COUNTED], mode="clip")
    return found.reshape(raw.shape), shade.words


def _flat(raw: NDArray[Any]) -> NDArray[Any]:
    """Integers of a picture in a row, in this machine's byte order."""
    numeric = np.dtype(f"{raw.dtype.kind}{raw.dtype.itemsize}")
    return np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder("="), copy=False)).reshape(-1).view(numeric)


def _graded(
    dataset: Dataset, flat: NDArray[Any], frame: int, finish: Curve
) -> tuple[NDArray[Any], NDArray[np.uint8], NDArray[np.float64], _Shade]:
    """All stored values from the lowest to the highest, their greys, what they mean (NaN: padding), and the shade."""
    seen = np.unique(flat[:: max(1, flat.size // _LOOK)])
    seen = seen[_valid(dataset, seen)]
    shade = _first_window(dataset, frame, _modality(dataset, seen, frame)) if seen.size else None
    codes = np.arange(int(flat.min()), int(flat.max()) + 1).astype(flat.dtype)
    values, kept = _modality(dataset, codes, frame), _valid(dataset, codes)
    if shade is None:  # else it is the window that all values would give, too: nothing has to be counted
        counts = np.zeros(len(codes), dtype=np.int64)
        for start in range(0, flat.size, _COUNTED):
            block = flat[start : start + _COUNTED].astype(np.int64) - int(codes[0])
            counts += np.bincount(block, minlength=len(codes))
        there = kept & (counts > 0)
        shade = _chosen(dataset, frame, values[there], counts[there]) if there.any() else _nothing()
    shown = np.where(kept, as_bytes(finish(shade.curve(values))), 0).astype(np.uint8)
    return codes, shown, np.where(kept, values, np.nan), shade


def grades(dataset: Dataset, raw: NDArray[Any], frame: int) -> Grades:
    """What the stored values of a frame (integers of at most 16 bits) mean and are shown as."""
    codes, shown, values, shade = _graded(dataset, _flat(raw), frame, _finish(dataset))
    window_ = shade.window or _span(values, shade.curve(np.nan_to_num(values)))
    return Grades(int(codes[0]), values, shown, window_, shade.words)


def _span(values: NDArray[np.float64], grey: NDArray[np.float64]) -> tuple[float, float]:
    """The centre and width between the highest value that is black and the lowest that is white."""
    known = np.isfinite(values)
    values, grey = values[known], grey[known]
    if not values.size:
        return 0.5, 1.0
    black, white = values[grey <= 0.01], values[grey >= 0.99]
    low = float(black.max()) if black.size else float(values.min())
    high = float(white.min()) if white.size else float(values.max())
    return (low + high) / 2, max(abs(high - low), 1.0)


def stated_windows(dataset: Dataset, frame: int) -> tuple[tuple[str, float, float, str], ...]:
    """The windows that a file states for a frame: (explanation, centre, width, VOI LUT function)."""
    voi = frame_item(dataset, frame, "FrameVOILUTSequence")
    function = (value(voi, "VOILUTFunction") or "LINEAR").strip().upper()
    told = (value(voi, "WindowCenterWidthExplanation") or "").split("\\")
    pairs = zip(numbers(voi, "WindowCenter"), numbers(voi, "WindowWidth"), strict=False)
    return tuple(
        (told[n].strip() if n < len(told) else "", centre, width, function)
        for n, (centre, width) in enumerate(pairs)
        if width > 0
    )


def is_inverse(dataset: Dataset) -> bool:
    """Whether the highest values are shown black (PS3.3 C.11.6): by the presentation shape, else by MONOCHROME1."""
    shape = value(dataset, "PresentationLUTShape")
    if shape in ("INVERSE", "IDENTITY"):
        return shape == "INVERSE"
    return value(dataset, "PhotometricInterpretation") == "MONOCHROME1"


def _directly(dataset: Dataset, raw: NDArray[Any], frame: int, finish: Curve) -> tuple[NDArray[np.uint8], str]:
    """A small picture, or one beyond 16 bits: computed block by block of rows."""
    step = max(1, raw.size // _SAMPLE)
    sample = raw.reshape(-1)[::step]
    sample = sample[_valid(dataset, sample)]
    sample = sample[np.isfinite(sample)]
    shade = _chosen(dataset, frame, _modality(dataset, sample, frame), None) if sample.size else _nothing()
    blocks = []
    for block in _row_blocks(raw):
        shown = as_bytes(finish(shade.curve(_modality(dataset, block, frame))))
        blocks.append(np.where(_valid(dataset, block), shown, 0).astype(np.uint8))
    return np.concatenate(blocks), shade.words


def _row_blocks(raw: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, _BLOCK // max(1, raw[0].size)) if len(raw) else 1
    return (raw[start : start + rows] for start in range(0, len(raw), rows))


def _nothing() -> _Shade:
    return _Shade(lambda values: np.zeros(values.shape), "full range")


# --- the steps ----------------------------------------------------------------------------------------


def _modality(dataset: Dataset, raw: NDArray[Any], frame: int) -> NDArray[np.float64]:
    """Stored values as what they mean (Hounsfield units …): the modality LUT, or slope and intercept."""
    from pydicom.pixels.processing import apply_modality_lut

    rescale = frame_item(dataset, frame, "PixelValueTransformationSequence")
    if "ModalityLUTSequence" in dataset and dataset.ModalityLUTSequence:
        return np.asarray(apply_modality_lut(raw, dataset), dtype=np.float64)
    if slope := numbers(rescale, "RescaleSlope"):
        return raw * slope[0] + (numbers(rescale, "RescaleIntercept") or [0.0])[0]
    return np.asarray(raw, dtype=np.float64)


def _first_window(dataset: Dataset, frame: int, values: NDArray[np.float64]) -> _Shade | None:
    """The first stated window or VOI LUT, if it shows something of a few of the picture's values, and so of all."""
    shade = next(_stated(frame_item(dataset, frame, "FrameVOILUTSequence")), None)
    return shade if shade is not None and not _blank(shade.curve(values)) else None


def _chosen(dataset: Dataset, frame: int, values: NDArray[np.float64], counts: NDArray[np.int64] | None) -> _Shade:
    """The VOI LUT or the first stated window that shows something, else the range of the values."""
    voi = frame_item(dataset, frame, "FrameVOILUTSequence")
    stated = list(_stated(voi))
    for shade in stated:
        if not _blank(shade.curve(values)):
            return shade
    if not stated and value(dataset, "Modality") == "CT" and values.min() < -200:
        shade = _Shade(
            lambda v: window(v, *SOFT_TISSUE),
            "centre {:g}, width {:g} (soft tissue; the file states none)".format(*SOFT_TISSUE),
            SOFT_TISSUE,
        )
        if not _blank(shade.curve(values)):
            return shade
    low, high = weighted_range(values, counts)
    words = "full range (the stated window shows nothing)" if stated else "full range"
    spread = max(high - low, RANGE)
    return _Shade(lambda v: (np.nan_to_num(v, nan=low) - low) / spread, words, ((low + high) / 2, spread))


def _stated(voi: Dataset) -> Iterator[_Shade]:
    if "VOILUTSequence" in voi and voi.VOILUTSequence:
        yield _Shade(lambda v: _through_voi_lut(v, voi), "VOI LUT")
    function = value(voi, "VOILUTFunction") or "LINEAR"
    for centre, width in zip(numbers(voi, "WindowCenter"), numbers(voi, "WindowWidth"), strict=False):
        if width > 0:
            words = f"centre {centre:g}, width {width:g}"
            words += "" if function == "LINEAR" else f" ({function.lower().replace('_', ' ')})"
            yield _Shade(lambda v, c=centre, w=width: window(v, c, w, function), words, (centre, width))  # type: ignore[misc]


def _through_voi_lut(values: NDArray[np.float64], voi: Dataset) -> NDArray[np.float64]:
    """Through the first VOI LUT of C.11.2.1.1, which is one of integers."""
    from pydicom.pixels.processing import apply_voi

    bits = int(voi.VOILUTSequence[0].LUTDescriptor[2]) or 16
    return np.asarray(apply_voi(np.rint(values).astype(np.int64), voi)).astype(np.float64) / ((1 << bits) - 1)


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


def _finish(dataset: Dataset) -> Curve:
    """Presentation LUT and polarity (PS3.3 C.11.6). A stated shape says what becomes of the values, whatever the
    photometric interpretation is; without one, MONOCHROME1 is turned round."""
    if "PresentationLUTSequence" in dataset and dataset.PresentationLUTSequence:
        item = dataset.PresentationLUTSequence[0]
        entries, _, bits = (int(part) for part in item.LUTDescriptor)
        table = np.frombuffer(_words(item.LUTData, entries or 65_536), dtype="<u2") / ((1 << bits) - 1)
        return lambda shown: table[np.rint(np.clip(shown, 0, 1) * (len(table) - 1)).astype(np.intp)]
    return (lambda shown: 1 - np.clip(shown, 0, 1)) if is_inverse(dataset) else (lambda shown: shown)


def _words(data: Any, entries: int) -> bytes:
    """LUT data as little-endian 16-bit words, whether pydicom gives it as bytes or as numbers."""
    if isinstance(data, bytes):
        return (
            data[: 2 * entries] if len(data) >= 2 * entries else np.frombuffer(data, np.uint8).astype("<u2").tobytes()
        )
    return np.asarray(data, dtype="<u2").tobytes()


def _coloured(dataset: Dataset, raw: NDArray[Any], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With the supplemental palette of C.7.6.19: from its first entry on, values stand for colours."""
    if value(dataset, "PixelPresentation") not in ("COLOR", "MIXED") or raw.dtype.kind == "f":
        return pixels
    tables = []
    for colour in ("Red", "Green", "Blue"):
        descriptor = numbers(dataset, f"{colour}PaletteColorLookupTableDescriptor")
        data = dataset.get(f"{colour}PaletteColorLookupTableData", None)
        if len(descriptor) != 3 or data is None:
            return pixels
        entries = int(descriptor[0]) or 65_536
        wide = np.frombuffer(_words(data, entries), dtype="<u2")
        tables.append((wide >> 8 if descriptor[2] > 8 else wide).astype(np.uint8))
    where = raw >= descriptor[1]
    if not where.any():
        return pixels
    index = raw[where].astype(np.int64) - int(descriptor[1])
    rgb = np.stack([pixels] * 3, axis=-1)
    for channel, table in enumerate(tables):
        rgb[where, channel] = table[np.minimum(index, len(table) - 1)]
    return rgb


def _blank(shown: NDArray[np.float64]) -> bool:
    return bool(np.ptp(np.clip(shown, 0, 1)) < 2 / 255)


def _valid(dataset: Dataset, raw: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a pixel is no padding (PS3.3 C.7.5.1.1.2)."""
    padding = numbers(dataset, "PixelPaddingValue")
    if not padding:
        return np.ones(raw.shape, dtype=np.bool_)
    low, high = sorted((padding[0], (numbers(dataset, "PixelPaddingRangeLimit") or padding)[0]))
    return (raw < low) | (raw > high)
