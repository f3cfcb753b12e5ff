"""Checking goes on where a served judge is lost, a reply that was cut says so, and what is removed is counted."""

import fcntl

import pytest
from leaks import RecordingServer

from assistant.assistant import Assistant
from assistant.checking import LOST, Checker
from assistant.errors import ModelLost
from assistant.generate.running import FOLDER, LOCK, RunningServer, announce
from assistant.generate.served import ServedAnswerer
from assistant.records import CitationCounts, Evidence, Statement
from assistant.settings import LlmSettings, Settings
from assistant.verify import Verifier
from assistant.verify.entail import open_entailment

NOWHERE = {"base_url": "http://127.0.0.1:1/v1", "model": "m", "retries": 0}
TEXT = "Eye drops lower the pressure in the eye. Laser treatment is offered to people whom drops do not help."
EVIDENCE = {"e1": Evidence("e1", "r1", "text", "DOC", "knowledge", TEXT, None, 1.0, True, "")}
PROSE = Statement("Those who are not helped by drops may be offered laser treatment.", ("e1",))
QUESTION = "Is there a large right pleural effusion with atelectasis?"
TWO = "There is a large right pleural effusion [E1]. There is a fracture of the left clavicle [E1]."


def settings(**llm):
    return Settings(llm={**NOWHERE, **llm}, verify={"entailment": "served"})


def test_a_lost_judge_leaves_the_rules_to_go_on_and_says_so(tmp_path):
    checker = Checker(settings(), tmp_path)
    assert checker.verify(PROSE, EVIDENCE) == Verifier().verify(PROSE, EVIDENCE)
    assert checker.notice.startswith(LOST) and NOWHERE["base_url"] in checker.notice


def test_who_wants_an_error_instead_gets_one(tmp_path):
    checker = Checker(settings(when_lost="error"), tmp_path)
    with pytest.raises(ModelLost):
        checker.verify(PROSE, EVIDENCE)


def test_an_answer_whose_judge_is_lost_is_finished_and_its_notice_says_so(chest_workspace):
    said = RecordingServer(
        "The fluid around this lung may be drained through a needle if it makes breathing hard [E1]."
    )
    assistant = Assistant(chest_workspace, settings=settings(name="openai"))
    assistant._answerers["openai"] = ServedAnswerer(LlmSettings(base_url=said.base_url, model="m"))
    answer = assistant.ask(QUESTION)
    said.close()
    assert answer.notice.startswith(LOST)
    assert [claim.verdict for claim in answer.claims] == ["unsupported"]


def test_the_judge_is_the_workspace_s_running_server_where_no_address_is_named(tmp_path):
    server = RecordingServer("CONTRADICTED")
    chosen = Settings(verify={"entailment": "served"})
    judge = open_entailment("served", chosen, tmp_path)
    with pytest.raises(ModelLost, match="no server runs for"):
        judge.judge([("a", "b")])
    (tmp_path / FOLDER).mkdir()
    with (tmp_path / FOLDER / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        announce(tmp_path, RunningServer(server.base_url, "key", "m", "", 1))
        assert judge.judge([("There is no fluid.", "There is fluid.")]).tolist() == [[0, 0, 1]]
    server.close()
    assert "There is fluid." in server.bodies[-1]


@pytest.mark.parametrize(("finish", "told"), [("length", True), ("stop", False)])
def test_a_reply_that_its_length_cut_off_says_so(chest_workspace, finish, told):
    server = RecordingServer("There is a large right pleural effusion [E1]. There is also a", finish)
    llm = {"name": "openai", "base_url": server.base_url, "model": "m", "max_tokens": 16}
    answer = Assistant(chest_workspace, settings=Settings(llm=llm)).ask(QUESTION)
    server.close()
    assert ("cut off after 16 tokens (llm.max_tokens)" in answer.notice) == told
    assert answer.to_json()["notice"] == answer.notice
    assert answer.claims[0].text == "There is a large right pleural effusion."


def test_citations_of_removed_claims_are_counted(chest_workspace):
    server = RecordingServer(TWO)
    llm = {"name": "openai", "base_url": server.base_url, "model": "m"}
    marked, removed = (
        Assistant(chest_workspace, settings=Settings(llm=llm, verify={"unsupported": way})).ask(QUESTION, patient="100")
        for way in ("mark", "remove")
    )
    server.close()
    assert [claim.verdict for claim in marked.claims] == ["supported", "unsupported"]
    assert (*removed.claims, *removed.removed) == marked.claims and len(removed.claims) == 1
    assert removed.citation_counts == marked.citation_counts == CitationCounts(written=2, carry=1, without_support=1)
    assert removed.to_json()["citation_counts"]["wrong"] == 1


def test_too_little_that_is_supported_is_an_abstention_whether_the_rest_is_marked_or_removed(chest_workspace):
    server = RecordingServer("The spleen is enlarged [E1]. The aorta is torn [E1]. The liver is small [E1]. " + TWO)
    llm = {"name": "openai", "base_url": server.base_url, "model": "m"}
    reasons = {
        Assistant(chest_workspace, settings=Settings(llm=llm, verify={"unsupported": way})).ask(QUESTION, patient="100")
        .reason
        for way in ("mark", "remove")
    }  # fmt: skip
    server.close()
    assert reasons == {"Only 1 of the 5 sentences of the answer is supported by the evidence."}
