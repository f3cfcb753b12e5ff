"""Cases of the chat and their wall, without a browser: files of several patients, and questions about others."""

import re
import shutil

import pytest
from at_desk import QUESTION, Browser, boxed, of_patient
from pydicom.data import get_testdata_file


def test_files_of_two_patients_are_told_apart_before_anything_is_asked(desk, tmp_path):
    one, two = of_patient(tmp_path / "one.dcm", "p-one"), of_patient(tmp_path / "two.dcm", "p-two")
    tab = Browser(desk)
    assert "dialog" not in tab.drop(one) or not tab.seen["dialog"]
    tab.ask("What do similar studies show?")
    assert "Two patients in one case?" in tab.drop(one, two)["dialog"] and "two.dcm" in tab.seen["dialog"]
    tab.press("dismiss")
    steps = tab.ask("And this one?")
    assert len(steps) == 1 and "Two patients" in steps[0]["dialog"] and boxed(steps[0]) == "And this one?"
    assert len(tab.talk.turns) == 1
    tab.press("drop_others")
    assert [upload.name for upload in tab.talk.uploads] == ["one.dcm"] and not tab.seen["dialog"]
    tab.drop(of_patient(tmp_path / "again.dcm", "p-two"))
    tab.press("others_case", patient=tab.talk.uploads[1].records[0].patient_id)
    assert [upload.name for upload in tab.talk.uploads] == ["again.dcm"] and tab.talk.switched
    tab.ask("What do similar studies show?")
    cited = {e.record_id for e in tab.talk.turns[-1].evidence().values() if e.relation == "own"}
    assert cited == {tab.talk.uploads[0].records[0].record_id}
    assert [turn.new_case for turn in tab.talk.turns] == [False, True]


def test_files_of_three_patients_go_into_a_new_case_one_patient_at_a_time(desk, tmp_path):
    one, two, three = (of_patient(tmp_path / f"{name}.dcm", f"p-{name}") for name in ("one", "two", "three"))
    tab = Browser(desk)
    tab.drop(one)
    dialog = tab.drop(one, two, three)["dialog"]
    assert re.findall(r'data-act="others_case" data-patient="P-[A-Z0-9]+">(.*?)<', dialog) == [
        "New case with two.dcm", "New case with three.dcm",
    ]  # fmt: skip
    tab.press("others_case", patient=tab.talk.uploads[2].records[0].patient_id)
    assert [upload.name for upload in tab.talk.uploads] == ["three.dcm"] and not tab.talk.strangers()
    tab.press("others_case", patient="P-GONE")
    assert [upload.name for upload in tab.talk.uploads] == ["three.dcm"]


