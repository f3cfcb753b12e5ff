"""The chat's handlers without a browser: conversations, cases and their wall, questions put anew and handed over."""

import time

import numpy as np
import pytest
from at_desk import QUESTION, Browser, boxed, of_patient
from PIL import Image as Picture

from assistant.assistant import Assistant
from assistant.errors import WardroundError
from assistant.settings import Settings, UiSettings
from assistant.ui.chat import handover
from assistant.ui.chat.conversation import Turn
from assistant.ui.chat.desk import Desk
from assistant.ui.chat.tabs import signed_out
from assistant.ui.chat.talk import SHOWN_TURNS
from assistant.ui.gate.visitor import Visitor, acting, entering


def test_a_conversation_is_kept_and_opened_again_with_its_case(desk):
    first = Browser(desk)
    first.ask(QUESTION)
    first.ask("And on the left?")
    talk_id = first.talk.id
    first.leave()
    desk.talks.close()  # the server ends
    again = Browser(desk, "s2", talk=talk_id)
    assert [turn.question for turn in again.talk.turns] == [QUESTION, "And on the left?"]
    assert [turn.claims for turn in again.talk.turns] == [turn.claims for turn in again.talk.turns if turn.claims]
    assert (
        "pleural effusion" in again.seen["talk"]
        and "Understood as: Is there a pleural effusion on the left?" in again.seen["talk"]
    )
    again.ask("And on the right?")
    assert again.talk.turns[-1].answer.standalone == "Is there a pleural effusion on the right?"
    assert [talk.id for talk in desk.kept.newest()] == [talk_id] and desk.kept.newest()[0].turns == 3


def test_only_the_account_that_began_it_opens_a_conversation(desk):
    said = []
    desk.assistant.db.who_acts = lambda: acting(sign_in=False)
    with entering(Visitor("one")):
        one = Browser(desk)
        one.ask(QUESTION)
        talk_id, mine = one.talk.id, one.talk
    with entering(Visitor("two")):
        two = Browser(desk, "s2", talk=talk_id)
        said.append(two.seen["shelf"])
    assert two.talk.id != talk_id and not two.talk.turns
    with entering(Visitor("two")):
        assert Browser(desk, "s1").talk is not mine  # the same session's name is not the same tab
        for attempt in ("open_talk", "delete"):
            two.press(attempt, talk=talk_id)
            said.append(two.seen["shelf"])
            assert "no such conversation" in two.seen["told"]
    assert len(said) == 3 and all("no such conversation" in told for told in said)
    with entering(Visitor("one")):
        desk.kept.delete(talk_id)


def test_a_tab_that_arrives_late_takes_no_stop_button_from_a_question_sent_before(desk):
    assert "box" not in Browser(desk).seen and "talk" in Browser(desk, "s2").seen
    tab = Browser(desk, "s3")
    asking = desk.ask({"text": QUESTION, "files": []}, "quote", tab.request)
    assert tab.take(next(asking))["box"]["stop_btn"]
    assert Browser(desk, "s4", talk=tab.talk.id).seen["box"]["stop_btn"]  # it is being answered
    for drawn in asking:
        tab.take(drawn)
    assert not tab.seen["box"]["stop_btn"]
    assert "box" not in Browser(desk, "s5", talk=tab.talk.id).seen


def test_uploads_stay_while_another_page_is_visited_and_go_after_a_while(chest_workspace, tmp_path):
    settings = Settings(ui=UiSettings(keep_uploads_minutes=1 / 60))
    desk = Desk(Assistant.open(chest_workspace, settings=settings), tmp_path / "desk")
    film = of_patient(tmp_path / "film.dcm", "p-one")
    tab = Browser(desk)
    tab.ask("What do similar studies show?", film)
    talk_id, folder = tab.talk.id, tab.talk.folder
    tab.leave()
    back = Browser(desk, "s2", talk=talk_id)
    assert back.talk.files() == [folder / "film.dcm"] and "film.dcm" in back.seen["shelf"]
    back.leave()
    for _ in range(100):
        if not folder.exists():
            break
        time.sleep(0.1)
    assert not folder.exists()
    later = Browser(desk, "s3", talk=talk_id)
    assert later.talk.files() == [] and "1 file came with this question" in later.seen["talk"]
    own = next(e for e in later.talk.turns[0].evidence().values() if e.relation == "own")
    later.press("show", turn="0", evidence=own.id)
    assert "upload of an earlier visit" in later.seen["panel"]
    assert "as in an earlier visit" in later.seen["bar"]
    with pytest.raises(WardroundError, match="no such conversation"):
        desk.talks.open("nowhere")
    later.press("delete", talk=talk_id)
    assert not desk.kept.newest() and not later.talk.turns


