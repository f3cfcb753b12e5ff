"""Metrics against answers with one thing wrong: each must move the right way, and stay put when nothing is wrong.

The sentences are made up; benchmarks/evaluate_perturbations.py does the same with real reports.
"""

from pathlib import Path

import pytest

from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.marking import bench_of
from assistant.evaluate.metric import Metric
from assistant.evaluate.perturb.answers import (
    ANSWER_DAMAGE,
    HARMLESS,
    SENTENCE_DAMAGE,
    as_sample,
    changed_answers,
    right_answer,
)
from assistant.evaluate.perturb.moved import Marker, moved
from assistant.evaluate.perturb.sentences import damages, paraphrases
from assistant.settings import Settings

OTHER = ("The lungs are clear.", "No acute bony abnormality.")
REPORTS = {
    "a": ("There is a small left pleural effusion.", "No pneumothorax.", "The heart is normal in size."),
    "b": ("Moderate cardiomegaly is present.", "There is a 5 mm nodule in the right upper lobe.", "No consolidation."),
    "c": ("Mild bibasilar atelectasis.", "No pleural effusion or pneumothorax.", "Stable right apical scarring."),
    "d": ("There is a large right pneumothorax.", "There is no pleural effusion.", "Mild pulmonary edema."),
}  # fmt: skip
EVERY_ERROR = ("hallucination_rate", "contradicted_rate", "citation_recall", "citation_precision", "logical_precision")
CAUGHT = {  # damage: the metrics that must see it in every answer
    "negation": (*EVERY_ERROR, "correct_and_supported", "finding_f1", "omission_rate"),
    "laterality": (*EVERY_ERROR, "correct_and_supported", "finding_side_f1"),
    "severity": (*EVERY_ERROR, "correct_and_supported", "finding_full_f1"),
    "number": (*EVERY_ERROR, "correct_and_supported"),
    "unit": (*EVERY_ERROR, "correct_and_supported"),
    "location": (*EVERY_ERROR, "correct_and_supported"),
    "fabrication": ("hallucination_rate", "citation_recall", "logical_precision", "finding_f1"),
    "finding dropped": ("omission_rate", "finding_recall", "statement_coverage", "logical_recall"),
    "citations swapped": ("citation_recall", "citation_precision"),
    "citation invented": ("citation_precision", "invented_citation_rate"),
}
STILL = (
    "hallucination_rate", "contradicted_rate", "citation_recall", "citation_precision", "invented_citation_rate",
    "omission_rate", "finding_f1", "finding_side_f1", "finding_full_f1", "logical_precision",
)  # fmt: skip


@pytest.fixture(scope="module")
def marker():
    suite = Suite(name="perturbations", cases="none.jsonl")
    return Marker(bench_of(Dataset(suite=suite, cases=(), path=Path("x"), workspace=Path()), Settings()))


@pytest.fixture(scope="module")
def moves(marker):
    """By (kind, metric): which way it went, for each answer the change fitted."""
    found = {}
    for name, sentences in REPORTS.items():
        right = right_answer(name, sentences, OTHER)
        before = marker.values(right, as_sample(right))
        for changed in changed_answers(right):
            after = marker.values(right, as_sample(changed))
            for metric in marker.metrics:
                way = moved(metric, before.get(metric.name), after.get(metric.name))
                found.setdefault((changed.kind, metric.name), []).append((way, changed.text))
    return found


def test_every_kind_of_change_is_made_of_some_report(moves):
    kinds = {kind for kind, _ in moves}
    assert kinds >= set(CAUGHT)
    assert kinds <= {*SENTENCE_DAMAGE, *ANSWER_DAMAGE, *HARMLESS}
    assert len(kinds & set(HARMLESS)) >= 5


@pytest.mark.parametrize("kind", CAUGHT)
def test_metrics_move_the_right_way_on_damage(moves, kind):
    for metric in CAUGHT[kind]:
        assert moves[kind, metric], metric
        assert all(way == "worse" for way, _ in moves[kind, metric]), (metric, moves[kind, metric])


@pytest.mark.parametrize("metric", STILL)
def test_metrics_stay_put_where_nothing_is_wrong(moves, metric):
    wrong = [(kind, row) for kind in HARMLESS for row in moves.get((kind, metric), []) if row[0] not in ("same", None)]
    assert not wrong


def test_word_overlap_does_not_tell_damage_from_paraphrase(moves):
    assert all(way == "worse" for way, _ in moves["negation", "rouge_l"])
    assert all(way == "worse" for way, _ in moves["reworded statement", "rouge_l"])


def test_the_right_answer_is_right(marker):
    for name, sentences in REPORTS.items():
        right = right_answer(name, sentences, OTHER)
        values = marker.values(right, as_sample(right))
        for metric in ("citation_recall", "citation_precision", "logical_precision", "finding_full_f1"):
            assert values[metric] == pytest.approx(1.0), (name, metric)
        for metric in ("hallucination_rate", "omission_rate", "invented_citation_rate"):
            assert values[metric] == 0.0, (name, metric)


def test_damage_is_done_to_one_thing():
    assert dict(damages("There is a small left pleural effusion.")) == {
        "negation": "There is no small left pleural effusion.",
        "laterality": "There is a small right pleural effusion.",
        "severity": "There is a large left pleural effusion.",
        "fabrication": "There is a small left pneumothorax.",
        "time": "Acute small left pleural effusion.",
    }
    assert dict(damages("There is a 5 mm nodule in the right upper lobe."))["number"].count("11 mm") == 1
    assert "laterality" not in dict(damages("Opacity of the left and right base."))  # both sides: nothing is certain
    assert (
        dict(paraphrases("No pleural effusion or pneumothorax."))["list turned"]
        == "No pneumothorax or pleural effusion."
    )


def test_a_finding_that_the_report_has_is_not_swapped_in():
    right = right_answer("x", ("There is a small left pleural effusion.", "No pneumothorax."), OTHER)
    assert "fabrication" not in {changed.kind for changed in changed_answers(right)}


@pytest.mark.parametrize(
    ("better", "before", "after", "way"),
    [
        ("low", 0.1, 0.2, "worse"),
        ("high", 0.1, 0.2, "better"),
        ("high", 0.2, 0.1, "worse"),
        ("low", 0.2, 0.2, "same"),
        ("low", None, 0.2, None),
    ],
)
def test_which_way_a_metric_goes(better, before, after, way):
    assert moved(Metric("m", "", better, ""), before, after) == way
