"""From nothing to an archive of one's own: what may be chosen, what would be read, what is built, and the walk."""

import shutil
import socket
import time
from pathlib import Path

import pytest
from browsing import HOSTILE, ask, in_chromium, shoot
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assistant import Assistant
from assistant.errors import IndexMissing, RecipeError, WardroundError
from assistant.settings import Settings, UiSettings
from assistant.store.build import BuildReport
from assistant.ui.archive import drawn
from assistant.ui.archive.archive_page import ArchiveDesk
from assistant.ui.archive.builder import Builder, Work
from assistant.ui.archive.folders import Folders
from assistant.ui.archive.glance import glance
from assistant.ui.archive.lead_on import LeadOn
from assistant.ui.gate.visitor import Visitor, entering

REPORT = "FINDINGS: There is a large right pleural effusion. The heart is of normal size."


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A workspace where nothing is indexed, with a folder: a report, an ECG, a table, and a file that is nothing."""
    import pydicom.data

    home = tmp_path_factory.mktemp("first")
    ward = home / "data" / "ward"
    (ward / "ecgs").mkdir(parents=True)
    (ward / "report.txt").write_text(REPORT)
    (ward / "labels.csv").write_text("id,finding\n1,Effusion\n")
    (ward / "lost.dcm").write_text("hello")
    (ward / "<b>odd<b>.bin").write_bytes(bytes(range(256)) * 8)
    shutil.copyfile(pydicom.data.get_testdata_file("waveform_ecg.dcm"), ward / "ecgs" / "ecg.dcm")
    (home / "data" / ".hidden").mkdir()
    (home / "data" / "out").symlink_to("/etc")
    (home / "secret").mkdir()
    return home


@pytest.fixture
def folders(empty):
    return Folders(empty, (Path("data"), Path("gone")))


def built(builder):
    """Wait for the end of a build; what came of it."""
    for _ in range(1_200):
        if builder.work.stage != "running":
            return builder.work
        time.sleep(0.1)
    raise AssertionError(f"still building: {builder.work}")


def test_a_workspace_without_an_index_is_opened_only_where_that_is_wanted(empty):
    with pytest.raises(IndexMissing):
        Assistant(empty)
    opened = Assistant(empty, may_be_empty=True)
    assert opened.indexes == () and opened.search("effusion").abstained
    answer = opened.ask("Is there a pleural effusion?")
    assert answer.abstained and answer.reason.startswith("No archive is open to you here")
    report = empty / "data" / "ward" / "report.txt"
    assert any(
        "right pleural effusion" in claim.text for claim in opened.ask("Is there an effusion?", files=[report]).claims
    )
    assert opened.ask("Is there a hip prosthesis?", files=[report]).reason.startswith(
        "No line was found in the uploaded"
    )
    with pytest.raises(IndexMissing):
        opened.open_index("ward")


def test_allowed_folders_and_what_lies_in_them_can_be_chosen(folders, empty):
    (root,) = folders.roots()
    assert (root.key, root.name, root.path) == ("0", "data", (empty / "data").resolve())
    assert folders.missing() == [(empty / "gone").resolve()]
    assert [(folder.key, folder.name) for folder in folders.below(root)] == [("0/ward", "data/ward")]
    assert [folder.name for folder in folders.trail(folders.find("0/ward/ecgs"))] == [
        "data",
        "data/ward",
        "data/ward/ecgs",
    ]


@pytest.mark.parametrize(
    "key",
    ["0/../secret", "0/..", "0/out", "0/.hidden", "0//etc", "0/ward/../../secret", "0/ward/report.txt", "0/a\0b",
     "1", "2", "", "-1", "²", "/etc", "0/ward/" + "x" * 5_000],
)  # fmt: skip
def test_no_key_leads_out_of_the_allowed_folders(folders, key):
    with pytest.raises(WardroundError, match="no such folder"):
        folders.find(key)


def test_what_would_be_read_is_told_and_nothing_is_kept(empty):
    seen = glance(empty / "data" / "ward", empty, Settings())
    assert seen.files == 5 and dict(seen.endings) == {".txt": 1, ".csv": 1, ".bin": 1, ".dcm": 2}
    assert seen.tables == ("labels.csv",) and seen.is_counted
    tried = {one.name: one for one in seen.tried}
    assert tried["report.txt"].records == (("DOC", "text"),)
    assert ("ECG", "signal") in tried["ecgs/ecg.dcm"].records
    assert "recipe" in tried["labels.csv"].reason and tried["<b>odd<b>.bin"].reason
    assert not (empty / "indexes").exists()
    html = drawn.glance_html(Folders(empty, (Path("data"),)).find("0/ward"), seen, "")
    assert "&lt;b&gt;odd" in html and "<b>odd" not in html and "3 of 5 files" in html
    assert "probably a damaged export" in html


def test_an_empty_folder_offers_nothing_to_build(folders, tmp_path):
    html = drawn.glance_html(folders.find("0"), glance(tmp_path, tmp_path, Settings()), "")
    assert "holds no files" in html and "data-act" not in html


def test_a_folder_is_built_opened_and_brought_up_to_date(empty, tmp_path):
    home = tmp_path / "own"
    shutil.copytree(empty / "data" / "ward", home / "data" / "ward")
    assistant = Assistant(home, may_be_empty=True)
    builder = Builder(assistant)
    assert builder.folder(home / "data" / "ward", "ward")
    assert not builder.demo()  # one at a time
    work = built(builder)
    assert work.stage == "done" and work.report.index == "ward" and len(work.report.set_aside) == 3
    assert assistant.indexes == ("ward",) and assistant.search("pleural effusion").evidence
    (home / "data" / "ward" / "second.txt").write_text("FINDINGS: No pneumothorax.")
    assert builder.update("ward") and built(builder).report.added == 1
    with pytest.raises(WardroundError, match="wardround index"):
        builder.update("../../etc")


def test_a_build_that_fails_says_why(empty):
    builder = Builder(Assistant(empty, may_be_empty=True))

    def fails(told):
        told(1, 4, "reading and encoding")
        raise RecipeError("ward: a word on what is wrong <b>")

    assert builder._start("ward", fails)
    work = built(builder)
    assert work.stage == "failed"
    html = drawn.work_html(work)
    assert "ward could not be built." in html and "wrong &lt;b&gt;" in html


def test_how_a_build_goes_is_drawn():
    html = drawn.work_html(Work("running", HOSTILE, "reading and encoding", 250, 1_000, 61))
    assert 'value="25.0"' in html and "250 of 1,000 (25 %)" in html and "61 s" in html and "<script>" not in html
    report = BuildReport("ward", 1, 3, 0, 0, 0, (("a.bin", "why"),) * 40, {"image": 1, "signal": 0, "text": 2}, {}, 4.2)
    html = drawn.work_html(Work("done", "ward", report=report))
    assert "ward holds 1 picture, 2 texts." in html and "40 files were set aside" in html and "and 10 more" in html
    assert 'href="/"' in html
    with entering(Visitor("adm", roles=frozenset({"administrator"}))):
        html = drawn.work_html(Work("done", "ward", report=report))
    assert 'href="/"' not in html and "takes the role “reader”" in html
    assert drawn.work_html(Work()) == ""


def test_only_administrators_build(empty):
    desk = ArchiveDesk(Assistant(empty, may_be_empty=True))

    class Click:
        _data = {"act": "build", "folder": "0/ward"}  # noqa: RUF012

    with entering(Visitor("ann", roles=frozenset({"reader", "author", "auditor"}))):
        assert desk.offers() == "" and "administrators" in desk.archives()
        list(desk.press(Click()))
    assert desk.builder.work.stage == "idle"


def opened(assistant, address):
    app = FastAPI()
    app.add_middleware(LeadOn, assistant=assistant)
    app.get("/")(lambda: "chat")
    app.get("/help")(lambda: "help")
    return TestClient(app).get(address, follow_redirects=False)


def test_whoever_may_build_is_led_to_the_first_archive(empty, workspace):
    nothing = Assistant(empty, may_be_empty=True)
    assert opened(nothing, "/").headers["location"] == "/archive"
    assert opened(nothing, "/?ask=x").text == '"chat"' and opened(nothing, "/help").text == '"help"'
    assert opened(Assistant.open(workspace), "/").text == '"chat"'
    with entering(Visitor("ann", roles=frozenset({"reader"}))):
        assert opened(nothing, "/").text == '"chat"'


def test_what_the_command_line_has_built_since_is_opened(workspace, tmp_path):
    home = tmp_path / "later"
    (home / "indexes").mkdir(parents=True)
    assistant = Assistant(home, may_be_empty=True)
    assistant.follow()  # as a server has it do
    assert opened(assistant, "/").status_code == 303
    shutil.copytree(workspace / "indexes" / "ward", home / "indexes" / "ward")
    assert opened(assistant, "/").text == '"chat"' and assistant.indexes == ("ward",)


@in_chromium[0]
@in_chromium[1]
def test_from_nothing_to_an_answer(browser, empty):
    from assistant.ui.server import PageServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assistant = Assistant(empty, settings=Settings(ui=UiSettings(port=port)), may_be_empty=True)
    with PageServer(assistant, port) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server.url)
        page.get_by_role("button", name="Build the demonstration archive").wait_for()
        assert page.url == server.url + "/archive"
        shoot(page, "first-run")
        page.wait_for_timeout(1_500)  # the buttons listen a moment after they are seen
        page.get_by_role("button", name="data", exact=True).click()
        page.get_by_role("button", name="ward", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="data/ward", exact=True).wait_for()
        page.get_by_role("button", name="See what would be read of data/ward").click()
        page.locator(".wr-glance summary").click()
        assert "odd" in page.locator(".wr-glance").inner_text()
        shoot(page, "archive-glance")
        page.get_by_role("button", name="Build an archive of data/ward").click()
        page.locator(".wr-work[data-stage=done]").wait_for()
        page.locator(".wr-archive").get_by_text("ward").wait_for()  # the head of the same page knows it, too
        assert "ward holds" in page.locator(".wr-work").inner_text()
        assert page.locator(".wr-archives tbody tr").count() == 1
        page.get_by_role("link", name="Ask the archive").click()
        page.wait_for_selector("#wr-box textarea")
        assert "pleural effusion" in ask(page, "Is there a pleural effusion?").inner_text()
        assert not faults
        page.close()
