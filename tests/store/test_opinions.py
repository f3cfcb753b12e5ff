"""Feedback and decisions on drafts: one opinion a person, every decision kept, older rows taken along."""

import json
import sqlite3

import pytest
from sqlalchemy import delete, select

from assistant.errors import WardroundError
from assistant.records import Claim
from assistant.store.edits import add_edit, edited_drafts, edits_of, erase_edits
from assistant.store.opinions import Opinion, Target, all_opinions, erase_opinions, give, own_opinions, take_back
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import AccountRow, FeedbackRow, TurnRow

SAID = [{"text": "There is no effusion.", "verdict": "supported"}, {"text": "The heart is large.", "verdict": "x"}]


@pytest.fixture
def db(tmp_path):
    return WorkspaceDb(tmp_path)


def test_a_later_opinion_takes_the_place_of_the_earlier(db):
    turn = db.add_turn("c", "Effusion?", [], {"claims": SAID, "model": "quote"})
    give(db, Target(turn, None, "1"), "right")
    give(db, Target(turn, None, "1"), "harmful", " it is small ")
    give(db, Target(turn, None, "0"), "right")
    assert own_opinions(db, [turn]) == {
        Target(turn, None, "1"): Opinion("harmful", "it is small"),
        Target(turn, None, "0"): Opinion("right", ""),
    }
    assert own_opinions(db) == own_opinions(db, [turn + 1], ["d1"]) == {}
    told = {opinion.sentence: opinion for opinion in all_opinions(db)}
    assert len(told) == 2
    assert (told["1"].question, told["1"].said["text"]) == ("Effusion?", "The heart is large.")
    take_back(db, Target(turn, None, "1"))
    assert set(own_opinions(db, [turn])) == {Target(turn, None, "0")}


def test_what_can_not_be_is_refused(db):
    turn = db.add_turn("c", "q", [], {"claims": SAID})
    for target, judgement, comment, said in (
        (Target(turn, None, "0"), "nice", "", "say right, wrong or harmful"),
        (Target(turn + 1, None, "0"), "right", "", "no such turn"),
        (Target(turn, None, "2"), "right", "", "it has no sentence 2"),
        (Target(turn, None, "-1"), "right", "", "it has no sentence -1"),
        (Target(turn, None, "0"), "right", "x" * 2_001, "say it in 2000"),
    ):
        with pytest.raises(WardroundError, match=said):
            give(db, target, judgement, comment)
    assert list(all_opinions(db)) == []


def test_feedback_goes_with_its_turn(db):
    turn = db.add_turn("c", "q", [], {"claims": SAID})
    give(db, Target(turn, None, "0"), "wrong")
    give(db, Target(None, "d1", "FINDINGS/0"), "wrong", said=SAID[0])
    with db.session() as session, session.begin():
        session.execute(delete(TurnRow))
    assert [opinion.draft for opinion in all_opinions(db)] == ["d1"]


def test_decisions_are_kept_in_order_with_what_stood_there(db):
    first, second = Claim("The heart is large.", "patient", "supported", None, ("e1",)), Claim("No.", "patient", "x")
    add_edit(db, "d1", "FINDINGS/0", "change", [first], [second], ["P-1", "S-1", "P-1"])
    add_edit(db, "d1", "FINDINGS/0", "reject", [second], [], ["P-1"])
    add_edit(db, "d2", "FINDINGS/0", "accept", [first], [first], ["P-2"])
    assert edited_drafts(db) == {"d1", "d2"}
    found = edits_of(db, {"d1", "d3"})
    assert set(found) == {"d1"}
    assert [(e.action, e.before, e.after) for e in found["d1"]] == [
        ("change", (first,), (second,)),
        ("reject", (second,), ()),
    ]
    with db.session() as session:
        assert {edit.by for edit in found["d1"]} == set(session.scalars(select(AccountRow.name)))


def test_a_patient_leaves_both(db):
    claim = Claim("The heart is large.", "patient", "supported")
    named = Claim("Mrs 4711-8 has a large heart.", "patient", "unsupported")
    for draft, said, concerned in (
        ("d1", claim, "P-1"),
        ("d2", claim, "P-2"),
        ("d3", named, "P-3"),
        ("d4", claim, "P-4"),
    ):
        add_edit(db, draft, "FINDINGS/0", "change", [claim], [said], [concerned])
        give(db, Target(None, draft, "FINDINGS/0"), "wrong", said.text, said=said.to_json(), concerns=[concerned])
    with db.session() as session, session.begin():
        gone = {"drafts": {"d4"}, "concerned": {"P-1"}, "in_text": lambda text: "4711-8" in text}
        assert (erase_edits(session, **gone), erase_opinions(session, **gone)) == (3, 3)
    assert edited_drafts(db) == {"d2"}
    assert [opinion.draft for opinion in all_opinions(db)] == ["d2"]


def test_feedback_of_an_earlier_version_is_taken_along(tmp_path):
    from alembic import command
    from alembic.config import Config

    db = WorkspaceDb(tmp_path)
    turn = db.add_turn("c", "q", [], {"claims": SAID})
    give(db, Target(turn, None, "1"), "harmful", "wrong side")
    give(db, Target(None, "d1", "FINDINGS/0"), "right", said=SAID[0])
    import assistant.store.workspace_place as place

    config = Config()
    config.set_main_option("script_location", str(place.Path(place.__file__).parent / "migrations"))
    with db.session() as session:
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "0003")
        session.commit()
    with sqlite3.connect(tmp_path / "workspace.db") as connection:
        rows = connection.execute("SELECT turn_id, claim, judgement, comment FROM feedback").fetchall()
        assert rows == [(turn, 1, "harmful", "wrong side")]
        older = (
            "INSERT INTO feedback (turn_id, account_id, claim, judgement, comment, given_at) VALUES (?, 1, 9, ?, '', ?)"
        )
        connection.execute(older, (turn, "right", "2026-01-02 03:04:05"))  # nothing had checked that there is a tenth
    connection.close()
    again = WorkspaceDb(tmp_path)
    told = [(o.sentence, o.judgement, o.said, o.given_at.year) for o in all_opinions(again)]
    assert sorted(told, key=str) == sorted([("1", "harmful", SAID[1], told[-1][3]), ("9", "right", {}, 2026)], key=str)
    assert own_opinions(again, [turn])[Target(turn, None, "1")] == Opinion("harmful", "wrong side")
    with again.session() as session:
        assert json.loads(json.dumps([row.concerns for row in session.scalars(select(FeedbackRow))])) == [[], []]
