"""Walks through the chat in a real Chromium: follow-ups, cases of two patients, conversations, a question put anew."""

import threading

import numpy as np
import pytest
from browsing import ask, drop, in_chromium, save_dicom, shoot

from assistant import answering

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
pytestmark = in_chromium


@pytest.fixture
def films(tmp_path):
    """Radiographs of two patients."""
    import pydicom

    found = []
    for number, patient in enumerate(("walk-one", "walk-two")):
        path = tmp_path / f"{patient}.dcm"
        save_dicom(path, np.random.default_rng(number).integers(0, 255, (96, 80), dtype=np.uint8))
        data = pydicom.dcmread(path)
        data.PatientID, data.PatientName, data.SeriesDescription = patient, "", "chest"
        data.save_as(path)
        found.append(path)
    return found


def send(page, question):
    page.fill("#wr-box textarea", question)
    page.press("#wr-box textarea", "Enter")


def opened(page, act):
    """Press the button that opens a dialog, and give the dialog."""
    page.locator(f"[data-act={act}]").first.click()
    box = page.locator("dialog[open]")
    box.wait_for()
    return box


def test_a_follow_up_survives_other_pages_and_a_reload(page, films, server):
    drop(page, films[0])
    line = page.locator(".wr-case-line")
    playwright.expect(line).to_contain_text("walk-one.dcm")
    pseudonym = line.locator("b").inner_text()
    assert pseudonym.startswith("patient P-")
    ask(page, "What do similar studies show?")
    turn = ask(page, "And on the left?")
    assert turn.locator(".wr-understood").inner_text().startswith("Understood as: ")
    turn.locator(".wr-how summary").click()
    told = turn.locator(".wr-how").inner_text()
    assert all(name in told for name in ("quote", "kept", "route", "image: 1 uploaded picture", " ms"))
    address = page.url
    assert address.startswith(f"{server.url}/?talk=")
    page.locator(".wr-ways a", has_text="Evaluation").click()
    page.wait_for_url("**/evaluation?talk=*")
    page.locator('.wr-ways a:has-text("Chat")').click()
    page.wait_for_url(address)
    page.locator(".wr-turn").nth(1).wait_for()
    assert "walk-one.dcm" in page.locator(".wr-play").inner_text()  # the upload is still there
    page.locator(".wr-languages a[lang=de]").click()
    page.wait_for_url(address)
    playwright.expect(page.locator(".wr-case-line")).to_contain_text("laut walk-one.dcm")
    assert page.evaluate("document.documentElement.lang") == "de"
    assert "Frage ändern" in page.locator(".wr-turn").last.inner_text()
    shoot(page, "deutsch")


def test_two_patients_are_never_in_one_case(page, films):
    drop(page, films[0])
    ask(page, "What do similar studies show?")
    drop(page, films[1])
    dialog = page.locator("dialog[open]")
    dialog.wait_for()
    assert "walk-two.dcm" in dialog.inner_text() and "never mixed" in dialog.inner_text()
    shoot(page, "two_patients")
    page.keyboard.press("Space")  # of somebody who went on typing: no button is pressed
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert dialog.is_visible() and "walk-one.dcm" in page.locator(".wr-play").inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    send(page, "And this one?")
    dialog.wait_for()  # nothing is asked
    playwright.expect(page.locator("#wr-box textarea")).to_have_value("And this one?")
    dialog.get_by_role("button", name="New case with walk-two.dcm").click()
    dialog.wait_for(state="detached")
    playwright.expect(page.locator(".wr-case-line")).to_contain_text("walk-two.dcm")
    page.locator(".wr-case").wait_for()
    assert page.locator(".wr-turn").count() == 1
    turn = ask(page, "What do similar studies show?")
    assert "walk-one.dcm" not in turn.inner_text()

    dialog = opened(page, "choose")
    assert page.evaluate("document.activeElement.name") == "patient"
    page.keyboard.type("patient-1")
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    playwright.expect(page.locator(".wr-case-line")).to_contain_text("chosen")
    turns = page.locator(".wr-turn").count()
    send(page, "What does the report of patient-2 say?")
    refused = page.locator(".wr-turn").nth(turns).locator(".wr-refused")
    refused.wait_for()
    assert "another patient than this case" in refused.inner_text() and page.locator(".wr-view").count() == 0
    shoot(page, "refused")
    refused.get_by_role("button", name="New case about patient-2").click()
    playwright.expect(page.locator("#wr-box textarea")).to_have_value("What does the report of patient-2 say?")
    assert "lungs are clear" in ask(page, "Are the lungs clear?").inner_text()


