"""Makes assistant/embed/data/minilm_ranges.npz: how the activations of `minilm-w8a8` are quantised.

    WARDROUND_DATA=… python benchmarks/minilm_ranges.py

The float model reads chest X-ray reports (Open-i, as XML), abstracts (PubMedQA) and answers to consumers (K-QA), and
the least and largest value of every channel is noted where activations meet weights. `smooth` is SmoothQuant's (Xiao et
al. 2023): activations ** STRENGTH / weights ** (1 - STRENGTH). STRENGTH was chosen among 0.5, 0.65, 0.7, 0.8, 0.9 and 1
by the mean cosine to the float model. No text of the retrieval sets that judge the encoder is read here.
"""

from __future__ import annotations

import json
import os
import random
import re
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import weights
from assistant.embed.minilm import load_tokenizer
from assistant.embed.minilm_graph import FloatModel, Linear, MiniLm, points, read_weights
from assistant.embed.minilm_w8a8 import RANGES
from assistant.embed.onnx_session import open_session

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
STRENGTH = 0.8
EACH = 150  # texts of each source


def texts() -> list[str]:
    chance = random.Random(0)
    abstracts = json.loads((DATA / "pubmedqa" / "pqal.json").read_text(encoding="utf-8")).values()
    answers = (DATA / "kqa" / "questions_w_answers.jsonl").read_text(encoding="utf-8").strip().split("\n")
    with tarfile.open(DATA / "iu_xray_reports" / "ecgen-radiology.tar.gz") as archive:
        files = [member for member in archive.getmembers() if member.name.endswith(".xml")]
        pages = [archive.extractfile(member).read().decode() for member in chance.sample(files, EACH)]  # type: ignore[union-attr]
    reports = [" ".join(re.findall(r"<AbstractText[^>]*>([^<]+)<", page)) for page in pages]
    contexts = [" ".join(one["CONTEXTS"]) for one in chance.sample(list(abstracts), EACH)]
    told = [json.loads(line) for line in answers[:EACH]]
    return [*reports, *contexts, *(one["Question"] for one in told), *(one["Free_form_answer"] for one in told)]


def extremes(model: MiniLm) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Least and largest value of each channel at each point, 0 among them."""
    names = points()
    session = open_session(FloatModel().model(model, tuple(names)).SerializeToString())
    found: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    for encoding in load_tokenizer().encode_batch([text for text in texts() if text]):
        ids = np.array([encoding.ids])
        for name, values in zip(
            names, session.run(names, {"input_ids": ids, "attention_mask": ids * 0 + 1}), strict=True
        ):
            low, high = found.get(name, (np.float32(0), np.float32(0)))
            found[name] = np.minimum(low, values.min(axis=(0, 1))), np.maximum(high, values.max(axis=(0, 1)))
    return found


def product(model: MiniLm, point: str) -> Linear:
    layer, place = point.split(".")
    own = model.layers[int(layer)]
    return {"in": own.attend, "attended": own.attended, "middle": own.widen, "wide": own.narrow}[place]


def main() -> None:
    model = read_weights(weights.locate("minilm-int8"))
    smooth, bounds = {}, []
    for point, (low, high) in extremes(model).items():
        active = np.maximum(np.maximum(-low, high), 1e-3)
        strong = np.maximum(np.abs(product(model, point).weight).max(axis=1), 1e-5)
        factor = active**STRENGTH / strong ** (1 - STRENGTH)
        smooth[point] = (factor / np.exp(np.log(factor).mean())).astype(np.float16)
        exact = smooth[point].astype(np.float32)
        bounds.append([min(0.0, (low / exact).min()), max(0.0, (high / exact).max())])
    np.savez(RANGES, bounds=np.array(bounds, np.float32), **smooth)
    print(f"{RANGES}: {RANGES.stat().st_size} bytes")


if __name__ == "__main__":
    main()
