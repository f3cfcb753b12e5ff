"""A judge against people's labels, worked out by hand; what is shipped; and what a run's result says of its judge."""

import pytest

from assistant.errors import RecipeError
from assistant.evaluate.judge import VerifierJudge, open_judge
from assistant.evaluate.judge.agreement import (
    Counts,
    Measured,
    Reading,
    load_measured,
    measure_agreement,
    read_measured,
    write_measured,
)
from assistant.evaluate.judge.entailing import EntailmentJudge
from assistant.evaluate.judge.labels import DEFAULT, LABELS, labels_for
from assistant.evaluate.judge.report import report_judge
from assistant.evaluate.judge.wording import Wording, entailed_verdicts, quoted, seen_by, wording_of
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.score.claims import claim_verdicts
from assistant.records import Answer, Claim, Evidence, TextPlace
from assistant.settings import Settings

READINGS = [
    *[Reading("a", True, True, 0.9)] * 6,
    *[Reading("b", True, False, 0.4)] * 2,
    *[Reading("b", False, False, 0.2)] * 9,
    Reading("c", False, True, 0.9),
    *[Reading("d", True, True, 1.0, quoted=True)] * 2,
]


def piece(name, text, relation="knowledge"):
    return Evidence(name, f"r-{name}", "text", "SR", relation, text, TextPlace(0, len(text)), 1.0, True, "")


def test_agreement_by_hand():
    found = measure_agreement(READINGS)
    assert found.sensitivity.value == 0.8 and found.sensitivity.n == 10
    assert found.specificity.value == 0.9 and found.specificity.n == 10
    assert found.balanced_accuracy.value == pytest.approx(0.85)
    # 17 of 20 agree; by chance 0.5 · 0.45 + 0.5 · 0.55 = 0.5
    assert found.kappa.value == pytest.approx((0.85 - 0.5) / 0.5)
    # supported: 6 at 0.9, 2 at 0.4, 2 at 1.0; others: 9 at 0.2, 1 at 0.9
    assert found.auroc.value == pytest.approx((9 * 10 + 2 + 0.5 * 6) / 100)
    assert (found.claims, found.quoted) == (20, 2)
    for interval in (found.sensitivity, found.specificity, found.kappa, found.auroc):
        assert interval.low <= interval.value <= interval.high


def test_quotations_are_left_out_of_what_rates_are_corrected_with():
    assert set(measure_agreement(READINGS).counts) == {Counts(6, 0, 0, 0), Counts(0, 2, 9, 0), Counts(0, 0, 0, 1)}


def test_equal_groups_are_kept_together():
    readings = [Reading(group, truth, truth, 0.5) for group in "abc" for truth in (True, False)]
    assert measure_agreement(readings).counts == (Counts(1, 0, 1, 0, times=3),)


def test_labels_of_one_sort_measure_nothing():
    with pytest.raises(ValueError, match="and others"):
        measure_agreement([Reading("a", True, True, 1.0)])


def test_figures_are_written_and_read_back():
    measured = Measured("mine", "abc", "2026-11-26", "reported", {"kqa": measure_agreement(READINGS)})
    assert read_measured(write_measured({"mine": measured})).keys() == {"mine"}
    back = read_measured(write_measured({"mine": measured}))["mine"]
    assert (back.version, back.date, back.half) == ("abc", "2026-11-26", "reported")
    assert back.sets["kqa"].counts == measured.sets["kqa"].counts
    assert back.sets["kqa"].sensitivity.value == 0.8


def test_the_workspace_wins_over_the_installation(tmp_path):
    packaged = load_measured("verifier", tmp_path)
    (tmp_path / "eval").mkdir()
    own = Measured("verifier", "abc", "2026-11-26", "reported", {"kqa": measure_agreement(READINGS)})
    (tmp_path / "eval/agreement.json").write_text(write_measured({"verifier": own}))
    assert packaged.version != "abc"
    assert load_measured("verifier", tmp_path).version == "abc"
    (tmp_path / "eval/agreement.json").write_text("{}")
    assert load_measured("verifier", tmp_path) == packaged
    (tmp_path / "eval/agreement.json").write_text("[1")
    with pytest.raises(RecipeError, match="measure anew"):
        load_measured("verifier", tmp_path)


def test_the_default_judge_comes_measured_on_every_set():
    measured = load_measured("verifier")
    assert measured.sets.keys() == LABELS.keys()
    assert measured.half == "reported"
    for name, agreement in measured.sets.items():
        assert sum(c.times * (c.recognised + c.missed + c.refused + c.believed) for c in agreement.counts) == (
            agreement.claims - agreement.quoted
        ), name


def test_every_wording_has_its_labels_unless_one_set_is_named():
    assert {labels_for(wording) for wording in DEFAULT} == set(DEFAULT.values()) <= LABELS.keys()
    assert labels_for(Wording.REPORT, "mts_dialog") == "mts_dialog"
    assert all(LABELS[name].wording == wording for wording, name in DEFAULT.items())


def claim(text, verdict="supported", kind=None, about="general", citations=("e1",)):
    return Claim(text, about, verdict, kind, citations)


