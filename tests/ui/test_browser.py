"""The page in a real Chromium: files are dropped, questions asked, evidence looked at; nothing leaves the machine."""

import json

import pytest
from browsing import CHROMIUM, ask, drop, in_chromium, shoot
from gated import caller, config_of

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
pytestmark = in_chromium


def test_an_xray_is_dropped_and_similar_studies_are_shown(page, files):
    drop(page, files / "chest.dcm")
    card = page.locator("#wr-shelf .wr-card").inner_text()
    assert "chest.dcm" in card and "X-ray (CR)" in card and "280 × 320 pixels" in card
    turn = ask(page, "What do similar studies show?")
    said = turn.inner_text()
    assert "pleural effusion" in said and "✓" in said
    turn.locator(".wr-cite").first.click()
    page.locator(".wr-view .wr-relation").wait_for()
    pictures = page.locator('.wr-tab:has-text("X-ray"):has-text("another patient")')
    page.locator("details.wr-more summary").click()
    pictures.first.click()
    shown = page.locator('.wr-view[data-kind="image"] wr-image')
    shown.locator(".wr-viewer[data-state=shown]").wait_for()
    assert shown.locator("canvas").evaluate("canvas => canvas.width") > 280
    assert "another patient" in page.locator(".wr-view").inner_text()


def test_an_ecg_is_dropped_and_its_page_is_drawn(page, files):
    drop(page, files / "ecg.dcm")
    card = page.locator("#wr-shelf .wr-card").inner_text()
    assert "12-lead ECG" in card and "1000 Hz" in card and "10.0 s" in card
    turn = ask(page, "What is the heart rate?")
    assert "61 beats/min" in turn.inner_text()  # the cart itself wrote RR 982 ms
    turn.locator(".wr-claim", has_text="61 beats/min").locator(".wr-cite").first.click()
    drawn = page.locator(".wr-view svg.ecg-page")
    drawn.wait_for()
    assert drawn.locator("path.ecg-trace").count() == 13
    assert "25 mm/s · 10 mm/mV" in drawn.inner_html()
    assert "this upload" in page.locator(".wr-view").inner_text()
    shoot(page, "chat")


def test_a_pdf_is_dropped_and_the_sentence_is_marked_on_its_page(page, files):
    drop(page, files / "guide.pdf")
    assert "2 pages" in page.locator("#wr-shelf .wr-card").inner_text()
    turn = ask(page, "What is the loading dose of amiodarone?")
    assert "300 mg over 60 minutes" in turn.inner_text()
    assert not page.locator(".wr-back").is_visible()  # both columns are in view
    turn.locator(".wr-claim", has_text="300 mg").locator(".wr-cite").first.click()
    page.get_by_role("button", name="Text", exact=True).click()
    mark = page.locator(".wr-view #wr-cited")
    mark.wait_for()
    assert "The loading dose of amiodarone is 300 mg over 60 minutes." in mark.inner_text()
    assert "page 2" in page.locator(".wr-view .wr-where").inner_text()
    assert "<script>" in page.locator(".wr-view .wr-document").inner_text()  # shown as text
    shoot(page, "pdf")


def test_what_cannot_be_read_says_why_and_the_rest_goes_on(page, files):
    odd = next(files.glob("*.bin"))
    drop(page, odd, files / "guide.pdf")
    bad = page.locator("#wr-shelf .wr-card-bad")
    assert "Can’t be read:" in bad.inner_text()
    assert page.locator("#wr-shelf .wr-card").count() == 2
    assert page.locator("#wr-shelf b[onmouseover]").count() == 0
    bad.locator("button").click()
    bad.wait_for(state="detached")
    assert "300 mg" in ask(page, "What is the loading dose of amiodarone?").inner_text()


def test_a_question_with_half_an_ecg_is_not_asked(page, tmp_path):
    header = tmp_path / "3.hea"
    header.write_text("3 1 100 1000\n3.dat 16 200/mV 16 0 0 0 0 II\n")
    drop(page, header)
    for _ in range(2):  # asking again changes nothing
        before = page.locator(".wr-turn").count()
        page.fill("#wr-box textarea", "Is there a pleural effusion?")
        page.press("#wr-box textarea", "Enter")
        turn = page.locator(".wr-turn").nth(before)
        turn.locator(".wr-answer[data-stage=unasked]").wait_for()
        said = turn.inner_text()
        assert "Not asked: 3.hea can’t be read, so an answer would not be about it. Remove it, or drop it" in said
        assert "3.dat" in turn.locator(".wr-card-bad").inner_text()
        assert turn.locator(".wr-claim, .wr-step, .wr-abstained").count() == 0
        assert page.locator(".wr-tab, .wr-view").count() == 0
        playwright.expect(page.locator("#wr-box textarea")).to_have_value("Is there a pleural effusion?")
    page.locator("#wr-shelf .wr-card-bad button").click()
    page.locator("#wr-shelf .wr-card-bad").wait_for(state="detached")
    assert "pleural effusion" in ask(page, "Is there a pleural effusion?").locator(".wr-claims").inner_text()


def test_off_topic_abstains(page):
    turn = ask(page, "Who won the 1998 football world cup?")
    assert "No answer." in turn.locator(".wr-abstained").inner_text()
    assert turn.locator(".wr-claim").count() == 0
    shoot(page, "abstention")


