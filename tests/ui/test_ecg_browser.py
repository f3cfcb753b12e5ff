"""The ECG viewer in real Chromium, as a reader uses it: tools, calipers by mouse and keyboard, two ECGs."""

import re

import pydicom
import pytest
from browsing import ask, drop, in_chromium, shoot
from pydicom.uid import generate_uid

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
expect = playwright.expect
pytestmark = in_chromium


@pytest.fixture
def two_ecgs(files, tmp_path):
    """The same patient's ECG, and what was recorded a year later: the same beats, half as high."""
    data = pydicom.dcmread(files / "ecg.dcm")
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID = generate_uid()
    data.StudyDate = data.ContentDate = data.AcquisitionDateTime = "20130718"
    for channel in data.WaveformSequence[0].ChannelDefinitionSequence:
        channel.ChannelSensitivity = float(channel.ChannelSensitivity) / 2
    data.save_as(tmp_path / "later.dcm")
    return files / "ecg.dcm", tmp_path / "later.dcm"


def scale(page):
    """Pixels that a millimetre of paper takes."""
    return page.locator(".ecg-sheet > svg.ecg-page").evaluate(
        "(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
    )


def redrawn(page):
    """Wait until what was chosen last is drawn."""
    page.locator(".ecg-view:not([aria-busy=true]) .ecg-measured").wait_for()


def choose(page, tool, value):
    page.locator(f"[data-ecg={tool}]").select_option(value)
    redrawn(page)


def on_paper(page, x, y):
    """A place in millimetres of the drawing as pixels of the screen."""
    return page.locator(".ecg-sheet > svg.ecg-page").evaluate(
        "(svg, [x, y]) => { const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()); return [at.x, at.y]; }",
        [x, y],
    )


def names_stay_in_sight(paper):
    """Scrolled through, every strip of which a good part is seen says of which lead it is; scrolled back, all is as
    drawn."""
    at = "(all) => all.map((one) => one.getAttribute('x') - one.parentNode.dataset.x)"
    for part in (1, 0.5, 0):
        paper.evaluate("(paper, part) => paper.scrollTo(part * paper.scrollWidth, 0)", part)
        seen = paper.evaluate("""async (paper) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const box = paper.getBoundingClientRect();
            const inside = (one) => one.left >= box.left - 1 && one.right <= box.right + 1;
            return [...paper.querySelectorAll(".ecg-row")].map((row) => {
                const [strip, name] = [row, row.querySelector(".ecg-lead")].map((one) => one.getBoundingClientRect());
                const part = Math.min(strip.right, box.right) - Math.max(strip.left, box.left);
                return [part > 60, inside(name)];
            });
        }""")
        assert any(large for large, _ in seen) and all(there for large, there in seen if large), part
    assert all(abs(x - 1.2) < 0.01 for x in paper.locator(".ecg-lead").evaluate_all(at))


