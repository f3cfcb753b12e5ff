"""Two pages in one process: each knows its own accounts, keeps its own files, and lets the other's work go on."""

from types import SimpleNamespace

import pytest
from fastapi import HTTPException
from gated import PASSWORD, caller, config_of, event_on, make_workspace, run, serving, signed_in, upload

from assistant.errors import WardroundError
from assistant.store.accounts import Accounts
from assistant.ui.chat.handover import chat_address, taken
from assistant.ui.drafts.jobs import Job, Jobs
from assistant.ui.gate import seals
from assistant.ui.gate.door import Door
from assistant.ui.gate.visitor import entering

HTML = {"accept": "text/html"}
NOTE = b"Ward guide. The loading dose of amiodarone is 300 mg over 60 minutes."


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with serving(make_workspace(tmp_path_factory.mktemp("one")), sign_in=True) as running:
        Accounts(running.assistant.db).add("only-here", PASSWORD, ["reader"])
        yield running


@pytest.fixture(scope="module")
def other_home(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("other"))


def add_a_file(client, name, content):
    """What the page sends when a file is dropped into the box: the answer, and where the file lies."""
    config, path = config_of(client), upload(client, name, content)
    file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    sent = [{"text": "", "files": [file]}]
    return run(client, event_on(config, "wr-box", "change"), sent), path


def names_a_file_in_its_data(client, path):
    """An event whose own data holds a file: of these Gradio asks whether they lie in the process's folder."""
    return run(client, event_on(config_of(client), "wr-bar-line", "click"), event_data={"act": "none", "path": path})


def test_each_keeps_files_in_a_folder_of_its_own_and_goes_on_when_the_other_has_gone(one, other_home):
    with signed_in(one, "ben") as ben:
        with serving(other_home, sign_in=True) as other, signed_in(other, "ben") as namesake:
            for server, client in ((one, ben), (other, namesake)):
                answer, path = add_a_file(client, "guide.txt", NOTE)
                assert answer.status_code == 200 and "guide.txt" in answer.text
                assert path.startswith(f"{server.folder}/received/")
                assert client.get(f"/gradio_api/file={path}").content == NOTE
                assert names_a_file_in_its_data(client, path).status_code == 200
            assert ben.get(f"/gradio_api/file={path}").status_code == 403  # the other's
        assert not other.folder.exists()
        answer, path = add_a_file(ben, "second.txt", NOTE + b" Twice.")
        assert answer.status_code == 200 and "second.txt" in answer.text
        assert names_a_file_in_its_data(ben, path).status_code == 200
        assert path.startswith(f"{one.folder}/received/")


def test_an_account_of_one_is_nobody_at_the_other(one, other_home):
    with serving(other_home, sign_in=True) as other, signed_in(one, "only-here") as here:
        with caller(other) as there:
            refused = there.post("/sign-in", data={"name": "only-here", "password": PASSWORD})
            assert refused.status_code == 401
            there.cookies.update(here.cookies)
            assert there.get("/", headers=HTML).headers["location"] == "/sign-in"
        assert here.get("/account").status_code == 200
        with signed_in(one, "ben") as ben, signed_in(other, "ben") as namesake:
            _, path = add_a_file(ben, "guide.txt", NOTE)
            assert namesake.post("/sign-out").status_code == 303
            assert ben.get("/account").status_code == 200
            assert ben.get(f"/gradio_api/file={path}").content == NOTE


def test_what_one_page_showed_a_visitor_is_no_key_to_the_other(one):
    here, there = (Door(one.assistant).visitor("ben", "en") for _ in range(2))
    assert here.name == there.name == "ben" and here.may("reader") and there.may("reader")
    with entering(here):
        sealed, key = seals.sealed("r1"), chat_address("Is there an effusion?").removeprefix("/?from=")
        assert seals.admit_sealed(sealed) == "r1" and taken(key).question == "Is there an effusion?"
    with entering(there):
        assert taken(key) is None
        with pytest.raises(HTTPException):
            seals.admit_sealed(sealed)


def test_drafts_of_one_go_on_when_the_other_ends(tmp_path):
    jobs, here, there = Jobs(), SimpleNamespace(), SimpleNamespace()
    for name, assistant in (("here", here), ("there", there)):
        jobs._jobs[tmp_path / name] = Job(tmp_path / name, assistant)
    jobs.stop_all(there)
    assert not jobs.of(tmp_path / "here").stopping.is_set() and jobs.of(tmp_path / "there").stopping.is_set()


def test_an_assistant_has_one_page(one):
    from assistant.ui.server import PageServer

    with pytest.raises(WardroundError, match="this Assistant has a page already"):
        PageServer(one.assistant, 1)


def test_the_last_server_takes_the_shared_folder_along(tmp_path, monkeypatch):
    from assistant.ui import scratch

    monkeypatch.setattr(scratch.ServerFolder, "_of_process", None)
    monkeypatch.setattr(scratch.ServerFolder, "_servers", 0)
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    first, second = scratch.ServerFolder(), scratch.ServerFolder()
    assert first.shared == second.shared and first.folder != second.folder
    assert first.folder.stat().st_mode & 0o077 == 0
    first.close()
    assert not first.folder.exists() and second.folder.exists()
    second.close()
    assert not any(tmp_path.iterdir())
