"""Several turns: uploads stay in play, follow-ups stand alone, citations stay valid, and a case is a wall."""

import json

import numpy as np
import pytest
from leaks import RecordingServer
from PIL import Image as Picture
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from assistant.assistant import Assistant
from assistant.conversation import Scope
from assistant.errors import MixedPatients, OtherPatient
from assistant.settings import Settings


@pytest.fixture
def server():
    running = RecordingServer()
    yield running
    running.close()


def opened(workspace, server, **llm):
    return Assistant(workspace, settings=Settings(llm={"base_url": server.base_url, **llm}))


def messages(body):
    """Every text of a request's messages, in one."""
    texts = []
    for message in json.loads(body)["messages"]:
        content = message["content"]
        texts += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    return "\n".join(texts)


def report(path, words):
    path.write_text(words, encoding="utf-8")
    return path


def picture(path, patient):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientID, dataset.PatientName, dataset.Modality = patient, "", "DX"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 64, 64, 1
    dataset.PhotometricInterpretation, dataset.BitsAllocated, dataset.BitsStored = "MONOCHROME2", 8, 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_follow_up_is_put_so_that_it_stands_alone(chest_workspace):
    talk = Assistant.open(chest_workspace).converse(patient="100")
    first = talk.ask("Is there a right pleural effusion?")
    second = talk.ask("And on the left?")
    assert first.standalone is None and first.text
    assert second.question == "And on the left?" and second.standalone == "Is there a left pleural effusion?"
    assert [turn.number for turn in talk.turns] == [1, 2]


def test_uploads_stay_in_play_and_every_turn_may_add_some(chest_workspace, tmp_path):
    talk = Assistant.open(chest_workspace).converse()
    one = report(tmp_path / "one.txt", "FINDINGS: Small left apical pneumothorax. The heart is normal.")
    two = report(tmp_path / "two.txt", "FINDINGS: Nasogastric tube in the stomach. No rib fracture is seen.")
    assert "pneumothorax" in talk.ask("Is there a pneumothorax?", files=[one]).text
    later = talk.ask("Is there a rib fracture?", files=[two])
    assert "No rib fracture" in later.text and talk.files == (one, two)
    assert "normal" in talk.ask("Is the heart enlarged?").text


def test_the_model_sees_earlier_turns_as_data_with_citations_that_still_hold(chest_workspace, server):
    talk = opened(chest_workspace, server).converse(llm="openai", patient="100")
    first = talk.ask("Is there a pleural effusion?")
    cited = {key for claim in first.claims for key in claim.citations}
    second = talk.ask("How large is it?")
    prompt = messages(server.bodies[-1])
    assert 'data id="turn-1" earlier="yes"' in prompt and "Question: Is there a pleural effusion?" in prompt
    assert "Question: How large is the pleural effusion?" in prompt
    assert cited and cited <= {piece.id for piece in second.evidence}
    assert all(talk.evidence(key) is not None for key in cited)
    assert "How large is the" not in messages(server.bodies[0])


def test_what_was_cited_before_can_be_cited_again_though_this_search_does_not_find_it(chest_workspace):
    server = RecordingServer("In a similar study: “Large right pleural effusion with compressive atelectasis.” [E1]")
    talk = opened(chest_workspace, server).converse(llm="openai")
    first = talk.ask("Which reports speak of a right pleural effusion with atelectasis?")
    cited = {key for claim in first.claims for key in claim.citations}
    second = talk.ask("Which reports speak of a fracture of the distal radius?")
    brought = [piece for piece in second.evidence if piece.why == "cited in turn 1 of this conversation"]
    found_again = {piece.id for piece in second.evidence if piece.kept} - {piece.id for piece in brought}
    assert cited and cited <= {piece.id for piece in brought} | found_again
    assert all(piece.text in messages(server.bodies[-1]) for piece in brought)
    server.close()