def test_quotations_counts_and_what_has_no_words_need_no_judge():
    text = piece("e1", "Aspirin thins the blood. It is taken daily.")

    def worded(told, evidence, supported=True):
        return wording_of(told, evidence, supported=supported)

    assert worded(claim("Aspirin thins the blood."), [text]) == Wording.CERTAIN
    assert worded(claim("Aspirin thins the blood.", "contradicted"), [text], supported=False) == Wording.PROSE
    assert worded(claim("The leaflet says “It is taken daily.”"), [text]) == Wording.CERTAIN
    assert worded(claim("4 of the 5 most similar studies mention pleural effusion."), [text]) == Wording.CERTAIN
    assert worded(claim("There is a mass.", "unsupported", "unverifiable"), [text]) == Wording.CERTAIN
    assert worded(claim("Aspirin prevents clots."), []) == Wording.CERTAIN
    assert worded(claim("Aspirin prevents clots."), [text]) == Wording.PROSE
    assert worded(claim("There is an effusion.", about="patient"), [text]) == Wording.REPORT
    assert not quoted("Thins the blood.", ["Aspirin thins the blood."])  # a part of a sentence is no quotation


def test_statements_that_texts_quote_or_that_have_no_texts_are_certain():
    judge = VerifierJudge(Settings())
    texts = ["There is a small left pleural effusion."]
    statements = ["There is a small left pleural effusion.", "There is a pleural effusion.", "The heart is enlarged."]
    rows = entailed_verdicts(judge, texts, statements, Wording.REPORT)
    assert rows == ((1.0, Wording.CERTAIN), (1.0, Wording.REPORT), (0.0, Wording.REPORT))
    assert entailed_verdicts(judge, [], statements, Wording.REPORT) == ((0.0, Wording.CERTAIN),) * 3


METRICS = {
    "hallucination_rate": Metric("hallucination_rate", "", "low", "", judged=True, verdicts="claim_verdicts"),
    "citation_recall": Metric("citation_recall", "", "high", "", judged=True, verdicts="citation_verdicts"),
    "hallucination_rate_answers": Metric("hallucination_rate_answers", "", "low", "", judged=True),
    "accuracy": Metric("accuracy", "", "high", ""),
}


def test_a_result_has_agreement_and_corrected_rates():
    evidence = (piece("e1", "Aspirin thins the blood."), piece("e2", "Take it with food."))
    told = (claim("Aspirin prevents clots."), claim("Aspirin thins the blood."), claim("Milk helps.", "unsupported"))
    samples = [Sample(f"c{n}", observations={"claim_verdicts": claim_verdicts(told, evidence)}) for n in range(10)]
    report = report_judge(VerifierJudge(Settings()), METRICS, samples, [f"c{n}" for n in range(10)])
    agreement = load_measured("verifier").sets["kqa"]
    recognised, missed, refused, believed = (
        sum(c.times * getattr(c, name) for c in agreement.counts)
        for name in ("recognised", "missed", "refused", "believed")
    )
    se, sp = recognised / (recognised + missed), refused / (refused + believed)
    share = min(1.0, max(0.0, (0.5 + sp - 1) / (se + sp - 1)))  # of two claims that were read, one was told supported
    corrected = report.corrected["hallucination_rate"]
    assert corrected.labels == ("kqa",)
    assert corrected.interval.value == pytest.approx(1 - (1 + 2 * share) / 3)
    assert corrected.interval.low <= corrected.interval.value <= corrected.interval.high
    assert corrected.interval.n == 30
    assert report.agreement_of("hallucination_rate")[0][1].sensitivity.n == agreement.sensitivity.n
    assert report.corrected["citation_recall"].reason == "nothing was judged"
    assert report.corrected["hallucination_rate_answers"].interval.value is None
    assert "accuracy" not in report.corrected
    assert report.to_json()["agreement"]["kqa"]["sensitivity"]["n"] == agreement.sensitivity.n


class Fixed:
    """An entailment model that says the same of every pair."""

    name, fingerprint = "fixed", "f"

    def __init__(self, row):
        self.row, self.asked = row, 0

    def judge(self, pairs):
        self.asked += len(pairs)
        return [self.row for _ in pairs]


def test_a_judge_that_nobody_measured_says_so():
    report = report_judge(EntailmentJudge(Fixed((1.0, 0.0, 0.0))), METRICS, [Sample("a")], ["a"])
    assert report.sets == {} and report.date == ""
    assert "nobody has measured" in report.corrected["hallucination_rate"].reason


def test_an_entailment_model_judges_anew():
    model = Fixed((0.1, 0.2, 0.7))
    judge = EntailmentJudge(model)
    given = Answer("?", (claim("Milk helps."),), (piece("e1", "Milk is white."),), False, "", "test", None)
    seen = seen_by(judge, Sample("a", answer=given))
    assert seen.answer.claims[0].verdict == "contradicted"
    assert judge.supports(given.claims[0], given.evidence) is False
    assert model.asked == 1  # the same pair is asked once
    assert judge.entails([" "], "Milk helps.").verdict == "unsupported"
    kept = seen_by(VerifierJudge(Settings()), Sample("a", answer=given))
    assert kept.answer.claims[0].verdict == "supported"


def test_judges_are_opened_by_name():
    assert open_judge("verifier", Settings()).name == "verifier"
    with pytest.raises(RecipeError, match="names no model"):
        open_judge("none", Settings())
    with pytest.raises(RecipeError, match=r"verify\.entailment"):
        open_judge("gpt", Settings())
