"""From samples to metrics: what is no ratio of sums reaches the result under its name, with its interval."""

from pathlib import Path

import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Bootstrap, Dataset, Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.marking import bench_of, marked
from assistant.evaluate.result import compute_metrics
from assistant.records import Answer, Claim, Draft, Judgement, Section
from assistant.settings import Settings

REPORT = "The heart is enlarged. There is a small left pleural effusion."


def asked(name: str, claim: str, score: float, **reference) -> tuple[Case, Sample]:
    claims = (Claim(claim, "patient", "supported", score=score),) if claim else ()
    answer = Answer("?", claims, (), not claims, "", "test", None)
    return Case(id=name, question="?", reference=Reference(**reference)), Sample(name, answer=answer)


def checked(name: str, verdict, told, score: float, **tags: str) -> tuple[Case, Sample]:
    case = Case(id=name, task="check", claim="c", reference=Reference(verdict=verdict), tags=tags)
    return case, Sample(name, judgement=Judgement(told, score))


def drafted(name: str, *claims: str) -> tuple[Case, Sample]:
    sections = (Section("FINDINGS", tuple(Claim(claim, "patient", "supported") for claim in claims)),)
    case = Case(id=name, task="draft", study=name, reference=Reference(report=REPORT))
    return case, Sample(name, draft=Draft(name, sections, ()))


def measured(name: str, **values: float) -> tuple[Case, Sample]:
    case = Case(id=name, task="measure", files=("a",), reference=Reference(values={"pr_ms": 150.0}))
    return case, Sample(name, measured=values)


RUN = [
    asked("right", "Sinus rhythm.", 0.9, must=("sinus",), labels=("Sinus rhythm", "Cardiomegaly")),
    asked("wrong", "Atrial fibrillation.", 0.8, must=("sinus",), labels=("Sinus rhythm",)),
    asked("silent", "", 0.0, must=("sinus",)),
    checked("c1", "supported", "supported", 0.9, evidence="own", answer="true"),
    checked("c2", "contradicted", "supported", 0.8, evidence="own", answer="invented"),
    checked("c3", "unsupported", "unsupported", 0.3),
    checked("c4", "unsupported", "unsupported", 0.3),
    checked("control1", "unsupported", "supported", 0.3, evidence="other", answer="true"),
    checked("control2", "unsupported", "unsupported", 0.3, evidence="other", answer="invented"),
    drafted("d1", "The heart is enlarged.", "There is a small left pleural effusion."),
    drafted("d2"),
    measured("m1", pr_ms=160.0),
    measured("m2", pr_ms=153.0),
    measured("m3", qrs_ms=90.0),
]


@pytest.fixture(scope="module")
def metrics():
    suite = Suite(name="x", cases="x.jsonl", bootstrap=Bootstrap(resamples=200))
    dataset = Dataset(suite=suite, cases=tuple(case for case, _ in RUN), path=Path("x.toml"), workspace=Path())
    bench = bench_of(dataset, Settings())
    return compute_metrics(dataset, {case.id: marked(sample, case, bench) for case, sample in RUN})


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("accuracy", (1 + 0 + 0 + 1 + 0 + 1 + 1) / 7, 7),
        ("aurc", (0 + 1 / 2) / 2, 3),  # risks after the first and after the second answer
        ("excess_aurc", 0.0, 3),
        ("accuracy@0.5", 1 / 2, 3),  # half of three cases takes both answers
        ("rhythm_f1", 1 / 2, 2),
        ("label_f1", 0.0, 1),
        ("check_auroc", 1.0, 4),
        ("check_balanced_accuracy", (1 + 2 / 3) / 2, 4),
        ("check_three_way_accuracy", 3 / 4, 4),
        ("check_calibration_error", (0.1 + 0.8 + 2 * 0.3) / 4, 4),
        ("check_passed_elsewhere", 1 / 2, 2),
        ("check_own_evidence_auroc", 1.0, 4),
        ("check_other_evidence_auroc", 1 / 2, 4),
        ("check_evidence_gap", 1 / 2, 4),
        ("measured_error.pr_ms", (10 + 3) / 2, 2),
        ("measured_share", 2 / 3, 3),
        ("finding_f1", 2 * 2 / (2 + 4), 6),
        ("rouge_l", (1 + 0) / 2, 2),
        ("bleu_4", 2.718281828 ** (1 - 22 / 11), 2),  # every n-gram right, half as long as both reports
    ],
)
def test_a_metric_reaches_the_result_with_its_interval(metrics, name, value, n):
    found = metrics[name]
    assert found.value == pytest.approx(value)
    assert found.n == n
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    "name", ["accuracy@0.8", "statement_coverage", "mrr", "people_error.pr_ms", "citation_precision"]
)
def test_what_nothing_was_counted_for_is_absent(metrics, name):
    """Two of three cases were answered; there are no statements, no gold, no stated numbers and no citations."""
    assert (metrics[name].value, metrics[name].low, metrics[name].high, metrics[name].n) == (None, None, None, 0)