def test_a_question_is_edited_asked_anew_and_taken_back(desk):
    tab = Browser(desk)
    tab.ask(QUESTION)
    tab.ask("And on the left?")
    rows = [turn.row for turn in tab.talk.turns]
    assert boxed(tab.press("edit", turn="0")) == QUESTION and "Question 1 is in the box" in tab.seen["talk"]
    tab.press("leave_editing")
    assert "is in the box" not in tab.seen["talk"] and len(tab.talk.turns) == 2
    tab.press("edit", turn="0")
    tab.ask("Is there a fracture?")
    assert [turn.question for turn in tab.talk.turns] == ["Is there a fracture?"] and len(tab.talk.case.turns) == 1
    kept = [turn.id for turn in desk.kept.turns(tab.talk.id)]
    assert len(kept) == 1 and not set(kept) & set(rows)
    for drawn in desk.again("quote", tab.request):
        tab.take(drawn)
    assert [turn.question for turn in tab.talk.turns] == ["Is there a fracture?"]
    assert [turn.id for turn in desk.kept.turns(tab.talk.id)] == [tab.talk.turns[0].row] != kept
    tab.press("undo")
    assert tab.talk.turns == [] and tab.talk.case.turns == () and desk.kept.turns(tab.talk.id) == []
    tab.press("undo")  # nothing is left to take back


def test_a_file_that_is_dropped_again_comes_again(desk, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("FINDINGS: Small left pleural effusion.\n")
    tab = Browser(desk)
    tab.drop(note)
    tab.ask(QUESTION, note)
    tab.drop()  # the box is empty now
    assert "in play already" in tab.drop(note)["shelf"] and len(tab.talk.uploads) == 1
    tab.press("remove", number="0")
    assert tab.drop(note) == {} and not tab.talk.uploads, "the box was only typed into"
    assert "note.txt" in tab.drop(note, note)["shelf"] and len(tab.talk.files()) == 1
    tab.press("new_case")
    tab.ask("Is there a nodule?")
    assert "note.txt" in tab.drop(note)["shelf"] and len(tab.talk.files()) == 1


def test_a_file_goes_along_again_with_the_question_in_whose_place_it_came(desk, tmp_path):
    film = tmp_path / "film.png"
    Picture.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)).save(film)
    tab = Browser(desk)
    tab.ask("What do similar studies show?", film)
    tab.press("edit", turn="0")
    tab.ask("Is there an effusion?")
    assert [upload.name for upload in tab.talk.turns[0].uploads] == ["film.png"]
    tab.press("undo")
    assert [upload.asked for upload in tab.talk.uploads] == [False] and "wr-card" in tab.seen["shelf"]
    tab.press("remove", number="0")
    assert not tab.talk.uploads and not list(tab.talk.folder.iterdir())


def test_a_question_of_a_former_case_is_not_edited(desk):
    tab = Browser(desk)
    tab.ask(QUESTION)
    shown = tab.seen["panel"]
    assert "wr-view" in shown
    tab.press("new_case")
    assert "wr-view" not in tab.seen["panel"], "evidence of another case stood beside the new one"
    tab.press("show", turn="0", evidence=tab.talk.turns[0].first_shown())
    assert "wr-view" in tab.seen["panel"]  # opened on purpose
    assert "New case:" in tab.seen["talk"] and 'data-act="edit"' not in tab.seen["talk"]
    assert "box" not in tab.press("edit", turn="0")
    tab.press("undo")
    assert len(tab.talk.turns) == 1


def test_a_stopped_answer_keeps_what_was_shown_and_goes_into_no_later_prompt(desk):
    tab = Browser(desk)
    steps = desk.ask({"text": QUESTION, "files": []}, "quote", tab.request)
    for drawn in steps:
        tab.take(drawn)
        if tab.talk.turns[0].claims:
            break
    assert tab.seen["box"]["stop_btn"] is True
    tab.take(desk.stop(tab.request))
    assert tab.seen["box"]["stop_btn"] is False and "Stopped" in tab.seen["talk"]
    for drawn in steps:
        tab.take(drawn)
    turn = tab.talk.turns[0]
    assert turn.stage == "stopped" and len(turn.claims) == 1 and not tab.talk.case.turns and not tab.talk.busy
    (kept,) = desk.kept.turns(tab.talk.id)
    assert len(kept.answer["claims"]) == 1 and kept.scope["stopped"]
    desk.talks.close()
    again = Browser(desk, "s2", talk=kept and desk.kept.newest()[0].id)
    assert again.talk.turns[0].stage == "stopped" and not again.talk.case.turns and "Stopped" in again.seen["talk"]


