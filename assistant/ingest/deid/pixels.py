"""Text burned into pictures: where scanners and screens write names, found and blackened.

What is handled: everything outside the regions that an ultrasound states; lines of text in the margins of ultrasound
pictures and secondary captures, with the whole banner above or below; lines of text in the margins of pictures of
unknown kind on a dark ground, and of those whose header says that text is burned in. Radiographs, CT and MR as such
are left alone, and so is a side marker: a single letter is no line. Photographs of paper are left alone with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from assistant.records import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

BURNED_IN = "burned_in_text"  # the field of a record that says what became of text in its picture
MASKED = "masked"
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; the ends are excluded."""

# Modalities whose pictures are screens, with banners of writing above and below what was imaged.
_SCREENS = frozenset(("US", "IVUS", "SC", "OPT", "OCT", "BMD", "EPS", "HD"))
# Modalities of plain anatomy, in which nothing is looked for unless the header says that there is text.
_PLAIN = frozenset(("CR", "DX", "CT", "MR", "MG", "PT", "NM", "IO", "PX", "RTIMAGE"))
# How a secondary capture came about, where that means a screen (PS3.3 C.8.6.1).
_CAPTURED = frozenset(("WSD", "SI", "DV", "SYN", "DRW"))
_TOP, _BOTTOM, _SIDE = 0.18, 0.16, 0.22  # margins, as shares of height and width
_SMALLEST, _TALLEST = 5, 72  # pixels: the height of a letter
_PAPER = 140  # grey: a lighter picture of unknown kind is a page, in which grid lines and traces look like letters
_LARGEST = 1200  # pixels a side in which lines are looked for
_STEP = 48  # grey levels between a letter and what is behind it
_LETTERS = 4  # fewer strokes side by side are no line


@dataclass(frozen=True, slots=True)
class Masked:
    """A picture without the places where text is burned in, which they were, and whether there may be more."""

    image: Image
    boxes: tuple[Box, ...] = ()
    suspect: bool = False


def is_left_alone(modality: str, fields: Mapping[str, str | int | float]) -> bool:
    """Whether a picture of a kind that nobody writes into is taken as it is, its pixels not looked at."""
    stated, captured = _stated(fields)
    return modality in _PLAIN and not (stated or captured)


def _stated(fields: Mapping[str, str | int | float]) -> tuple[bool, bool]:
    """Whether the header says that there is text in the picture, and that it is a screen or a film captured."""
    stated = str(fields.get("burned_in_annotation", "")).upper() == "YES"
    return stated, str(fields.get("conversion_type", "")).upper() in _CAPTURED


def mask_burned_in(image: Image, modality: str, fields: Mapping[str, str | int | float]) -> Masked:
    """Blacken the places of a picture that usually hold identifiers; `fields` are its record's."""
    height, width = image.pixels.shape[:2]
    stated, captured = _stated(fields)
    if image.regions:
        outside = _outside(image.regions, width, height)
        return Masked(_blackened(image, outside), outside)
    screen = modality in _SCREENS or (captured and modality not in _PLAIN)
    if is_left_alone(modality, fields):
        return Masked(image)
    if not (screen or stated) and np.median(image.pixels) > _PAPER:
        return Masked(image, suspect=True)
    boxes = tuple(box for box in text_lines(image.pixels) if _in_margin(box, width, height))
    if screen:
        boxes = _banners(boxes, width, height)
    return Masked(_blackened(image, boxes), boxes, suspect=not boxes and (stated or screen))


def _outside(regions: Iterable[Box], width: int, height: int) -> tuple[Box, ...]:
    """The rest of the picture as boxes: rows are cut where a region begins or ends."""
    regions = [(max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)) for x0, y0, x1, y1 in regions]
    cuts = sorted({0, height, *(y for _, y0, _, y1 in regions for y in (y0, y1) if 0 < y < height)})
    found: list[Box] = []
    for top, bottom in pairwise(cuts):
        at = 0
        for x0, x1 in sorted((x0, x1) for x0, y0, x1, y1 in regions if y0 <= top and bottom <= y1):
            if x0 > at:
                found.append((at, top, x0, bottom))
            at = max(at, x1)
        if at < width:
            found.append((at, top, width, bottom))
    return tuple(found)


def _in_margin(box: Box, width: int, height: int) -> bool:
    x0, y0, x1, y1 = box
    middle = (y0 + y1) / 2 / height
    return middle < _TOP or middle > 1 - _BOTTOM or x1 < _SIDE * width or x0 > (1 - _SIDE) * width


