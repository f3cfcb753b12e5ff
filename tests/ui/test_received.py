"""The server's copies of uploads: one for all of the same name and content, as Gradio keeps them."""

import pytest

from assistant.ingest import Reading
from assistant.ui.chat.received import Received
from assistant.ui.chat.uploads import is_there, take_in
from assistant.ui.language import say


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "received" / "5e1" / "guide.txt"


def upload(copy, text="The loading dose is 1,592 mg."):
    """As Gradio does it: written elsewhere, then moved to where that name and content belong."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    written = copy.parent.parent / "being-sent"
    written.write_text(text)
    written.replace(copy)
    return copy


def test_a_copy_goes_with_the_last_that_holds_it(copy):
    received = Received()
    received.hold("one", [upload(copy)])
    received.hold("other", [upload(copy)])
    received.let_go("one")
    assert copy.exists()
    received.let_go("other")
    assert not copy.exists()
    received.let_go("other")


def test_a_copy_that_was_sent_again_and_is_held_by_nobody_yet_stays(copy):
    received = Received()
    received.hold("one", [upload(copy)])
    upload(copy)
    received.let_go("one")
    assert copy.exists()
    received.hold("other", [copy])
    received.let_go("other")
    assert not copy.exists()


@pytest.mark.parametrize("first", ["one", "other"])
def test_whichever_ends_first_nothing_is_left(copy, first):
    received = Received()
    received.hold("one", [upload(copy)])
    received.hold("other", [upload(copy)])
    received.let_go(first)
    received.let_go("other" if first == "one" else "one")
    assert not copy.exists() and not received._copies


def test_a_copy_that_is_gone_already_disturbs_nobody(copy):
    received = Received()
    received.hold("one", [copy])
    received.let_go("one")
    received.hold("one", [upload(copy)])
    copy.unlink()
    received.let_go("one")


def test_a_file_that_the_server_no_longer_has_is_told_and_the_others_come_in(copy, tmp_path):
    there, gone = upload(copy), tmp_path / "gone.txt"
    missing, read = take_in(tmp_path / "talk", [gone, there], [], lambda path: Reading(()))
    assert (missing.name, missing.reason) == ("gone.txt", say("uploads.went"))
    assert read.path.read_text() == there.read_text()
    assert not is_there(gone, "guide.txt", [read])