def test_an_answer_goes_on_while_another_conversation_is_looked_at(desk):
    tab = Browser(desk)
    steps = desk.ask({"text": QUESTION, "files": []}, "quote", tab.request)
    tab.take(next(steps))
    first = tab.talk
    tab.press("new_talk")
    assert not tab.talk.turns and tab.seen["box"]["stop_btn"] is False
    drawn = [tab.take(step) for step in steps]
    assert all(set(parts) <= {"bar"} for parts in drawn) and not tab.talk.turns
    assert first.turns[0].stage == "done" and QUESTION in tab.seen["bar"]
    tab.press("open_talk", talk=first.id)
    assert tab.talk is first and "pleural effusion" in tab.seen["talk"]


def test_a_question_beyond_the_limit_is_refused_and_stays_in_the_box(desk, tmp_path):
    most = desk.assistant.settings.ui.max_question_chars
    tab, long = Browser(desk), "x " * 200_000
    (refused,) = tab.ask(long, of_patient(tmp_path / "one.dcm", "p-one"))
    assert boxed(refused) == long.strip() and not tab.talk.turns and not tab.talk.busy
    assert all(f"399,999 characters, and {most:,} are the most" in refused[part] for part in ("shelf", "told"))
    assert [upload.name for upload in tab.talk.uploads] == ["one.dcm"] and "one.dcm" in refused["shelf"]
    tab.ask(("Is there an effusion? " * most)[:most])
    assert tab.talk.turns[-1].stage == "done" and "are the most" not in tab.seen["shelf"]
    tab.talk.turns[-1].question = long  # kept before the limit was lowered
    for drawn in desk.again("quote", tab.request):
        tab.take(drawn)
    assert "400,000 characters" in tab.seen["shelf"] and tab.talk.turns[-1].stage == "done" and len(tab.talk.turns) == 1


def test_one_question_at_a_time_in_a_conversation(desk, capsys):
    tab = Browser(desk)
    steps = desk.ask({"text": QUESTION, "files": []}, "quote", tab.request)
    next(steps)
    refused = tab.ask("And on the left?")
    assert len(refused) == 1 and boxed(refused[0]) == "And on the left?" and len(tab.talk.turns) == 1
    assert "question of this conversation is being answered" in refused[0]["shelf"]
    for act in ("undo", "edit"):
        tab.press(act, turn="0")
    list(desk.again("quote", tab.request))
    assert len(tab.talk.turns) == 1
    for _ in steps:
        pass
    assert tab.talk.turns[0].stage == "done"


def test_what_another_page_hands_over_is_asked_about_alone(desk):
    found = desk.assistant.search("fracture", patient="400").evidence[0]
    address = handover.address_of_records(desk.assistant, [found.record_id], "Is there an effusion?")
    key = address.removeprefix("/?from=")
    assert "fracture" not in address and found.study_id not in address
    tab = Browser(desk, **{"from": key})
    assert boxed(tab.seen) == "Is there an effusion?" and "1 chosen study" in tab.seen["bar"]
    assert f"{found.external_id}; the answers rest on nothing else" in tab.seen["bar"]
    assert "data-ask" not in tab.seen["told"]
    tab.ask("Is there an effusion?")
    assert {e.study_id for e in tab.talk.turns[0].evidence().values()} <= {found.study_id}
    with entering(Visitor("another")):
        assert not Browser(desk, "s2", **{"from": key}).talk.case.studies
    about = handover.chat_address(QUESTION, patient=found.patient_id, ask_now=True).removeprefix("/?from=")
    other = Browser(desk, "s3", **{"from": about})
    assert found.patient_id in other.seen["bar"] and 'data-ask="yes"' in other.seen["told"]
    assert handover.taken("never-made") is None


