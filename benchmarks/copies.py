"""From which cosine a record is taken for a copy of an upload: copies made in the ways copies arise, and other records.

    WARDROUND_DATA=… python benchmarks/copies.py

Pictures: every eighth chest X-ray of the NIH and COVID-19 collections, saved as JPEG (quality 90 and 60), at three
quarters of its size, with a border cut off, brighter, inverted; others are those of other patients. They are compared
by their encoder's vectors and by their thumbnails. ECGs: LUDB, sampled at 250 Hz instead of 500, in steps of 10 µV,
filtered (0.5–40 Hz), without the first half second. Texts: passages of MedQuAD answers in capitals, with other spacing,
without their first or their last sentence; others are passages of other answers. For each kind: percentiles of the
cosine of a copy and of the nearest other record, and for some cuts the share of copies found and of records that have
another one above it. Even-numbered records chose the cuts in
assistant/settings.py; the table is of the odd ones.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy.signal import butter, resample_poly, sosfiltfilt

from assistant.embed import open_encoder
from assistant.findings import sentences
from assistant.ingest import read_file
from assistant.measure.thumbnail import thumbnail
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings, IngestSettings

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
CUTS = {
    "image": (0.97, 0.98, 0.985, 0.99, 0.995),
    "thumbnail": (0.94, 0.95, 0.96, 0.97, 0.98),
    "signal": (0.9, 0.95, 0.97, 0.98, 0.99),
    "text": (0.9, 0.93, 0.95, 0.97, 0.98),
}


class Thumbnails:
    """Thumbnails as an encoder gives vectors."""

    def encode(self, pictures: list[Image]) -> NDArray[np.float32]:
        return np.stack([thumbnail(picture) for picture in pictures])


def report(kind: str, originals: list[object], owners: list[str], changes: dict[str, Callable[..., object]]) -> None:
    names: dict[str, tuple[Kind, str]] = {
        "image": ("image", "vit-s-focus"), "signal": ("signal", "ecg-shape"), "text": ("text", "minilm-int8"),
    }  # fmt: skip
    encoder: Any = Thumbnails() if kind == "thumbnail" else open_encoder(*names[kind], EmbedSettings())
    vectors = encoder.encode(originals)
    owner = np.array(owners)
    cosines = vectors @ vectors.T
    cosines[owner[:, None] == owner[None, :]] = -1
    found: dict[str, NDArray[np.float32]] = {
        name: np.abs((encoder.encode([change(o) for o in originals]) * vectors).sum(axis=1))
        for name, change in changes.items()
    }
    found["nearest other"] = cosines.max(axis=1)
    for half, start in (("chosen on", 0), ("reported", 1)):
        of_half = np.arange(start, len(originals), 2)
        print(f"\n{kind}, {half} {len(of_half)}: percentiles 1, 5, 50, 95, 99 of the cosine, share from {CUTS[kind]}")
        for name, values in found.items():
            shares = [f"{(values[of_half] >= cut).mean():.1%}" for cut in CUTS[kind]]
            print(f"  {name:26s} {np.percentile(values[of_half], [1, 5, 50, 95, 99]).round(3)} {' '.join(shares)}")


def pictures() -> None:
    originals, owners = [], []
    for folder, patient in (("nih_cxr64", "patient_id"), ("covid_chestxray", "patientid")):
        with (DATA / folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[::8]
        for row in rows:
            with Picture.open(DATA / folder / "images" / row["filename"]) as opened:
                originals.append(Image(np.asarray(opened.convert("L"))))
            owners.append(f"{folder} {row[patient]}")

    def as_jpeg(image: Image, quality: int) -> Image:
        buffer = io.BytesIO()
        Picture.fromarray(image.pixels).save(buffer, "JPEG", quality=quality)
        return Image(np.asarray(Picture.open(buffer)))

    def smaller(image: Image) -> Image:
        height, width = image.pixels.shape
        return Image(
            np.asarray(
                Picture.fromarray(image.pixels).resize((width * 3 // 4, height * 3 // 4), Picture.Resampling.LANCZOS)
            )
        )

    def cut(image: Image) -> Image:
        height, width = image.pixels.shape
        return Image(image.pixels[height // 50 : -(height // 50), width // 50 : -(width // 50)])

    changes: dict[str, Callable[..., object]] = {
        "JPEG 90": lambda i: as_jpeg(i, 90), "JPEG 60": lambda i: as_jpeg(i, 60), "three quarters": smaller,
        "2 % border off": cut, "brighter": lambda i: Image(np.clip(i.pixels * 1.1 + 5, 0, 255).astype(np.uint8)),
        "inverted": lambda i: Image(255 - i.pixels),
    }  # fmt: skip
    report("image", originals, owners, changes)
    report("thumbnail", originals, owners, changes)


def ecgs() -> None:
    records = [
        r for path in sorted((DATA / "ludb_ecg").rglob("*.hea")) for r in read_file(path, IngestSettings()) if r.signal
    ]
    originals = [r.signal for r in records if r.signal is not None]

    def halved(signal: Signal) -> Signal:
        samples = resample_poly(signal.samples, 1, 2, axis=0).astype(np.float32)
        return Signal(samples, signal.leads, signal.sampling_rate_hz / 2)

    def coarse(signal: Signal) -> Signal:
        return Signal(
            np.round(signal.samples / 0.01).astype(np.float32) * np.float32(0.01), signal.leads, signal.sampling_rate_hz
        )

    def filtered(signal: Signal) -> Signal:
        band = butter(2, (0.5, 40), "bandpass", fs=signal.sampling_rate_hz, output="sos")
        return Signal(
            sosfiltfilt(band, signal.samples, axis=0).astype(np.float32), signal.leads, signal.sampling_rate_hz
        )

    def later(signal: Signal) -> Signal:
        return Signal(signal.samples[int(signal.sampling_rate_hz / 2) :], signal.leads, signal.sampling_rate_hz)

    changes: dict[str, Callable[..., object]] = {
        "250 Hz": halved,
        "10 µV": coarse,
        "0.5–40 Hz": filtered,
        "half a second off": later,
    }
    report("signal", list(originals), [str(n) for n in range(len(originals))], changes)


def texts() -> None:
    chance = random.Random(0)
    pairs = chance.sample(
        [json.loads(line) for line in (DATA / "medquad" / "medquad.jsonl").open(encoding="utf-8")], 600
    )
    cut = [(n, " ".join(pair["answer"].split()[:110])) for n, pair in enumerate(pairs)]
    originals = [(n, text) for n, text in cut if len(sentences(text)) >= 4]
    changes: dict[str, Callable[..., object]] = {
        "capitals": str.upper, "other spacing": lambda t: "\n  ".join(sentences(t)),
        "first sentence gone": lambda t: " ".join(sentences(t)[1:]),
        "last sentence gone": lambda t: " ".join(sentences(t)[:-1]),
    }  # fmt: skip
    report("text", [text for _, text in originals], [str(n) for n, _ in originals], changes)


if __name__ == "__main__":
    texts()
    ecgs()
    pictures()