@pytest.mark.parametrize("second", ["CT_small.dcm", "MR_small.dcm"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_case_so_far_is_of_the_patient_who_was_there_first(desk, tmp_path, second, turned):
    names = ("waveform_ecg.dcm", second)[:: -1 if turned else 1]
    first, second = (shutil.copy(get_testdata_file(name), tmp_path) for name in names)  # what is dropped goes at last
    tab = Browser(desk)
    tab.drop(first)
    pseudonym = tab.talk.uploads[0].records[0].patient_id
    assert pseudonym and pseudonym in tab.seen["bar"]
    dialog = tab.drop(first, second)["dialog"]
    other = tab.talk.strangers()[0].records[0].patient_id
    assert other != pseudonym and f"of {other}." in dialog
    assert f"The case so far: {pseudonym}." in dialog and pseudonym in tab.seen["bar"]
    assert other not in re.findall(r"<b><bdi>(.*?)</bdi>", tab.seen["bar"])[0]


def test_a_case_that_goes_on_without_its_files_is_still_of_its_patient(desk, tmp_path):
    tab = Browser(desk)
    tab.ask("What do similar studies show?", of_patient(tmp_path / "one.dcm", "p-one"))
    pseudonym, talk_id = tab.talk.uploads[0].records[0].patient_id, tab.talk.id
    desk.talks.close()
    again = Browser(desk, "s2", talk=talk_id)
    for number in range(6):  # pseudonyms of either order
        again.drop(of_patient(tmp_path / f"other{number}.dcm", f"p-other-{number}"))
        assert f"The case so far: {pseudonym}." in again.seen["dialog"]
        assert pseudonym in re.findall(r"<b><bdi>(.*?)</bdi>", again.seen["bar"])[0]
        again.press("drop_others")


def test_a_follow_up_never_reaches_into_another_patient_s_case(desk, tmp_path):
    one, two = of_patient(tmp_path / "one.dcm", "p-one"), of_patient(tmp_path / "two.dcm", "p-two")
    tab = Browser(desk)
    tab.ask(QUESTION, one)
    tab.press("remove", number="0")
    assert "The case so far" in tab.drop(two)["dialog"], "its turns are still told"
    tab.press("others_case", patient=tab.talk.uploads[0].records[0].patient_id)
    tab.ask("And on the left?")
    tab.press("choose_patient", patient="100")
    tab.ask("How large is it?")
    assert [turn.answer.standalone for turn in tab.talk.turns] == [None] * 3
    assert "wr-understood" not in tab.seen["talk"]


def test_a_file_without_a_patient_is_told_to_be_taken_for_the_case_s(desk, tmp_path):
    film, nameless = of_patient(tmp_path / "film.dcm", "p-one"), tmp_path / "note.txt"
    nameless.write_text("There is a small pleural effusion on the left.")
    tab = Browser(desk)
    tab.drop(nameless)
    assert "states no patient" not in tab.seen["bar"]
    tab.drop(nameless, film)
    assert "note.txt states no patient and is taken to be of this case" in tab.seen["bar"] and not tab.seen["dialog"]
    assert "New case, and drop it there" in tab.seen["bar"]
    tab.ask(QUESTION)
    assert "note.txt states no patient" in tab.seen["bar"]
    tab.press("remove", number="0")
    assert "states no patient" not in tab.seen["bar"]
    tab.press("new_case")
    tab.press("choose_patient", patient="100")
    tab.drop(nameless.rename(tmp_path / "later.txt"))
    assert "later.txt states no patient" in tab.seen["bar"]


def test_what_is_asked_without_the_files_of_an_earlier_visit_says_so(desk, tmp_path):
    tab = Browser(desk)
    film = of_patient(tmp_path / "film.dcm", "p-one")
    again_there = shutil.copy(film, tmp_path / "again.dcm")
    tab.ask("What do similar studies show?", film)
    talk_id = tab.talk.id
    assert "no longer here" not in tab.seen["shelf"]
    desk.talks.close()
    later = Browser(desk, "s2", talk=talk_id)
    assert "file of this conversation is no longer here" in later.seen["shelf"]
    (first, *_) = later.ask(QUESTION)
    assert "is no longer here" in first["talk"] and "The whole archive is searched." in first["talk"]
    assert "is no longer here" in later.talk.turns[-1].note and later.talk.turns[-1].stage == "done"
    for drawn in desk.again("quote", later.request):
        later.take(drawn)
    assert "is no longer here" in later.talk.turns[-1].note
    later.press("edit", turn="0")
    later.ask(QUESTION)
    assert "is no longer here" in later.talk.turns[0].note and later.talk.turns[0].gone
    later.drop(again_there)
    assert "no longer here" not in later.seen["shelf"]
    later.ask(QUESTION)
    assert "no longer here" not in later.talk.turns[-1].note


def test_a_question_about_another_patient_is_refused_with_the_ways_out(desk):
    tab = Browser(desk)
    tab.press("choose")
    assert "Which patient is this about?" in tab.seen["dialog"]
    assert "no patient “nobody-9”" in tab.press("choose_patient", patient="nobody-9")["dialog"]
    tab.press("choose_patient", patient="100")
    pseudonym = desk.assistant.people().known("100")
    assert pseudonym in tab.seen["bar"] and "100" not in re.findall(r"<bdi>(.*?)</bdi>", tab.seen["bar"])
    tab.ask("What about patient 400?")
    turn = tab.talk.turns[-1]
    assert (turn.stage, turn.named, turn.claims, turn.row) == ("refused", "400", [], None)
    assert "another patient than this case" in tab.seen["talk"] and not tab.talk.case.turns
    drawn = tab.press("other_case", turn="0")
    assert boxed(drawn) == "What about patient 400?" and tab.talk.switched
    tab.ask("Is there a fracture?")
    assert tab.talk.turns[-1].stage == "done" and tab.talk.turns[-1].new_case
    whose = {e.patient_id for e in tab.talk.turns[-1].evidence().values()}
    assert whose == {desk.assistant.people().known("400")}


@pytest.mark.parametrize("first", [False, True])
def test_what_comes_in_as_a_refused_question_goes_takes_no_conversation_along(desk, tmp_path, monkeypatch, first):
    """The box changes as it is cleared, which is an event of its own: it looked as if the turn had been forgotten."""
    tab = Browser(desk)
    tab.press("choose_patient", patient="100")
    if not first:
        tab.ask(QUESTION)
    tab.drop(of_patient(tmp_path / "one.dcm", "100"))
    talk, seen = tab.talk, []
    drop, turns = desk.kept.drop, desk.talks._kept.turns

    def dropped(row):
        seen.append(tab.talk)
        drop(row)
        seen.append(tab.talk)

    monkeypatch.setattr(desk.kept, "drop", dropped)
    tab.ask("What about patient 400?")
    assert talk.turns[-1].stage == "refused" and seen == [talk, talk] and tab.talk is talk

    def read_late(talk_id):
        for turn in talk.turns:
            if turn.row not in seen:
                seen.append(turn.row)
                desk.answering._drop(turn)
        return turns(talk_id)

    tab.ask(QUESTION)
    monkeypatch.setattr(desk.talks._kept, "turns", read_late)
    assert tab.talk is talk and not talk.rows() and talk.uploads


def test_a_named_person_is_told_that_names_are_not_compared(desk):
    tab = Browser(desk)
    tab.ask("Does Mr Brown have an effusion?")
    assert "names a patient" in tab.talk.turns[-1].answer.reason and 'data-act="choose"' in tab.seen["talk"]
    tab.press("choose_patient", patient="100")
    tab.ask("Does Mr Brown have an effusion?")
    assert tab.talk.turns[-1].claims and "Names are not compared" in tab.talk.turns[-1].note


def test_letters_of_two_persons_are_asked_about_before_they_are_mixed(desk, tmp_path):
    texts = {
        "smith.txt": "Name: Smith, Anna    DOB: 02/05/1962    MRN: 9900123\n\nNo pleural effusion.",
        "whitmore.txt": "Patient: Harold Whitmore  DOB: 14.03.1951  Patient ID: 4471902\n\nSmall pleural effusion.",
        "again.txt": "RE: Mr Harold Whitmore, DOB 14 March 1951\n\nNo pneumothorax.",
        "of_collins.txt": "Patient: Collins\n\nNo pneumothorax.",
        "collins.txt": "Patient: Peter Collins\n\nHeart size normal.",
    }
    files = {name: tmp_path / name for name in texts}
    for name, path in files.items():
        path.write_text(texts[name])
    tab = Browser(desk)
    tab.drop(files["smith.txt"])
    assert "the patient whom the files name" in tab.seen["bar"]
    dialog = tab.drop(files["smith.txt"], files["whitmore.txt"], files["again.txt"])["dialog"]
    assert "by the name, number or birth date stated there" in dialog and "The case so far: smith.txt." in dialog
    tab.ask(QUESTION)
    assert not tab.talk.turns and tab.seen["dialog"]
    found = re.search(r'data-act="others_case" data-patient="(u\w+)">New case with whitmore.txt and again.txt<', dialog)
    tab.press("others_case", patient=found[1])
    assert [upload.name for upload in tab.talk.uploads] == ["whitmore.txt", "again.txt"]
    assert not tab.seen["dialog"] and "⚠" not in tab.seen["bar"]
    tab.press("new_case")
    tab.drop(files["of_collins.txt"], files["collins.txt"])
    assert not tab.seen["dialog"] and "⚠ collins.txt states a patient, and nothing tells" in tab.seen["bar"]
