"""Draws the sentences of tests/findings/data that are marked by hand afterwards: two samples of 100.

    WARDROUND_DATA=… python benchmarks/sample_sentences.py [development|test]

Sources: the notes of MTS-Dialog and the texts of MEDEC that carry no planted error, both CC BY 4.0. A stratum is filled
with the sentences that match its pattern and were not taken before, in the order of a hash.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKED = Path(__file__).parent.parent / "tests/findings/data"
SEEDS = {"development": "wardround findings 2", "test": "wardround findings 3"}
STRATA = (  # name, how many, what a sentence must hold
    ("chest", 12, r"opacit|opacif|effusion|infiltrat|consolidation|lung|pneumon|pulmonary"),
    (
        "imaging",
        18,
        r"(?:x-?ray|radiograph|\bCT\b|tomograph|ultraso|echocardio|\bMRI?\b|biopsy).*\b(?:show|reveal|demonstrat)",
    ),
    (
        "ecg",
        8,
        r"sinus (?:rhythm|brady|tachy)|sinusrhythm|\becg\b|electrocardiogra|fibrillation|\bt wave|murmur|ejection",
    ),
    ("negation", 16, r"\b(?:no|not|without|denie[sd]|negative|free of|absence|never|nor)\b"),
    (
        "uncertainty",
        12,
        r"\b(?:possib\w+|probab\w+|likely|suspicious|suspected|rule out|suggest\w*|versus|concern\w*)\b",
    ),
    ("side", 9, r"\b(?:left|right|bilateral\w*)\b(?! [- ]?handed)"),
    ("severity", 8, r"\b(?:mild\w*|moderate\w*|severe\w*|minimal\w*|marked\w*|massive)\b"),
    ("number", 8, r"\d\s?(?:cm|mm|mg|%|/min|mmHg|mm Hg|°|ng|ms)"),
    (
        "time",
        9,
        r"\b(?:\d+|two|three|several)[- ](?:day|week|month|year|hour)s?\b(?![- ]old)|\bsince\b|\bago\b|\bworse",
    ),
)
_NOTES = (
    "GENHX",
    "PASTMEDICALHX",
    "CC",
    "ROS",
    "ASSESSMENT",
    "EXAM",
    "DIAGNOSIS",
    "EDCOURSE",
    "IMAGING",
    "LABS",
    "FAM/SOCHX",
)


def texts(data: Path) -> Iterator[tuple[str, str]]:
    """(source with its row, text) of everything that may be drawn from."""
    with (data / "mts_dialog/MTS-Dialog-TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["section_header"] in _NOTES:
                yield f"MTS-Dialog {row['ID']}", row["section_text"]
    medec = data / "medec/MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"
    with medec.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["Error Flag"] == "0":
                yield f"MEDEC {row['Text ID']}", row["Text"]


def sentences(text: str) -> list[str]:
    """A text cut where a sentence or a line ends."""
    return [sentence.strip() for sentence in re.split(r"(?<=[.!?])\s+|\s*\n\s*", text)]


def digest(sentence: str) -> str:
    """How a marked file names a sentence that it does not hold."""
    return hashlib.sha256(sentence.encode()).hexdigest()[:16]


def marked(data: Path, half: str) -> Iterator[dict[str, Any]]:
    """The hand-marked sentences of a half, each with its `text` from the collection that it was drawn from."""
    wanted = [json.loads(line) for line in (MARKED / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()]
    sources = {row["source"] for row in wanted}
    found = {digest(one): one for source, text in texts(data) if source in sources for one in sentences(text)}
    for row in wanted:
        yield {**row, "text": found[row["sha256"]]}


def drawn(data: Path, half: str) -> list[dict[str, str]]:
    """The sample, in the order of the strata; no sentence of "development" is in "test"."""
    pool: dict[str, str] = {}
    for source, text in texts(data):
        for sentence in sentences(text):
            if 3 <= len(sentence.split()) <= 32:
                pool.setdefault(sentence, source)
    if half == "test":
        for row in drawn(data, "development"):
            del pool[row["text"]]
    order = sorted(pool, key=lambda sentence: hashlib.sha256(f"{SEEDS[half]} {sentence}".encode()).digest())
    taken: dict[str, str] = {}
    for name, number, pattern in STRATA:
        matching = [s for s in order if s not in taken and re.search(pattern, s, re.IGNORECASE)]
        taken.update(dict.fromkeys(matching[:number], name))
    letter = "t" if half == "test" else "s"
    return [
        {"id": f"{letter}{i:03}", "source": pool[sentence], "stratum": stratum, "text": sentence}
        for i, (sentence, stratum) in enumerate(taken.items(), 1)
    ]


if __name__ == "__main__":
    for row in drawn(Path(os.environ["WARDROUND_DATA"]), sys.argv[1]):
        print(json.dumps(row, ensure_ascii=False))