def test_a_sentence_that_was_not_supported_is_not_told_on(chest_workspace, server, tmp_path):
    talk = opened(chest_workspace, server).converse(llm="openai")
    denial = report(tmp_path / "clear.txt", "FINDINGS: No pleural effusion. The heart is normal.")
    first = talk.ask("Is there a pleural effusion?", files=[denial])  # the server says that there is one
    assert [claim.verdict for claim in first.claims] == ["contradicted"]
    talk.ask("Is the heart enlarged?")
    assert "small right pleural effusion" not in messages(server.bodies[-1])


def test_old_turns_are_forgotten_by_budget_and_the_answer_says_which(chest_workspace, server):
    talk = opened(chest_workspace, server, context_tokens=400).converse(llm="openai", patient="100")
    for _ in range(6):
        answer = talk.ask("Is there a right pleural effusion?")
    forgotten = [d.what for d in answer.prompt_use.dropped if d.what.startswith("turn")]
    assert forgotten and forgotten == [f"turn {n}" for n in range(1, len(forgotten) + 1)]
    assert answer.prompt_use.tokens <= 400
    assert 'id="turn-1"' not in messages(server.bodies[-1]) and 'id="turn-5"' in messages(server.bodies[-1])


def test_after_a_switch_no_string_of_the_former_patient_is_in_any_message(chest_workspace, server, tmp_path):
    former = report(
        tmp_path / "former.txt",
        "FINDINGS: Spiculated mass of 31 mm in the left upper lobe. Enlarged hilar nodes. No pericardial effusion.\n\n"
        "IMPRESSION: Suspected bronchial carcinoma, stage T2a. Please compare with the outside CT.\n",
    )
    talk = opened(chest_workspace, server).converse(llm="openai", files=[former], patient="100", history=True)
    first = talk.ask("Is there a spiculated mass?")
    second = talk.ask("How large is it?")
    strings = {piece.text.strip() for answer in (first, second) for piece in answer.evidence if piece.text.strip()}
    strings |= {piece.id for answer in (first, second) for piece in answer.evidence}
    strings |= {first.question, second.question, second.standalone, "Spiculated", "31 mm", "T2a", "carcinoma"}
    strings |= {claim.text for answer in (first, second) for claim in answer.claims} - {
        "There is a small right pleural effusion."  # what this server always says, of the next patient too
    }
    strings |= {piece.patient_id for answer in (first, second) for piece in answer.evidence if piece.patient_id}
    assert any(text in messages(body) for body in server.bodies for text in strings if len(text) > 20)

    talk.switch(patient="400")
    asked = len(server.bodies)
    answers = [talk.ask("Is there a fracture?"), talk.ask("And on the left?"), talk.ask("How large is it?")]
    told = [messages(body) for body in server.bodies[asked:]]
    assert told and answers[1].standalone == "Is there a fracture on the left?"
    shared = {piece.text.strip() for answer in answers for piece in answer.evidence}  # what the new patient's has too
    for text in strings - shared:
        assert not [n for n, body in enumerate(told) if text in body], text
    assert talk.files == () and [turn.number for turn in talk.turns] == [3, 4, 5]


def test_the_first_question_after_a_switch_refers_to_nothing(chest_workspace, tmp_path):
    assistant = Assistant.open(chest_workspace)
    talk = assistant.converse(files=[picture(tmp_path / "one.dcm", "p-one")])
    talk.ask("Is there a right pleural effusion?")
    assert talk.ask("How large is it?").standalone == "How large is the right pleural effusion?"
    for follow_up in ("How large is it?", "And on the left?", "Why?"):
        talk.switch(files=[picture(tmp_path / "two.dcm", "p-two")])
        answer = talk.ask(follow_up)
        assert answer.standalone is None and "effusion" not in answer.question
        assert not any(piece.why.startswith("cited in turn") for piece in answer.evidence)
        talk.switch(patient="100")
        talk.ask("Is there a right pleural effusion?")


