"""Retrieval by stage: of the gold records, what was found, kept by selection, given to the model, and cited."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.citations import citations_of
from assistant.evaluate.score.ranking import ranked_ids
from assistant.records import Answer, Evidence

STAGES = ("found", "kept", "given", "cited")  # in order; `<stage>_recall` draws the funnel
_NO_GOLD = "Cases without gold add nothing, nor do those that were only searched."


def stages_of(answer: Answer) -> dict[str, set[str]]:
    """The records that reached each stage, by external id (a record without one by its own id); uploads left out.

    What the prompt's budget dropped was kept by selection and not given. Cited is what the answerer cited, whether or
    not the checker let it stand; an invented citation is no record.
    """
    dropped = {item.what for item in answer.prompt_use.dropped} if answer.prompt_use is not None else set()
    cited = {name for claim in answer.claims for name in citations_of(claim)}

    def records(pieces: Iterable[Evidence]) -> set[str]:
        return set(ranked_ids(pieces))

    return {
        "found": records(answer.evidence),
        "kept": records(piece for piece in answer.evidence if piece.kept or piece.id in dropped),
        "given": records(piece for piece in answer.evidence if piece.kept and piece.id not in dropped),
        "cited": records(piece for piece in answer.evidence if piece.id in cited),
    }


def score_stages(gold: set[str], answer: Answer) -> dict[str, Pair]:
    """Recall and precision of one answer's stages against its gold; {} without gold."""
    if not gold:
        return {}
    reached = stages_of(answer)
    scores: dict[str, Pair] = {}
    for stage, records in reached.items():
        right = len(records & gold)
        scores[f"{stage}_recall"] = (right / len(gold), 1.0)
        if records and stage != "found":
            scores[f"{stage}_precision"] = (right / len(records), 1.0)
    if found := reached["found"] & gold:
        scores["selection_recall"] = (len(reached["kept"] & found) / len(found), 1.0)
    return scores


def _metrics(_: Suite) -> tuple[Metric, ...]:
    words = {
        "found": ("Gold found", "that the search for the answer found, kept or not"),
        "kept": ("Gold kept by selection", "that selection kept, whether or not the prompt had room for them"),
        "given": ("Gold given to the model", "that were given to the answerer"),
        "cited": ("Gold cited", "that the answerer cited"),
    }
    recalls = [
        Metric(
            f"{stage}_recall",
            title,
            "high",
            f"Gold records {what} over all gold records of the case, averaged over cases with gold.",
            edge=f"An abstention cites none. {_NO_GOLD}" if stage == "cited" else _NO_GOLD,
        )
        for stage, (title, what) in words.items()
    ]
    precisions = [
        Metric(
            f"{stage}_precision",
            f"{title}: precision",
            "high",
            f"Gold among the records {what}, averaged over cases with gold.",
            edge=f"None of the kind: adds nothing. A record that nobody judged counts as wrong. {_NO_GOLD}",
            detail=True,
        )
        for stage, (title, what) in words.items()
        if stage != "found"
    ]
    selection = Metric(
        "selection_recall",
        "Found gold that selection keeps",
        "high",
        "Gold records that selection kept over those that were found, averaged over cases in which one was found.",
        edge=f"No gold found: adds nothing. {_NO_GOLD}",
        detail=True,
    )
    found, kept, given, cited = recalls
    kept_precision, given_precision, cited_precision = precisions
    return (found, kept, selection, kept_precision, given, given_precision, cited, cited_precision)


def _mark(case: Case, sample: Sample, _: Bench) -> Marks:
    if sample.answer is None:
        return Marks()
    gold = {name for name, grade in case.reference.grades.items() if grade > 0}
    return Marks(score_stages(gold, sample.answer))


FAMILY = Family("stages", "Retrieval by stage", frozenset({"ask", "choose"}), _metrics, _mark)
