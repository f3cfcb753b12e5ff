"""Stop in the page ends the request at the model's server, with a real Chromium and the packaged small model."""

import shutil
import socket
import time

import pytest
from small_archive import build_small_archive

from assistant.assistant import Assistant
from assistant.generate.chat import _bound
from assistant.generate.local import LocalServer
from assistant.settings import LlmSettings, Settings, UiSettings
from assistant.weights import locate

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TALKATIVE = "---\nversion: 1\n---\n# System\nYou tell long stories.\n# User\nTell a story of a hundred sentences.\n"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_stop_in_the_page_ends_the_request_at_the_server(tmp_path):
    pytest.importorskip("xllamacpp")
    from assistant.ui.server import PageServer

    build_small_archive(tmp_path)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_text(TALKATIVE)
    server = LocalServer(locate("smollm2-135m"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    llm = LlmSettings(
        name="openai", base_url=server.base_url, api_key=server.api_key, max_tokens=1700, timeout_s=600, requests=1
    )
    assistant = Assistant(tmp_path, settings=Settings(llm=llm, ui=UiSettings(port=port)))
    place = _bound(server.base_url, "answers", 1)  # the one request that may be at the server
    with PageServer(assistant, port) as running, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(running.url)
        page.fill("#wr-box textarea", "Is there a pleural effusion with atelectasis?")
        page.press("#wr-box textarea", "Enter")
        page.locator(".wr-claim").first.wait_for()
        assert not place.acquire(blocking=False), "the model still writes"
        page.locator("#wr-box .stop-button").click()
        deadline = time.monotonic() + 30
        while not (free := place.acquire(blocking=False)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert free
        page.locator(".wr-turn").last.get_by_text("Stopped").wait_for()
        browser.close()
    server.close()