def test_hostile_report_text_is_shown_as_text(page):
    turn = ask(page, "Is there a left upper lobe nodule?")
    assert "12 mm" in turn.inner_text()
    turn.locator(".wr-claim", has_text="12 mm").locator(".wr-cite").first.click()
    page.locator(".wr-view .wr-document").wait_for()
    assert "<img src=x onerror" in page.locator(".wr-view .wr-document").inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_a_model_that_is_not_there_is_told_and_quote_answers(page):
    page.click("#wr-model input")
    page.get_by_role("option", name="model server").click()
    turn = ask(page, "Is there a pleural effusion?")
    assert "only quotes and counts the evidence" in turn.locator(".wr-note").inner_text()
    assert "pleural effusion" in turn.locator(".wr-claims").inner_text()


def test_a_deleted_conversation_takes_its_files_and_answers_along(page, files, server):
    drop(page, files / "guide.pdf")
    ask(page, "What is the loading dose of amiodarone?")
    talk = page.url.rpartition("=")[2]
    assert list((server.folder / "conversations" / talk).rglob("guide.pdf"))
    page.click(".wr-talks-open")
    page.click(f'[data-act=ask_delete][data-talk="{talk}"]')
    page.click("dialog .wr-danger")
    page.locator(".wr-welcome").wait_for()
    assert page.locator(".wr-turn, #wr-shelf .wr-card, .wr-play, .wr-view").count() == 0
    assert not (server.folder / "conversations" / talk).exists()
    assert page.locator(f'[data-talk="{talk}"]').count() == 0


@pytest.mark.parametrize("path", ["/", "/search", "/drafts", "/help"])
def test_the_first_stop_of_the_keyboard_skips_the_head(page, server, path):
    page.goto(server.url + path)
    skip = page.locator(".wr-skip")
    skip.wait_for(state="attached")
    assert page.evaluate("document.querySelector('#wr-head :is(a, button, summary)').className") == "wr-skip"
    for _ in range(50):  # the head is drawn anew as the page arrives
        skip.focus()
        assert skip.bounding_box()["y"] >= 0  # seen as soon as it is reached
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        if gone := page.evaluate("!document.getElementById('wr-head').contains(document.activeElement)"):
            break
        page.wait_for_timeout(100)
    assert gone and page.evaluate("document.activeElement !== document.body")


def test_what_opens_over_the_page_closes_as_the_keyboard_leaves_it(page):
    listed = page.locator("#wr-model input")
    for key in ("Tab", "Shift+Tab"):
        listed.focus()
        page.wait_for_function("document.querySelector('#wr-model input').getAttribute('aria-expanded') === 'true'")
        page.keyboard.press(key)
        page.wait_for_function("document.querySelector('#wr-model input').getAttribute('aria-expanded') === 'false'")
        assert not listed.evaluate("input => input === document.activeElement")


def test_nothing_of_the_patient_stays_in_the_browser(page, files):
    drop(page, files / "guide.pdf")
    ask(page, "What is the loading dose of amiodarone?")
    stored = page.evaluate(
        """async () => JSON.stringify([
            {...localStorage}, {...sessionStorage}, document.cookie,
            (await indexedDB.databases()).map((base) => base.name), await caches.keys(),
        ])"""
    )
    for word in ("amiodarone", "guide", "300 mg", "Ward"):
        assert word not in stored


def test_the_page_states_its_limits_and_its_policy(page, server):
    head = page.locator("#wr-head").inner_text()
    assert "Research software, no medical device." in head and "ward, 8 records" in head
    response = page.request.get(server.url)
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy
    assert page.request.get(server.url, headers={"Host": "elsewhere.example"}).status == 400


def test_it_fits_a_phone_and_follows_the_dark(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    phone = context.new_page()
    phone.set_default_timeout(60_000)
    phone.goto(server.url)
    phone.wait_for_selector("#wr-box textarea")
    turn = ask(phone, "Is there a pleural effusion?")
    playwright.expect(phone.locator("#wr-box")).to_be_in_viewport(ratio=1)
    turn.locator(".wr-cite").first.click()
    phone.locator(".wr-view .wr-document").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(phone, "phone")
    phone.locator(".wr-back").click()
    playwright.expect(turn.locator(".wr-cite").first).to_be_in_viewport()
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 23, 27)"
    context.close()


def test_letters_twice_as_large_get_the_layout_of_half_the_window(browser, server, tmp_path):
    (tmp_path / "Default").mkdir()
    chosen = {"webkit": {"webprefs": {"default_font_size": 32}}}  # as in Chromium's own settings
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(chosen), encoding="utf-8")
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=CHROMIUM, args=["--no-sandbox"], viewport={"width": 1280, "height": 800}
    )
    page = context.pages[0]
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.locator(".wr-header .wr-archive").wait_for()
    page.wait_for_selector("#wr-box textarea")
    page.locator(".wr-case-line").wait_for()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.locator(".wr-case-line").bounding_box()["width"] > 1000, "not a letter a line"
    for part in (".wr-languages a", ".wr-ways a", ".wr-archive", ".wr-case-line"):
        box = page.locator(part).last.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280, part
    assert page.evaluate("getComputedStyle(document.querySelector('#wr-box textarea')).fontSize") == "28px"
    context.close()


def test_before_the_page_is_drawn_it_says_nothing_that_is_not_known_yet(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    shown = "getComputedStyle(document.querySelector('gradio-app'), '::before')"
    assert page.evaluate(f"{shown}.content") == '"Wardround"'
    context.close()
    with caller(server) as client:
        parts = config_of(client)["components"]
    (head,) = {part["props"]["value"] for part in parts if part["props"].get("elem_id") == "wr-head"}
    assert "wr-name" in head and "Archive" not in head and "/drafts" not in head


def test_a_question_of_the_welcome_goes_into_the_box(page):
    button = page.locator(".wr-welcome button").first
    page.wait_for_timeout(1_500)  # the buttons listen a moment after they are seen
    button.click()
    playwright.expect(page.locator("#wr-box textarea")).to_have_value(button.inner_text(), timeout=20_000)
