from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.errors import WardroundError
from assistant.generate import Task, load_prompt
from assistant.generate.choose import choose_prompt
from assistant.generate.prompts import prompt_of
from assistant.generate.served import prompt_of_task
from assistant.records import Evidence

MINE = "---\nversion: 7b\npurpose: mine\n---\n# System\nBe brief.\n\n# User\n{{evidence}} Q: {{ question }}\n"


ANSWERS = ["answer", "answer-small", "similar", "ecg", "comparison", "plain", "quotes", "refine"]
DRAFTS = {
    "draft": ("FINDINGS", "IMPRESSION"),
    "draft-cxr": ("FINDINGS", "IMPRESSION"),
    "draft-ct": ("TECHNIQUE", "FINDINGS", "IMPRESSION"),
    "draft-ecg": ("MEASUREMENTS", "INTERPRETATION"),
    "draft-echo": ("MEASUREMENTS", "FINDINGS", "CONCLUSION"),
    "draft-us": ("FINDINGS", "IMPRESSION"),
    "draft-free": ("REPORT",),
    "draft-comparison": ("COMPARISON", "FINDINGS", "IMPRESSION"),
}
ASKED = {"question": "Is there an effusion?", "evidence": "(listing)", "earlier": "(turns)", "draft": "(draft)",
         "criticism": "(criticism)", "study": "CT", "sections": "FINDINGS"}  # fmt: skip
# What each prompt exists for, in its own words.
PURPOSES = {
    "answer": ["after every sentence cite", "what the evidence denies or calls normal is an answer"],
    "similar": ["In similar studies", "never state it of this patient", "count them in the evidence"],
    "ecg": ["measured on this recording", "Never read a number off the picture", "PR, QRS, QTc"],
    "comparison": ["Name the interval", "only where both studies", "new, larger, smaller"],
    "plain": ["everyday words", "Never make a finding sound better or worse"],
    "quotes": ["word for word"],
    "refine": ["the evidence decides"],
    "reflect": ["a wrong side, number, unit, degree, negation or patient", "NO PROBLEM"],
    "standalone": ["do not answer it"],
    "own-knowledge": ["You know nothing about any patient", "ABSTAIN"],
    "draft-cxr": ["chest X-ray report", "heart and mediastinum"],
    "draft-ct": ["CT report", "units of the evidence"],
    "draft-ecg": ["measured on this recording"],
    "draft-echo": ["only as numbers that the evidence gives"],
    "draft-us": ["ultrasound report", "free fluid"],
    "draft-free": ["continuous text"],
    "draft-comparison": ["name the interval", "only where both studies"],
}


@pytest.mark.parametrize("name", [*ANSWERS, *DRAFTS, "reflect"])
def test_shipped_prompts_have_a_version_and_say_that_data_is_no_instruction(name):
    prompt = load_prompt(name)
    assert prompt.id == f"{name}@{prompt.version}" and prompt.purpose
    assert "never an instruction" in prompt.system and "{{evidence}}" in prompt.user
    assert name == "reflect" or "ABSTAIN" in prompt.system
    system, user = prompt.messages(**ASKED)
    assert "{{" not in system + user and "(listing)" in user


@pytest.mark.parametrize("name", PURPOSES)
def test_each_prompt_says_what_it_exists_for(name):
    prompt = load_prompt(name)
    assert not [words for words in PURPOSES[name] if words.lower() not in prompt.system.lower()]


def test_every_shipped_prompt_is_tested():
    folder = Path(__file__).parents[2] / "prompts"
    assert {path.stem for path in folder.glob("*.md")} - {"judge", "reply-json"} <= {*ANSWERS, *DRAFTS, *PURPOSES}


@pytest.mark.parametrize(("name", "sections"), DRAFTS.items())
def test_report_templates_name_their_sections(name, sections):
    assert load_prompt(name).sections == sections


def test_a_variant_is_taken_where_there_is_one():
    assert prompt_of("answer", "small").name == "answer-small" and prompt_of("plain", "small").name == "plain"


def evidence(relation="own", kind="text", modality="SR", why="near"):
    return Evidence("e", "r", kind, modality, relation, "The heart is normal.", None, 1.0, True, why)


HISTORY = evidence(why="history, 3 months before this study")
ECG = evidence(kind="signal", modality="ECG")
SIMILAR = evidence(relation="similar")


@pytest.mark.parametrize(
    ("question", "beside", "name"),
    [
        ("Is there a pleural effusion?", [evidence()], "answer"),
        ("What is gout?", [evidence("knowledge")], "answer"),
        ("What do similar studies show?", [evidence(), SIMILAR], "similar"),
        ("What do similar studies show?", [evidence()], "answer"),
        ("What rhythm is this?", [ECG], "ecg"),
        ("What does the ECG show?", [ECG, SIMILAR], "ecg"),
        ("What is gout?", [ECG, evidence("knowledge")], "answer"),
        ("Has the effusion changed since the last X-ray?", [evidence(), HISTORY], "comparison"),
        ("Has the effusion changed since the last X-ray?", [evidence()], "answer"),
        ("Explain this report in plain language.", [evidence()], "plain"),
        ("What does it mean, in simple words?", [ECG], "plain"),
        ("Can you explain the report to the patient?", [evidence()], "plain"),
        ("Is the plain film normal?", [evidence()], "answer"),
    ],
)
def test_the_question_and_its_uploads_choose_the_prompt(question, beside, name):
    assert choose_prompt(question, beside) == name


def test_a_prompt_by_name_wins_and_an_unknown_one_is_refused_before_anything_is_searched(chest_workspace):
    task = Task("What rhythm is this?", (ECG,), prompt="plain")
    assert prompt_of_task(task, "", None).name == "plain"
    with pytest.raises(WardroundError, match="no-such"):
        Assistant.open(chest_workspace).ask("Is there an effusion?", prompt="no-such")


def test_the_workspace_s_own_file_wins(tmp_path):
    (tmp_path / "answer.md").write_text(MINE, encoding="utf-8")
    assert load_prompt("answer", tmp_path).id == "answer@7b"
    assert load_prompt("draft", tmp_path).id == load_prompt("draft").id


def test_values_are_put_in_once_and_not_looked_through(tmp_path):
    (tmp_path / "answer.md").write_text(MINE, encoding="utf-8")
    system, user = load_prompt("answer", tmp_path).messages(evidence="{{question}} \\1", question="why?")
    assert (system, user) == ("Be brief.", "{{question}} \\1 Q: why?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# System\na\n# User\nb\n", "front matter"),
        ("---\nname: answer\n---\n# System\na\n# User\nb\n", "version"),
        ("---\nversion: 1\n---\n# System\nonly this\n", "User"),
    ],
)
def test_a_broken_file_is_named_with_what_it_lacks(tmp_path, text, says):
    (tmp_path / "answer.md").write_text(text, encoding="utf-8")
    with pytest.raises(WardroundError, match=says) as error:
        load_prompt("answer", tmp_path)
    assert "answer.md" in str(error.value)


def test_an_unknown_placeholder_is_named(tmp_path):
    (tmp_path / "answer.md").write_text(MINE.replace("question", "patient_name"), encoding="utf-8")
    with pytest.raises(WardroundError, match="patient_name"):
        load_prompt("answer", tmp_path).messages(evidence="", question="")


@pytest.mark.parametrize("name", ["../secret", "Answer", "", "a/b", "no-such-template"])
def test_a_name_can_not_leave_the_folder(name, tmp_path):
    with pytest.raises(WardroundError):
        load_prompt(name, tmp_path)
