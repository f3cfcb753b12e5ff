"""A language model that is not there, or dies in mid-answer: `quote` takes over, and the answer says so."""

import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.errors import ModelUnavailable
from assistant.generate.local import LocalServer
from assistant.records import Answer, Claim
from assistant.settings import LlmSettings, Settings
from assistant.weights import locate

QUESTION = "Is there a pleural effusion with atelectasis?"


def assistant(workspace, **llm):
    chosen = LlmSettings(**{"name": "openai", "model": "m", "retries": 0, **llm})
    return Assistant(workspace, settings=Settings(llm=chosen))


def test_without_a_server_the_evidence_is_quoted_and_the_answer_says_so(chest_workspace):
    nowhere = "http://127.0.0.1:1/v1"
    answer = assistant(chest_workspace, base_url=nowhere).ask(QUESTION)
    quoted = Assistant(chest_workspace, settings=Settings()).ask(QUESTION)
    assert answer.text == quoted.text and answer.claims
    assert answer.model == "quote" and answer.prompt is None
    assert "model was lost" in answer.notice and nowhere in answer.notice and "quotes" in answer.notice
    assert answer.to_json()["notice"] == answer.notice
    assert quoted.notice == ""


def test_the_command_line_says_so_too_and_is_done(chest_workspace, monkeypatch, capsys):
    monkeypatch.setenv("WARDROUND_LLM__BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("WARDROUND_LLM__RETRIES", "0")
    assert main(["ask", QUESTION, "--llm", "openai", "--workspace", str(chest_workspace)]) == 0
    said = capsys.readouterr()
    assert "only quotes and counts the evidence" in said.err and "effusion" in said.out


def test_who_wants_an_error_instead_gets_one(chest_workspace):
    asked = assistant(chest_workspace, base_url="http://127.0.0.1:1/v1", when_lost="error")
    with pytest.raises(ModelUnavailable, match="no language model answers"):
        asked.ask(QUESTION)


def test_what_the_settings_have_wrong_stays_an_error(chest_workspace):
    pytest.importorskip("xllamacpp")
    server = LocalServer(locate("smollm2-135m"))
    with pytest.raises(ModelUnavailable, match=r"llm\.api_key"):
        assistant(chest_workspace, base_url=server.base_url, api_key="wrong").ask(QUESTION)
    server.close()


def test_a_server_killed_in_mid_answer_leaves_what_it_said_and_quote_goes_on(chest_workspace, tmp_path):
    pytest.importorskip("xllamacpp")
    server = LocalServer(locate("smollm2-135m"))
    talkative = (
        "---\nversion: 1\n---\n# System\nYou tell very long stories.\n# User\nTell a story of forty sentences.\n"
    )
    asked = assistant(chest_workspace, base_url=server.base_url, api_key=server.api_key, max_tokens=800)
    (prompts := tmp_path / "prompts").mkdir()
    (prompts / "answer.md").write_text(talkative)
    asked._answerers["openai"] = type(asked.answerer())(asked.settings.llm, prompts)
    claims = []
    for step in asked.ask_stream(QUESTION):
        match step:
            case Claim():
                if not claims:
                    server._process.kill()
                claims.append(step)
            case Answer():
                answer = step
    server.close()
    assert answer.claims == tuple(claims)
    assert answer.model == "m, then quote" and answer.prompt == "answer@1"
    assert "The rest of this answer" in answer.notice and "broke off" in answer.notice
    quoted = Assistant(chest_workspace, settings=Settings()).ask(QUESTION)
    assert answer.claims[-len(quoted.claims) :] == quoted.claims
    assert len(answer.claims) > len(quoted.claims)


def test_an_archive_that_holds_nothing_asks_no_server(chest_workspace):
    answer = assistant(chest_workspace, base_url="http://127.0.0.1:1/v1", model=None).ask("Where do penguins nest?")
    assert answer.abstained and answer.notice == "" and answer.model == "openai"
