"""What a person types holds identifiers too: none of them is kept or sent to a model."""

import json

from leaks import RecordingServer

from assistant.assistant import Assistant
from assistant.settings import Settings

TYPED = "Did Mr. Gunther Obermeier (MRN 88123457, born 1951-04-02, tel. 0761 270-4432) have a pleural effusion?"
PARTS = ("Gunther", "Obermeier", "88123457", "1951-04-02", "270-4432")


def test_identifiers_of_a_question_reach_neither_the_model_nor_the_answer(chest_workspace, tmp_path):
    report = tmp_path / "report.txt"
    report.write_text(
        "Patient: Gunther Obermeier, MRN 88123457.\nFINDINGS: Small pleural effusion.\n", encoding="utf-8"
    )
    server = RecordingServer()
    try:
        assistant = Assistant(chest_workspace, settings=Settings(llm={"base_url": server.base_url}))
        answer = assistant.ask(TYPED, files=[report], llm="openai")
    finally:
        server.close()
    assert server.bodies and any("pleural effusion" in body for body in server.bodies)
    for place in (*server.bodies, json.dumps(answer.to_json())):
        assert not [part for part in PARTS if part in place]
    assert answer.question.endswith("have a pleural effusion?")


def test_a_question_without_identifiers_stays_as_it_is(chest_workspace):
    question = "Is the Ebstein anomaly seen on chest X-ray, and how large is the right pleural effusion (3 cm in 2019)?"
    assert Assistant.open(chest_workspace).ask(question).question == question


def test_de_identification_can_be_turned_off(chest_workspace):
    settings = Settings(deid={"enabled": False})
    answer = Assistant(chest_workspace, settings=settings).ask(TYPED, patient="100")
    assert answer.question == TYPED


def test_a_question_in_german_is_told_to_be_asked_in_english(chest_workspace):
    assistant = Assistant.open(chest_workspace)
    answer = assistant.ask("Wer gewann die Fußballweltmeisterschaft 1998?")
    assert answer.abstained and "The question seems to be in German." in answer.reason
    assert "ask in English" in answer.reason and "embed.text" in answer.reason and answer.notice == ""
    assert "seems to be" not in assistant.ask("Who won the 1998 football world cup?").reason