def _banners(boxes: tuple[Box, ...], width: int, height: int) -> tuple[Box, ...]:
    """Of a screen, the whole strip above the lowest line of the top margin and below the first of the bottom one.

    Half a line more goes with them, for letters that were not told as such.
    """
    top = [y1 + (y1 - y0) // 2 for _, y0, _, y1 in boxes if (y0 + y1) / 2 < _TOP * height]
    bottom = [y0 - (y1 - y0) // 2 for _, y0, _, y1 in boxes if (y0 + y1) / 2 > (1 - _BOTTOM) * height]
    strips = [(0, 0, width, min(max(top), height))] if top else []
    strips += [(0, max(min(bottom), 0), width, height)] if bottom else []
    return (*strips, *(box for box in boxes if not any(s[1] <= box[1] and box[3] <= s[3] for s in strips)))


def _blackened(image: Image, boxes: Iterable[Box]) -> Image:
    boxes = list(boxes)
    if not boxes:
        return image
    pixels = image.pixels.copy()
    for x0, y0, x1, y1 in boxes:
        pixels[y0:y1, x0:x1] = 0
    return replace(image, pixels=pixels)


def text_lines(pixels: NDArray[np.uint8]) -> list[Box]:
    """Boxes around lines of printed letters, light on dark or dark on light.

    Letters are told by their strokes: pixels that differ from what surrounds them within a letter's height, in pieces
    that are no larger than a letter; a line is a row of `_LETTERS` pieces or more, of like height and close together.
    """
    from scipy import ndimage

    grey, scale = _reduced(pixels)
    found: list[Box] = []
    for polarity in (grey, 255 - grey):
        for size in (9, 25):  # of the letters' strokes: thin and small, thick and large
            strokes = ndimage.white_tophat(polarity, size=(size, size)) > _STEP
            labels, count = ndimage.label(strokes, structure=np.ones((3, 3)))
            if count:
                found += _rows_of(ndimage.find_objects(labels))
    height, width = pixels.shape[:2]
    lines = [(int(x0 * scale), int(y0 * scale), ceil(x1 * scale), ceil(y1 * scale)) for x0, y0, x1, y1 in found]
    return _merged([(x0, y0, min(x1, width), min(y1, height)) for x0, y0, x1, y1 in lines])


def _reduced(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """A picture in grey, of `_LARGEST` pixels a side at most, and by how much it was reduced."""
    from PIL import Image as Picture

    grey = pixels if pixels.ndim == 2 else np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    scale = max(1.0, max(grey.shape) / _LARGEST)
    if scale == 1:
        return grey, scale
    height, width = (max(1, round(side / scale)) for side in grey.shape)
    return np.asarray(Picture.fromarray(grey).resize((width, height), Picture.Resampling.BOX)), scale


def _rows_of(pieces: Iterable[tuple[slice, slice]]) -> list[Box]:
    """Lines among connected pieces: letters of like height, side by side without a wide gap."""
    letters: list[Box] = []
    for rows, columns in pieces:
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        if _SMALLEST <= tall <= _TALLEST and wide <= 1.6 * tall + 4:
            letters.append((columns.start, rows.start, columns.stop, rows.stop))
    letters.sort(key=lambda box: (box[0], box[1]))
    lines: list[list[Box]] = []
    near: list[list[Box]] = []  # lines that a letter from here on may follow: letters come from left to right
    for letter in letters:
        near = [line for line in near if letter[0] - line[-1][2] <= 3 * (line[-1][3] - line[-1][1])]
        for line in reversed(near):
            if _follows(line[-1], letter):
                line.append(letter)
                break
        else:
            lines.append([letter])
            near.append(lines[-1])
    return [_around(line) for line in lines if len(line) >= _LETTERS and _is_level(line)]


def _is_level(line: list[Box]) -> bool:
    """Whether most letters stand on one line and are of one height, as print is and a trace is not."""
    tall = float(np.median([y1 - y0 for _, y0, _, y1 in line]))
    base = float(np.median([y1 for *_, y1 in line]))
    level = [abs(y1 - base) <= 1 + 0.12 * tall and abs(y1 - y0 - tall) <= 1 + 0.4 * tall for _, y0, _, y1 in line]
    return sum(level) >= max(_LETTERS, 0.7 * len(line))


def _follows(last: Box, letter: Box) -> bool:
    tall, other = last[3] - last[1], letter[3] - letter[1]
    gap = letter[0] - last[2]
    overlap = min(last[3], letter[3]) - max(last[1], letter[1])
    return (
        -2 <= gap <= 1.5 * max(tall, other)
        and overlap >= 0.6 * min(tall, other)
        and max(tall, other) <= 2 * min(tall, other)
    )


def _around(boxes: list[Box]) -> Box:
    """The box around letters, with a letter's height of room on each side for what is no piece of its own."""
    room = max(y1 - y0 for _, y0, _, y1 in boxes)
    x0, y0 = min(b[0] for b in boxes) - room, min(b[1] for b in boxes) - room // 2
    x1, y1 = max(b[2] for b in boxes) + room, max(b[3] for b in boxes) + room // 2
    return max(x0, 0), max(y0, 0), x1, y1


def _merged(boxes: list[Box]) -> list[Box]:
    """Boxes that overlap made one, until none do."""
    merged: list[Box] = []
    for box in sorted(boxes):
        while (other := next((m for m in merged if _overlap(m, box)), None)) is not None:
            merged.remove(other)
            box = min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3])
        merged.append(box)
    return sorted(merged)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
