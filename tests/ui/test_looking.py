"""Looking around in Chromium: texts, PDF pages, a patient's timeline, and the search page."""

import socket

import pytest
from axe import axe_source, findings, unreached
from browsing import ask, drop, in_chromium, radiograph, save_dicom, save_pdf, shoot
from looking import GUIDE, build_ward

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings
from assistant.ui.gate.seals import address, sealed
from assistant.ui.gate.visitor import entering

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
expect = playwright.expect
expect.set_options(timeout=60_000)  # a shared machine
pytestmark = in_chromium


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    home = tmp_path_factory.mktemp("ward")
    build_ward(home)
    return home


@pytest.fixture(scope="module")
def server(workspace):
    from assistant.ui.server import PageServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with PageServer(Assistant.open(workspace, settings=Settings(ui=UiSettings(port=port))), port) as running:
        yield running


def test_the_cited_sentence_is_lit_on_the_page_as_printed_and_in_the_text(page, tmp_path):
    pytest.importorskip("pypdfium2", reason="draws pages: pip install 'wardround[ocr]'")
    save_pdf(tmp_path / "guide.pdf", GUIDE)
    drop(page, tmp_path / "guide.pdf")
    turn = ask(page, "What is the loading dose of amiodarone?")
    turn.locator(".wr-claim", has_text="300 mg").locator(".wr-cite").first.click()
    lit = page.locator(".sheet .lit").first
    lit.wait_for()
    expect(page.locator("wr-document .number")).to_have_text("2 / 3")
    expect(lit).to_be_in_viewport()
    assert page.locator(".sheet img").evaluate("image => image.naturalWidth") == 1_400
    box = lit.evaluate("box => box.getBoundingClientRect().width / box.parentElement.getBoundingClientRect().width")
    assert 0.2 < box < 0.6  # one line of the page, not all of it
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("wr-document .number")).to_have_text("3 / 3")
    expect(page.locator(".sheet .lit")).to_have_count(0)
    page.get_by_role("button", name="Larger").click()
    assert page.locator(".sheet").evaluate("sheet => sheet.style.width") == "130%"
    page.get_by_role("button", name="Text", exact=True).click()
    assert "300 mg over 60 minutes" in page.locator("#wr-cited").inner_text()
    assert not page.locator(".sheets").is_visible()


def test_a_long_text_opens_at_its_sentence_and_goes_on_in_both_directions(page):
    turn = ask(page, "At what dose is digoxin given in renal failure?")
    turn.locator(".wr-claim", has_text="125").locator(".wr-cite").first.click()
    text = page.locator(".wr-view .wr-document")
    expect(page.locator("#wr-cited")).to_be_in_viewport()
    assert "125 micrograms" in page.locator("#wr-cited").inner_text()
    before = len(text.inner_text())
    place = page.locator("#wr-cited").bounding_box()["y"]
    earlier = page.get_by_role("button", name="Earlier text")
    text.evaluate("text => text.scrollTop = 0")
    earlier.click()
    expect(page.locator(".wr-added")).to_have_count(1)
    earlier.click()
    expect(earlier).to_be_hidden()  # the beginning is there
    later = page.get_by_role("button", name="Later text")
    later.click()
    expect(page.locator(".wr-added")).to_have_count(3)
    later.click()
    expect(later).to_be_hidden()
    assert len(text.inner_text()) > before + 10_000 and place > 0


def test_the_patient_s_own_studies_stand_in_a_timeline_and_open(page, tmp_path):
    save_dicom(tmp_path / "today.dcm", radiograph(0.2, 50))
    set_patient(tmp_path / "today.dcm", "ward-7", "20200715")
    drop(page, tmp_path / "today.dcm")
    ask(page, "What do similar studies show?")
    page.locator("summary", has_text="All studies of the case’s patient").click()
    line = page.locator(".wr-timeline")
    line.wait_for()
    assert line.locator(".wr-past").count() == 3  # of ward-7, and nobody else's
    said = line.inner_text()
    assert "5 weeks before" in said and "13 months before" in said and "16 months before" in said
    assert "lungs are clear" in said and "nodule" not in said and "ward-7" not in said
    line.scroll_into_view_if_needed()
    shoot(page, "timeline")
    button = line.locator(".wr-past").last.get_by_role("button", name="X-ray")
    button.focus()
    page.keyboard.press("Enter")
    opened = line.locator(".wr-opened .wr-view")
    opened.wait_for()
    assert "this patient" in opened.inner_text() and opened.locator("img, canvas").count() >= 1
    expect(opened.locator("h3")).to_be_focused()
    line.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()
    assert not line.locator(".wr-opened").is_visible()


