"""Every metric is defined, once, and docs/metrics.md says what the code does."""

from collections import Counter
from pathlib import Path

from assistant.evaluate.dataset import Suite
from assistant.evaluate.definitions import BELOW, definitions
from assistant.evaluate.score import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
SUITE = Suite(name="x", cases="x.jsonl", external=("radgraph_f1", "chexbert_f1", "ratescore", "green"))
METRICS = [metric for family in FAMILIES for metric in family.metrics(SUITE)]


def test_the_page_is_up_to_date():
    """If not: python -m assistant.evaluate.definitions docs/metrics.md"""
    assert PAGE.read_text(encoding="utf-8").partition(BELOW)[2].lstrip("\n") == definitions()


def test_every_metric_says_what_it_is_and_what_happens_at_its_edges():
    for metric in METRICS:
        assert metric.text.endswith("."), metric.name
        assert metric.edge.endswith("."), metric.name


def test_no_two_metrics_have_one_name_and_no_two_families_one_table():
    assert [name for name, count in Counter(metric.name for metric in METRICS).items() if count > 1] == []
    tables = Counter(
        table for family in FAMILIES for table in {m.table for m in family.metrics(SUITE) if m.table is not None}
    )
    assert [table for table, count in tables.items() if count > 1] == []
