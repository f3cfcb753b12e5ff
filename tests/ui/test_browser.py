"""The page in a real Chromium: files are dropped, questions asked, evidence looked at; nothing leaves the machine.

With WARDROUND_SCREENSHOTS=docs/images the pictures in the documentation are made anew.
"""

import csv
import os
import shutil
import socket
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
REPORTS = (
    "FINDINGS: There is a large right pleural effusion. The heart is enlarged. No pneumothorax.",
    "FINDINGS: Moderate right pleural effusion with atelectasis of the right lower lobe. No pneumothorax.",
    "FINDINGS: The lungs are clear. The heart is of normal size. There is no pleural effusion.",
    f"FINDINGS: Left upper lobe nodule of 12 mm. {HOSTILE} There is no pleural effusion.",
)
PDF_PAGES = (
    "Ward guide. Chapter 1. Hand hygiene is done before and after every patient.",
    "Chapter 2. Amiodarone. The loading dose of amiodarone is 300 mg over 60 minutes. " + HOSTILE,
)


def radiograph(effusion: float, seed: int) -> np.ndarray:
    """A drawing with the rough look of a chest X-ray: two dark lungs, a bright base on the right."""
    y, x = np.mgrid[0:320, 0:280] / 300
    lungs = sum(np.exp(-(((x - centre) / 0.14) ** 2 + ((y - 0.45) / 0.28) ** 2)) for centre in (0.28, 0.66))
    picture = 190 - 150 * lungs + np.random.default_rng(seed).normal(0, 4, x.shape)
    picture[(x < 0.45) & (y > 0.85 - effusion)] = 205
    return picture.clip(0, 255).astype(np.uint8)


def save_dicom(path, pixels) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID, data.PatientName = "CR", "upload-1", HOSTILE[:40]
    data.ViewPosition, data.SeriesDescription = "PA", HOSTILE[:60]
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)


def save_pdf(path, pages) -> None:
    """A PDF as small as the format allows: one line of Helvetica a page."""
    count = len(pages)
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (count, b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1")
        stream = b"BT /F1 10 Tf 40 700 Td (%s) Tj ET" % shown
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1200 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    path.write_bytes(bytes(out))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Four studies, each a picture with its report."""
    home = tmp_path_factory.mktemp("workspace")
    data = home / "data"
    (data / "images").mkdir(parents=True)
    with (data / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "file", "patient", "report"])
        for number, report in enumerate(REPORTS):
            Pillow.fromarray(radiograph(0.3 if number < 2 else 0.0, number)).save(data / f"images/{number}.png")
            rows.writerow([f"study-{number}", f"images/{number}.png", f"patient-{number}", report])
    (home / "indexes").mkdir()
    recipe = home / "indexes" / "ward.toml"
    recipe.write_text(
        'name = "ward"\n[[source]]\npath = "../data"\nmanifest = "studies.csv"\n'
        '[source.columns]\nid = "id"\npath = "{file}"\npatient_id = "patient"\ntext = "report"\n'
        '[source.defaults]\nmodality = "CR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe, workspace=home)
    return home


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What the user drops: a radiograph as DICOM, a real 12-lead ECG, a PDF, and something that is none of it."""
    import pydicom.data

    folder = tmp_path_factory.mktemp("files")
    save_dicom(folder / "chest.dcm", radiograph(0.28, 99))
    shutil.copyfile(pydicom.data.get_testdata_file("waveform_ecg.dcm"), folder / "ecg.dcm")
    save_pdf(folder / "guide.pdf", PDF_PAGES)
    (folder / "<b onmouseover=alert(1)>odd<b>.bin").write_bytes(bytes(range(256)) * 8)
    return folder


@pytest.fixture(scope="module")
def server(workspace):
    from assistant.ui.server import PageServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = Assistant.open(workspace, settings=Settings(ui=UiSettings(port=port)))
    with PageServer(opened, port) as running:
        yield running
    assert not running.folder.exists(), "uploads outlive the server"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.hosts, opened.faults = set(), []
    opened.on("request", lambda request: opened.hosts.add((urlsplit(request.url).scheme, urlsplit(request.url).netloc)))
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("dialog", lambda dialog: opened.faults.append(dialog.message) or dialog.dismiss())
    opened.goto(server.url)
    opened.wait_for_selector("#wr-box textarea")
    yield opened
    assert {host for scheme, host in opened.hosts if scheme not in ("data", "blob")} == {urlsplit(server.url).netloc}
    assert opened.title() == "Wardround" and not opened.faults
    context.close()


def drop(page, *paths) -> None:
    """Drop files onto the box as a person does with the mouse."""
    import base64

    listed = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file.data), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], file.name));
            }
            return transfer;
        }""",
        listed,
    )
    box = "#wr-box .full-container"
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event(box, kind, {"dataTransfer": transfer})
    page.locator("#wr-shelf .wr-card").nth(len(paths) - 1).wait_for()


def shoot(page, name: str) -> None:
    """A picture for the documentation, where one is asked for."""
    if folder := os.environ.get("WARDROUND_SCREENSHOTS"):
        page.wait_for_timeout(400)  # scrolling comes to rest
        page.screenshot(path=f"{folder}/{name}.png")


def ask(page, question):
    """Ask, wait for the whole answer, and give its turn."""
    before = page.locator(".wr-turn").count()
    page.fill("#wr-box textarea", question)
    page.press("#wr-box textarea", "Enter")
    turn = page.locator(".wr-turn").nth(before)
    turn.locator(".wr-answer:is([data-stage=done], [data-stage=failed])").wait_for()
    return turn


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
    shown = page.locator('.wr-view[data-kind="image"] img')
    shown.wait_for()
    assert shown.evaluate("image => image.naturalWidth") == 280
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


def test_a_new_conversation_forgets_files_and_answers(page, files, server):
    drop(page, files / "guide.pdf")
    ask(page, "What is the loading dose of amiodarone?")
    page.click("#wr-new")
    page.locator(".wr-welcome").wait_for()
    assert page.locator(".wr-turn, #wr-shelf .wr-card, .wr-play, .wr-view").count() == 0
    left = [server.folder]
    for _ in range(100):  # earlier tests' tabs were closed just now: theirs go as well
        left = list(server.folder.rglob("guide*.pdf"))
        if not left:
            break
        page.wait_for_timeout(100)
    assert not left


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
    turn.locator(".wr-cite").first.click()
    phone.locator(".wr-view .wr-document").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(phone, "phone")
    phone.locator(".wr-back").click()
    playwright.expect(turn.locator(".wr-cite").first).to_be_in_viewport()
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 23, 27)"
    context.close()


def test_a_question_of_the_welcome_goes_into_the_box(page):
    button = page.locator(".wr-welcome button").first
    page.wait_for_timeout(1_500)  # the buttons listen a moment after they are seen
    button.click()
    playwright.expect(page.locator("#wr-box textarea")).to_have_value(button.inner_text(), timeout=20_000)
