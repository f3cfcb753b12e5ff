"""How well a question's kind, modality and region are read, and where it is sent: on labelled questions.

    python benchmarks/routing.py [--misses]

The questions of routing_questions.jsonl were written for this list: the patterns were written with the 80 of the
development half in view; the 40 of the report were written after the patterns were done, and put to them once. Beside
them, questions that others wrote: all of MedQuAD, BioASQ and LiveQA (with WARDROUND_DATA) ask for knowledge.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from assistant.retrieve.question import read_question

SOURCES = ("medquad/medquad.jsonl", "bioasq_retrieval/queries.jsonl", "liveqa_medquad_retrieval/queries.jsonl")
QUESTIONS = Path(__file__).with_name("routing_questions.jsonl")


def right(row: dict[str, Any]) -> dict[str, bool]:
    read = read_question(row["text"])
    return {
        "kind": read.kind == row["kind"],
        "cases or knowledge": read.wants == row["wants"],
        "modality": read.modalities == frozenset(row["modalities"]),
        "region": read.region == row["region"],
    }


def main() -> None:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    for name in ("development", "report"):
        half = [row for row in rows if row["half"] == name]
        found = [right(row) for row in half]
        print(name, len(half), " ".join(f"{k}: {sum(f[k] for f in found)}/{len(half)}" for k in found[0]))
        if "--misses" in sys.argv:
            for row, one in zip(half, found, strict=True):
                if not all(one.values()):
                    print("  ", row["text"], [k for k, ok in one.items() if not ok], read_question(row["text"]))
    data = os.environ.get("WARDROUND_DATA")
    for source in SOURCES if data else ():
        lines = (Path(str(data)) / source).read_text(encoding="utf-8").splitlines()
        asked = [row.get("text") or row["question"] for row in map(json.loads, lines)]
        kinds = Counter(read_question(text).kind for text in asked)
        print(source, len(asked), dict(kinds.most_common()))


if __name__ == "__main__":
    main()
