"""The picture viewer in Chromium: what the canvas shows is what the file holds, by mouse and by keyboard."""

import shutil
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from browsing import ask, drawn, drop, in_chromium, radiograph, save_dicom, shoot
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
expect = playwright.expect
pytestmark = in_chromium

# The grey in the middle of each quarter of the canvas, and its text for whoever can't see it.
GREYS = """(viewer, places) => {
  const canvas = viewer.shadowRoot.querySelectorAll('canvas')[places.pane ?? 0];
  const context = canvas.getContext('2d');
  return places.at.map(([x, y]) => context.getImageData(canvas.width * x, canvas.height * y, 1, 1).data[0]);
}"""
QUARTERS = [[0.45, 0.45], [0.55, 0.45], [0.45, 0.55], [0.55, 0.55]]


def quarters(path, values=(100, 1000, 2000, 3000), **elements):
    """A CT of 12 bits in four even quarters."""
    pixels = np.kron(np.array(values).reshape(2, 2), np.ones((200, 200), int))
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID = "CT", "quarters-1"
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.RescaleSlope, data.RescaleIntercept = 1, -1000
    data.WindowCenter, data.WindowWidth = [500, 0], [3000, 100]
    data.WindowCenterWidthExplanation = ["ALL", "WATER"]
    data.PixelData = pixels.astype(np.uint16).tobytes()
    for name, value in elements.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)


def shown(page):
    viewer = page.locator("wr-image")
    viewer.locator(".wr-viewer[data-state=shown]").wait_for()
    return viewer


def greys(viewer, at=QUARTERS, pane=0):
    viewer.page.wait_for_timeout(120)
    drawn(viewer.page)
    return viewer.evaluate(GREYS, {"at": at, "pane": pane})


def near(found, expected, off=2):
    return all(abs(a - b) <= off for a, b in zip(found, expected, strict=True))


def through(centre, width):
    """PS3.3 C.11.2.1.2, by hand, of the four values in Hounsfield units."""
    values = np.array([-900, 0, 1000, 2000])
    return np.rint(255 * np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)).tolist()


def open_upload(page, *paths):
    drop(page, *paths)
    ask(page, "What do similar studies show?")
    page.evaluate("document.querySelectorAll('#wr-evidence details').forEach((one) => { one.open = true; })")
    page.locator('.wr-tab:has-text("this upload")').first.click()
    return shown(page)