def test_a_switch_goes_by_the_new_case_alone(chest_workspace, tmp_path):
    assistant = Assistant.open(chest_workspace)
    one, two = picture(tmp_path / "one.dcm", "p-one"), picture(tmp_path / "two.dcm", "p-two")
    talk = assistant.converse(files=[one], patient="p-one")
    talk.switch(files=[two], patient="p-two")
    assert talk.files == (two,) and talk.about() == assistant.converse(files=[two]).about()
    resumed = assistant.converse()
    resumed.resume([], assistant.converse(files=[one]).scope())
    resumed.switch(files=[two])
    assert resumed.files == (two,)
    with pytest.raises(MixedPatients):
        resumed.switch(files=[one], patient="p-two")
    assert resumed.files == (two,)


def test_an_upload_taken_away_leaves_the_case_its_patient_s(chest_workspace, tmp_path):
    talk = Assistant.open(chest_workspace).converse()
    one, two = picture(tmp_path / "one.dcm", "p-one"), picture(tmp_path / "two.dcm", "p-two")
    talk.ask("Is there a right pleural effusion?", files=[one])
    talk.files = ()
    assert talk.strangers([two]) == (two,) and not talk.strangers([one])
    with pytest.raises(MixedPatients, match="new case"):
        talk.ask("And on the left?", files=[two])
    with pytest.raises(OtherPatient):
        talk.ask("And what about patient 400?")
    talk.drop(1)  # nothing of the first patient is told any more
    assert not talk.strangers([two]) and talk.ask("And on the left?", files=[two]).standalone is None


def test_a_case_left_while_its_answer_is_being_written_takes_nothing_along(chest_workspace):
    talk = Assistant.open(chest_workspace).converse(patient="100")
    steps = talk.ask_stream("Is there a pleural effusion?")
    next(steps)
    talk.switch(patient="400")
    list(steps)
    assert talk.turns == ()


def test_files_of_two_patients_are_refused_with_the_way_out_and_nothing_is_asked(chest_workspace, tmp_path):
    talk = Assistant.open(chest_workspace).converse()
    one, two = picture(tmp_path / "one.dcm", "p-one"), picture(tmp_path / "two.dcm", "p-two")
    talk.ask("What do similar studies show?", files=[one])
    with pytest.raises(MixedPatients, match="new case"):
        talk.ask("And this?", files=[two])
    assert talk.files == (one,) and len(talk.turns) == 1
    talk.switch(files=[two])
    assert talk.files == (two,) and talk.turns == ()


def test_files_of_another_patient_are_told_before_anything_is_asked(chest_workspace, tmp_path):
    talk = Assistant.open(chest_workspace).converse()
    one, two = picture(tmp_path / "one.dcm", "p-one"), picture(tmp_path / "two.dcm", "p-two")
    again, nameless = picture(tmp_path / "again.dcm", "p-one "), report(tmp_path / "note.txt", "FINDINGS: Clear lungs.")
    assert talk.strangers([one, two, again, nameless]) == (two,)
    assert talk.strangers([two, one]) == (one,)
    talk.switch(patient="p-two")
    assert talk.strangers([one, two, nameless]) == (one,)


def test_a_question_about_another_patient_is_refused_and_about_this_one_is_not(chest_workspace, tmp_path):
    assistant = Assistant.open(chest_workspace)
    talk = assistant.converse(patient="100")
    other = assistant.search("fracture", patient="400").evidence[0].patient_id
    for question in ("And what about patient 400?", "Is it as in patient no. 98765?", f"Compare with {other}.",
                     "What does MRN A-0042 show?"):  # fmt: skip
        with pytest.raises(OtherPatient, match="new case"):
            talk.ask(question)
    assert talk.turns == ()
    own = assistant.search("effusion", patient="100").evidence[0].patient_id
    for question in ("Does patient 100 have an effusion?", f"Does {own} have an effusion?",
                     "Is an effusion of 400 ml large in a patient 65 years old?"):  # fmt: skip
        assert talk.ask(question).claims
    uploaded = assistant.converse(files=[picture(tmp_path / "one.dcm", "p-one")])
    with pytest.raises(OtherPatient) as refused:
        uploaded.ask("What does the film of patient 100 show?")
    assert refused.value.named == "100"
    assert uploaded.ask("What do studies similar to that of patient p-one show?").question


