"""What the buttons of the chat do, by their `data-act`; see `Desk.act`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import MixedPatients, WardroundError
from assistant.ui.chat import dialogs
from assistant.ui.chat.box import shown_name
from assistant.ui.chat.tabs import NO_DIALOG, Tab
from assistant.ui.chat.uploads import MB, Upload
from assistant.ui.language import say
from assistant.ui.language.figures import number
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.ui.chat.conversation import Conversation
    from assistant.ui.chat.desk import Desk

Data = Mapping[str, Any]
_ALL = ("bar", "talk", "shelf", "panel", "dialog", "told", "box")


def show(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A citation, a tab or a nearest hit: open that evidence."""
    turn, evidence = _number(data, "turn"), str(data.get("evidence", ""))
    if turn is None or turn >= len(tab.talk.turns):
        return ()
    tab.talk.shown = (turn, evidence)
    return ("talk", "panel")


def earlier(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """The first turns of a long conversation are shown too."""
    tab.all_turns = True
    return ("talk",)


def suggest(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A question of the welcome goes into the box, to be sent."""
    tab.question = str(data.get("question", ""))
    return ()


def remove(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A file is taken out of the conversation."""
    number = _number(data, "number")
    with tab.talk.lock:
        if number is not None and number < len(tab.talk.uploads):
            _take_out(desk, tab.talk, [number])
    return ("bar", "shelf")


def remove_unreadable(desk: Desk, tab: Tab, _: Data) -> Sequence[str]:
    """All files that can't be read and wait for a question are taken out of the conversation."""
    with tab.talk.lock:
        bad = [number for number, upload in enumerate(tab.talk.uploads) if upload.reason and not upload.asked]
        _take_out(desk, tab.talk, bad)
    return ("bar", "shelf")


def too_large(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """Files that the browser did not send, each as one that can't be read: name, size, limit and way out."""
    ui = desk.assistant.settings.ui
    told = data.get("files")
    with tab.talk.lock:
        for file in told if isinstance(told, list) else ():
            if not isinstance(file, dict) or len(tab.talk.unreadable()) >= ui.max_uploads:
                continue
            size = file.get("size")
            megabytes = size / MB if isinstance(size, int | float) and 0 <= size < 1e18 else 0
            reason = say("uploads.too_large", size=number(megabytes), most=number(ui.max_upload_mb))
            name = shown_name(str(file.get("name", "")))
            tab.talk.uploads.append(Upload(name, tab.talk.folder / f"unsent-{uuid.uuid4().hex}", reason=reason))
            tab.told = f"{name}: {reason}"
    return ("bar", "shelf", "told")


# --- turns ---------------------------------------------------------------------------------------------


def edit(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A question goes back into the box; sent, it takes the place of that turn and of all after it."""
    turn = _number(data, "turn")
    if turn is None or tab.talk.busy or not tab.talk.first <= turn < len(tab.talk.turns):
        return ()
    tab.editing, tab.question = turn, tab.talk.turns[turn].question
    tab.told = say("talk.editing", turn=turn + 1)
    return ("talk", "told")


def leave_editing(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    tab.editing, tab.question = None, ""
    return ("talk",)


def undo(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """The last turn is taken back."""
    if not tab.talk.busy and tab.talk.turns:
        desk.take_back(tab.talk, len(tab.talk.turns) - 1)
        tab.told, tab.editing = say("talk.undone"), None
    return ("bar", "talk", "shelf", "panel", "told")


# --- cases ---------------------------------------------------------------------------------------------


def new_case(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """What was said stays on the page and goes into no prompt any more."""
    with tab.talk.lock:
        tab.talk.new_case()
    tab.editing, tab.dialog, tab.told = None, NO_DIALOG, say("talk.new_case")
    return ("bar", "talk", "shelf", "panel", "dialog", "told")


def choose(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    tab.dialog = dialogs.choosing(begins=len(tab.talk.turns) > tab.talk.first)
    return ("dialog",)


def choose_patient(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """The case is about that patient of the archive; where something was asked in it, a new one begins."""
    return _about(desk, tab, str(data.get("patient", "")).strip(), data.get("history") == "yes")


def other_case(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A question about another patient becomes the first of a new case about them."""
    turn = _number(data, "turn")
    if turn is None or turn >= len(tab.talk.turns) or not (named := tab.talk.turns[turn].named):
        return ()
    question = tab.talk.turns[turn].question
    parts = _about(desk, tab, named, history=False)
    tab.question = question
    return parts


def others_case(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A new case begins with the files of one other patient."""
    with tab.talk.lock:
        brought = tab.talk.strangers_of_one().get(str(data.get("patient", "")))
        if not brought:  # taken out meanwhile, in another tab
            return dismiss(_, tab, data)
        tab.talk.new_case(bring=brought)
    tab.dialog, tab.told = NO_DIALOG, say("talk.new_case")
    return ("bar", "talk", "shelf", "panel", "dialog", "told")


def drop_others(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """The files that are of another patient are taken out."""
    with tab.talk.lock:
        others = tab.talk.strangers()
        _take_out(desk, tab.talk, [n for n, upload in enumerate(tab.talk.uploads) if upload in others])
    tab.dialog = NO_DIALOG
    return ("bar", "shelf", "dialog")


def dismiss(_: Desk, tab: Tab, data: Data) -> Sequence[str]:
    tab.dialog = NO_DIALOG
    return ("dialog",)


# --- conversations -------------------------------------------------------------------------------------


def new_talk(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """Another conversation begins; this one stays in the list."""
    fresh = desk.talks.show(str(data["session"]), desk.talks.begin())
    fresh.question, fresh.told = "", say("talks.began")
    return _ALL


def open_talk(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    opened = desk.talks.show(str(data["session"]), desk.talks.open(str(data.get("talk", ""))))
    opened.question, opened.told = "", say("talks.opened")
    return _ALL


def ask_rename(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    talk_id = str(data.get("talk", ""))
    tab.dialog = dialogs.renaming(talk_id, _title(desk, talk_id))
    return ("dialog",)


def rename(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    talk_id, title = str(data.get("talk", "")), str(data.get("title", ""))
    try:
        desk.kept.rename(talk_id, title)
    except WardroundError as error:
        tab.dialog = dialogs.renaming(talk_id, title, translated(error))
        return ("dialog",)
    tab.dialog = NO_DIALOG
    return ("bar", "dialog")


def ask_delete(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    talk_id = str(data.get("talk", ""))
    tab.dialog = dialogs.deleting(talk_id, _title(desk, talk_id))
    return ("dialog",)


def delete(desk: Desk, tab: Tab, data: Data) -> Sequence[str]:
    """A conversation goes for good, with its files; where it was the one shown, another begins."""
    talk_id = str(data.get("talk", ""))
    shown = tab.talk.id == talk_id
    desk.talks.delete(talk_id)
    now = desk.talks.tab(str(data["session"]))
    now.dialog, now.told = NO_DIALOG, say("talks.deleted")
    if not shown:
        return ("bar", "dialog", "told")
    now.question = ""
    return _ALL


def _about(desk: Desk, tab: Tab, patient: str, history: bool) -> Sequence[str]:
    talk = tab.talk
    begins = len(talk.turns) > talk.first
    known = desk.assistant.people().known(patient) if patient else None
    if known is None:
        desk.assistant.refuse_patient(patient)
        tab.dialog = dialogs.choosing(say("case.unknown", patient=patient), begins)
        return ("dialog",)
    with talk.lock:
        try:
            talk.new_case(patient, history, bring=() if begins else talk.uploads)
        except MixedPatients:
            tab.dialog = dialogs.choosing(say("case.files_of_another"), begins)
            return ("dialog",)
    tab.dialog, tab.editing, tab.told = NO_DIALOG, None, say("case.patient", patient=known)
    return ("bar", "talk", "shelf", "panel", "dialog", "told")


def _take_out(desk: Desk, talk: Conversation, numbers: Sequence[int]) -> None:
    """Files leave the conversation and the disk."""
    gone = [talk.uploads[number] for number in numbers]
    talk.uploads = [upload for upload in talk.uploads if upload not in gone]
    talk.set_files()
    for upload in gone:
        upload.path.unlink(missing_ok=True)
    desk.assistant.uploads.forget_files({upload.path for upload in gone})


def _title(desk: Desk, talk_id: str) -> str:
    return next((talk.title for talk in desk.kept.newest() if talk.id == talk_id), "")


def _number(data: Data, name: str) -> int | None:
    told = str(data.get(name, ""))
    return int(told) if told.isdecimal() and len(told) < 6 else None


ACTS = {
    act.__name__: act
    for act in (
        show, earlier, suggest, remove, remove_unreadable, too_large, edit, leave_editing, undo, new_case, choose,
        choose_patient, other_case, others_case, drop_others, dismiss, new_talk, open_talk, ask_rename, rename,
        ask_delete, delete,
    )
}  # fmt: skip
