"""The one front door to judges: `open_judge("verifier", settings)`.

verifier                    Wardround's own checker, with the entailment model of `verify.entailment` if one is set
served, nli:…, minicheck:…, trained:…
                            an entailment model alone, by the names of `assistant.verify.entail.registry`
"""

from __future__ import annotations

from assistant.errors import RecipeError
from assistant.evaluate.judge.entailing import EntailmentJudge
from assistant.evaluate.judge.interface import Judge
from assistant.evaluate.judge.verifier import NAME, VerifierJudge
from assistant.settings import Settings
from assistant.verify.entail import open_entailment


def open_judge(name: str, settings: Settings) -> Judge:
    """The judge of that name; a suite's option `judge`. RecipeError if there is none, and as `open_entailment`."""
    if name == NAME:
        return VerifierJudge(settings)
    model = open_entailment(name, settings)
    if model is None:
        raise RecipeError(f"judge = {name!r} names no model: use {NAME}, or a model as in verify.entailment")
    return EntailmentJudge(model)