def test_a_patient_forgotten_elsewhere_leaves_the_open_page_too(tmp_path):
    from small_archive import build_small_archive

    from assistant.forget import forget_patient

    build_small_archive(tmp_path)
    desk = Desk(Assistant.open(tmp_path), tmp_path / "desk")
    tab = Browser(desk)
    tab.press("choose_patient", patient="100")
    tab.ask(QUESTION)
    other = Browser(desk, "s2")
    other.press("choose_patient", patient="400")
    other.ask("Is there a fracture?")
    talk_id = tab.talk.id
    desk.assistant.forget("100")
    assert not tab.talk.turns and len(other.talk.turns) == 1
    forget_patient(tmp_path, "400")  # by another process
    gone = desk.talks.shown("s2").talk.id
    with pytest.raises(WardroundError, match="no such conversation"):
        desk.talks.open(gone)
    other.press("dismiss")
    assert not other.talk.turns and other.talk.id != gone
    with pytest.raises(WardroundError, match="no such conversation"):
        desk.talks.open(talk_id) if talk_id != tab.talk.id else desk.kept.turns(talk_id)


def test_how_an_answer_came_about_is_told(desk):
    tab = Browser(desk)
    steps = tab.ask(QUESTION)
    asked, found = steps[0], next(step for step in steps if "kept:" in step.get("talk", ""))
    assert "Searching the archive" in asked["talk"] and "Searching" in asked["told"]
    assert "wr-tab" in found["panel"], "evidence is on the screen before anything is written"
    assert "How this was answered" in tab.seen["talk"] and "quote" in tab.seen["talk"]
    assert "sentences: " in tab.seen["told"] or "sentence: " in tab.seen["told"]
    with entering(Visitor(language="de")):
        german = Browser(desk, "s2", talk=tab.talk.id)
    assert "Wie das beantwortet wurde" in german.seen["talk"] and "Gesucht:" in german.seen["talk"]


def test_a_reason_names_other_evidence_by_its_number(desk):
    tab = Browser(desk)
    tab.ask(QUESTION)
    turn = tab.talk.turns[0]
    key, number = next(iter(turn.numbered().items()))
    assert (
        turn.with_numbers(f"says the same as {key}, not e0123456789") == f"says the same as [{number}], not e0123456789"
    )


def test_files_go_when_their_account_signs_out(desk, tmp_path):
    film = of_patient(tmp_path / "film.dcm", "p-one")
    with entering(Visitor("one")):
        shown, left = Browser(desk, "s1"), Browser(desk, "s2")
        for tab in (shown, left):
            tab.drop(film)
        left.leave()
        mine, everybodys = shown.talk.folder, tmp_path / "desk"
        assert len(list(everybodys.rglob("film.dcm"))) == 2
    with entering(Visitor("two")):
        other = Browser(desk, "s3")
        other.drop(film)
    signed_out(desk.assistant, "one")
    kept = {path.parent for path in everybodys.rglob("film.dcm")}
    assert mine in kept and len(kept) == 2  # a tab still shows the one, the other is another account's
    with entering(Visitor()):  # Gradio tells of the tab when its account is nobody any more
        shown.leave()
    with entering(Visitor("two")):
        assert {path.parent for path in everybodys.rglob("film.dcm")} == {other.talk.folder}


def test_of_a_long_conversation_the_last_turns_are_shown_until_more_are_asked_for(desk):
    tab = Browser(desk)
    tab.talk.turns += [Turn(f"question number {n}", stage="done") for n in range(SHOWN_TURNS + 2)]
    tab.press("new_case")
    assert "question number 1<" not in tab.seen["talk"] and "question number 2<" in tab.seen["talk"]
    assert "Show 2 earlier questions" in tab.seen["talk"]
    tab.press("earlier")
    assert "question number 0<" in tab.seen["talk"] and "earlier questions" not in tab.seen["talk"]


def test_a_file_stays_in_the_box_when_another_conversation_that_had_it_ends(desk, tmp_path):
    """Gradio keeps one copy of what two visitors, or two tabs, upload alike."""
    sent = tmp_path / "letter.txt"
    sent.write_text("The chest X-ray shows a small pleural effusion on the left.")
    one, other = Browser(desk, "one"), Browser(desk, "other")
    one.drop(sent)
    other.drop(sent)
    desk.talks.delete(one.talk.id)
    assert sent.exists() and other.ask(QUESTION, sent)[-1]
    assert other.talk.turns[-1].stage == "done"
    desk.talks.delete(other.talk.id)
    assert not sent.exists()
