"""Learns the rule for general prose (`assistant/verify/prose.json`) from development halves alone.

    WARDROUND_DATA=… python benchmarks/verify_prose.py [--write]

A logistic regression over the signs of `assistant/verify/prose.py`, one rule for all sets: K-QA, MedHallu, FaithBench
and the RadFact examples weigh the same, each with its supported and its other pairs weighing the same, and a claim of
several sentences as much as one of one. Each coefficient has the sign that its meaning gives it.

The penalty and the probability from which on a sentence is supported are chosen by what `check` would say with rules
that were fitted without the question, passage or report judged (six times five folds, averaged). A false "supported"
weighs heavier than a false "unsupported": of the choices with which at most `MOST_FALSE` of MedHallu's invented
answers pass, the one with the best mean of the balanced accuracies on K-QA and FaithBench is sought, and of those
within `AS_GOOD` of it the one that lets the fewest invented answers pass is taken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from verify import Pair, development, faithbench_pairs, kqa_pairs, medhallu_pairs, radfact_pairs

from assistant.findings.sentences import sentences
from assistant.verify import check, judge
from assistant.verify.evidence import read_evidence
from assistant.verify.prose import SIGNS, Rule, announces, read_signs
from assistant.verify.wording import missing_numbers, read_wording

TARGET = Path(__file__).parents[1] / "assistant/verify/prose.json"
RAISES = frozenset(("told", "told_near", "scattered", "weakest"))
PENALTIES = (0.01, 0.03, 0.06, 0.1, 0.2, 0.4)
CUTS = tuple(round(0.30 + 0.01 * step, 2) for step in range(41))
TRADE = (0.40, 0.42, 0.46, 0.48, 0.50, 0.52)
FOLDS = 5
SPLITS = 6  # ways to make the folds
MOST_FALSE = 0.15  # of MedHallu's invented answers that may be called supported
AS_GOOD = 0.005  # of balanced accuracy
ALWAYS, NEVER = (Rule((0.0,) * len(SIGNS), 0.0, cut) for cut in (0.0, 1.0))


@dataclass(frozen=True)
class Told:
    """One pair: the set and group it is of, whether it is supported, and the signs of its sentences (n, signs).

    `rule_decides`: whether `check` leaves it to the rule; `otherwise`: whether it is called supported where not.
    """

    data: str
    group: str
    supported: bool
    signs: NDArray[np.float64]
    rule_decides: NDArray[np.bool_]
    otherwise: NDArray[np.bool_]

    def fold(self, split: int = 0) -> int:
        return hashlib.md5(f"{split}{self.group}".encode(), usedforsecurity=False).digest()[0] % FOLDS


def judged_sentences(claim: str) -> list[str]:
    """The sentences of a claim that `check` judges one by one."""
    return [s for s in sentences(claim) if re.search(r"\w", s) and not announces(s)]


def read(name: str, pairs: list[Pair]) -> list[Told]:
    """The development half's pairs with their signs."""
    told = []
    for pair in pairs:
        if not development(pair.group):
            continue
        evidence = read_evidence(tuple(pair.evidence))
        rows, yes, no = [], [], []
        for sentence in judged_sentences(pair.claim):
            wording = read_wording(sentence)
            missing = bool(missing_numbers(wording, evidence.quantities))
            rows.append(read_signs(wording, evidence.pieces, evidence.words, number=missing).values)
            yes.append(_supported(sentence, pair.evidence, ALWAYS))
            no.append(_supported(sentence, pair.evidence, NEVER))
        if rows:
            decides = np.array(yes) & ~np.array(no)
            told.append(Told(name, pair.group, pair.truth == "supported", np.array(rows, float), decides, np.array(no)))
    return told


def _supported(sentence: str, evidence: tuple[str, ...], instead: Rule) -> bool:
    """What `check` says with another rule for prose."""
    with mock.patch.object(judge, "rule", lambda: instead):
        return check(sentence, evidence).verdict == "supported"


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


def least(told: Told, rule: tuple[NDArray[np.float64], float]) -> float:
    """The highest cut at which `check` supports the pair: 1 is beyond every cut, 0 below."""
    of_each = np.where(told.rule_decides, probabilities(told, rule), told.otherwise.astype(float))
    return float(of_each.min())


def passed(told: list[Told], scores: dict[int, float], cut: float) -> tuple[float, float]:
    """Shares called supported of the supported and of the other pairs."""
    shares = [np.mean([scores[id(t)] >= cut for t in told if t.supported == wanted]) for wanted in (True, False)]
    return float(shares[0]), float(shares[1])


@dataclass(frozen=True)
class Choice:
    """A penalty and a cut, with the shares called supported in each set, out of fold and averaged over the splits."""

    penalty: float
    cut: float
    passed: dict[str, tuple[float, float]]

    def balanced(self, name: str) -> float:
        true, false = self.passed[name]
        return (true + 1 - false) / 2

    @property
    def mean(self) -> float:
        return (self.balanced("kqa") + self.balanced("faithbench")) / 2

    @property
    def false(self) -> float:
        return self.passed["medhallu"][1]

    def __str__(self) -> str:
        sets = (f"{n} {self.balanced(n):.3f} ({t:.2f} / {f:.2f})" for n, (t, f) in self.passed.items())
        return f"penalty {self.penalty}, cut {self.cut:.2f}: {', '.join(sets)}"


def choices(told: dict[str, list[Told]]) -> list[Choice]:
    """Every penalty with every cut."""
    every = [t for some in told.values() for t in some]
    made = []
    for penalty in PENALTIES:
        scored: list[dict[int, float]] = []
        for split in range(SPLITS):
            scores: dict[int, float] = {}
            for fold in range(FOLDS):
                rule = fit([t for t in every if t.fold(split) != fold], penalty)
                scores |= {id(t): least(t, rule) for t in every if t.fold(split) == fold}
            scored.append(scores)
        for cut in CUTS:
            shares = {n: np.mean([passed(some, scores, cut) for scores in scored], axis=0) for n, some in told.items()}
            made.append(Choice(penalty, cut, {n: (float(t), float(f)) for n, (t, f) in shares.items()}))
    return made


def choose(every: list[Choice]) -> Choice:
    """The choice that the head of this file describes."""
    safe = [choice for choice in every if choice.false <= MOST_FALSE]
    best = max(choice.mean for choice in safe)
    return min((choice for choice in safe if choice.mean >= best - AS_GOOD), key=lambda choice: choice.false)


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
    made = choices(told)
    chosen = choose(made)
    print("balanced accuracy (share of the supported / of the others called supported), out of fold")
    print("best by mean:", max(made, key=lambda choice: choice.mean))
    print("chosen:      ", chosen)
    for choice in made:
        if choice.penalty == chosen.penalty and choice.cut in TRADE:
            print("beside it:   ", choice)
    coefficients, intercept = fit(every, chosen.penalty)
    rule_json = {
        "coefficients": {name: round(float(c), 4) for name, c in zip(SIGNS, coefficients, strict=True)},
        "intercept": round(intercept, 4),
        "supported_from": chosen.cut,
        "made_by": "benchmarks/verify_prose.py",
        "of": "the development halves of K-QA, MedHallu, FaithBench and RadFact's examples",
    }
    print(json.dumps(rule_json, indent=1))
    if arguments.write:
        TARGET.write_text(json.dumps(rule_json, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
