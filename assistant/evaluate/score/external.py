"""Report metrics of others: RadGraph-F1, CheXbert-F1, RaTEScore and GREEN.

Each is a package with weights of its own that Wardround does not carry. A suite names those that it wants
(`external = ["radgraph_f1"]`); they are loaded at the first report, and what is missing then is named with the way to
get it. Weights are fetched only where `embed.fetch_weights` allows it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.errors import WardroundError
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.told import claims_of, shown, texts_of

Scorer = Callable[[str, str], dict[str, Pair]]
"""What a draft and its reference add, both not empty; a metric of which it can't tell is left out."""


@dataclass(frozen=True, slots=True)
class External:
    """A package, what `pip` calls it, the weights it needs, and how it becomes a scorer."""

    module: str
    install: str
    weights: str
    metrics: tuple[Metric, ...]
    open: Callable[[Any], Scorer]

    @property
    def empty(self) -> dict[str, Pair]:
        """What a draft that says nothing has."""
        return {metric.name: (0.0, 1.0) for metric in self.metrics}


def _open_radgraph(radgraph: Any) -> Scorer:
    """radgraph 0.1.18: `F1RadGraph(reward_level, model_type)(refs, hyps)` → mean, rewards, annotations of both."""
    scorer = radgraph.F1RadGraph(reward_level="partial", model_type="radgraph-xl")

    def score(candidate: str, reference: str) -> dict[str, Pair]:
        _, rewards, *_ = scorer(refs=[reference], hyps=[candidate])
        return {"radgraph_f1": (float(rewards[0]), 1.0)}

    return score


def _open_chexbert(f1chexbert: Any) -> Scorer:
    """f1chexbert 0.0.2: `F1CheXbert().get_label(report)` → fourteen 0 or 1, an uncertain finding counted as present."""
    labeller = f1chexbert.F1CheXbert()

    def score(candidate: str, reference: str) -> dict[str, Pair]:
        ours, theirs = labeller.get_label(candidate), labeller.get_label(reference)
        total = sum(ours) + sum(theirs)
        both = sum(mine and yours for mine, yours in zip(ours, theirs, strict=True))
        return {"chexbert_f1": (2.0 * both, float(total))} if total else {}

    return score


def _open_ratescore(package: Any) -> Scorer:
    """RaTEScore 0.6.0: `RaTEScore(use_gpu).compute_score(candidates, references)` → a score each."""
    import torch

    scorer = package.RaTEScore(use_gpu=torch.cuda.is_available())

    def score(candidate: str, reference: str) -> dict[str, Pair]:
        return {"ratescore": (float(scorer.compute_score([candidate], [reference])[0]), 1.0)}

    return score


def _open_green(green_score: Any) -> Scorer:
    """green_score: `GREEN(model, output_dir)(refs, hyps)` → mean, deviation, scores, summary, table.

    A score is None where the model's reply could not be parsed.
    """
    scorer = green_score.GREEN("StanfordAIMI/GREEN-radllama2-7b", output_dir=tempfile.mkdtemp(prefix="green-"))

    def score(candidate: str, reference: str) -> dict[str, Pair]:
        _, _, scores, *_ = scorer([reference], [candidate])
        return {"green": (float(scores[0]), 1.0), "green_unparsed_rate": (0.0, 1.0)} if scores[0] is not None else {
            "green_unparsed_rate": (1.0, 1.0)
        }  # fmt: skip

    return score


_EMPTY = "A draft that says nothing has 0. Without a reference report: adds nothing."

