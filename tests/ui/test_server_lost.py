"""The server ends in the middle of an answer and starts anew: the page comes back, and nothing typed is lost."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from browsing import in_chromium

pytestmark = in_chromium
SERVER = """
import sys, time
from assistant.assistant import Assistant
from assistant.ui.chat.answering import Answering
from assistant.ui.server import launch
whole = Answering._stream
def slow(self, talk, turn, model):
    for step in whole(self, talk, turn, model):
        yield step
        time.sleep(float(sys.argv[3]))
Answering._stream = slow
launch(Assistant.open(sys.argv[1]), int(sys.argv[2]))
"""
LONG_S = "600"  # after the search and after each sentence: the server never outlives it here


def start(home, port, pause_s):
    running = subprocess.Popen([sys.executable, "-c", SERVER, str(home), str(port), pause_s])
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/help").close()
            return running
        except OSError:
            assert running.poll() is None, "the server does not start"
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_page_finds_the_server_again_with_its_question_and_what_was_typed(browser, workspace, tmp_path, how):
    home = tmp_path / "workspace"
    shutil.copytree(workspace, home, ignore=shutil.ignore_patterns("workspace.db*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = browser.new_page()
    page.set_default_timeout(120_000)
    running = start(home, port, LONG_S)
    try:
        page.goto(f"http://127.0.0.1:{port}/")
        page.fill("#wr-box textarea", "Is there a right pleural effusion?")
        page.press("#wr-box textarea", "Enter")
        page.locator(".wr-answer[data-stage=checking]").wait_for()
        running.send_signal(how)
        running.wait()
        page.fill("#wr-box textarea", "And the heart?")
        running = start(home, port, "0")
        page.locator(".wr-typed").wait_for()
        assert page.input_value("#wr-box textarea") == "And the heart?"
        turn = page.locator(".wr-turn")
        assert turn.count() == 1 and "Is there a right pleural effusion?" in turn.inner_text()
        assert "Not answered: it was stopped, the server ended" in turn.inner_text()
        page.get_by_role("button", name="Ask again").click()
        page.locator(".wr-answer[data-stage=done]").wait_for()
        assert "Not answered" not in turn.inner_text()

        running.terminate()  # nothing is being answered now: the page learns of it with its next question
        running.wait()
        running = start(home, port, "0")
        page.fill("#wr-box textarea", "Is there a nodule?")
        page.press("#wr-box textarea", "Enter")
        # The page may be loaded anew in that moment: the question is in the box again then, if it had not been taken.
        ended = ", ".join(f".wr-answer[data-stage={stage}]" for stage in ("done", "stopped", "interrupted"))
        second = turn.nth(1)
        page.locator(".wr-typed").or_(second.locator(ended)).first.wait_for()
        if not second.count():
            assert page.input_value("#wr-box textarea") == "Is there a nodule?"
            page.press("#wr-box textarea", "Enter")
        second.locator(ended).wait_for()
        assert "Is there a nodule?" in second.inner_text()
    finally:
        running.kill()
        running.wait()
        page.close()
