"""After a session: nothing of a patient is in the browser's profile, in Gradio's cache, in the temporary folder, or in
what the server logs."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, drop, in_chromium, radiograph, save_dicom
from visiting import served

pytestmark = in_chromium

WORD, DOSE, QUESTION = "Quixotrine", "4711", "Which dose of quixotrine is given to Zebedee?"
NAME = "guide-of-zebedee"
TRACES = [text.encode() for text in (WORD, WORD.lower(), f"{DOSE} mg", NAME, "Zebedee")]
STORED = """async () => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie,
    (await indexedDB.databases()).map((base) => base.name), await caches.keys(),
    (await navigator.serviceWorker.getRegistrations()).length,
])"""


def found_in(folder, traces):
    """Which files below a folder hold, or are named by, a trace."""
    found = []
    for path in (Path(where, name) for where, _, names in os.walk(folder) for name in names):
        try:
            content = path.read_bytes()
        except OSError:  # a socket, or deleted just now
            continue
        found += [(path, trace) for trace in traces if trace in content or trace in path.name.encode()]
    return found


@pytest.fixture
def apart(tmp_path, workspace):
    """A workspace, and a temporary folder that is the server's alone."""
    shutil.copytree(workspace, tmp_path / "workspace")
    (tmp_path / "temporary").mkdir()
    return tmp_path


def test_a_session_leaves_nothing_behind(browser, apart):
    guide = apart / f"{NAME}.txt"
    guide.write_text(f"Ward guide. {WORD}: the dose of {WORD.lower()} is {DOSE} mg a day.")
    save_dicom(apart / "chest-of-zebedee.dcm", radiograph(0.28, 5))
    temporary, profile = apart / "temporary", apart / "profile"
    settings = {"TMPDIR": str(temporary), "WARDROUND_UI__KEEP_UPLOADS_MINUTES": "0"}
    with (apart / "log").open("w+") as log, served(apart / "workspace", settings, log) as (url, _):
        context = browser.browser_type.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=["--no-sandbox"], viewport={"width": 1440, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        page.wait_for_selector("#wr-box textarea")
        drop(page, guide)
        drop(page, apart / "chest-of-zebedee.dcm")
        page.locator("#wr-shelf .wr-card", has_text="patient P-").wait_for()
        pseudonym = re.search(r"P-[A-Z2-7]{12}", page.locator("#wr-shelf").inner_text())[0]
        assert f"{DOSE} mg" in ask(page, f"What is the dose of {WORD.lower()}?").inner_text()
        ask(page, QUESTION)
        assert found_in(temporary, [WORD.encode()])  # while the conversation lasts, its files are there
        stored = page.evaluate(STORED)
        assert pseudonym not in stored and not [trace for trace in TRACES if trace.decode() in stored], stored
        page.close()
        for _ in range(300):  # the server hears of the closed tab a moment later
            if not found_in(temporary, TRACES):
                break
            time.sleep(0.1)
        assert not found_in(temporary, TRACES)
        context.close()
    assert not list(temporary.glob("wardround-*")) and not found_in(temporary, [*TRACES, pseudonym.encode()])
    assert not found_in(profile, [*TRACES, pseudonym.encode()])
    said = (apart / "log").read_bytes()
    assert not [trace for trace in (*TRACES, pseudonym.encode()) if trace in said], said.decode()
