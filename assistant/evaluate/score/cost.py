"""Cost: what an answer takes in tokens, time and material. None of these has a largest value."""

from __future__ import annotations

from assistant.evaluate.case import TASKS, Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.told import claims_of, evidence_of
from assistant.generate.tokens import estimate_tokens


def score_cost(sample: Sample) -> dict[str, Pair]:
    """What one case took; tokens, contexts and claims only where something was to be written."""
    scores: dict[str, Pair] = {}
    if "solve" in sample.seconds:
        scores["seconds"] = (float(sample.seconds["solve"]), 1.0)
    claims = claims_of(sample)
    if claims is None:
        return scores
    scores["contexts"] = (float(sum(piece.kept for piece in evidence_of(sample))), 1.0)
    scores["claims"] = (float(len(claims)), 1.0)
    scores["reply_tokens"] = (float(sum(estimate_tokens(claim.text) for claim in claims)), 1.0)
    use = sample.answer.prompt_use if sample.answer is not None else None
    if use is not None:
        scores["prompt_tokens"] = (float(use.tokens), 1.0)
    return scores


def _metrics(_: Suite) -> tuple[Metric, ...]:
    def mean(name: str, title: str, text: str, edge: str, better: bool = True) -> Metric:
        return Metric(name, title, "low" if better else None, text, edge=edge, bounds=None, detail=name != "seconds")

    silent = "Tasks in which nothing is written add nothing."
    return (
        mean(
            "seconds", "Seconds a case", "Wall-clock seconds of solving a case, averaged.", "Another run takes others."
        ),
        mean(
            "prompt_tokens",
            "Tokens of the evidence in a prompt",
            "Tokens that the evidence and the earlier turns take in the prompt, estimated, averaged over answers.",
            "Answerers without a prompt (quote), and drafts, add nothing.",
        ),
        mean(
            "reply_tokens",
            "Tokens of what is written",
            "Tokens of the claims, estimated without the model's own tokenizer, averaged over answers and drafts.",
            f"An abstention has 0. What a model wrote beside its claims is not counted. {silent}",
        ),
        mean(
            "contexts",
            "Contexts an answer",
            "Pieces of evidence that were given to the answerer, averaged over answers and drafts.",
            f"None given: 0. {silent}",
            better=False,
        ),
        mean(
            "claims",
            "Claims an answer",
            "Claims written, averaged over answers and drafts.",
            f"None: 0. {silent}",
            False,
        ),
    )


def _mark(_: Case, sample: Sample, __: Bench) -> Marks:
    return Marks(score_cost(sample))


FAMILY = Family("cost", "Cost", frozenset(TASKS), _metrics, _mark)
