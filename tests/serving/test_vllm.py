"""The whole path against a real vLLM: pictures, streaming, cancellation, a bound, JSON by a schema, and a kill."""

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import vllm_environment
from conftest import serve

from assistant.assistant import Assistant
from assistant.errors import ModelLost, ModelUnavailable
from assistant.generate import DraftTask, Task, open_answerer
from assistant.generate.running import running_server
from assistant.records import Answer, BoxPlace, Claim, Evidence, Image, SearchResult, TextPlace
from assistant.settings import load_settings

MODEL = vllm_environment.model().name
LONG = 50_000  # tokens, a minute's work: nobody waits for the end of such an answer
QUESTION = "Is there a pleural effusion with atelectasis?"
WORDS = "The heart is normal. No effusion is seen."
NOTE = Evidence("ea1", "r1", "text", "DOC", "knowledge", WORDS, TextPlace(0, len(WORDS)), 1.0, True, "")
PICTURE = Evidence("ei1", "r2", "image", "CR", "own", "Uploaded CR image", BoxPlace((0, 0, 64, 64)), 1.0, True, "")


def answerer(served, **llm):
    settings = load_settings(served.workspace).llm.model_copy(update=llm)
    return open_answerer(settings, None, served.workspace)


def drawn(seed):
    return Image(np.random.default_rng(seed).integers(0, 255, (96, 96), np.uint8))


def task(image=None):
    return Task(QUESTION, (NOTE, PICTURE), {"ei1": image} if image is not None else {})


def idle(served):
    deadline = time.monotonic() + 20
    while served.counted("vllm:num_requests_running") and time.monotonic() < deadline:
        time.sleep(0.05)
    return served.counted("vllm:num_requests_running") == 0


def test_the_server_is_found_by_its_workspace_and_its_key_is_seen_nowhere(vllm):
    running = running_server(vllm.workspace)
    assert vllm.told["base_url"] == running.base_url and running.base_url.startswith("http://127.0.0.1:")
    assert vllm.told["model"] == running.model == MODEL
    note = vllm.workspace / ".llm" / "server.json"
    assert note.stat().st_mode & 0o077 == 0 and (vllm.workspace / ".llm").stat().st_mode & 0o077 == 0
    processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    log = (vllm.workspace / ".llm" / "server.log").read_text()
    for place in (processes, log, json.dumps(vllm.told), vllm.progress.read_text()):
        assert place and running.api_key not in place
    assert "it answers" in vllm.progress.read_text()


def test_a_second_server_for_the_same_workspace_is_refused(vllm, tmp_path):
    second = serve(vllm.workspace, "--model", "m")
    assert second.wait(60) == 2
    assert running_server(vllm.workspace)


def test_a_wrong_key_is_refused(vllm):
    with pytest.raises(ModelUnavailable, match=r"llm\.api_key"):
        list(answerer(vllm, base_url=vllm.told["base_url"], api_key="wrong", model=MODEL).answer(task()))


def test_pictures_reach_the_model_and_change_what_it_says(vllm):
    def asked(image, images=2):
        before = vllm.counted("vllm:prompt_tokens_total")
        statements = list(answerer(vllm, max_tokens=120, images=images).answer(task(image)))
        return [s.text for s in statements], vllm.counted("vllm:prompt_tokens_total") - before

    with_one, tokens = asked(drawn(1))
    same, _ = asked(drawn(1))
    with_other, _ = asked(drawn(2))
    without, fewer = asked(drawn(1), images=0)
    assert with_one and with_one == same, "temperature 0 gives the same answer twice"
    assert with_one != with_other and with_one != without
    assert tokens > fewer + 4


def test_an_answer_comes_sentence_by_sentence_with_its_citations_checked(vllm):
    upload = vllm.workspace / "data" / "a.png"
    assistant = Assistant(vllm.workspace)
    steps = []
    for step in assistant.ask_stream(QUESTION, files=[upload]):
        steps.append((type(step), vllm.counted("vllm:num_requests_running")))
        answer = step
    kinds = [kind for kind, _ in steps]
    assert kinds[0] is SearchResult and kinds[-1] is Answer and set(kinds[1:-1]) == {Claim}
    assert answer.model == MODEL
    cut = r"The language model's reply was cut off after 40 tokens \(llm\.max_tokens\): [^.]*\."
    assert re.fullmatch(cut, answer.notice), "random weights come to no end, and nothing else is to be said"
    known = {evidence.id for evidence in answer.evidence}
    assert all(set(claim.citations) <= known for claim in answer.claims if claim.verdict == "supported")
    assert any(claim.verdict != "supported" for claim in answer.claims), "a random model is not believed"
    assert QUESTION not in (vllm.workspace / ".llm" / "server.log").read_text(), "no prompt is logged"