EXTERNALS: dict[str, External] = {
    "radgraph_f1": External(
        "radgraph",
        "radgraph",
        "StanfordAIMI/RRG_scorers (radgraph-xl) and its BERT",
        (
            Metric(
                "radgraph_f1",
                "RadGraph-F1",
                "high",
                "F1 of the entities and of whether they have a relation (reward level partial), as the package "
                "radgraph reads them with RadGraph-XL, averaged.",
                edge=_EMPTY,
                source="Jain et al. 2021, RadGraph; Delbrouck et al. 2022 and 2024",
            ),
        ),
        _open_radgraph,
    ),
    "chexbert_f1": External(
        "f1chexbert",
        "f1chexbert",
        "StanfordAIMI/RRG_scorers (chexbert.pth) and bert-base-uncased",
        (
            Metric(
                "chexbert_f1",
                "CheXbert-F1, 14 labels",
                "high",
                "F1 over all labels of all reports (micro) of the fourteen labels that CheXbert gives; "
                "an uncertain finding counts as present.",
                edge=f"No label on either side: adds nothing. {_EMPTY}",
                unit="labels",
                source="Smit et al. 2020, CheXbert",
            ),
        ),
        _open_chexbert,
    ),
    "ratescore": External(
        "RaTEScore",
        "RaTEScore",
        "Angelakeke/RaTE-NER-Deberta and FremyCompany/BioLORD-2023-C",
        (
            Metric(
                "ratescore",
                "RaTEScore",
                "high",
                "Likeness of the medical entities of both texts, weighted by their type, averaged.",
                edge=_EMPTY,
                source="Zhao et al. 2024, RaTEScore",
            ),
        ),
        _open_ratescore,
    ),
    "green": External(
        "green_score",
        "green-score (from github.com/Stanford-AIMI/GREEN where the index has none)",
        "StanfordAIMI/GREEN-radllama2-7b, and a GPU",
        (
            Metric(
                "green",
                "GREEN",
                "high",
                "Matched findings over matched findings and clinically significant errors, as a language model trained "
                "for it counts them, averaged.",
                edge=f"A reply of the model that could not be parsed adds nothing here. {_EMPTY}",
                judged=True,
                source="Ostmeier et al. 2024, GREEN",
            ),
            Metric(
                "green_unparsed_rate",
                "GREEN: replies not understood",
                "low",
                "Reports of which the model's reply could not be parsed, over all reports.",
                edge="Without a reference report: adds nothing.",
                detail=True,
            ),
        ),
        _open_green,
    ),
}


@lru_cache(maxsize=len(EXTERNALS))
def open_external(name: str, fetch: bool) -> Scorer:
    """The scorer of that name; WardroundError says what to install where the package or its weights are missing."""
    external = EXTERNALS[name]
    try:
        with _quiet(fetch):
            package = importlib.import_module(external.module)
    except ImportError as error:
        raise WardroundError(
            f"external = {name!r}: the package {external.module} can't be imported ({error}): "
            f"pip install {external.install}"
        ) from error
    try:
        with _quiet(fetch):
            scorer = external.open(package)
    except Exception as error:  # each package fails in its own way without its weights
        asked = "" if fetch else ", or set embed.fetch_weights = true to have them fetched from Hugging Face"
        raise WardroundError(
            f"external = {name!r}: {external.module} could not be opened ({type(error).__name__}: {error}); it "
            f"needs the weights {external.weights}: put them into its cache{asked}"
        ) from error
    return scorer


@contextlib.contextmanager
def _quiet(fetch: bool) -> Iterator[None]:
    """Standard output is for results: what a package prints goes to standard error. Offline unless `fetch`."""
    offline = {} if fetch else {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    before = {name: os.environ.get(name) for name in offline}
    os.environ.update(offline)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _metrics(suite: Suite) -> tuple[Metric, ...]:
    return tuple(metric for name in suite.external for metric in EXTERNALS[name].metrics)


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    report = case.reference.report
    if not bench.suite.external or not report or claims_of(sample) is None:
        return Marks()
    text = " ".join(texts_of(shown(sample, removes=bench.removes)))
    scores: dict[str, Pair] = {}
    for name in bench.suite.external:
        scorer = open_external(name, bench.settings.embed.fetch_weights)
        if not text:
            scores |= EXTERNALS[name].empty
            continue
        with _quiet(bench.settings.embed.fetch_weights):
            scores |= scorer(text, report)
    return Marks(scores)


FAMILY = Family("external", "Report metrics of others", frozenset({"ask", "draft"}), _metrics, _mark)
