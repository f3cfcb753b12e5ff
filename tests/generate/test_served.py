"""The OpenAI-compatible path against a real server: xllamacpp's, with the packaged small model, on loopback."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from assistant.errors import MissingExtra, ModelLost, ModelUnavailable, ReplyRefused, WardroundError
from assistant.generate import DraftTask, Task, open_answerer
from assistant.generate.local import MODEL, LocalServer, _servers
from assistant.records import BoxPlace, Evidence, Image, Statement, TextPlace
from assistant.settings import LlmSettings
from assistant.weights import locate

WORDS = "Pneumonia is an infection in one or both of the lungs."
EVIDENCE = (Evidence("ea1", "r1", "text", "DOC", "knowledge", WORDS, TextPlace(0, len(WORDS)), 1.0, True, ""),)
TASK = Task("What is pneumonia?", EVIDENCE)
SHORT = "---\nversion: 3\n{sections}\n---\n# System\nAnswer shortly.\n# User\n{{{{evidence}}}}\n{asked}\n"


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("xllamacpp")
    running = LocalServer(locate(MODEL))
    yield running
    running.close()


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    """Short templates of a workspace, so that two busy cores read them in a moment."""
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "answer.md").write_text(SHORT.format(sections="", asked="{{question}}"), encoding="utf-8")
    (folder / "draft.md").write_text(
        SHORT.format(sections="sections: FINDINGS, IMPRESSION", asked="Write a report with {{sections}}: {{study}}"),
        encoding="utf-8",
    )
    return folder


def settings(server, **changed):
    chosen = {"name": "openai", "base_url": server.base_url, "api_key": server.api_key, "max_tokens": 24}
    return LlmSettings(**{**chosen, **changed})


def failure(llm, task=TASK):
    with pytest.raises(ModelUnavailable) as error:
        list(open_answerer(llm).answer(task))
    return str(error.value)


def test_it_answers_in_sentences_and_names_its_model_and_prompt(server, prompts):
    answerer = open_answerer(settings(server), prompts)
    statements = list(answerer.answer(TASK))
    assert statements and all(isinstance(s, Statement) and s.text.strip() for s in statements)
    assert answerer.model == MODEL and answerer.prompt == answerer.prompt_for(TASK) == "answer@3"
    assert list(answerer.answer(TASK)) == statements, "temperature 0 gives the same answer twice"


def test_a_draft_s_sentences_lie_in_its_template_s_sections(server, prompts):
    drafted = list(open_answerer(settings(server), prompts).draft(DraftTask("chest X-ray", "draft", (), EVIDENCE)))
    assert drafted and {section for section, _ in drafted} <= {"FINDINGS", "IMPRESSION"}


def test_nothing_is_asked_of_the_model_without_evidence():
    nowhere = LlmSettings(name="openai", base_url="http://127.0.0.1:1/v1", model="m")
    assert list(open_answerer(nowhere).answer(Task("What is pneumonia?", ()))) == []


def test_a_proxy_or_a_tracing_service_of_the_environment_gets_nothing(server, prompts, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        address = f"http://127.0.0.1:{trap.getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT"):
            monkeypatch.setenv(name, address)
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "k")
        assert list(open_answerer(settings(server), prompts).answer(TASK))
        trap.settimeout(0.5)
        with pytest.raises(TimeoutError):
            caught = trap.accept()[0].recv(500)
            pytest.fail(f"somebody sent {caught!r}")


def test_a_server_that_redirects_elsewhere_is_not_followed(server):
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Redirects(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(307)
            self.send_header("Location", server.base_url + "/chat/completions")
            self.end_headers()

        def log_message(self, *_):
            pass

    elsewhere = HTTPServer(("127.0.0.1", 0), Redirects)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    said = failure(settings(server, base_url=f"http://127.0.0.1:{elsewhere.server_port}/v1", model=MODEL))
    elsewhere.shutdown()
    assert "307" in said


def test_a_server_with_guided_decoding_is_held_to_the_schema(server, prompts):
    asked = open_answerer(settings(server, reply="json", max_tokens=120, timeout_s=250), prompts)
    (first, *_) = asked.answer(TASK)
    assert first.text and set(first.citations) <= {"ea1"}
    assert asked.prompt_for(TASK) == "answer@3+reply-json@1"


def test_without_guided_decoding_an_unreadable_reply_is_asked_for_once_more_and_is_then_an_error(server, prompts):
    """A gateway before the real server that knows no schemas, as some don't; the small model then writes prose."""
    import urllib.request

    asked = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(json.loads(body))
            if "response_format" in asked[-1]:
                self.send_error(400, "response_format is not supported")
                return
            headers = {"Content-Type": "application/json", "Authorization": self.headers["Authorization"]}
            forward = urllib.request.Request(f"{server.base_url}/chat/completions", body, headers)
            with urllib.request.urlopen(forward) as reply:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(reply.read())

        def log_message(self, *_):
            pass

    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    llm = settings(server, base_url=f"http://127.0.0.1:{gateway.server_port}/v1", model=MODEL, reply="json")
    answerer = open_answerer(llm, prompts)
    for requests in (3, 2):  # with a schema, without, once more; and after that never with a schema again
        asked.clear()
        with pytest.raises(ReplyRefused, match="not the JSON that was asked for"):
            list(answerer.answer(TASK))
        assert len(asked) == requests
    assert "could not be read" in json.dumps(asked[-1]["messages"])
    gateway.shutdown()


