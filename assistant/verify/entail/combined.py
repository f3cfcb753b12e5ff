"""How much an entailment model's word counts beside the rule for prose.

`rule.json` holds a logistic regression over the log-odds of both for each model that it was learned for, made by
`benchmarks/entailment_rule.py` from development data (docs/verification.md). Any other model counts as much as the
rule does: the mean of their log-odds, fitted to nothing.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

_LEAST = 0.001  # a probability of 0 or 1 has no log-odds


class Combination(BaseModel):
    """Weights of the log-odds of the rule for prose and of "entailed", and the probability that counts as supported."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rule: float = 0.5
    entailed: float = 0.5
    intercept: float = 0.0
    supported_from: float = 0.5

    def probability(self, rule: float, entailed: float) -> float:
        """How likely the evidence supports a sentence, in [0, 1], from what the rule and the model say of it."""
        z = self.rule * log_odds(rule) + self.entailed * log_odds(entailed) + self.intercept
        return 1 / (1 + math.exp(-z))


def log_odds(probability: float) -> float:
    """Log-odds, of a probability kept away from 0 and 1."""
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


@cache
def combination(model: str) -> Combination:
    """That of the model of that name."""
    learned = json.loads(files("assistant.verify.entail").joinpath("rule.json").read_text(encoding="utf-8"))
    return Combination(**learned.get(model, {}))