def test_the_first_sentence_arrives_while_the_model_still_writes(vllm):
    statements = answerer(vllm, max_tokens=LONG).answer(task())
    next(statements)
    assert vllm.counted("vllm:num_requests_running") == 1
    statements.close()


def test_closing_a_stream_stops_the_model(vllm):
    """What counts is what is written after the closing: how soon random weights end a sentence varies."""
    assert idle(vllm)
    statements = answerer(vllm, max_tokens=LONG).answer(task(drawn(1)))
    next(statements)
    assert vllm.counted("vllm:num_requests_running") == 1
    written = vllm.counted("vllm:generation_tokens_total")
    statements.close()
    assert idle(vllm)
    assert vllm.counted("vllm:generation_tokens_total") - written < LONG / 2


def test_no_more_requests_are_at_the_server_than_the_settings_allow(vllm):
    shared = answerer(vllm, max_tokens=300, requests=2)

    def read(seed):
        """When the first and the last sentence of an answer came."""
        times = [time.monotonic() for _ in shared.answer(task(drawn(seed)))]
        return times[0], times[-1]

    with ThreadPoolExecutor(6) as pool:
        spans = list(pool.map(read, range(6)))
    assert max(sum(first <= start <= last for first, last in spans) for start, _ in spans) <= 2


def test_who_waits_too_long_for_a_place_is_told_why(vllm):
    patient = answerer(vllm, max_tokens=LONG, requests=1, timeout_s=300).answer(task())
    next(patient)
    with pytest.raises(ModelLost, match=r"llm\.requests"):
        list(answerer(vllm, requests=1, timeout_s=0.3).answer(task()))
    patient.close()


def test_json_by_a_schema_cites_only_what_was_given_and_names_only_known_sections(vllm):
    assert idle(vllm)
    asked = answerer(vllm, reply="json", max_tokens=600)
    said, drafted = [], []
    for seed in range(10):  # some are empty lists: a random model abstains as it pleases
        image = drawn(seed)
        said += asked.answer(task(image))
        drafted += asked.draft(DraftTask("chest X-ray", "draft", (PICTURE,), (NOTE,), {"ei1": image}))
    assert said and {key for statement in said for key in statement.citations} <= {"ea1", "ei1", "E3"}
    assert drafted and {section for section, _ in drafted} <= {"FINDINGS", "IMPRESSION"}
    assert asked.prompt_for(task()).endswith("+reply-json@1")


def test_a_server_killed_in_mid_answer_is_taken_over_by_quote_and_its_command_says_so(vllm):
    """The last test of this file: the server is gone after it."""
    settings = load_settings(vllm.workspace)
    talkative = settings.model_copy(update={"llm": settings.llm.model_copy(update={"max_tokens": LONG})})
    assistant = Assistant(vllm.workspace, settings=talkative)
    claims = []
    for step in assistant.ask_stream(QUESTION, files=[vllm.workspace / "data" / "a.png"]):
        match step:
            case Claim():
                if not claims:
                    os.kill(vllm.told["pid"], signal.SIGKILL)
                claims.append(step)
            case Answer():
                answer = step
    assert answer.claims == tuple(claims)
    assert answer.model == f"{MODEL}, then quote"
    assert "model was lost" in answer.notice and "The rest of this answer" in answer.notice
    assert any(claim.verdict == "supported" for claim in answer.claims[-3:]), "quoted from the evidence"
    assert vllm.process.wait(60) == 2
    assert "vLLM ended" in vllm.progress.read_text()
    assert running_server(vllm.workspace) is None
    listed = subprocess.run(
        ["ps", "axo", "pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    alive = {line.split()[0] for line in listed if not line.split()[1].startswith("Z")}
    assert str(vllm.told["pid"]) not in alive, "nothing of it is left"
    after = assistant.ask(QUESTION)
    assert after.model == "quote" and "wardround serve-llm" in after.notice
