"""What the commands print."""

from assistant.console import matching, name_of
from assistant.records import Evidence

TEXT = "The heart is of normal size. There is no pneumothorax. A small left pleural effusion is seen."


def test_the_sentence_that_matches_is_shown():
    assert matching(TEXT, "pleural effusion", 50) == "… A small left pleural effusion is seen."
    assert matching(TEXT, "pneumothorax", 32) == "… There is no pneumothorax. A s…"
    assert matching(TEXT, "pleural effusion") == TEXT  # short enough to be shown whole
    assert matching(TEXT, "") == TEXT
    assert matching(TEXT, "volcano") == TEXT
    assert matching("", "effusion") == ""
    assert len(matching("word " * 100, "word", 40)) == 40


def evidence(**known):
    return Evidence(
        id="e1", record_id="r1", kind="text", modality="SR", relation="similar", text=TEXT, place=None, score=1.0,
        kept=True, why="", **known,
    )  # fmt: skip


def test_evidence_is_named_by_what_its_reader_knows():
    assert name_of(evidence(title="CT chest", external_id="7.xml", study_id="s9")) == "CT chest · 7.xml"
    assert name_of(evidence(external_id="7.xml", study_id="s9")) == "7.xml"
    assert name_of(evidence(study_id="s9")) == "study s9"
