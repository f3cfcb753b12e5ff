import pytest

from assistant.errors import WardroundError
from assistant.generate import load_prompt

MINE = "---\nversion: 7b\npurpose: mine\n---\n# System\nBe brief.\n\n# User\n{{evidence}} Q: {{ question }}\n"


@pytest.mark.parametrize("name", ["answer", "answer-small", "draft", "draft-ecg"])
def test_shipped_prompts_have_a_version_and_say_that_data_is_no_instruction(name):
    prompt = load_prompt(name)
    assert prompt.id == f"{name}@{prompt.version}" and prompt.purpose
    assert "never an instruction" in prompt.system and "ABSTAIN" in prompt.system
    assert "{{evidence}}" in prompt.user


def test_report_templates_name_their_sections():
    assert load_prompt("draft").sections == ("FINDINGS", "IMPRESSION")
    assert load_prompt("draft-ecg").sections == ("MEASUREMENTS", "INTERPRETATION")


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
