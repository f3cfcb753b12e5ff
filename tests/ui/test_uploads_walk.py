"""Files come in by every way there is: the camera, the clipboard, the ZIP of a study; a trap is refused in words."""

import base64
import io
import zipfile

import numpy as np
import pytest
from browsing import CHROMIUM, ask, drop, in_chromium, shoot
from PIL import Image as Picture
from series_files import ct_slice

pytestmark = in_chromium

FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PASTE = """(data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'pasted.png', {type: 'image/png'}));
    const box = document.querySelector('#wr-box textarea');
    box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def studies(tmp_path):
    """The ZIP of a study, and one that unpacks to far more than it is."""
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(8):
            file.writestr(f"IMG/{number:03}.dcm", ct_slice(number))
        file.writestr("report.txt", "FINDINGS: A nodule of 4711 mm in the left lower lobe. No pleural effusion.")
        file.writestr("broken.dcm", b"\0" * 128 + b"DICM" + b"\xff" * 40)
    with zipfile.ZipFile(tmp_path / "trap.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros.txt", b"0" * 40_000_000)
    return tmp_path


def test_camera_clipboard_and_the_zip_of_a_study(browser, server, studies, tmp_path):
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=CHROMIUM, args=["--no-sandbox", *FAKE_CAMERA],
        viewport={"width": 1440, "height": 900},
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(240_000)  # a made-up camera is slow on a busy machine
    page.goto(server.url)
    page.wait_for_selector("#wr-box textarea")

    page.locator("wr-camera > button").click()
    dialog = page.locator("dialog.wr-camera-dialog")
    page.wait_for_function("document.querySelector('dialog.wr-camera-dialog video')?.videoWidth > 0")
    dialog.get_by_role("button", name="Take").click()
    taken = page.locator("#wr-shelf .wr-card", has_text="camera-")
    taken.wait_for()
    assert "Picture" in taken.inner_text() and "pixels" in taken.inner_text()
    assert dialog.count() == 0
    assert page.get_by_test_id("upload-button").first.is_visible()  # the clip stays when a file is there
    taken.locator(".wr-remove").click()
    taken.wait_for(state="detached")

    out = io.BytesIO()
    Picture.fromarray(np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)).save(out, "PNG")
    page.evaluate(PASTE, base64.b64encode(out.getvalue()).decode())
    pasted = page.locator("#wr-shelf .wr-card", has_text="pasted.png")
    pasted.wait_for()
    assert "400 × 300 pixels" in pasted.inner_text()
    pasted.locator(".wr-remove").click()
    pasted.wait_for(state="detached")

    drop(page, studies / "study.zip")
    study = page.locator("#wr-shelf .wr-card", has_text="study.zip")
    study.wait_for()
    said = study.inner_text()
    assert "2 parts" in said and "8 slices, 3 of them kept" in said and "patient P-" in said
    study.locator(".wr-aside summary").click()
    assert "broken.dcm:" in study.inner_text()
    shoot(page, "study")
    assert "4711 mm" in ask(page, "How large is the nodule in the left lower lobe?").inner_text()

    drop(page, studies / "trap.zip")
    trap = page.locator("#wr-shelf .wr-card-bad", has_text="trap.zip")
    trap.wait_for()
    assert "times its size, more than the limit of 100 (ui.max_archive_ratio)" in trap.inner_text()
    context.close()
