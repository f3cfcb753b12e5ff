"""How quick the page is, as Chromium shows it: `python benchmarks/page_speed.py WORKSPACE`.

The workspace has the demonstration archive built (`wardround demo --no-chat`). Times are taken by the browser's own
clock, each to the second frame after the thing is there: from the address entered until a question can be written; from
Enter until the first evidence stands on the screen (search comes before the answer); from the click on an ECG that was
not shown before until its page is drawn, and until its intervals are; from the click on a radiograph of 2,000 × 2,500
pixels at 16 bit until it is seen. The server has answered one question before (warm); the model is `quote`.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pydicom.data
from picture_speed import radiograph, save

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings
from assistant.ui.server import PageServer

QUESTIONS = (
    "Is there a right pleural effusion?",
    "Which reports mention cardiomegaly?",
    "Is there a pneumothorax?",
    "Which patients have a hiatal hernia?",
    "Are there calcified granulomas?",
    "Are the lungs hyperexpanded?",
    "Is there scoliosis of the spine?",
)
# Runs in the page: remembers when the next event of a kind came, and when `found()` first held, two frames on.
TIMER = """
([kind, found]) => {
  const test = new Function('find', 'return (' + found + ')');
  const find = (selector, root = document) => {
    for (const part of root.querySelectorAll('*')) {
      const inner = part.shadowRoot && find(selector, part.shadowRoot);
      if (inner) return inner;
    }
    return root.querySelector(selector);
  };
  window.taken = null;
  const look = (start) => {
    const seen = () => { window.taken = performance.now() - start; };
    if (test(find)) requestAnimationFrame(() => requestAnimationFrame(seen));
    else requestAnimationFrame(() => look(start));
  };
  addEventListener(kind, () => look(performance.now()), {once: true, capture: true});
}
"""


def clocked(page, kind: str, found: str, act: Callable[[], None]) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds from the event that `act` makes until `found` (a JavaScript expression) is on the screen."""
    page.evaluate(TIMER, [kind, found])
    act()
    page.wait_for_function("window.taken !== null")
    return float(page.evaluate("window.taken"))


def opened(browser, url: str, context=None) -> tuple[object, float]:  # type: ignore[no-untyped-def]
    """A page and the milliseconds until a question can be written in it."""
    page = (context or browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    page.set_default_timeout(120_000)
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("#wr-box textarea").wait_for()
    page.wait_for_function("!document.querySelector('#wr-box textarea').disabled")
    return page, 1000 * (time.perf_counter() - started)


def drop(page, *paths: Path) -> None:  # type: ignore[no-untyped-def]
    """Large files, which `browsing.drop` would carry through the page as text."""
    page.locator("#wr-box input[type=file]").first.set_input_files([str(path) for path in paths])
    page.locator("#wr-shelf .wr-card").nth(len(paths) - 1).wait_for()


def ask(page, question: str) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds until the first evidence of a new question stands on the screen; waits for the whole answer."""
    turns = page.locator(".wr-turn").count()
    page.fill("#wr-box textarea", question)
    shown = f"document.querySelectorAll('.wr-turn').length > {turns} && find('#wr-evidence .wr-view')"
    if turns:
        known = page.locator(".wr-for").text_content()
        shown += f" && find('.wr-for').textContent !== {known!r}"
    taken = clocked(page, "keydown", shown, lambda: page.press("#wr-box textarea", "Enter"))
    page.locator(".wr-turn").nth(turns).locator(".wr-answer:is([data-stage=done], [data-stage=failed])").wait_for()
    return taken


def show(page, tab, element: str, found: str) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds from the click on a piece of evidence until `found` holds in its view, a new `element`."""
    before = page.evaluate(f"document.querySelector('{element}')?.dataset.key ?? ''")
    drawn = f"(view => view && view.dataset.key !== {before!r} && ({found}))(find('{element}'))"
    taken = clocked(page, "click", drawn, tab.click)
    page.wait_for_timeout(1_000)  # what is drawn later must not lie in the next one's time
    return taken


def signals(page, times: int) -> tuple[list[float], list[float]]:  # type: ignore[no-untyped-def]
    """Times of ECGs that were not shown before: until the page is drawn, and until its intervals are."""
    for fold in page.locator("details.wr-more:not([open]) > summary").all():
        fold.click()
    tabs = page.locator(".wr-tab", has_text="measured on it")
    drawn, measured = [], []
    for number in range(1, min(tabs.count(), 2 * times + 1)):
        current = "view.begun === view.dataset.key + ' ' + view.dataset.src && view.shadowRoot"
        wanted, kind = (drawn, "svg.ecg-page") if number % 2 else (measured, ".ecg-caliper")
        wanted.append(show(page, tabs.nth(number), "wr-ecg", f"{current}.querySelector('{kind}')"))
    return drawn, measured


def pictures(page) -> list[float]:  # type: ignore[no-untyped-def]
    """Times of uploaded radiographs, each chosen for the first time."""
    for fold in page.locator("details.wr-more:not([open]) > summary").all():
        fold.click()
    shown = "view.shadowRoot && view.shadowRoot.querySelector('.wr-viewer[data-state=shown]')"
    uploads = page.locator(".wr-tab", has_text="upload")
    page.wait_for_timeout(2_000)
    return [show(page, uploads.nth(number), "wr-image", shown) for number in range(1, uploads.count())]


def row(name: str, bound: str, taken: list[float]) -> None:
    print(f"| {name} | {bound} | {statistics.median(taken):.0f} | {max(taken):.0f} | {len(taken)} |", flush=True)


def measure(server: PageServer, browser, folder: Path, times: int) -> None:  # type: ignore[no-untyped-def]
    page, first = opened(browser, server.url)
    ask(page, "Is the heart enlarged?")  # the models are loaded by the first question
    print(f"first page of the server: {first:.0f} ms\n")
    print("| from … to … | wanted ms | median ms | slowest ms | times |\n|---|---:|---:|---:|---:|")
    fresh, again = [], []
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        fresh.append(opened(browser, server.url, context)[1])
        again.append(opened(browser, server.url, context)[1])
        context.close()
    row("opened, nothing cached by the browser", "3,000", fresh)
    row("opened again", "3,000", again)
    row("question sent, first evidence seen", "500", [ask(page, question) for question in QUESTIONS[:times]])
    page.close()

    page, _ = opened(browser, server.url)
    drop(page, Path(str(pydicom.data.get_testdata_file("waveform_ecg.dcm"))))
    ask(page, "What is the QT interval?")
    drawn, measured = signals(page, times)
    row("ECG chosen, its page drawn", "300", drawn)
    row("ECG chosen, its intervals drawn", "–", measured)
    page.close()

    page, _ = opened(browser, server.url)
    views = [folder / f"{view}.dcm" for view in ("PA", "AP", "LL", "RL", "LAO")]
    for number, path in enumerate(views):
        save(path, radiograph(number), "uncompressed", patient="speed")
    drop(page, *views)
    ask(page, "Is there a pleural effusion?")
    row("radiograph of 2,000 × 2,500 chosen, seen", "700", pictures(page))
    page.close()


def main() -> None:
    from playwright.sync_api import sync_playwright

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("workspace", type=Path)
    arguments.add_argument("--times", type=int, default=7)
    chosen = arguments.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assistant = Assistant.open(chosen.workspace, settings=Settings(ui=UiSettings(port=port)))
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, PageServer(assistant, port) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measure(server, browser, Path(folder), chosen.times)
        browser.close()


if __name__ == "__main__":
    main()
