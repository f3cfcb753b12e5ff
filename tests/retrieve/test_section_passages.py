"""Passages in their documents: the section that is asked for goes first, neighbours are read as one."""

from itertools import pairwise

import pytest

from assistant.assistant import Assistant
from assistant.records import TextPlace

REPORT = """CLINICAL HISTORY: Diabetes and cough for two weeks.

FINDINGS: The lungs are clear. There is no pleural effusion. The patient has diabetes according to the request.

IMPRESSION: No acute disease.
"""
TOPICS = ["warfarin", "heparin", "aspirin", "clopidogrel", "apixaban", "dabigatran", "edoxaban", "ticagrelor"]


def about(topic):
    return " ".join(f"Sentence {n} says what {topic} does to a clot and how {topic} is given." for n in range(30))


GUIDE = "Drugs against clots.\n\n" + "\n\n".join(about(topic) for topic in TOPICS)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("passages")
    (workspace / "texts").mkdir()
    (workspace / "texts" / "report.txt").write_text(REPORT)
    (workspace / "texts" / "guide.txt").write_text(GUIDE)
    Assistant.build(workspace / "texts", workspace=workspace)
    return Assistant.open(workspace)


def hits(assistant, question):
    return [e for e in assistant.search(question, k=20).evidence if isinstance(e.place, TextPlace)]


def test_the_section_that_the_question_names_goes_first(assistant):
    named = hits(assistant, "history of diabetes")
    assert named[0].section.lower() == "clinical history"
    assert not any("another section" in e.why for e in hits(assistant, "pleural effusion"))


def test_passages_that_follow_on_each_other_are_one_piece_of_evidence(assistant):
    assert len(GUIDE) > 8_000
    found = hits(assistant, "how is apixaban given")
    joined = [e for e in found if "with the passage beside it" in e.why]
    assert joined
    for e in found:
        assert assistant.record(e.record_id).text[e.place.start : e.place.end] == e.text
    spans = sorted((e.place.start, e.place.end) for e in found if e.record_id == joined[0].record_id)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
