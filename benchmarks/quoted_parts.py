"""Which part of a paper answers: where the sentences stand that `quote` takes from abstracts.

    WARDROUND_DATA=… python benchmarks/quoted_parts.py [--half development]

PubMedQA's expert-labelled questions, each with the abstract that was written to answer it and the four that share most
with it, its conclusion put back in its place. The abstracts are taken twice: with their parts labelled, as PubMed has
structured ones, and run together without labels. Counted is the part that the first sentence, and all sentences, come
from, with the weight of `generate.sentences.FINDING` and without it. The weight was chosen on the development half
(`evaluate.mapping.choose`); the other is reported in docs/answers.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.evaluate.mapping.choose import is_development
from assistant.generate import sentences
from assistant.generate.sentences import best_sentences
from assistant.records import Evidence
from assistant.retrieve.own import text_encoder
from assistant.retrieve.relevance import content_words
from assistant.settings import Settings

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
BESIDE = 5
PARTS = {"CONCLU": "conclusion", "RESULT": "result", "FINDING": "result"}
Spans = list[tuple[int, int, str]]


def abstract(item: dict[str, Any], *, labelled: bool) -> tuple[str, Spans]:
    """The text and (start, end, part) of its parts."""
    text, spans = "", []
    for label, part in [*zip(item["LABELS"], item["CONTEXTS"], strict=True), ("CONCLUSIONS", item["LONG_ANSWER"])]:
        start = len(text)
        text += f"{label.capitalize()}: {part}\n\n" if labelled else f"{part} "
        spans.append((start, len(text), next((PARTS[name] for name in PARTS if name in label.upper()), "before")))
    return text, spans


def nearest(items: dict[str, dict[str, Any]]) -> Callable[[str], list[str]]:
    words = {key: set(content_words(" ".join((*item["CONTEXTS"], item["LONG_ANSWER"])))) for key, item in items.items()}
    common = Counter(word for found in words.values() for word in found)

    def of(question: str) -> list[str]:
        asked = content_words(question)
        share = {k: sum(math.log(len(items) / common[w]) for w in asked if w in found) for k, found in words.items()}
        return sorted(share, key=lambda key: -share[key])[:BESIDE]

    return of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("reported", "development"), default="reported")
    wanted = parser.parse_args().half == "development"
    items = json.loads((DATA / "pubmedqa" / "pqal.json").read_text("utf-8"))
    items = {key: item for key, item in items.items() if is_development(key) == wanted}
    encode, near = text_encoder(Settings()), nearest(items)
    chosen_weight = sentences.FINDING
    print("| abstracts | weight | answered | first: conclusion | result | before | all: conclusion | result | before |")
    print("|---|---|---|---|---|---|---|---|---|")
    for labelled in (True, False):
        texts = {key: abstract(item, labelled=labelled) for key, item in items.items()}
        for weight in (0.0, chosen_weight):
            sentences.FINDING = weight
            first, every, answered = Counter[str](), Counter[str](), 0
            for item in items.values():
                evidence = [
                    Evidence(key, key, "text", "DOC", "knowledge", texts[key][0], None, 1.0, True, "")
                    for key in near(item["QUESTION"])
                ]
                taken = best_sentences(item["QUESTION"], evidence, encode)
                parts = [
                    next((part for start, end, part in texts[s.evidence.id][1] if start <= s.start < end), "before")
                    for s in taken
                ]
                answered += bool(taken)
                first.update(parts[:1])
                every.update(parts)
            shares = [
                f"{counted[part] / max(1, counted.total()):.3f}"
                for counted in (first, every)
                for part in ("conclusion", "result", "before")
            ]
            print(f"| {'labelled' if labelled else 'run together'} | {weight} | {answered} of {len(items)} | "
                  + " | ".join(shares) + " |")  # fmt: skip


if __name__ == "__main__":
    main()