def test_a_wrong_key_is_told_apart(server):
    assert "llm.api_key" in failure(settings(server, api_key="wrong"))


def test_a_wrong_path_is_told_apart(server):
    assert "/v1" in failure(settings(server, base_url=server.base_url + "/nothing-here", model=MODEL))


def test_a_time_out_names_its_setting_and_is_the_request_s_as_long_as_the_server_answers_others(server):
    with pytest.raises(ReplyRefused, match=r"llm\.timeout_s"):
        list(open_answerer(settings(server, timeout_s=0.02, model=MODEL)).answer(TASK))


def test_a_reply_that_does_not_end_in_time_is_ended():
    """A server that writes on without an end: how fast a model writes depends on the machine."""
    ended = threading.Event()

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"object": "list", "data": [{"id": "endless", "object": "model"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            said = {"index": 0, "delta": {"content": "and "}, "finish_reason": None}
            piece = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "endless", "choices": [said]}
            try:
                while True:
                    self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
                    time.sleep(0.02)
            except OSError:  # the client has gone
                ended.set()

        def log_message(self, *_):
            pass

    endless = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=endless.serve_forever, daemon=True).start()
    llm = LlmSettings(
        name="openai", base_url=f"http://127.0.0.1:{endless.server_port}/v1", model="endless", timeout_s=1
    )
    with pytest.raises(ReplyRefused, match="had not finished after 1 s"):
        list(open_answerer(llm).answer(TASK))
    assert ended.wait(20)
    endless.shutdown()
    endless.server_close()


def test_a_server_that_says_nothing_at_all_is_lost(server):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, answers none
        llm = settings(server, base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout_s=0.5, model=MODEL)
        with pytest.raises(ModelLost, match=r"llm\.timeout_s"):
            list(open_answerer(llm).answer(TASK))


def test_a_prompt_that_is_too_long_names_its_setting(server):
    long = tuple(
        Evidence(f"e{i}", "r", "text", "DOC", "knowledge", "word " * 2000 + ".", None, 1.0, True, "") for i in range(3)
    )
    assert "llm.context_tokens" in failure(settings(server, context_tokens=60_000), Task("What?", long))


def test_a_picture_to_a_model_that_can_not_see_is_a_clear_error_and_images_0_leaves_it_out(server, prompts):
    upload = Evidence("ei", "r", "image", "CR", "own", "Uploaded CR image", BoxPlace((0, 0, 8, 8)), 1.0, True, "")
    task = Task("What is pneumonia?", (upload, *EVIDENCE), {"ei": Image(np.zeros((8, 8), np.uint8))})
    assert "llm.images = 0" in failure(settings(server, images=1), task)
    assert list(open_answerer(settings(server, images=0), prompts).answer(task))


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://no-such-host.invalid/v1", "not an address"])
def test_no_server_names_the_address_and_the_way_out(address):
    said = failure(LlmSettings(name="openai", base_url=address))
    assert address in said and "llm.base_url" in said


def test_openai_without_an_address_is_refused_at_once():
    with pytest.raises(WardroundError, match="base_url"):
        open_answerer(LlmSettings(name="openai"))


def test_an_unknown_answerer_is_refused_with_the_known_ones():
    with pytest.raises(WardroundError, match="quote, local or openai"):
        open_answerer(LlmSettings(name="gpt"))


def test_a_server_that_dies_in_mid_answer_is_an_error_not_an_end(tmp_path):
    pytest.importorskip("xllamacpp")
    talkative = "---\nversion: 1\n---\n# System\nYou tell very long stories.\n# User\n{{question}}\n"
    (tmp_path / "answer.md").write_text(talkative, encoding="utf-8")
    own = LocalServer(locate(MODEL))
    story = Task("Tell a long story about a doctor and her village, in forty sentences.", EVIDENCE)
    with pytest.raises(ModelUnavailable, match="broke off"):
        for _ in open_answerer(settings(own, max_tokens=800), tmp_path).answer(story):
            own._process.kill()
    own.close()


def test_a_broken_model_file_gives_its_reason(tmp_path):
    pytest.importorskip("xllamacpp")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF but not really")
    with pytest.raises(ModelUnavailable, match="did not start"):
        LocalServer(tmp_path / "broken.gguf")


def test_the_packaged_model_answers_by_name():
    pytest.importorskip("xllamacpp")
    answerer = open_answerer(LlmSettings(name="local", max_tokens=24))
    assert list(answerer.answer(TASK)) and answerer.model == MODEL


def test_the_packaged_model_gets_as_many_threads_as_the_settings_say():
    pytest.importorskip("xllamacpp")
    answerer = open_answerer(LlmSettings(name="local", max_tokens=8, threads=3))
    list(answerer.answer(TASK))
    server = _servers.pop(3)
    server.close()
    command = list(server._process.args)
    assert command[command.index("--threads") + 1] == "3"


def test_without_xllamacpp_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("assistant.generate.local.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"wardround\[local\]"):
        open_answerer(LlmSettings(name="local"))