def set_patient(path, patient, date):
    import pydicom

    data = pydicom.dcmread(path)
    data.PatientID, data.StudyDate, data.PatientName, data.SeriesDescription = patient, date, "DOE^JANE", "chest"
    data.save_as(path)


def test_an_address_opens_nothing_without_its_seal_and_no_one_else_s_timeline(page, server, workspace):
    turn = ask(page, "Is there a left upper lobe nodule?")
    turn.locator(".wr-cite").first.click()
    page.locator(".wr-view").wait_for()
    evidence = page.locator(".wr-view").first
    assert "another patient" in evidence.inner_text()
    assert page.locator("summary", has_text="All studies of the case’s patient").count() == 0
    record = next(iter(find_records(workspace)))
    with entering(server.door.visitor(None, "en")):
        good, odd = (address(record, "view.html", relation=relation) for relation in ("similar", "mine"))
        others = address(record, "timeline.html"), address(record, "page.json", page=1)
    assert page.request.get(server.url + good).status == 200
    for bad in (
        good.replace(good.split("/")[4], "0" * 32),
        good.replace(record, "r" + "0" * 20),
        *others,
    ):
        assert page.request.get(server.url + bad).status == 404, bad
    assert page.request.get(server.url + odd).status == 422


def find_records(workspace):
    found = Assistant.open(workspace).search("left upper lobe nodule", kinds=["text"])
    return [piece.record_id for piece in found.evidence if piece.patient_id]


def find(page, server, text="", *files):
    """Open the search page and search."""
    page.goto(server.url + "/search")
    page.wait_for_selector("#wr-find textarea")
    page.locator("#wr-results .wr-empty").wait_for()
    if files:
        drop(page, *files, box="#wr-find", shelf="#wr-find-shelf")
    page.fill("#wr-find textarea", text)
    page.press("#wr-find textarea", "Enter")
    page.locator(".wr-found-head").wait_for()


def keys(page):
    """The archive's own keys on the cards, in their order."""
    facts = page.locator(".wr-hit .wr-facts").all_inner_texts()
    return [fact.split(" · ")[-1] for fact in facts]


def test_a_search_is_filtered_opened_continued_and_asked_about(page, server):
    find(page, server, "right pleural effusion")
    assert "8 results" in page.locator(".wr-found-head").inner_text()
    card = page.locator(".wr-hit", has_text="is smaller")
    assert card.locator("mark").all_inner_texts()[:3] == ["right", "pleural", "effusion"]
    assert "Kept:" in card.inner_text() and "P-" in card.locator(".wr-relation").inner_text()
    shoot(page, "search")

    page.locator(".wr-filters > summary").click()  # filters act at once
    page.get_by_label("pictures").check()
    expect(page.locator(".wr-face")).to_have_count(5)
    expect(page.locator(".wr-passage-text")).to_have_count(0)
    assert page.locator(".wr-face").first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 280
    page.get_by_label("Findings").fill("zebra")
    page.get_by_label("Findings").press("Enter")
    expect(page.locator(".wr-error")).to_contain_text("none is known by these words")
    page.get_by_role("button", name="Clear the filters").click()  # what was asked before is found again
    expect(page.locator(".wr-hit")).to_have_count(8)
    expect(page.locator(".wr-error")).to_have_count(0)
    page.get_by_label("pictures").check()
    page.get_by_label("Findings").fill("no pleural effusion")
    page.get_by_label("Findings").press("Enter")
    expect(page.locator(".wr-hit")).to_have_count(2)
    assert set(keys(page)) == {"third", "nodule"}
    page.get_by_label("Taken from").fill("2019-01-01")
    expect(page.locator(".wr-hit")).to_have_count(1)
    page.get_by_label("Taken from").fill("2030-01-01")
    expect(page.locator(".wr-without")).to_have_text(
        "There would be results without one of the filters: Taken from (2)."
    )
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".wr-hit")).to_have_count(8)

    card = page.locator(".wr-hit", has_text="is smaller")  # opened beside the gallery
    card.get_by_role("button", name="Open").click()
    opened = page.locator(".wr-opened .wr-view")
    opened.wait_for()
    assert "FINDINGS: The right pleural effusion is smaller." in opened.locator(".wr-document").inner_text()
    page.keyboard.press("Escape")  # as the button "Close"; the keyboard is where it was
    expect(opened).to_have_count(0)
    expect(card.get_by_role("button", name="Open")).to_be_focused()

    for text in ("is smaller", "large right"):
        page.locator(".wr-hit", has_text=text).get_by_role("checkbox").check()
    about = page.get_by_role("button", name="Ask about these")
    expect(about).to_contain_text("(2)")
    page.set_viewport_size({"width": 1440, "height": 420})
    page.locator(".wr-hit").last.scroll_into_view_if_needed()
    expect(about).to_be_in_viewport()
    assert page.evaluate("window.scrollY") > 300  # the head of the results is out of sight
    page.set_viewport_size({"width": 1440, "height": 900})
    about.click()
    page.wait_for_selector("#wr-box textarea")
    assert "effusion" not in page.url
    expect(page.get_by_text("2 chosen studies")).to_be_visible()
    said = ask(page, "Is there a pleural effusion?").inner_text()
    assert "effusion" in said and "atelectasis" not in said and "lungs are clear" not in said