def test_a_question_is_stopped_edited_asked_anew_and_taken_back(page, monkeypatch):
    written, stopped = answering.statements, threading.Event()

    def slowly(assistant, answerer, task):
        for statement in written(assistant, answerer, task):
            yield statement
            stopped.wait(60)

    monkeypatch.setattr(answering, "statements", slowly)
    send(page, "Is there a pleural effusion?")
    turn = page.locator(".wr-turn").first
    turn.locator(".wr-claim").first.wait_for()
    assert page.locator(".wr-view").count() == 1, "evidence stands there while the answer is being written"
    assert turn.locator(".wr-step[open]").count() == 1
    page.locator("#wr-box .stop-button").click()
    turn.locator("text=Stopped").wait_for()
    stopped.set()
    page.locator("#wr-box .submit-button").wait_for()
    turn.locator("[data-act=again]").wait_for()
    assert turn.locator(".wr-claim").count() < 3
    monkeypatch.undo()
    turn.locator("[data-act=again]").click()
    turn.locator(".wr-answer[data-stage=done]").wait_for()
    assert page.locator(".wr-turn").count() == 1 and turn.locator(".wr-claim").count() == 3
    turn.locator("[data-act=edit]").click()
    playwright.expect(page.locator("#wr-box textarea")).to_have_value("Is there a pleural effusion?")
    page.locator(".wr-editing-note").wait_for()
    send(page, "Is there a nodule?")
    playwright.expect(turn.locator(".wr-question")).to_contain_text("Is there a nodule?")
    turn.locator(".wr-answer[data-stage=done]").wait_for()
    assert page.locator(".wr-turn").count() == 1 and page.locator(".wr-editing-note").count() == 0
    fold = turn.locator(".wr-how")
    fold.locator("summary").click()
    turn.locator(".wr-cite").first.click()
    page.locator(".wr-panel[data-chosen]").wait_for()
    assert fold.get_attribute("open") is not None, "what a reader opened stays open"
    turn.locator("[data-act=undo]").click()
    page.locator(".wr-welcome").wait_for()


def test_conversations_are_listed_renamed_opened_and_deleted(page):
    for question in ("Is there a pleural effusion?", "Is there a nodule?"):
        ask(page, question)
        page.click("[data-act=new_talk]")
        page.locator(".wr-welcome").wait_for()
    assert "talk=" not in page.url

    def item(title):
        page.click(".wr-talks-open")
        return page.locator("#wr-talks li", has_text=title).first

    item("Is there a nodule?").locator("[data-act=ask_rename]").click()
    field = page.locator("dialog[open] input")
    field.wait_for()
    playwright.expect(field).to_have_value("Is there a nodule?")
    field.fill("  The nodule <b>of Monday</b> ")
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for(state="detached")
    shown = item("The nodule <b>of Monday</b>")
    shown.wait_for()
    shoot(page, "conversations")
    shown.locator(".wr-talk-open").click()
    page.locator(".wr-turn", has_text="Is there a nodule?").wait_for()
    assert "12 mm" in page.locator(".wr-claims").inner_text() and "talk=" in page.url
    page.locator(".wr-cite").first.click()
    page.locator(".wr-view .wr-document").wait_for()
    current = item("The nodule")
    assert current.locator(".wr-talk-open").get_attribute("aria-current") == "true"
    current.locator("[data-act=ask_delete]").click()
    page.locator("dialog[open] .wr-danger").click()
    page.locator(".wr-welcome").wait_for()
    page.click(".wr-talks-open")
    playwright.expect(page.locator("#wr-talks li", has_text="The nodule")).to_have_count(0)
    page.keyboard.press("Escape")
    playwright.expect(page.locator("#wr-talks")).to_be_hidden()


def test_another_page_s_question_is_asked_in_the_chat(page, server):
    from assistant.ui.chat.handover import chat_address
    from assistant.ui.gate.visitor import entering

    with entering(server.door.visitor(None, "en")):
        asked, put = chat_address("Is there a pleural effusion?", ask_now=True), chat_address("Is there a nodule?")
    page.goto(server.url + asked)
    page.locator(".wr-turn .wr-answer[data-stage=done]").wait_for()
    assert "pleural effusion" in page.locator(".wr-claims").inner_text()
    page.goto(server.url + put)
    playwright.expect(page.locator("#wr-box textarea")).to_have_value("Is there a nodule?")
    page.wait_for_timeout(1_000)
    assert page.locator(".wr-turn").count() == 0