def test_an_ecg_is_measured_by_eye_mouse_and_keyboard(page, files):
    drop(page, files / "ecg.dcm")
    ask(page, "What is the QT interval?")
    view = page.locator(".wr-view wr-ecg")
    assert page.locator(".wr-view .wr-value b").inner_text() == "378"
    redrawn(page)
    # every beat's QT interval stands below the strip, its rung lit as it is cited
    shown = view.locator(".ecg-caliper[data-interval=qt_ms]")
    assert shown.count() == 10
    assert all(abs(int(ms) - 378) < 15 for ms in shown.evaluate_all("(all) => all.map((one) => one.dataset.ms)"))
    assert view.locator(".ecg-rung[data-interval=qt_ms] .ecg-rung-lit").count() == 1
    table = view.locator(".ecg-measured").inner_text()
    assert re.search(r"QT interval\s+378 ms\s+\d+–\d+, median \d+ \(10\)", table)
    assert re.search(r"PR interval\s+152 ms\s+120–200 ms: as usual\s+\d+–\d+, median \d+ \(10\)", table)
    view.scroll_into_view_if_needed()
    shoot(page, "ecg-viewer")

    # a caliper drawn with the mouse from R to R reads the RR interval that was measured
    beats = view.locator(".ecg-caliper[data-interval=rr_ms]").first
    start, width = map(float, re.search(r"M([\d.]+) [\d.]+h([\d.]+)", beats.inner_html()).groups())
    top = float(view.locator(".ecg-row").last.get_attribute("data-y"))
    page.locator("[data-ecg=draw]").click()
    view.locator(".wr-paper").scroll_into_view_if_needed()
    page.mouse.move(*on_paper(page, start, top + 5))
    page.mouse.down()
    page.mouse.move(*on_paper(page, start + width / 2, top + 10), steps=3)
    page.mouse.move(*on_paper(page, start + width, top + 15), steps=3)
    page.mouse.up()
    told = page.locator(".ecg-reading").inner_text()
    ms, bpm, mv = re.fullmatch(r"Caliper 1, II: (\d+) ms · (\d+) /min · ([\d.]+) mV", told).groups()
    assert abs(int(ms) - int(beats.get_attribute("data-ms"))) < 12 and abs(int(bpm) - 60_000 / int(ms)) < 1
    assert abs(float(mv) - 1.0) < 0.06  # 10 mm

    # by keyboard: 1 mm of paper further is 40 ms, 1 mm higher 0.1 mV; it stays when the page is drawn at another speed
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    moved = re.search(r": (\d+) ms .* ([\d.]+) mV", page.locator(".ecg-reading").inner_text())
    assert abs(int(moved[1]) - int(ms) - 40) <= 1 and abs(float(moved[2]) - float(mv) - 0.1) < 0.011
    page.locator("[data-ecg=draw]").click()
    choose(page, "speed", "50")
    kept = view.locator(".ecg-own .ecg-handle").last.get_attribute("aria-valuetext")
    assert f": {moved[1]} ms" in kept and f"{moved[2]} mV" in kept
    choose(page, "speed", "25")

    # all by keys: another caliper, its removal, the interval repeated along the lead
    view.locator(".wr-paper").focus()
    page.keyboard.press("a")
    assert view.locator(".ecg-own .ecg-measure").count() == 2
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    assert view.locator(".ecg-own .ecg-marched").count() == 1 and view.locator(".ecg-own .ecg-measure").count() == 1

    # true size: a millimetre of paper is one of the screen, as far as the browser knows it; then larger, then fitted
    page.keyboard.press("t")
    assert abs(scale(page) - 96 / 25.4) < 0.01
    page.keyboard.press("+")
    assert abs(scale(page) - 1.25 * 96 / 25.4) < 0.01
    assert page.locator(".ecg-reading").inner_text() == "125 % of true size"
    paper = view.locator(".wr-paper")
    names_stay_in_sight(paper)
    paper.evaluate("(paper) => paper.scrollTo(120, 0)")
    page.mouse.move(*on_paper(page, 100, 40))
    page.mouse.down()
    x, y = on_paper(page, 100, 40)
    page.mouse.move(x - 60, y, steps=3)
    page.mouse.up()
    assert abs(paper.evaluate("(paper) => paper.scrollLeft") - 180) < 2  # dragged
    page.keyboard.press("0")
    fitted = scale(page)
    assert fitted < 96 / 25.4
    x, y = on_paper(page, 100, 40)
    pinch = {"x": x, "y": y, "scaleFactor": 2.0, "gestureSourceType": "touch"}
    page.context.new_cdp_session(page).send("Input.synthesizePinchGesture", pinch)
    assert 1.5 * fitted < scale(page) < 2.5 * fitted
    page.locator("[data-ecg=fit]").click()
    for width in (900, 450):  # beside a draft there is little room: fitted, no lead lies outside
        paper.evaluate("(paper, width) => { paper.style.width = `${width}px`; }", width)
        assert paper.evaluate("(paper) => paper.scrollWidth <= paper.clientWidth")
    paper.evaluate("(paper) => { paper.style.width = ''; }")

    # what was chosen is still there when another piece of evidence was looked at in between
    choose(page, "layout", "rows")
    assert view.locator(".ecg-row").count() == 12
    page.locator(".wr-tab", has_text="QTc (Bazett)").click()
    page.locator(".wr-view .wr-value b", has_text="381").wait_for()
    expect(view.locator(".ecg-row")).to_have_count(13)
    page.locator(".wr-tab", has_text="QT interval").click()
    page.locator(".wr-view .wr-value b", has_text="378").wait_for()
    expect(view.locator(".ecg-row")).to_have_count(12)
    assert view.locator(".ecg-own .ecg-measure").count() == 1
    assert page.locator("[data-ecg=layout]").input_value() == "rows"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('wr-'))") == []


def test_two_ecgs_lie_over_each_other(page, two_ecgs):
    drop(page, *two_ecgs)
    ask(page, "What is the QT interval?")
    view = page.locator(".wr-view wr-ecg")
    redrawn(page)
    page.locator("[data-ecg=other]").select_option(index=1)
    redrawn(page)
    view.locator(".ecg-legend").wait_for()
    assert view.locator(".ecg-other[data-lead]").count() == 13
    assert "Change" in view.locator(".ecg-measured").inner_text()
    choose(page, "layout", "median")
    assert view.locator(".ecg-difference").count() == 12
    view.locator(".wr-paper").scroll_into_view_if_needed()
    shoot(page, "ecg-compared")
    # half as high: the difference of V5 is half of its R wave
    most = float(re.search(r"most ([\d.]+) mV", view.locator('.ecg-difference[data-lead="V5"]').text_content())[1])
    high = view.locator('.ecg-row[data-lead="V5"]').evaluate(
        """(row) => Math.max(...["ecg-trace", "ecg-other"].map((kind) => {
             const box = row.querySelector("." + kind).getBBox(); return box.height / 10; }))"""
    )
    assert 0.3 * high < most < 0.6 * high
