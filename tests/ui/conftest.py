"""A small archive, its page on a port of this machine, and Chromium."""

import csv
import shutil
import socket
from urllib.parse import urlsplit

import pytest
from browsing import CHROMIUM, PDF_PAGES, REPORTS, radiograph, save_dicom, save_pdf
from PIL import Image as Pillow

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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
def server(workspace, tmp_path_factory):
    home = tmp_path_factory.mktemp("served") / "workspace"
    shutil.copytree(workspace, home, ignore=shutil.ignore_patterns("workspace.db*"))  # nobody else's conversations
    from assistant.ui.server import PageServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = Assistant.open(home, settings=Settings(ui=UiSettings(port=port)))
    with PageServer(opened, port) as running:
        yield running
    assert not running.folder.exists(), "uploads outlive the server"


@pytest.fixture(scope="module")
def browser():
    """Chromium, for one file: as long as Playwright drives it, its event loop runs, beside which no other may."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
    with sync_api.sync_playwright() as driver:
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
    opened.wait_for_selector(".wr-header[data-title]")
    yield opened
    assert {host for scheme, host in opened.hosts if scheme not in ("data", "blob")} == {urlsplit(server.url).netloc}
    assert opened.title().endswith("Wardround") and not opened.faults
    context.close()


@pytest.fixture
def desk(chest_workspace, tmp_path):
    """The chat's handlers over the small archive, without a server."""
    from assistant.assistant import Assistant
    from assistant.ui.chat.desk import Desk

    opened = Desk(Assistant.open(chest_workspace), tmp_path / "desk")
    yield opened
    for talk in opened.kept.newest():
        opened.kept.delete(talk.id)
    opened.talks.close()
