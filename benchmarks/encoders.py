"""What the default encoders do, and how fast.

    WARDROUND_DATA=… python benchmarks/encoders.py [speed] [image]

speed: texts and pictures a second, and processor time each (which a busy machine distorts less than the clock).
image: neighbours among other patients, for the CLS token and the mean of the patch tokens, against the correlation of
32 × 32 pixels; patients with an even number choose, those with an odd one are reported.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from assistant import weights
from assistant.embed import open_encoder
from assistant.embed.onnx_session import open_session, with_output
from assistant.embed.vit import TOKENS_OUTPUT, prepare
from assistant.records import Image
from assistant.settings import EmbedSettings

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))

Vectors = NDArray[np.float32]
Relation = NDArray[np.bool_]


def timed(title: str, count: int, work: Callable[[], object]) -> None:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"{title:44s} {count / clock:7.1f}/s   {1000 * processor / count:6.1f} ms of processor each")


def speed() -> None:
    sentence = "The heart is normal in size. No focal consolidation, effusion or pneumothorax. "
    reports = [sentence * (1 + i % 4) for i in range(200)]
    picture = Image(np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8))
    for threads in (1, 2):
        settings = EmbedSettings(threads=threads)
        text, image = open_encoder("text", settings.text, settings), open_encoder("image", settings.image, settings)
        text.encode(reports[:4])
        timed(f"minilm-int8, 18–66 word pieces, {threads} threads", len(reports), lambda e=text: e.encode(reports))
        timed(f"vit-s-focus, 512 × 512, {threads} threads", 12, lambda e=image: e.encode([picture] * 12))


def tokens(pictures: Sequence[Image]) -> Vectors:
    """CLS and patch tokens, (n, 257, 384)."""
    session = open_session(with_output(weights.locate("vit-s-focus").read_bytes(), TOKENS_OUTPUT))
    return np.concatenate([session.run([TOKENS_OUTPUT], {"input_image": prepare(p)[None]})[0] for p in pictures])


def unit(vectors: NDArray[Any]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def precision(vectors: Vectors, patients: NDArray[Any], alike: Relation, queries: NDArray[np.intp], k: int) -> float:
    """Mean share of the k nearest pictures of other patients that are `alike`; queries that have none are left out."""
    likeness = vectors @ vectors.T
    likeness[patients[:, None] == patients[None, :]] = -np.inf
    nearest = np.argsort(-likeness, axis=1)[:, :k]
    asked = [query for query in queries if alike[query].any()]
    return float(np.mean([alike[query, nearest[query]].mean() for query in asked]))


def image() -> None:
    folder = DATA / "nih_cxr64"
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pictures = [Image(np.asarray(Picture.open(folder / "images" / row["filename"]).convert("L"))) for row in rows]
    found = tokens(pictures)
    small = np.stack([np.asarray(Picture.fromarray(p.pixels).resize((32, 32)), np.float32).ravel() for p in pictures])
    ways = {"CLS": found[:, 0], "mean": found[:, 1:].mean(axis=1), "pixels": small - small.mean(axis=1, keepdims=True)}

    patients = np.array([row["patient_id"] for row in rows])
    findings = [set(row["finding_labels"].split("|")) - {"No Finding"} for row in rows]
    ill = np.array([bool(f) for f in findings])
    view = np.array([row["view"] for row in rows])
    shared = np.array([[bool(a & b) for b in findings] for a in findings])
    odd = np.array([int(p) % 2 == 1 for p in patients])
    for half, members in (("chosen on", ~odd), ("reported", odd)):
        for name, vectors in ways.items():
            normal = precision(unit(vectors), patients, ill[:, None] == ill, np.flatnonzero(members), 10)
            finding = precision(unit(vectors), patients, shared, np.flatnonzero(members & ill), 10)
            side = precision(unit(vectors), patients, view[:, None] == view, np.flatnonzero(members), 10)
            print(f"{half} {name:7s} P@10 normal/abnormal {normal:.3f}  shared finding {finding:.3f}  view {side:.3f}")


if __name__ == "__main__":
    for part in sys.argv[1:] or ["speed", "image"]:
        {"speed": speed, "image": image}[part]()
