"""Fairness: groups by hand, small ones, bands of numbers, the gap; on a run's result and in its scorecard."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.groups import band_of, group_of, group_tables
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult, compute_over
from assistant.evaluate.scorecard import markdown, scorecard

ACCURACY = Metric("accuracy", "Correct", "high", "Right answers over answers.")
ERROR = Metric("error", "Wrong", "low", "Wrong answers over answers.")
SECONDS = Metric("seconds", "Seconds", None, "Seconds.", bounds=None)


def finished(right, tags, group=None):
    """A case and its sample for each of `right`: 1 right, 0 wrong, None not counted."""
    pairs = []
    for number, (mark, tag) in enumerate(zip(right, tags, strict=True)):
        case = Case(id=f"c{number}", question="?", tags=tag, group=group(number) if group else None)
        scores = {} if mark is None else {"accuracy": (float(mark), 1.0), "error": (1.0 - mark, 1.0)}
        pairs.append((case, Sample(case.id, scores={**scores, "seconds": (1.0, 1.0)})))
    return pairs


def tables(pairs, *rules):
    suite = Suite(name="s", cases="s.jsonl", groups=rules)
    dataset = Dataset(suite=suite, cases=tuple(case for case, _ in pairs), path=Path("s.toml"), workspace=Path())
    metrics = {metric.name: metric for metric in (ACCURACY, ERROR, SECONDS)}
    return group_tables(dataset, metrics, pairs)


def test_by_hand():
    """Women: 18 of 20 right; men: 10 of 20; the gap is 0.4, and men are 0.4 below the others."""
    pairs = finished([1] * 18 + [0] * 2 + [1] * 10 + [0] * 10, [{"sex": "F"}] * 20 + [{"sex": "M"}] * 20)
    (table,) = tables(pairs, "tags.sex")
    found = table.metrics["accuracy"]
    assert table.clusters == {"F": 20, "M": 20}
    assert (found.values["F"].value, found.values["M"].value) == (0.9, 0.5)
    assert (found.best, found.worst) == ("F", "M")
    assert found.gap.value == pytest.approx(0.4)
    assert 0.05 < found.gap.low < 0.2 < 0.55 < found.gap.high < 0.7
    assert found.against["M"].value == pytest.approx(-0.4)
    assert table.metrics["error"].best == "F"  # low is better there
    assert table.metrics["error"].gap.value == pytest.approx(-0.4)
    assert "seconds" not in table.metrics  # neither more nor less is better


def test_a_small_group_is_too_small_to_tell():
    pairs = finished([1] * 12 + [0] * 9 + [1] * 12, [{"v": "PA"}] * 12 + [{"v": "L"}] * 9 + [{"v": "AP"}] * 12)
    (table,) = tables(pairs, "tags.v")
    assert table.too_few == ("L",)
    assert set(table.metrics["accuracy"].values) == {"AP", "PA"}
    assert table.metrics["accuracy"].gap.value == 0.0
    assert table.metrics["accuracy"].gap.low < 0 < table.metrics["accuracy"].gap.high


def test_many_cases_of_few_patients_are_few():
    pairs = finished([1, 0] * 30, [{"sex": "F"}] * 30 + [{"sex": "M"}] * 30, group=lambda number: f"p{number // 10}")
    (table,) = tables(pairs, "tags.sex")
    assert table.too_few == ("F", "M")
    assert table.metrics == {}


def test_a_group_without_units_has_no_gap():
    pairs = finished([1] * 12 + [None] * 12, [{"sex": "F"}] * 12 + [{"sex": "M"}] * 12)
    found = tables(pairs, "tags.sex")[0].metrics["accuracy"]
    assert set(found.values) == {"F"}
    assert (found.best, found.gap.value, found.gap.n) == (None, None, 0)


def test_three_groups_widen_the_gap():
    """The same two groups, with a third between them: the best and worst were picked from three pairs."""
    two = finished([1] * 18 + [0] * 2 + [1] * 10 + [0] * 10, [{"g": "a"}] * 20 + [{"g": "b"}] * 20)
    right = [1] * 18 + [0] * 2 + [1] * 10 + [0] * 10 + [1] * 14 + [0] * 6
    three = finished(right, [{"g": "a"}] * 20 + [{"g": "b"}] * 20 + [{"g": "c"}] * 20)
    narrow, wide = (tables(pairs, "tags.g")[0].metrics["accuracy"].gap for pairs in (two, three))
    assert narrow.value == pytest.approx(wide.value)
    assert wide.high - wide.low > narrow.high - narrow.low


def test_numbers_fall_into_bands():
    assert [band_of(age, [65, 40]) for age in (39, 40, 64.9, 65)] == [
        "below 40",
        "40 to 65",
        "40 to 65",
        "65 and over",
    ]
    case = Case(id="1", question="?", tags={"age": "069Y", "sex": "unknown"})
    assert group_of(case, "tags.age: 40, 65") == "65 and over"
    assert group_of(case, "tags.sex") is None
    assert group_of(Case(id="1", question="?", tags={"age": "adult"}), "tags.age: 40") is None


def test_an_unclear_rule_is_refused():
    with pytest.raises(ValidationError, match="should read"):
        Suite(name="s", cases="s.jsonl", groups=("sex",))
    with pytest.raises(ValidationError, match="should read"):
        Suite(name="s", cases="s.jsonl", groups=("tags.age: old",))


def test_the_scorecard_shows_groups_and_escapes_them():
    pairs = finished([1] * 24, [{"sex": "<b>F"}] * 12 + [{"sex": "M"}] * 12)
    suite = Suite(name="s", cases="s.jsonl", groups=("tags.sex",))
    dataset = Dataset(suite=suite, cases=tuple(case for case, _ in pairs), path=Path("s.toml"), workspace=Path())
    metrics = {"accuracy": ACCURACY}
    result = RunResult(
        suite="s",
        run="s-1",
        folder=Path(),
        dataset=dataset,
        samples={case.id: sample for case, sample in pairs},
        metrics=compute_over(metrics, dataset, pairs),
        settings={},
        indexes={},
        total=len(pairs),
        groups=group_tables(dataset, metrics, pairs),
    )
    page = scorecard(result)
    assert 'id="groups"' in page
    assert "&lt;b&gt;F against" in page or "M against &lt;b&gt;F" in page
    assert "<b>F" not in page
    written = markdown(result)
    assert "## By sex" in written
    assert "| `accuracy` | 1.000 [" in written
    data = result.to_json()["groups"]["tags.sex"]
    assert data["metrics"]["accuracy"]["gap"]["value"] == 0.0
    assert data["clusters"] == {"<b>F": 12, "M": 12}
