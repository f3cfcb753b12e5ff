"""What the user gets: marked or removed sentences, abstentions with what came closest, knowledge without a source."""

import json

import numpy as np
import pytest
from hidden_orders import in_ecg_annotation
from leaks import RecordingServer

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.generate.ecg_picture import ecg_picture
from assistant.records import Signal
from assistant.settings import Settings


@pytest.fixture
def saying(chest_workspace):
    """An assistant whose model always says the same; and the server that it asks."""
    servers = []

    def make(reply, llm=(), verify=()):
        servers.append(RecordingServer(reply))
        known = {"base_url": servers[-1].base_url, "name": "openai", **dict(llm)}
        return Assistant(chest_workspace, settings=Settings(llm=known, verify=dict(verify))), servers[-1]

    yield make
    for server in servers:
        server.close()


QUESTION = "Is there a large right pleural effusion with atelectasis?"
TWO = "There is a large right pleural effusion [E1]. There is a fracture of the left clavicle [E1]."


def test_sentences_that_are_not_supported_are_marked_or_by_a_setting_removed(saying):
    assistant, _ = saying(TWO)
    marked = assistant.ask(QUESTION, patient="100")
    assert [(c.verdict, c.error_kind) for c in marked.claims] == [("supported", None), ("unsupported", "fabrication")]
    assert marked.claims[0].citations and not marked.abstained
    assistant, _ = saying(TWO, verify={"unsupported": "remove"})
    assert [claim.text for claim in assistant.ask(QUESTION, patient="100").claims] == [marked.claims[0].text]


def test_too_little_that_is_supported_is_an_abstention_in_words_with_what_came_closest(saying):
    wrong = "There is a fracture of the left clavicle [E1]. The spleen is enlarged [E1]. The aorta is torn [E1]. "
    assistant, _ = saying(wrong + TWO)
    answer = assistant.ask(QUESTION)
    assert answer.abstained and "sentence" in answer.reason and answer.text == answer.reason
    known = {piece.id: piece for piece in answer.evidence}
    assert answer.closest and "effusion" in known[answer.closest[0]].text
    assistant, _ = saying(wrong + TWO, verify={"least_supported": 0})
    assert not assistant.ask(QUESTION, patient="100").abstained


def test_the_model_s_own_knowledge_is_shown_only_when_asked_for_and_never_as_a_claim(saying):
    knows = "Gout is caused by crystals of urate. Your heart is enlarged. There is a large effusion."
    question = "What causes gout?"
    assistant, server = saying(knows)
    assert assistant.ask(question).own_knowledge == () and server.bodies == []
    assistant, server = saying(knows, llm={"own_knowledge": True})
    answer = assistant.ask(question)
    assert answer.abstained and answer.claims == ()
    assert answer.own_knowledge == ("Gout is caused by crystals of urate.",), "nothing about a patient or a study"
    assert "You know nothing about any patient" in server.bodies[-1] and "<data" not in server.bodies[-1]


def test_own_knowledge_is_kept_from_questions_about_a_patient(saying, tmp_path):
    assistant, server = saying("Yes, there is one.", llm={"own_knowledge": True})
    upload = tmp_path / "report.txt"
    upload.write_text("FINDINGS: The heart is normal.")
    for answer in (
        assistant.ask("Is there a fracture of the hip?", files=[upload]),
        assistant.ask("What did patient 4711-A2 suffer from?"),
    ):
        assert answer.own_knowledge == ()
    assert not [body for body in server.bodies if "You know nothing about any patient" in body]


def test_what_the_prompt_left_out_is_marked_and_can_not_be_cited(saying):
    long = saying("There is a large right pleural effusion [E1].", llm={"context_tokens": 70})
    answer = long[0].ask(QUESTION, patient="100", history=True)
    left = [piece for piece in answer.evidence if "beyond the prompt's budget of 70 tokens" in piece.why]
    assert left and not any(piece.kept for piece in left)
    assert {dropped.what for dropped in answer.prompt_use.dropped} == {piece.id for piece in left}
    assert answer.prompt_use.tokens <= 70 and answer.mode == "direct" and answer.prompt.startswith("answer@")
    assert not any(piece.text and piece.text in long[1].bodies[-1] for piece in left)
    assert set(answer.to_json()["prompt_use"]) == {"tokens", "dropped"}


