"""The scorecard: every task's cases, what is said of the judge, plots, size, and nothing interpreted as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image as Pillow

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.judge.correction import Corrected
from assistant.evaluate.judge.report import JudgeReport
from assistant.evaluate.log import Sample
from assistant.evaluate.marking import bench_of, marked
from assistant.evaluate.result import RunResult, compute_metrics
from assistant.evaluate.scorecard import markdown, scorecard, weak_points
from assistant.evaluate.scorecard.faults import faults
from assistant.evaluate.scorecard.words import counted, number, percent, percent_with_interval
from assistant.records import Answer, Claim, Draft, Evidence, Judgement, Section, TextPlace
from assistant.settings import Settings

TEXT = "A small left pleural effusion is seen."
EVIDENCE = Evidence(
    "k1", "rec1", "text", "SR", "knowledge", TEXT, TextPlace(0, len(TEXT)), 0.9, True, "best", external_id="r1"
)
BAD = Claim(
    "The heart is <script>large</script>.", "general", "unsupported", "fabrication", ("k1",), 0.1, "no", ("k1", "E9")
)
GOOD = Claim(TEXT, "general", "supported", None, ("k1",), 0.95, "word for word", ("k1",))

ASK = Case.model_validate(
    {"id": "ask", "question": "Effusion?", "reference": {"answerable": True, "gold": ["r1"], "must": ["effusion"]}}
)
NONE = Case.model_validate({"id": "none", "question": "Who won?", "reference": {"answerable": False}})
CHOOSE = Case.model_validate(
    {"id": "choose", "task": "choose", "question": "Which?", "choices": ["left", "right"], "reference": {"choice": 0}}
)
CHECK = Case.model_validate(
    {
        "id": "check",
        "task": "check",
        "claim": "No effusion.",
        "context": [TEXT],
        "reference": {"verdict": "contradicted"},
    }
)
DRAFT = Case.model_validate(
    {"id": "draft", "task": "draft", "study": "s1", "reference": {"report": TEXT, "findings": [TEXT]}}
)
MEASURE = Case.model_validate(
    {"id": "measure", "task": "measure", "files": ["a.hea"], "reference": {"values": {"heart_rate_bpm": 60}}}
)
SAMPLES = {
    "ask": Sample(
        "ask", answer=Answer("Effusion?", (GOOD, BAD), (EVIDENCE,), False, "", "model", None), ranked=("r1",)
    ),
    "none": Sample("none", answer=Answer("Who won?", (GOOD,), (EVIDENCE,), False, "", "model", None)),
    "choose": Sample("choose", choice=1, choice_scores=(0.2, 0.8)),
    "check": Sample("check", judgement=Judgement("supported", 0.8, None, "all words")),
    "draft": Sample("draft", draft=Draft("s1", (Section("Findings", (GOOD, BAD)),), (EVIDENCE,), (), "model", None)),
    "measure": Sample("measure", measured={"heart_rate_bpm": 63.0}),
}


def run_of(cases: list[Case], samples: Mapping[str, Sample], **more: object) -> RunResult:
    suite = Suite.model_validate({"name": "all <b>tasks</b>", "cases": "c.jsonl", "bootstrap": {"resamples": 100}})
    dataset = Dataset(suite=suite, cases=tuple(cases), path=Path("s.toml"), workspace=Path())
    bench = bench_of(dataset, Settings())
    known = {case.id: marked(samples[case.id], case, bench).rounded() for case in cases}
    metrics = compute_metrics(dataset, known)
    settings = Settings().model_dump(mode="json")
    return RunResult("all", "all-1", Path("folder"), dataset, known, metrics, settings, {}, len(cases), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result() -> RunResult:
    return run_of([ASK, NONE, CHOOSE, CHECK, DRAFT, MEASURE], SAMPLES)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_task_has_its_drawer_and_all_tags_close(result: RunResult) -> None:
    page = scorecard(result)
    parsed = Page()
    parsed.feed(page)
    assert not parsed.open
    assert "script" not in parsed.tags
    assert "&lt;script&gt;large" in page
    assert "all &lt;b&gt;tasks" in page
    for case in result.dataset.cases:
        assert f'id="case-{case.id}"' in page
    said = (
        "is no evidence of this", "left pleural effusion is seen", "checker: supported", "people: contradicted",
        "picked", "heart_rate_bpm", "+3", "Its own report, withheld",
    )  # fmt: skip
    assert [words for words in said if words not in page] == []
    assert page.index("Weak points</h2>") < page.index("Headline rates") < page.index("Cases</h2>")


def test_what_is_wrong_is_said_the_gravest_first(result: RunResult) -> None:
    found = {
        case.id: [fault.words for fault in faults(case, result.samples[case.id], result.definitions)]
        for case in result.dataset.cases
    }
    assert found["ask"][0] == "1 invented citation"
    assert "1 of 2 claims hallucinated" in found["ask"]
    assert found["none"][0] == "answered, though there is no answer"
    assert found["choose"] == ["wrong choice"]
    assert found["check"] == ["let through: people say contradicted"]
    assert "1 of 2 claims hallucinated" in found["draft"]


def test_a_failed_case_is_said_to_have_failed() -> None:
    result = run_of([ASK, NONE], {**SAMPLES, "ask": Sample("ask", error="cut.dcm: too short")})
    assert weak_points(result)[0] == "1 of 2 cases failed and count in no other metric."
    page = scorecard(result)
    assert page.index("cut.dcm: too short") < page.index('id="case-none"')


def test_a_large_run_stays_small_and_says_what_it_leaves_out() -> None:
    cases = [NONE.model_copy(update={"id": f"n{n}"}) for n in range(300)] + [ASK]
    samples = {case.id: SAMPLES["none"].rounded() for case in cases[:-1]}
    quiet = Answer("Who won?", (), (), True, "nothing found", "model", None)
    samples = {name: Sample(name, answer=quiet) for name in samples} | {"ask": SAMPLES["ask"]}
    result = run_of(cases, samples)
    whole, small = scorecard(result), scorecard(result, most_bytes=20_000)
    assert len(small) < len(whole) / 2
    assert 'id="case-ask"' in small  # the worst one is whole
    assert "of 301 cases, those in which least was wrong" in small
    assert all(f"<code>n{n}</code>" in small for n in range(300))


def test_figures_alone_hold_no_text(result: RunResult) -> None:
    for page in (scorecard(result, texts=False), markdown(result)):
        assert TEXT not in page
        assert "Effusion?" not in page
        assert "The heart" not in page
    assert "<code>choose</code>" in scorecard(result, texts=False)


def test_the_judge_stands_beside_what_rests_on_it() -> None:
    bare = run_of([ASK], SAMPLES)
    judge = JudgeReport(
        "verifier", {}, "", "", False,
        {"hallucination_rate": Corrected(Interval(0.25, 0.1, 0.6, 2), ("kqa",)), "citation_recall": Corrected(
            Interval(None, None, None, 0), reason="nothing was judged"
        )},
    )  # fmt: skip
    result = run_of([ASK], SAMPLES, judge=judge)
    page = scorecard(result)
    assert "corrected 25.0 % (10.0 to 60.0); judge measured on K-QA" in page
    assert "not corrected: nothing was judged" in page
    assert "Nobody has measured how far the judge verifier agrees with people" in " ".join(weak_points(result))
    assert "corrected" not in markdown(bare).replace("of a judged rate", "")


def test_plots_are_drawn_where_there_is_something_to_draw(result: RunResult) -> None:
    assert "From found to cited" in scorecard(result)
    assert "What kind of error" in scorecard(result)
    many = [ASK.model_copy(update={"id": f"a{n}"}) for n in range(12)]
    claims = [
        GOOD if n % 3 else Claim("No.", "general", "supported", None, ("k1",), 0.5, "", ("k1",)) for n in range(12)
    ]
    samples = {
        f"a{n}": Sample(f"a{n}", answer=Answer("q", (claim,), (EVIDENCE,), False, "", "model", None))
        for n, claim in enumerate(claims)
    }
    page = scorecard(run_of(many, samples))
    assert "100% of the cases were answered, 33% of those wrongly" in page
    assert "Confidence of the answer and share of right answers: 0.50 → 0.00 (n = 4); 0.95 → 1.00 (n = 8)" in page
    assert "Risk and coverage</h3>" not in scorecard(run_of([CHECK], SAMPLES))


def test_numbers_as_a_reader_sees_them() -> None:
    assert [number(x) for x in (0.1234, -0.5, 12.34, 123.4)] == ["0.123", "−0.500", "12.3", "123"]
    assert number(0.5, signed=True) == "+0.500"
    assert [counted(n, "claims") for n in (0, 1, 2)] == ["0 claims", "1 claim", "2 claims"]
    assert [percent(x) for x in (0.125, 1.0, -0.0)] == ["12.5 %", "100.0 %", "0.0 %"]
    assert percent_with_interval(Interval(0.12, 0.06, 0.21, 83)) == "12.0 % (6.0 to 21.0)"
    assert percent_with_interval(Interval(None, None, None, 0)) == "not measured"


def test_uploads_are_shown_small_while_they_are_there(tmp_path: Path) -> None:
    Pillow.linear_gradient("L").resize((900, 600)).save(tmp_path / "chest.png")
    shown = Case.model_validate({"id": "picture", "question": "What is this?", "files": [str(tmp_path / "chest.png")]})
    answer = Answer("What is this?", (GOOD,), (EVIDENCE,), False, "", "model", None)
    result = run_of([shown], {"picture": Sample("picture", answer=answer)})
    page = scorecard(result)
    assert '<img class="upload" loading="lazy" alt="upload, ' in page
    assert 'src="data:image/png;base64,' in page
    assert "<img" not in scorecard(result, texts=False)
    (tmp_path / "chest.png").unlink()
    assert "<img" not in scorecard(result)