def test_a_kept_case_goes_on_with_its_wall_and_its_turns(chest_workspace, tmp_path):
    assistant = Assistant.open(chest_workspace)
    talk = assistant.converse(patient="100")
    first = talk.ask("Is there a right pleural effusion?")
    scope = talk.scope()
    assert "100" not in json.dumps(scope.to_json()) and scope.patient in scope.about
    again = assistant.converse()
    again.resume([first], Scope.of_json(json.loads(json.dumps(scope.to_json()))))
    second = again.ask("And on the left?")
    assert second.standalone == "Is there a left pleural effusion?" and [turn.number for turn in again.turns] == [1, 2]
    assert {piece.patient_id for piece in second.evidence} <= scope.about
    with pytest.raises(OtherPatient):
        again.ask("What about patient 400?")
    uploads = assistant.converse(files=[picture(tmp_path / "one.dcm", "p-one")])
    later = assistant.converse()
    later.resume([], uploads.scope())
    assert uploads.scope().patient is None and later.strangers([picture(tmp_path / "two.dcm", "p-two")])
    assert not later.strangers([picture(tmp_path / "more.dcm", "p-one")])


def test_a_turn_that_is_taken_back_is_told_to_no_later_one(chest_workspace):
    talk = Assistant.open(chest_workspace).converse(patient="100")
    talk.ask("Is there a right pleural effusion?")
    talk.ask("Is there a fracture?")
    talk.drop(1)
    assert talk.ask("And on the left?").standalone == "Is there a left pleural effusion?"
    assert [turn.number for turn in talk.turns] == [1, 3]
    steps = talk.ask_stream("Is there a pneumothorax?")
    next(steps)
    talk.drop(1)  # while an answer is being written, which then is in no case
    list(steps)
    assert [turn.number for turn in talk.turns] == [1]
    talk.drop(0)
    assert len(talk.turns) == 1


def test_only_the_chosen_studies_are_rested_on(chest_workspace):
    assistant = Assistant.open(chest_workspace)
    study = assistant.search("fracture", patient="400").evidence[0].study_id
    talk = assistant.converse()
    talk.switch(studies=[study])
    answer = talk.ask("Is there a pleural effusion?")
    assert {piece.study_id for piece in answer.evidence} <= {study}
    assert talk.scope().studies == {study}


def test_a_forgotten_patient_is_forgotten_by_open_conversations(tmp_path):
    from small_archive import build_small_archive

    build_small_archive(tmp_path)
    assistant = Assistant.open(tmp_path)
    talk, other = assistant.converse(patient="100"), assistant.converse(patient="400")
    talk.ask("Is there a pleural effusion?")
    other.ask("Is there a fracture?")
    assistant.forget("100")
    assert talk.turns == () and talk.patient is None and len(other.turns) == 1


def test_a_model_rewrites_what_the_rules_can_not_and_only_with_the_conversation_s_words():
    from assistant.generate import stand_alone

    earlier = ["Is there any?"]
    assert stand_alone("Why?", earlier, lambda *_: "Why is there any?").how == "model"
    invented = stand_alone("Why?", earlier, lambda *_: "Why is there a pneumothorax of 3 cm?")
    assert invented.text == "Is there any – Why?" and invented.how == "rules"
    assert stand_alone("Why?", earlier, lambda *_: None).text == "Is there any – Why?"
    assert stand_alone("And those?", earlier, lambda *_: "Is there any of those?").how == "as asked"  # it names nothing


def test_pictures_of_the_case_go_along_with_every_turn(chest_workspace, server, tmp_path):
    path = tmp_path / "mine.png"
    Picture.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)).save(path)
    talk = opened(chest_workspace, server, images=1).converse(llm="openai", files=[path])
    talk.ask("What do similar studies show?")
    talk.ask("And is there a pleural effusion?")
    kinds = [[part["type"] for part in json.loads(body)["messages"][1]["content"]] for body in server.bodies]
    assert kinds == [["text", "text", "image_url"]] * 2
