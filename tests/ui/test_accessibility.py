"""Every page by axe-core (WCAG 2.2 A and AA), in light and dark, wide and on a phone, and every control by keyboard."""

import shutil

import pydicom.data
import pytest
from axe import axe_source, findings, unreached
from browsing import ask, drop, in_chromium, radiograph, save_dicom
from gated import make_workspace, serving

pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
pytestmark = in_chromium

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def source():
    return axe_source()


def opened_on(browser, server, viewport, scheme):
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.wait_for_selector("#wr-box textarea")
    page.wait_for_selector(".wr-header[data-title]")
    return page


def settled(page):
    """The page is drawn, and its events are listened to (a stream of Gradio's never ends: there is no idle network)."""
    page.locator(".wr-ways a").first.wait_for()
    page.wait_for_timeout(2_000)


def paths(page) -> list[str]:
    """Where the links of the head lead."""
    return page.eval_on_selector_all(".wr-ways a", "links => links.map((link) => new URL(link.href).pathname)")


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide-light", "phone-dark"])
def test_axe_finds_nothing_serious_on_any_page_and_each_fits(browser, server, source, viewport, scheme):
    page = opened_on(browser, server, viewport, scheme)
    all_pages = paths(page)
    assert all_pages[0] == "/" and len(set(all_pages)) == len(all_pages) >= 4
    found = {}
    for path in all_pages:
        page.goto(server.url + path)
        settled(page)
        found[path] = findings(page, source)
        if page.evaluate("document.documentElement.scrollWidth") > viewport["width"]:
            found[path].append("it does not fit the width")
    page.context.close()
    assert found == {path: [] for path in all_pages}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_conversation(browser, server, source, scheme, tmp_path):
    page = opened_on(browser, server, WIDE, scheme)
    save_dicom(tmp_path / "chest.dcm", radiograph(0.28, 99))
    drop(page, tmp_path / "chest.dcm")
    found = {"uploaded": findings(page, source)}
    ask(page, "What do similar studies show?")
    unfold(page)
    page.locator('.wr-tab:has-text("this upload")').first.click()
    page.locator("wr-image .wr-viewer[data-state=shown]").wait_for()
    settled(page)
    found["picture"] = findings(page, source)
    page.locator('.wr-tab:has-text("Report")').first.click()
    settled(page)
    found["report"] = findings(page, source)
    page.locator('#wr-bar button[data-act="choose"], button[data-act="choose"]').first.click()
    page.locator("dialog[open]").wait_for()
    found["dialog"] = findings(page, source)
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.locator('button[data-act="new_talk"]').first.click()
    page.locator(".wr-welcome").wait_for()
    shutil.copyfile(pydicom.data.get_testdata_file("waveform_ecg.dcm"), tmp_path / "ecg.dcm")
    drop(page, tmp_path / "ecg.dcm")
    ask(page, "What is the heart rate?")
    page.locator(".wr-cite").first.click()
    page.locator("wr-ecg svg").first.wait_for()
    settled(page)
    found["ecg"] = findings(page, source)
    ask(page, "Who won the 1998 football world cup?")
    found["abstained"] = findings(page, source)
    page.context.close()
    assert found == {state: [] for state in found}


def unfold(page):
    page.evaluate("document.querySelectorAll('#wr-evidence details').forEach((one) => { one.open = true; })")


def test_tab_reaches_every_control_and_shows_where_it_is(browser, server, tmp_path):
    page = opened_on(browser, server, WIDE, "light")
    missed, unseen = {}, {}
    for path in paths(page):
        page.goto(server.url + path)
        settled(page)
        missed[path], unseen[path] = unreached(page)
    page.goto(server.url)
    page.wait_for_selector("#wr-box textarea")
    settled(page)
    save_dicom(tmp_path / "chest.dcm", radiograph(0.28, 99))
    drop(page, tmp_path / "chest.dcm")
    ask(page, "What do similar studies show?")
    for fold in page.locator("details.wr-more:not([open]) > summary").all():
        fold.click()
    page.locator(".wr-tab", has_text="upload").first.click()
    page.locator("wr-image .wr-viewer[data-state=shown]").wait_for()
    settled(page)
    missed["answered"], unseen["answered"] = unreached(page)
    page.context.close()
    assert missed == {state: [] for state in missed}
    assert unseen == {state: [] for state in unseen}


def test_axe_finds_nothing_serious_where_one_signs_in(browser, source, tmp_path):
    with serving(make_workspace(tmp_path), sign_in=True) as gated:
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=PHONE, color_scheme=scheme)
            page = context.new_page()
            page.goto(gated.url)
            page.locator("input[type=password]").wait_for()
            assert findings(page, source) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert unreached(page) == ([], [])
            context.close()