def test_window_zoom_and_flips_by_mouse_and_keyboard(page, tmp_path):
    quarters(tmp_path / "quarters.dcm")
    viewer = open_upload(page, tmp_path / "quarters.dcm")
    stage, status = viewer.locator(".wr-stage").first, viewer.locator("[role=status]")
    assert near(greys(viewer), through(500, 3000))
    preset = viewer.get_by_label("Window", exact=True)
    assert preset.locator("option").all_inner_texts()[:3] == ["as stored", "WATER", "soft tissue"]
    preset.select_option(label="WATER")
    assert near(greys(viewer), through(0, 100))
    viewer.get_by_label("Width").fill("4000")
    viewer.get_by_label("Width").press("Tab")
    assert near(greys(viewer), through(0, 4000))
    expect(preset.locator("option:checked")).to_have_text("own")

    stage.focus()
    page.keyboard.press("i")
    assert near(greys(viewer), [255 - grey for grey in through(0, 4000)])
    page.keyboard.press("r")
    page.keyboard.press("h")
    a, b, c, d = through(500, 3000)
    assert near(greys(viewer), [b, a, d, c])
    expect(viewer.locator(".wr-readout").first).to_contain_text("⚠ left and right flipped")
    page.keyboard.press("v")
    assert near(greys(viewer), [d, c, b, a])
    expect(status).to_contain_text("left and right flipped, ⚠ top and bottom flipped", timeout=5_000)
    page.keyboard.press("r")
    expect(viewer.locator(".wr-readout").first).not_to_contain_text("flipped")
    for key in ("+", "+", "+", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)  # towards the right: the middle is in the right half
    assert near(greys(viewer), [b, b, d, d])
    expect(status).to_contain_text("Zoom ", timeout=5_000)
    expect(status).to_contain_text("centre 500, width 3000")
    page.keyboard.press("Shift+ArrowRight")
    assert float(viewer.get_by_label("Width").input_value()) > 3000
    page.keyboard.press("0")
    assert near(greys(viewer, [[0.45, 0.2], [0.55, 0.2]]), greys(viewer, [[0.45, 0.3], [0.55, 0.3]]))

    page.keyboard.press("r")
    box = stage.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(middle[0] - 60, middle[1] - 60)
    page.mouse.wheel(0, -400)
    assert int(viewer.locator(".wr-readout").inner_text().split(" %")[0]) > 200
    assert "HU" in viewer.locator(".wr-readout").inner_text()  # the value under the pointer
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 200, middle[1] + 200, steps=4)
    page.mouse.up()
    assert near(greys(viewer), [a, a, a, a])
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(middle[0] + 260, middle[1] + 200, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert float(viewer.get_by_label("Width").input_value()) > 3000
    kept = viewer.locator(".wr-readout").inner_text().split("  ·  ")[:2]
    page.locator('.wr-tab:has-text("this upload")').first.click()  # drawn again: zoom and window stay
    page.wait_for_timeout(1_000)
    assert shown(page).locator(".wr-readout").inner_text().split("  ·  ")[:2] == kept


def test_frames_are_scrolled_and_a_picture_that_does_not_come_says_so(page, tmp_path):
    path = pydicom.data.get_testdata_file("examples_ybr_color.dcm")
    viewer = open_upload(page, Path(shutil.copyfile(path, tmp_path / "loop.dcm")))
    count = viewer.locator(".wr-frames output")
    expect(count).to_contain_text("/ 30")
    stage = viewer.locator(".wr-stage").first
    stage.focus()
    page.keyboard.press("Home")
    expect(count).to_have_text("1 / 30")
    page.keyboard.press("PageDown")
    expect(count).to_have_text("2 / 30")
    stage.hover()
    page.mouse.wheel(0, 120)
    expect(count).to_have_text("3 / 30")
    viewer.get_by_label("Frame or slice").fill("30")
    expect(count).to_have_text("30 / 30")
    shoot(page, "loop")
    page.route("**/pixels?frame=20*", lambda route: route.fulfill(status=404, json={"detail": "the file <b>moved</b>"}))
    viewer.get_by_label("Frame or slice").fill("21")  # far from what is fetched ahead
    told = viewer.locator("[role=alert]")
    expect(told).to_contain_text("The picture can’t be shown: the file <b>moved</b>")
    page.unroute("**/pixels?frame=20*")
    told.get_by_role("button", name="Try again").click()
    expect(told).to_have_count(0)
    expect(viewer.locator(".wr-viewer")).to_have_attribute("data-state", "shown")


def test_a_finger_goes_sideways_through_frames_and_the_window_stays(browser, server, tmp_path):
    """A third of the stage's width is a third of the frames."""
    path = pydicom.data.get_testdata_file("examples_ybr_color.dcm")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    phone = context.new_page()
    phone.set_default_timeout(60_000)
    phone.goto(server.url)
    phone.wait_for_selector("#wr-box textarea")
    viewer = open_upload(phone, Path(shutil.copyfile(path, tmp_path / "loop.dcm")))
    stage, count = viewer.locator(".wr-stage").first, viewer.locator(".wr-frames output")
    stage.scroll_into_view_if_needed()
    viewer.get_by_label("Frame or slice").fill("1")
    viewer.get_by_label("Width").fill("100")
    viewer.get_by_label("Width").press("Tab")
    box = stage.bounding_box()
    session = context.new_cdp_session(phone)
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.4), ("touchMove", 0.5), ("touchMove", 0.634)):
        point = {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(count).to_have_text("11 / 30")
    expect(viewer.locator(".wr-readout")).to_contain_text("W 100  ·  11 / 30", timeout=60_000)
    context.close()


def test_a_picture_that_comes_does_not_take_the_place_of_what_is_being_typed(page, tmp_path):
    path = pydicom.data.get_testdata_file("examples_ybr_color.dcm")
    viewer = open_upload(page, Path(shutil.copyfile(path, tmp_path / "loop.dcm")))
    viewer.get_by_label("Width").fill("100")
    viewer.get_by_label("Frame or slice").evaluate(
        "slider => { slider.value = 7; slider.dispatchEvent(new Event('input')); }"
    )
    expect(viewer.locator(".wr-readout")).to_contain_text("7 / 30")
    expect(viewer.get_by_label("Width")).to_have_value("100")
    viewer.get_by_label("Width").press("Enter")
    expect(viewer.locator(".wr-readout")).to_contain_text("W 100  ·  7 / 30")
    viewer.get_by_label("Width").fill("")
    viewer.get_by_label("Width").press("Tab")
    expect(viewer.get_by_label("Width")).to_have_value("100")


def test_two_pictures_are_seen_together(page, tmp_path):
    save_dicom(tmp_path / "chest.dcm", radiograph(0.28, 99))
    drop(page, tmp_path / "chest.dcm")
    ask(page, "What do similar studies show?")
    more = page.locator("details.wr-more summary")
    if more.count():
        more.click()
    page.locator('.wr-tab:has-text("X-ray"):has-text("another patient")').first.click()
    viewer = shown(page)
    beside = viewer.get_by_label("Beside it")
    beside.select_option(index=1)
    expect(viewer.locator(".wr-pane")).to_have_count(2)
    captions = viewer.locator("figcaption").all_inner_texts()
    assert "another patient" in captions[0] and captions[1] == "Your upload: X-ray chest.dcm, PA"
    page.wait_for_timeout(800)
    drawn(page)
    first, second = viewer.locator(".wr-stage").all()
    first.focus()
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_timeout(200)
    drawn(page)
    zooms = [text.split("  ·")[0] for text in viewer.locator(".wr-readout").all_inner_texts()]
    assert zooms[0] == zooms[1] != "100 %"
    viewer.get_by_role("button", name="Zoom both together").click()
    first.focus()
    page.keyboard.press("0")
    second.focus()
    page.keyboard.press("i")
    page.wait_for_timeout(200)
    drawn(page)
    apart = [text.split("  ·")[0] for text in viewer.locator(".wr-readout").all_inner_texts()]
    assert apart[0] != apart[1] == zooms[1]
    assert viewer.get_by_role("button", name="Invert").get_attribute("aria-pressed") == "true"
    shoot(page, "side-by-side")
    beside.select_option(label="nothing")
    expect(viewer.locator(".wr-pane")).to_have_count(1)


def test_the_same_patients_other_study_is_laid_beside_it(page, tmp_path):
    save_dicom(tmp_path / "chest.dcm", radiograph(0.28, 99))
    data = pydicom.dcmread(tmp_path / "chest.dcm")
    data.PatientID = "patient-2"
    data.save_as(tmp_path / "chest.dcm")
    viewer = open_upload(page, tmp_path / "chest.dcm")
    viewer.get_by_label("Beside it").select_option(label="this patient’s other studies …")
    expect(viewer.locator(".wr-pane")).to_have_count(2)
    expect(viewer.locator("[role=status]")).to_contain_text("1 pictures of other studies")
    assert viewer.locator("figcaption").all_inner_texts()[1].startswith("X-ray, ")
    expect(viewer.locator(".wr-readout").nth(1)).to_contain_text(" %")


def test_fingers_pinch_and_the_tools_fit_a_phone_in_the_dark(browser, server, tmp_path):
    quarters(tmp_path / "quarters.dcm")
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    phone = context.new_page()
    phone.set_default_timeout(60_000)
    phone.goto(server.url)
    phone.wait_for_selector("#wr-box textarea")
    viewer = open_upload(phone, tmp_path / "quarters.dcm")
    stage = viewer.locator(".wr-stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = int(viewer.locator(".wr-readout").inner_text().split(" %")[0])
    session = context.new_cdp_session(phone)
    for kind, apart in (("touchStart", 20), ("touchMove", 60), ("touchMove", 100)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.wait_for_timeout(300)
    drawn(phone)
    assert int(viewer.locator(".wr-readout").inner_text().split(" %")[0]) > 3 * before
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    for tool in viewer.locator(".wr-tools :is(button, select, input)").all():
        if tool.is_visible():
            edge = tool.bounding_box()
            assert edge["x"] >= 0 and edge["x"] + edge["width"] <= 390 and edge["height"] >= 24
    shoot(phone, "viewer-phone")
    context.close()