def test_more_like_a_picture_and_a_mix_of_picture_and_words(page, server, tmp_path):
    find(page, server, "left upper lobe nodule")
    page.locator(".wr-filters > summary").click()
    page.get_by_label("pictures").check()
    expect(page.locator(".wr-face")).to_have_count(5)
    first = page.locator(".wr-hit").first
    own = first.locator(".wr-facts").inner_text().split(" · ")[-1]
    first.get_by_role("button", name="More like this").click()
    expect(page.locator(".wr-like")).to_contain_text("More like: X-ray")
    expect(page.locator(".wr-found-head")).to_be_focused()
    assert own not in keys(page) and len(keys(page)) >= 3  # itself is left out
    page.get_by_role("button", name="No longer").click()
    expect(page.locator(".wr-error")).to_contain_text("Nothing to look for")

    save_dicom(tmp_path / "today.dcm", radiograph(0.3, 77))
    find(page, server, "but without effusion", tmp_path / "today.dcm")
    page.locator("summary", has_text="How it was searched").click()
    route = page.locator(".wr-found .wr-step").inner_text()
    assert "image" in route and "effusion" in route
    page.get_by_role("button", name="Take today.dcm out").click()
    expect(page.locator("#wr-find-shelf .wr-card")).to_have_count(0)


def test_a_patient_s_studies_are_listed_and_the_search_page_fits_a_phone_and_the_dark(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", locale="de-DE")
    phone = context.new_page()
    phone.set_default_timeout(60_000)
    phone.goto(server.url + "/search")
    phone.locator("#wr-results .wr-empty").wait_for()
    phone.locator(".wr-filters > summary").click()
    phone.get_by_label("Nur Patient").fill("ward-7")
    phone.get_by_label("Nur Patient").press("Enter")
    expect(phone.locator(".wr-hit")).to_have_count(3)
    assert keys(phone) == ["third", "second", "first"]
    phone.locator("summary", has_text="Alle Untersuchungen").click()
    expect(phone.locator(".wr-past")).to_have_count(3)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(phone, "search_phone")
    phone.get_by_label("Nur Patient").fill("nobody")
    phone.get_by_label("Nur Patient").press("Enter")
    expect(phone.locator(".wr-error")).to_contain_text("Kein Patient „nobody“")
    expect(phone.locator(".wr-hit")).to_have_count(0)
    phone.get_by_label("Nur Patient").fill("ward-7")
    phone.get_by_label("Aufgenommen ab").fill("2024-05-02")
    phone.get_by_label("bis", exact=True).fill("2024-05-01")
    expect(phone.locator(".wr-error")).to_contain_text("Von 2. Mai 2024 bis 1. Mai 2024 liegt nichts")
    context.close()


def test_only_what_was_shown_can_be_asked_about(page, server, workspace):
    record = Assistant.open(workspace).record(find_records(workspace)[0])
    post = page.request.post
    origin = {"Origin": server.url}
    with entering(server.door.visitor(None, "en")):
        form = {"study": sealed(record.study_id)}
    good = post(server.url + "/wr/view/ask-about", form=form, headers=origin, max_redirects=0)
    assert good.status == 303 and good.headers["location"].startswith("/?from=")
    assert record.study_id not in good.headers["location"]
    bad = post(server.url + "/wr/view/ask-about", form={"study": f"{record.study_id}/{'0' * 32}"}, headers=origin)
    assert bad.status == 404
    none = post(server.url + "/wr/view/ask-about", form={}, headers=origin, max_redirects=0)
    assert none.headers["location"] == "/search"


def test_axe_finds_nothing_serious_in_results_and_in_what_is_opened_from_them(page, server):
    source = axe_source()
    find(page, server, "right pleural effusion")
    page.locator(".wr-filters > summary").click()
    page.locator(".wr-hit").nth(1).get_by_role("checkbox").check()
    page.locator(".wr-hit").first.get_by_role("button", name="Open").click()
    page.locator(".wr-opened .wr-view").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
        page.wait_for_timeout(500)  # colours come to rest
        assert findings(page, source) == []
    assert unreached(page) == ([], [])