def test_the_history_reaches_the_model_with_its_interval_only_when_asked_for(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.csv").write_text(
        "id,patient,when,text\n1,77,2020-01-05,Small left pleural effusion.\n"
        "2,77,2020-04-05,No pleural effusion on this study.\n"
    )
    recipe = tmp_path / "indexes" / "two.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "two"\n[[source]]\npath = "../data"\nmanifest = "rows.csv"\n[source.columns]\nid = "id"\n'
        'patient_id = "patient"\ntaken_at = "when"\ntext = "text"\n[source.defaults]\nmodality = "SR"\n'
    )
    Assistant.build(recipe)
    server = RecordingServer("ABSTAIN")
    assistant = Assistant(tmp_path, settings=Settings(llm={"base_url": server.base_url, "name": "openai"}))
    assistant.ask("Is there a pleural effusion?", patient="77", history=True)
    server.close()
    user = json.loads(server.bodies[-1])["messages"][1]["content"]
    assert 'taken="3 months before the latest study"' in user and "Small left pleural effusion." in user


def test_an_uploaded_ecg_goes_along_as_it_is_drawn_beside_its_measured_values(saying, tmp_path):
    assistant, server = saying("Heart rate 67 beats/min [E2].", llm={"images": 1})
    answer = assistant.ask("What is the heart rate?", files=[in_ecg_annotation(tmp_path, "Rest.")])
    _, user = json.loads(server.bodies[-1])["messages"]
    texts = [part["text"] for part in user["content"] if part["type"] == "text"]
    assert any(text.startswith("Picture 1, which is E") for text in texts)
    assert "Heart rate 67 beats/min" in texts[0] and 'picture="1"' in texts[0]
    assert answer.claims and answer.prompt.startswith("ecg@")


def test_the_drawn_ecg_is_true_to_its_paper():
    rate = 500
    samples = np.zeros((5000, 12), np.float32)
    samples[1000:1500, 1] = 1.0  # lead II: one millivolt from second 2 to 3
    leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    picture = ecg_picture(Signal(samples, leads, rate)).pixels
    height, width, _ = picture.shape
    assert width == round((10 * 25 + 16) * 3.7) and height == round((4 * 30 + 16) * 3.7)
    dark = picture.astype(int).sum(axis=2) < 150
    strip = dark[round((8 + 90) * 3.7) :]  # the bottom row is lead II
    rows = np.flatnonzero(strip[:, round((8 + 2.5 * 25) * 3.7)])  # in the middle of the millivolt
    base = np.flatnonzero(strip[:, round((8 + 6 * 25) * 3.7)])
    assert abs((base.mean() - rows.mean()) - 10 * 3.7) < 1.5, "ten millimetres a millivolt"


def test_a_gap_and_other_lead_sets_are_drawn_too():
    samples = np.full((1000, 2), np.nan, np.float32)
    samples[:500] = 0.1
    picture = ecg_picture(Signal(samples, ("V5", "MLII"), 250))
    assert picture.pixels.shape[0] == round((2 * 30 + 16) * 3.7)


def test_the_command_line_offers_what_came_closest(chest_workspace, capsys):
    assert main(["ask", "Which drug treats migraine?", "--workspace", str(chest_workspace), "--llm", "quote"]) == 0
    assert capsys.readouterr().out.startswith("No answer: ")


def test_a_misspelt_question_is_put_as_it_is_spelled_and_says_so(chest_workspace, capsys):
    assistant = Assistant(chest_workspace)
    answer = assistant.ask("Is there an efusion?", llm="quote")
    assert (answer.question, answer.standalone) == ("Is there an efusion?", "Is there an effusion?")
    assert assistant.ask("Is there an effusion?", llm="quote").standalone is None
    main(["ask", "Is there an efusion?", "--workspace", str(chest_workspace), "--llm", "quote"])
    assert "understood as: Is there an effusion?" in capsys.readouterr().err
