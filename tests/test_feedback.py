"""Feedback as it is handed out: every opinion with its sentence and evidence, and no cell that a spreadsheet runs."""

import csv
import io
import json

import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.feedback import COLUMNS, as_csv, feedback_rows
from assistant.store.opinions import Target, give
from assistant.store.workspace_db import WorkspaceDb


@pytest.fixture
def workspace(chest_workspace, tmp_path):
    """A workspace with an opinion of a sentence of an answer and one of a draft's."""
    import shutil

    shutil.copytree(chest_workspace, tmp_path / "ws")
    assistant = Assistant.open(tmp_path / "ws")
    answer = assistant.ask("Is there a pleural effusion?")
    turn = assistant.db.add_turn("c", answer.question, [], answer.to_json())
    give(assistant.db, Target(turn, None, "0"), "harmful", '=HYPERLINK("http://evil")\nsecond line')
    said = {"text": "The heart is large.", "verdict": "supported", "citations": ["e1"],
            "evidence": [{"id": "e1", "text": "Cardiomegaly."}], "model": "quote"}  # fmt: skip
    give(assistant.db, Target(None, "d1", "FINDINGS/0"), "right", said=said, concerns=["P-1"])
    return tmp_path / "ws", answer


def test_an_opinion_comes_with_its_sentence_and_what_it_cites(workspace, capsys):
    home, answer = workspace
    assert main(["feedback", "--workspace", str(home)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(first) == set(second) == set(COLUMNS)
    claim = answer.claims[0]
    assert (first["judgement"], first["about"], first["question"]) == ("harmful", "answer", answer.question)
    assert (first["text"], first["verdict"], first["model"]) == (claim.text, claim.verdict, "quote")
    texts = {piece.id: piece.text for piece in answer.evidence}
    assert first["evidence"] == [texts[key] for key in claim.citations]
    assert (second["about"], second["text"], second["evidence"]) == ("draft", "The heart is large.", ["Cardiomegaly."])
    assert second["question"] is None and second["draft"] == "d1"
    assert main(["feedback", "--workspace", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"feedback": [first, second]}


def test_csv_holds_the_same_and_nothing_that_is_reckoned_with(workspace, tmp_path, capsys):
    home, _ = workspace
    out = tmp_path / "feedback.csv"
    assert main(["feedback", "--workspace", str(home), "--csv", "--out", str(out)]) == 0
    assert capsys.readouterr().out == "" and out.stat().st_mode & 0o077 == 0
    first, second = csv.DictReader(io.StringIO(out.read_bytes().decode(), newline=""))
    assert first["comment"] == '\'=HYPERLINK("http://evil")\nsecond line'
    assert json.loads(second["evidence"]) == ["Cardiomegaly."] and second["question"] == ""


def test_a_workspace_without_feedback_gives_an_empty_table(tmp_path, capsys):
    assert main(["feedback", "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    assert "".join(as_csv(feedback_rows(WorkspaceDb(tmp_path)))) == ",".join(COLUMNS) + "\r\n"
