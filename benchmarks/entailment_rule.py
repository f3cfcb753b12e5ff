"""Learns how the entailment model's word counts beside the rule for prose, from development halves alone.

    WARDROUND_DATA=… python benchmarks/entailment_rule.py [--model NAME] [--write]

A logistic regression over two numbers: the log-odds of the rule for prose, and those of the model's "entailed". The
rule was itself learned on these halves, so its log-odds come from rules that were fitted without the question or
passage they judge. K-QA, FaithBench and the RadFact examples weigh the same; MedHallu is left out, for the packaged
model was trained on its development half. Prints the balanced accuracy of the rule alone and of both together, where
everything was fitted without the question or passage judged; `--write` adds it to `assistant/verify/entail/rule.json`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from verify import Pair, development, faithbench_pairs, kqa_pairs, radfact_pairs
from verify_prose import CUTS, FOLDS, Told, fit, judged_sentences, read

from assistant.settings import Settings
from assistant.verify.entail import EntailmentModel, open_entailment
from assistant.verify.entail.combined import log_odds

TARGET = Path(__file__).parents[1] / "assistant/verify/entail/rule.json"
PENALTY = 0.1  # that of the rule for prose


@dataclass(frozen=True)
class Weighed:
    """A pair's sentences by both, in log-odds: (n,) each."""

    told: Told
    rule: NDArray[np.float64]
    model: NDArray[np.float64]


def weigh(told: Sequence[Told], pairs: Sequence[Pair], model: EntailmentModel, every: Sequence[Told]) -> list[Weighed]:
    made = []
    kept = [p for p in pairs if development(p.group)]
    cut = [judged_sentences(p.claim) for p in kept]
    rows = model.judge([(s, "\n".join(p.evidence)) for p, some in zip(kept, cut, strict=True) for s in some])
    entailed = np.array([log_odds(float(row[0])) for row in rows])
    at = 0
    rules = [fit([t for t in every if t.fold() != fold], PENALTY) for fold in range(FOLDS)]
    for one, some in zip(told, (some for some in cut if some), strict=True):
        coefficients, intercept = rules[one.fold()]
        made.append(Weighed(one, one.signs @ coefficients + intercept, entailed[at : at + len(some)]))
        at += len(some)
    return made


def fit_both(weighed: Sequence[Weighed]) -> NDArray[np.float64]:
    """Weights of the rule's and the model's log-odds, neither below 0, and an intercept."""
    count = dict.fromkeys({(w.told.data, w.told.supported) for w in weighed}, 0)
    for w in weighed:
        count[w.told.data, w.told.supported] += 1
    x = np.concatenate([np.column_stack([w.rule, w.model, np.ones_like(w.rule)]) for w in weighed])
    y = np.concatenate([np.full(len(w.rule), float(w.told.supported)) for w in weighed])
    share = np.concatenate(
        [np.full(len(w.rule), 1 / len(w.rule) / count[w.told.data, w.told.supported]) for w in weighed]
    )
    share /= share.sum()

    def loss(theta: NDArray[np.float64]) -> float:
        z = x @ theta
        return float(share @ (np.logaddexp(0, z) - y * z) + 0.001 * theta[:2] @ theta[:2])

    found = minimize(loss, np.array([0.5, 0.2, 0.0]), method="L-BFGS-B", bounds=[(0, None), (0, None), (None, None)])
    return np.asarray(found.x, float)


def balanced(weighed: Sequence[Weighed], least: dict[int, float], cut: float) -> float:
    shares = [
        np.mean([(least[id(w)] >= cut) == wanted for w in weighed if w.told.supported == wanted])
        for wanted in (True, False)
    ]
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="auto", help="as the setting verify.entailment")
    parser.add_argument("--write", action="store_true", help="add it to assistant/verify/entail/rule.json")
    arguments = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    model = open_entailment(arguments.model, Settings())
    if model is None:
        raise SystemExit(f"{arguments.model}: no entailment model")
    sets = {"kqa": kqa_pairs(data), "faithbench": faithbench_pairs(data), "radfact": radfact_pairs(data)}
    told = {name: read(name, pairs) for name, pairs in sets.items()}
    every = [t for some in told.values() for t in some]
    weighed = {name: weigh(told[name], pairs, model, every) for name, pairs in sets.items()}
    flat = [w for some in weighed.values() for w in some]
    alone = {id(w): float((1 / (1 + np.exp(-w.rule))).min()) for w in flat}
    both = {}
    for fold in range(FOLDS):
        theta = fit_both([w for w in flat if w.told.fold() != fold])
        for w in flat:
            if w.told.fold() == fold:
                both[id(w)] = float((1 / (1 + np.exp(-(theta[0] * w.rule + theta[1] * w.model + theta[2])))).min())
    chosen = {}
    for name, least in (("the rule alone", alone), ("the rule and the model", both)):
        chosen[name] = max(CUTS, key=lambda cut: sum(balanced(weighed[n], least, cut) for n in ("kqa", "faithbench")))
        figures = ", ".join(f"{n} {balanced(weighed[n], least, chosen[name]):.3f}" for n in weighed)
        print(f"{name}, cut {chosen[name]:.2f}, balanced accuracy out of fold: {figures}")
    theta = fit_both(flat)
    rule_json = {
        "rule": round(float(theta[0]), 4),
        "entailed": round(float(theta[1]), 4),
        "intercept": round(float(theta[2]), 4),
        "supported_from": chosen["the rule and the model"],
        "made_by": "benchmarks/entailment_rule.py",
        "of": "the development halves of K-QA, FaithBench and RadFact's examples",
    }
    print(json.dumps({model.name: rule_json}, indent=1))
    if arguments.write:
        learned = json.loads(TARGET.read_text(encoding="utf-8")) | {model.name: rule_json}
        TARGET.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
