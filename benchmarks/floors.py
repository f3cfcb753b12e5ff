"""Where to draw the relevance floors: top-1 cosines of questions and pictures that belong, and of those that do not.

    WARDROUND_DATA=… python benchmarks/floors.py [text] [image]

Text: passages of 120 words from MedQuAD answers are the index; MedQuAD's questions (their own answer is in it)
belong; the general questions of offtopic_questions.txt do not; BioASQ's questions are medical, but mostly not answered
there. Image: chest X-rays of half the patients (NIH and COVID-19 collections) are the index; those of the other
patients belong; photographed ECGs, MR, CT and ultrasound pictures and drawn patterns do not. The floor is chosen on one
half of the questions (pictures), where sensitivity + specificity is largest, and reported on the other.
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.embed import open_encoder
from assistant.errors import UnreadableFile
from assistant.records import Image
from assistant.settings import EmbedSettings, Settings

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
OFFTOPIC = Path(__file__).with_name("offtopic_questions.txt")
MEDQUAD_ANSWERS, QUESTIONS = 1_000, 300

Scores = NDArray[np.floating[Any]]


def auroc(belong: Scores, other: Scores) -> float:
    """The chance that one that belongs scores above one that does not; ties count half."""
    difference = belong[:, None] - other[None, :]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def best_floor(belong: Scores, other: Scores) -> float:
    """The cut with the largest sensitivity + specificity, in the middle of the stretch that reaches it."""
    cuts = np.arange(-0.2, 1.0, 0.005)
    worth = np.array([(belong >= cut).mean() + (other < cut).mean() for cut in cuts])
    return float(np.median(cuts[worth == worth.max()]))


def report(title: str, belong: Scores, first: NDArray[np.bool_], other: Scores, more: dict[str, Scores]) -> None:
    """Choose on those that `first` marks and every second of the others; report on the rest."""
    floor = best_floor(belong[first], other[::2])
    print(f"\n{title}: floor {floor:.3f} (chosen on {first.sum()} that belong, {len(other[::2])} that do not)")
    print(f"  the rest: AUROC {auroc(belong[~first], other[1::2]):.3f}")
    groups = {"belong": belong[~first], "do not belong": other[1::2], **more}
    for name, scores in groups.items():
        low, middle, high = np.percentile(scores, [5, 50, 95])
        share = (scores >= floor).mean()
        print(
            f"  {name:34s} n={len(scores):4d}  at or above {share:6.1%}  5/50/95 %: {low:.3f} {middle:.3f} {high:.3f}"
        )


def top1(queries: NDArray[np.float32], index: NDArray[np.float32]) -> Scores:
    return np.asarray((queries @ index.T).max(axis=1))


# --- text -------------------------------------------------------------------------------------------


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def passages(answer: str, words: int = 120) -> list[str]:
    tokens = answer.split()
    return [" ".join(tokens[i : i + words]) for i in range(0, len(tokens), words)][:3]


def text_floor() -> None:
    settings = Settings().embed  # WARDROUND_EMBED__TEXT names another encoder
    encoder = open_encoder("text", settings.text, settings)
    chance = random.Random(0)
    pairs = chance.sample(json_lines(DATA / "medquad" / "medquad.jsonl"), MEDQUAD_ANSWERS)
    index = encoder.encode([passage for pair in pairs for passage in passages(pair["answer"])])
    asked = [pair["question"] for pair in chance.sample(pairs, QUESTIONS)]
    biomedical = [q["text"] for q in chance.sample(json_lines(DATA / "bioasq_retrieval" / "queries.jsonl"), QUESTIONS)]
    laymen = [q["text"] for q in json_lines(DATA / "liveqa_medquad_retrieval" / "queries.jsonl")]
    general = chance.sample(OFFTOPIC.read_text(encoding="utf-8").split("\n")[:-1], 64)
    groups = {"BioASQ questions": biomedical, "LiveQA consumers": laymen}
    more = {name: top1(encoder.encode(texts), index) for name, texts in groups.items()}
    belong, off = top1(encoder.encode(asked), index), top1(encoder.encode(general), index)
    report(f"text, {len(index)} MedQuAD passages", belong, np.arange(len(belong)) % 2 == 0, off, more)
    for place in np.argsort(-off)[:8]:
        print(f"    highest off topic: {off[place]:.3f} {general[place]}")


# --- image ------------------------------------------------------------------------------------------


def picture(path: Path) -> Image:
    from PIL import Image as Picture

    with Picture.open(path) as opened:
        return Image(np.asarray(opened.convert("L" if opened.mode in ("L", "LA", "1") else "RGB")))


def chest_xrays(every: int) -> list[tuple[str, Image]]:
    """(patient, picture), every `every`-th of each collection."""
    found = []
    for folder, patient in (("nih_cxr64", "patient_id"), ("covid_chestxray", "patientid")):
        with (DATA / folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[::every]
        found += [(f"{folder} {row[patient]}", picture(DATA / folder / "images" / row["filename"])) for row in rows]
    return found


def dicom_pictures() -> list[Image]:
    """First frames of MR, CT, ultrasound and colour files among DICOM samples; chest X-rays are left out."""
    from assistant.ingest import read_file
    from assistant.settings import IngestSettings

    found = []
    for path in sorted((DATA / "dicom").glob("*.dcm")):
        try:
            records = read_file(path, IngestSettings())
        except UnreadableFile:
            continue
        found += [r.image for r in records[:1] if r.image is not None and r.modality not in ("CR", "DX")]
    return found


def patterns() -> list[Image]:
    """Pictures of nothing: noise, stripes, a ramp, a disc, black and white."""
    rows, columns = np.mgrid[0:256, 0:256]
    noise = np.random.default_rng(0).integers(0, 256, (256, 256))
    disc = 255 * ((rows - 128) ** 2 + (columns - 128) ** 2 < 6_400)
    drawn = [noise, 255 * (rows // 16 % 2), 255 * (columns // 4 % 2), rows, disc, 0 * rows, 0 * rows + 255]
    return [Image(d.astype(np.uint8)) for d in drawn]


def image_floor() -> None:
    encoder = open_encoder("image", "vit-s-focus", EmbedSettings())
    xrays = chest_xrays(every=4)
    vectors = encoder.encode([image for _, image in xrays])
    part = np.array([zlib.crc32(patient.encode()) % 4 for patient, _ in xrays])  # of the patients
    indexed = part < 2
    small = np.array([patient.startswith("nih") for patient, _ in xrays])
    held_out = top1(vectors, vectors[indexed])
    paper = [picture(p) for p in sorted((DATA / "ecg_paper_images").glob("ecg*"))]
    groups = {"paper ECGs": paper, "other DICOM": dicom_pictures(), "drawn patterns": patterns()}
    strange = {name: top1(encoder.encode(images), vectors[indexed]) for name, images in groups.items()}
    other = np.concatenate(list(strange.values()))
    more = {"NIH thumbnails": held_out[~indexed & small], "COVID-19 collection": held_out[~indexed & ~small], **strange}
    report(f"image, {indexed.sum()} chest X-rays", held_out[~indexed], part[~indexed] == 2, other, more)


if __name__ == "__main__":
    for part in sys.argv[1:] or ["text", "image"]:
        {"text": text_floor, "image": image_floor}[part]()
