"""Whether the image encoder's patches tell which regions of two pictures are alike: where the most alike patch lies.

Frontal chest X-rays of the COVID-19 collection, one a patient, cut square so that each of the 16 × 16 patches shows
something; cosine of patch tokens, as they are and with the picture's mean taken off. A copy that is shifted by whole
patches, or mirrored, has each patch's content at a known other place: told is how often the most alike patch is there,
and how often it is at the old place instead, one patch off allowed (chance about 0.03).

    WARDROUND_DATA=… python benchmarks/patch_likeness.py --pictures 24
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from assistant.embed.vit import TOKENS_OUTPUT, VitFocusEncoder, prepare
from assistant.records import Image
from assistant.settings import EmbedSettings

PATCHES, PIXELS = 16, 14  # patches a side, pixels a patch
DOWN, RIGHT = 3, -2  # patches that the shifted copy looks further
ROWS, COLUMNS = np.divmod(np.arange(PATCHES**2), PATCHES)
PLACES = np.stack([ROWS, COLUMNS], axis=1)


def frontal(folder: Path, count: int) -> list[np.ndarray]:
    """The middle square of one frontal X-ray of each of so many patients, 24 × 24 patches."""
    found: dict[str, Path] = {}
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = folder / "images" / row["filename"]
            if row["view"] in ("PA", "AP") and row["modality"] == "X-ray" and path.exists():
                found.setdefault(row["patientid"], path)
    squares = []
    for path in list(found.values())[:count]:
        picture = Picture.open(path).convert("L")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        squares.append(np.asarray(picture.crop((left, top, left + side, top + side)).resize((24 * PIXELS,) * 2)))
    return squares


def seen(square: np.ndarray, down: int = 0, right: int = 0) -> np.ndarray:
    top, left = (4 + down) * PIXELS, (4 + right) * PIXELS
    return square[top : top + PATCHES * PIXELS, left : left + PATCHES * PIXELS]


def tokens(encoder: VitFocusEncoder, pixels: np.ndarray) -> np.ndarray:
    prepared = prepare(Image(np.ascontiguousarray(pixels)))[None]
    (found,) = encoder._session.run([TOKENS_OUTPUT], {"input_image": prepared})
    return found[0, 1:]


def nearest(one: np.ndarray, other: np.ndarray, centred: bool) -> np.ndarray:
    """The place of the most alike patch of `other` for each of `one`."""
    a, b = (tokens - tokens.mean(0) if centred else tokens for tokens in (one, other))
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return PLACES[(a @ b.T).argmax(1)]


def share(places: np.ndarray, wanted: np.ndarray, among: np.ndarray) -> float:
    return float((np.abs(places - wanted).max(1) <= 1)[among].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=24)
    squares = frontal(Path(os.environ["WARDROUND_DATA"]) / "covid_chestxray", parser.parse_args().pictures)
    encoder = VitFocusEncoder(EmbedSettings())
    whole = [tokens(encoder, seen(square)) for square in squares]
    shifted = [tokens(encoder, seen(square, DOWN, RIGHT)) for square in squares]
    mirrored = [tokens(encoder, seen(square)[:, ::-1]) for square in squares]
    moved, turned = PLACES - (DOWN, RIGHT), np.stack([ROWS, PATCHES - 1 - COLUMNS], axis=1)
    inside = ((moved >= 0) & (moved < PATCHES)).all(1)
    away = np.abs(COLUMNS - (PATCHES - 1) / 2) > 2  # of the middle, where both places are nearly one
    for centred in (False, True):
        row: dict[str, object] = {"pictures": len(squares), "mean taken off": centred}
        for name, copies, wanted, among in (
            ("shifted", shifted, moved, inside),
            ("mirrored", mirrored, turned, away),
        ):
            found = [nearest(a, b, centred) for a, b in zip(whole, copies, strict=True)]
            row[name] = round(float(np.mean([share(places, wanted, among) for places in found])), 3)
            row[f"{name}, old place"] = round(float(np.mean([share(places, PLACES, among) for places in found])), 3)
        others = [
            (nearest(a, whole[j], centred), nearest(a, mirrored[j], centred))
            for i, a in enumerate(whole)
            for j in range(len(whole))
            if i != j
        ]
        row["other patient, same place"] = round(float(np.mean([share(p, PLACES, away) for p, _ in others])), 3)
        row["other patient mirrored, same place"] = round(
            float(np.mean([share(p, PLACES, away) for _, p in others])), 3
        )
        row["other patient mirrored, its place"] = round(float(np.mean([share(p, turned, away) for _, p in others])), 3)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
