"""Files on their way into the conversation: those that are too large, those that take a while, and odd names."""

import re
import shutil
import socket

import pytest
from browsing import drop, in_chromium, radiograph, save_dicom

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings
from assistant.ui.chat.box import shown_name

pytestmark = in_chromium
ODD = 'x <b>fett<b> & "q" \'s.txt'


@pytest.fixture(scope="module")
def server(workspace, tmp_path_factory):
    """A page that takes no file of more than 7 MB."""
    from assistant.ui.server import PageServer

    home = tmp_path_factory.mktemp("small") / "workspace"
    shutil.copytree(workspace, home, ignore=shutil.ignore_patterns("workspace.db*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = Assistant.open(home, settings=Settings(ui=UiSettings(port=port, max_upload_mb=7)))
    with PageServer(opened, port) as running:
        yield running


def test_a_file_that_is_too_large_has_a_card_that_stays_and_the_others_come_in(page, tmp_path):
    large, chest = tmp_path / "large.txt", tmp_path / "chest.dcm"
    large.write_bytes(b"word " * 1_600_000)
    save_dicom(chest, radiograph(0.28, 99))
    drop(page, large, chest)
    bad = page.locator("#wr-shelf .wr-card-bad")
    assert "large.txt" in bad.inner_text() and "7 MB is the most for one file" in bad.inner_text()
    assert page.locator("#wr-shelf .wr-card:not(.wr-card-bad)").count() == 1
    assert page.locator(".toast-body").count() == 0
    page.set_input_files("#wr-box input[type=file]", large)
    page.wait_for_function("document.querySelectorAll('#wr-shelf .wr-card-bad').length === 2")
    bad.first.locator(".wr-remove").click()
    page.wait_for_function("document.querySelectorAll('#wr-shelf .wr-card-bad').length === 1")


def test_a_large_file_is_told_to_be_taken_in_until_its_card_is_there(page):
    held = []
    page.route(re.compile(r"/gradio_api/upload\?"), lambda route: held.append(route))
    with page.expect_request(re.compile(r"/gradio_api/upload\?")):
        page.evaluate(
            """() => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(6e6)], 'film.dcm'));
                const input = document.querySelector('#wr-box input[type=file]');
                input.files = transfer.files;
                input.dispatchEvent(new Event('change', { bubbles: true }));
            }"""
        )
    note = page.locator("p.wr-busy.wr-typed")
    note.wait_for()
    assert note.inner_text() == "Taking in film.dcm (6 MB) …"
    page.wait_for_timeout(300)  # Gradio draws its own sign
    box = page.locator("#wr-box").bounding_box()
    assert box["x"] + box["width"] <= page.locator("#wr-right").bounding_box()["x"], "the box keeps its width"
    (upload,) = held
    upload.continue_()
    page.locator("#wr-shelf .wr-card").wait_for()
    note.wait_for(state="detached")


def test_a_file_is_shown_by_the_name_that_its_user_gave_it(page, tmp_path):
    odd = tmp_path / ODD
    odd.write_text("FINDINGS: The lungs are clear.")
    drop(page, odd)
    assert page.locator("#wr-shelf .wr-name").inner_text() == ODD
    assert page.locator("#wr-shelf .wr-name b").count() == 0


def test_a_shown_name_is_one_line_of_what_can_be_seen():
    assert shown_name(ODD) == ODD
    assert shown_name("cxr\u202egnp.exe\n\x00") == "cxrgnp.exe"
    assert len(shown_name("x" * 5_000)) == 200
