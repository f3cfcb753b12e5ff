"""Found, kept, given, cited: one answer whose gold is lost step by step."""

from dataclasses import replace

import pytest

from assistant.evaluate.score.stages import score_stages, stages_of
from assistant.records import Answer, Claim, Dropped, Evidence, PromptUse, TextPlace


def piece(name: str, *, kept: bool = True, relation="knowledge") -> Evidence:
    external = None if relation == "own" else name.upper()
    return Evidence(name, name, "text", "DOC", relation, name, TextPlace(0, 1), 1.0, kept, "", external_id=external)


EVIDENCE = (
    piece("upload", relation="own"),
    piece("a"),  # gold, cited
    piece("b"),  # gold, given, not cited
    piece("c", kept=False),  # gold, kept by selection; the prompt had no room for it
    piece("d", kept=False),  # gold, found, not kept
    piece("x"),  # not gold, cited
    piece("y", kept=False),
)
GOLD = {"A", "B", "C", "D", "E"}  # E was not found


def answer(*citations: str) -> Answer:
    claims = (Claim("c", "general", "supported", written=citations),) if citations else ()
    use = PromptUse(100, (Dropped("c", "no room"), Dropped("turn 1", "no room")))
    return Answer("?", claims, EVIDENCE, not claims, "", "test", None, prompt_use=use)


def test_the_funnel():
    reached = stages_of(answer("a", "x", "invented", "upload"))
    assert reached == {
        "found": {"A", "B", "C", "D", "X", "Y"},
        "kept": {"A", "B", "C", "X"},
        "given": {"A", "B", "X"},
        "cited": {"A", "X"},
    }
    scores = score_stages(GOLD, answer("a", "x", "invented", "upload"))
    assert scores == {
        "found_recall": (4 / 5, 1),
        "kept_recall": (3 / 5, 1),
        "given_recall": (2 / 5, 1),
        "cited_recall": (1 / 5, 1),
        "kept_precision": (3 / 4, 1),
        "given_precision": (pytest.approx(2 / 3), 1),
        "cited_precision": (1 / 2, 1),
        "selection_recall": (3 / 4, 1),
    }


def test_an_abstention_cites_nothing_and_has_no_precision_of_it():
    scores = score_stages(GOLD, answer())
    assert scores["cited_recall"] == (0, 1)
    assert "cited_precision" not in scores


def test_without_gold_or_with_nothing_found_it_is_absent():
    assert score_stages(set(), answer("a")) == {}
    nothing = score_stages(GOLD, replace(answer("a"), evidence=()))
    assert nothing == {f"{stage}_recall": (0, 1) for stage in ("found", "kept", "given", "cited")}
