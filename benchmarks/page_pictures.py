"""Pictures of docs/chat.md: the page over the demonstration archive, as a visitor sees it in Chromium.

    wardround demo --no-chat --workspace /tmp/demo
    python benchmarks/page_pictures.py /tmp/demo docs/images

Runs of a suite in the workspace (`wardround eval eval/smoke.toml`) show on the evaluation page. No report or abstract
of the archive is in a picture: their terms do not let them be passed on.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "ui")]

from browsing import CHROMIUM, ask, drop  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from assistant.assistant import Assistant  # noqa: E402
from assistant.ui.server import PageServer  # noqa: E402

WIDE, PHONE = (1440, 900), (390, 844)


def opened(
    browser: Browser, url: str, size: tuple[int, int] = WIDE, *, dark: bool = False, locale: str = "en-GB"
) -> Page:
    """A page in a visit of its own."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale=locale,
        device_scale_factor=1,
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.locator(".wr-disclaimer").wait_for()
    page.wait_for_timeout(2_000)  # what Python draws when the page is opened has come
    return page


def pictures(browser: Browser, url: str, data: Path, out: Path) -> None:
    def save(page: Page, name: str) -> None:
        page.wait_for_timeout(1_500)
        page.screenshot(path=out / f"{name}.png")
        page.context.close()
        print(out / f"{name}.png", flush=True)

    page = opened(browser, url)
    drop(page, data / "cart-ecg" / "waveform_ecg.dcm")
    turn = ask(page, "What is the heart rate?")
    turn.locator(".wr-cite").first.click()
    page.locator(".wr-view").wait_for()
    save(page, "chat-ecg")

    page = opened(browser, url)
    drop(page, data / "pictures" / "CT_small.dcm")
    ask(page, "What do similar studies show?")
    save(page, "chat-picture")

    for name, size, dark, locale in (("chat-dark-german", WIDE, True, "de-DE"), ("chat-phone", PHONE, False, "en-GB")):
        page = opened(browser, url, size, dark=dark, locale=locale)
        drop(page, data / "cart-ecg" / "waveform_ecg.dcm")
        turn = ask(page, "What is the heart rate?")
        if size == WIDE:
            turn.locator(".wr-cite").first.click()
            page.locator(".wr-view").wait_for()
        save(page, name)

    for name in ("evaluation", "archive", "help", "drafts"):
        save(opened(browser, f"{url}/{name}"), f"page-{name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = arguments.workspace / "indexes" / "demo-data"
    with PageServer(Assistant(arguments.workspace), port) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        pictures(browser, server.url, data, arguments.out)
        browser.close()


if __name__ == "__main__":
    main()
