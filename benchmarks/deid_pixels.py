"""How much of planted text is blackened in pictures, and how much anatomy is blackened by mistake.

    WARDROUND_DATA=… python benchmarks/deid_pixels.py [COPIES]

Planted: names, ids and dates in a scalable font of 12 to 36 pixels, grey 150 to 255, in the margins that are handled:
on ultrasound pictures of pydicom's test files and on chest radiographs as screens, unknown pictures, and radiographs
whose header says that text is burned in. A plant counts as gone when none of its bright pixels is left as it was.
By mistake: every radiograph of NIH ChestX-ray14 and of the COVID-19 collection, as a radiograph and as a picture of
unknown kind; what is blackened in the latter collection is nearly all print, and is listed to be looked at.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from assistant.ingest.deid.pixels import mask_burned_in
from assistant.records import Image

DATA = Path(os.environ["WARDROUND_DATA"])
SAID = ("DOE, JANE", "MRN 4711-0815", "15.03.1962", "St. Elsewhere Hospital", "03/15/2024 10:32", "GARCIA^MARIA F 62Y")


def planted(pixels: NDArray[np.uint8], random_: random.Random) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A grey picture with a text in one of its margins, and where the text's pixels are."""
    height, width = pixels.shape
    font = ImageFont.load_default(size=random_.randint(12, 36))
    said = random_.choice(SAID)
    _, _, right, bottom = font.getbbox(said)
    y = random_.choice((random_.randint(2, int(0.06 * height)), height - int(bottom) - random_.randint(4, 16)))
    x = random_.randint(2, max(3, width - int(right) - 4))
    ink = Picture.new("L", (width, height))
    ImageDraw.Draw(ink).text((x, y), said, fill=255, font=font)
    where = np.asarray(ink, np.float32) / 255
    box = (slice(max(0, y - 2), y + int(bottom) + 4), slice(max(0, x - 3), x + int(right) + 6))
    ground = pixels.copy()
    ground[box] = np.minimum(ground[box], random_.choice((0, 20, 60)))  # scanners write on a dark ground
    grey = random_.randint(150, 255)
    return (ground * (1 - where) + grey * where).astype(np.uint8), where > 0.5


def radiographs(name: str) -> list[Path]:
    return sorted(p for p in (DATA / name).rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg"))


def grey(path: Path, size: int) -> NDArray[np.uint8]:
    picture = Picture.open(path).convert("L")
    picture.thumbnail((size, size))
    return np.asarray(picture)


def ultrasound() -> list[NDArray[np.uint8]]:
    from pydicom import dcmread
    from pydicom.data import get_testdata_file

    found = []
    for name in ("examples_jpeg2k.dcm", "examples_rgb_color.dcm"):
        pixels = dcmread(str(get_testdata_file(name))).pixel_array
        found.append(np.ascontiguousarray(pixels.max(axis=2) if pixels.ndim == 3 else pixels).astype(np.uint8))
    return found


def main() -> None:
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    random_ = random.Random(20261126)
    chests = [grey(path, 1024) for path in random_.sample(radiographs("covid_chestxray"), 20)]
    cases: dict[str, tuple[list[NDArray[np.uint8]], str, dict[str, str]]] = {
        "ultrasound without regions": (ultrasound(), "US", {}),
        "secondary capture": (chests, "OT", {"conversion_type": "WSD"}),
        "unknown picture": ([c for c in chests if np.median(c) < 120], "OT", {}),
        "radiograph that states it": (chests, "DX", {"burned_in_annotation": "YES"}),
    }
    for name, (pictures, modality, fields) in cases.items():
        gone = 0
        for _ in range(copies):
            pixels, ink = planted(random_.choice(pictures), random_)
            after = mask_burned_in(Image(pixels), modality, fields).image.pixels
            gone += not (after[ink] > 100).any()
        print(f"{name}: {gone} of {copies} planted texts gone")
    for name in ("nih_cxr64", "covid_chestxray"):
        counts: Counter[str] = Counter()
        for path in radiographs(name):
            image = Image(np.asarray(Picture.open(path).convert("L")))
            for modality in ("DX", "OT"):
                counts[modality] += bool(mask_burned_in(image, modality, {}).boxes)
        print(
            f"{name}, {len(radiographs(name))} radiographs: {counts['DX']} blackened as DX, {counts['OT']} as unknown"
        )


if __name__ == "__main__":
    main()
