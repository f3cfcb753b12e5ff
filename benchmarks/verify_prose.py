"""Learns the rule for general prose (`assistant/verify/prose.json`) from development halves alone.

    WARDROUND_DATA=… python benchmarks/verify_prose.py [--write]

A logistic regression over the signs of `assistant/verify/prose.py`, one rule for all sets: K-QA, MedHallu, FaithBench
and the RadFact examples weigh the same, each with its supported and its other pairs weighing the same, and a claim of
several sentences as much as one of one. Each coefficient has the sign that its meaning gives it. The penalty and the
probability from which on a sentence is supported were chosen by cross-validation over questions, passages and reports
of the development halves: the best mean of the balanced accuracies on K-QA and FaithBench.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from verify import Pair, development, faithbench_pairs, kqa_pairs, medhallu_pairs, radfact_pairs

from assistant.findings.sentences import sentences
from assistant.verify.evidence import read_evidence
from assistant.verify.prose import SIGNS, read_signs
from assistant.verify.wording import missing_numbers, read_wording

TARGET = Path(__file__).parents[1] / "assistant/verify/prose.json"
RAISES = frozenset(("told", "told_near", "scattered"))
PENALTIES = (0.01, 0.03, 0.06)
CUTS = tuple(round(0.30 + 0.02 * step, 2) for step in range(21))
FOLDS = 5


@dataclass(frozen=True)
class Told:
    """One pair: the set and group it is of, whether it is supported, and the signs of its sentences (n, signs)."""

    data: str
    group: str
    supported: bool
    signs: NDArray[np.float64]

    @property
    def fold(self) -> int:
        return hashlib.md5(self.group.encode(), usedforsecurity=False).digest()[0] % FOLDS


def read(name: str, pairs: list[Pair]) -> list[Told]:
    """The development half's pairs with their signs."""
    told = []
    for pair in pairs:
        if not development(pair.group):
            continue
        evidence = read_evidence(tuple(pair.evidence))
        rows = []
        for sentence in sentences(pair.claim):
            if re.search(r"\w", sentence):
                wording = read_wording(sentence)
                missing = bool(missing_numbers(wording, evidence.quantities))
                rows.append(read_signs(wording, evidence.pieces, evidence.words, number=missing).values)
        if rows:
            told.append(Told(name, pair.group, pair.truth == "supported", np.array(rows, float)))
    return told


def fit(told: list[Told], penalty: float) -> tuple[NDArray[np.float64], float]:
    """Coefficients and intercept of the logistic regression with signs given, in the units of the signs."""
    count = {(t.data, t.supported): 0 for t in told}
    for t in told:
        count[t.data, t.supported] += 1
    x = np.concatenate([t.signs for t in told])
    y = np.concatenate([np.full(len(t.signs), float(t.supported)) for t in told])
    weights = np.concatenate([np.full(len(t.signs), 1 / len(t.signs) / count[t.data, t.supported]) for t in told])
    weights /= weights.sum()
    mean = weights @ x
    scale = np.sqrt(weights @ (x - mean) ** 2) + 1e-6
    z = (x - mean) / scale

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        p = 1 / (1 + np.exp(-(z @ theta[:-1] + theta[-1])))
        value = -weights @ (y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)) + penalty * theta[:-1] @ theta[:-1]
        slope = np.append(z.T @ (weights * (p - y)) + 2 * penalty * theta[:-1], weights @ (p - y))
        return float(value), slope

    bounds = [(0, None) if name in RAISES else (None, 0) for name in SIGNS] + [(None, None)]
    theta = minimize(loss, np.zeros(len(SIGNS) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    coefficients = theta[:-1] / scale
    return coefficients, float(theta[-1] - mean @ coefficients)


def probabilities(told: Told, rule: tuple[NDArray[np.float64], float]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-(told.signs @ rule[0] + rule[1])))


def balanced(told: list[Told], least: dict[int, float], cut: float) -> float:
    """Balanced accuracy where a claim is supported if its least supported sentence is."""
    shares = [
        np.mean([(least[id(t)] >= cut) == wanted for t in told if t.supported == wanted]) for wanted in (True, False)
    ]
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write assistant/verify/prose.json")
    arguments = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    sets = {
        "kqa": kqa_pairs(data), "medhallu": medhallu_pairs(data), "faithbench": faithbench_pairs(data),
        "radfact": radfact_pairs(data),
    }  # fmt: skip
    told = {name: read(name, pairs) for name, pairs in sets.items()}
    every = [t for some in told.values() for t in some]
    best = (0.0, 0.0, 0.0)
    for penalty in PENALTIES:
        least = {}
        for fold in range(FOLDS):
            rule = fit([t for t in every if t.fold != fold], penalty)
            least |= {id(t): float(probabilities(t, rule).min()) for t in every if t.fold == fold}
        for cut in CUTS:
            found = {name: balanced(told[name], least, cut) for name in ("kqa", "faithbench")}
            mean = float(np.mean(list(found.values())))
            if mean > best[0]:
                best = (mean, penalty, cut)
                print(f"penalty {penalty}, cut {cut:.2f}: " + ", ".join(f"{n} {v:.3f}" for n, v in found.items()))
    coefficients, intercept = fit(every, best[1])
    rule_json = {
        "coefficients": {name: round(float(c), 4) for name, c in zip(SIGNS, coefficients, strict=True)},
        "intercept": round(intercept, 4),
        "supported_from": best[2],
        "made_by": "benchmarks/verify_prose.py",
        "of": "the development halves of K-QA, MedHallu, FaithBench and RadFact's examples",
    }
    print(json.dumps(rule_json, indent=1))
    if arguments.write:
        TARGET.write_text(json.dumps(rule_json, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
