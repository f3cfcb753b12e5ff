"""Report metrics of other packages, against small stand-ins with the call signatures of the real ones.

The signatures were read in radgraph 0.1.18, f1chexbert 0.0.2, RaTEScore 0.6.0 and github.com/Stanford-AIMI/GREEN. Their
weights lie on a model hub, so the packages themselves are not run here.
"""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.errors import WardroundError
from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.external import EXTERNALS, FAMILY, open_external
from assistant.records import Answer, Claim
from assistant.settings import EmbedSettings, Settings

OFFLINE = Settings(embed=EmbedSettings(fetch_weights=False))
REPORT = "Small left effusion."


class F1RadGraph:
    def __init__(self, reward_level, model_type=None):
        assert (reward_level, model_type) == ("partial", "radgraph-xl")

    def __call__(self, refs, hyps):
        rewards = [0.4 for _ in zip(refs, hyps, strict=True)]
        return sum(rewards) / len(rewards), rewards, [{}], [{}]


class F1CheXbert:
    def __init__(self, refs_filename=None, hyps_filename=None, device=None):
        assert os.environ["HF_HUB_OFFLINE"] == "1"

    def get_label(self, report, mode="rrg"):
        """Lung opacity in the draft, lung opacity and effusion in the report."""
        return [0, 0, 1, *[0] * 6, int(report == REPORT), 0, 0, 0, 0] if report != "nothing" else [0] * 14


class RaTEScore:
    def __init__(self, use_gpu=True):
        assert use_gpu is False

    def compute_score(self, candidate_list, reference_list):
        assert reference_list == [REPORT]
        print("a package that prints")
        return [0.7 for _ in candidate_list]


class GREEN:
    def __init__(self, model_name=None, output_dir="."):
        assert model_name == "StanfordAIMI/GREEN-radllama2-7b" and Path(output_dir).is_dir()

    def __call__(self, refs, hyps):
        return 0.5, 0.1, [None if hyps[0] == "Unreadable." else 0.5], "summary", object()


@pytest.fixture(autouse=True)
def _packages(monkeypatch):
    stand_ins = {"radgraph": F1RadGraph, "f1chexbert": F1CheXbert, "RaTEScore": RaTEScore, "green_score": GREEN}
    for module, kind in stand_ins.items():
        monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{kind.__name__: kind}))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)))
    open_external.cache_clear()
    yield
    open_external.cache_clear()


def scores(*texts: str, external=tuple(EXTERNALS), report: str | None = REPORT):
    suite = Suite(name="x", cases="x.jsonl", external=external)
    claims = tuple(Claim(text, "patient", "supported") for text in texts)
    sample = Sample("x", answer=Answer("?", claims, (), not claims, "", "test", None))
    case = Case(id="x", question="?", reference=Reference(report=report))
    return dict(FAMILY.mark(case, sample, Bench(suite, VerifierJudge(OFFLINE), OFFLINE)).scores)


def test_each_package_is_called_as_it_wants_to_be(capsys):
    assert scores("Opacity.") == {
        "radgraph_f1": (0.4, 1),
        "chexbert_f1": (2, 3),
        "ratescore": (0.7, 1),
        "green": (0.5, 1),
        "green_unparsed_rate": (0, 1),
    }
    assert capsys.readouterr().out == ""  # standard output is for results
    assert "HF_HUB_OFFLINE" not in os.environ


def test_an_empty_draft_has_nothing_and_an_unparsed_reply_is_counted_apart():
    assert set(scores().values()) == {(0, 1)}
    assert scores("Unreadable.", external=("green",)) == {"green_unparsed_rate": (1, 1)}
    assert scores("nothing", external=("chexbert_f1",), report="nothing") == {}


def test_only_what_the_suite_names_is_loaded_and_reported():
    assert scores("Opacity.", external=()) == scores("Opacity.", report=None) == {}
    suite = Suite(name="x", cases="x.jsonl", external=("green",))
    assert [metric.name for metric in FAMILY.metrics(suite)] == ["green", "green_unparsed_rate"]


@pytest.mark.parametrize("name", EXTERNALS)
def test_a_package_that_is_missing_is_named_with_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, EXTERNALS[name].module, None)
    with pytest.raises(WardroundError, match=rf"{EXTERNALS[name].module} can't be imported.*pip install"):
        scores("Opacity.", external=(name,))


def test_weights_that_are_missing_are_named(monkeypatch):
    def fails(**_):
        raise FileNotFoundError("chexbert.pth")

    monkeypatch.setitem(sys.modules, "f1chexbert", SimpleNamespace(F1CheXbert=lambda: fails()))
    with pytest.raises(WardroundError, match=r"chexbert\.pth.*StanfordAIMI/RRG_scorers.*embed\.fetch_weights"):
        scores("Opacity.", external=("chexbert_f1",))
