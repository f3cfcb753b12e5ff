"""Conversations are kept for their account alone, can be renamed, taken back in part and deleted."""

import pytest
from sqlalchemy import func, select

from assistant.acting import Acting
from assistant.errors import WardroundError
from assistant.store.opinions import Target, give
from assistant.store.talks import LONGEST_TITLE, Talks
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import ConversationRow, FeedbackRow, TurnRow


@pytest.fixture
def db(tmp_path):
    return WorkspaceDb(tmp_path)


def as_account(db, name):
    db.who_acts = lambda: Acting(account=name)


def rows(db, table):
    with db.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_turns_come_back_in_order_with_their_case(db):
    talks = Talks(db)
    first = talks.add("a", "Is there  an\neffusion?", ["u1"], {"text": "yes"}, scope={"about": ["P-1"]})
    second = talks.add("a", "And now?", [], {"text": "no"}, case_number=1)
    kept = talks.turns("a")
    assert [(turn.id, turn.case_number, turn.answer) for turn in kept] == [
        (first, 0, {"text": "yes"}), (second, 1, {"text": "no"}),
    ]  # fmt: skip
    assert (kept[0].question, kept[0].uploads) == ("Is there  an\neffusion?", ("u1",))
    assert kept[0].scope == {"about": ["P-1"]} and kept[1].scope == {}
    (listed,) = talks.newest()
    assert (listed.id, listed.title, listed.turns) == ("a", "Is there an effusion?", 2)


def test_the_latest_conversation_stands_first(db):
    talks = Talks(db)
    for name in ("a", "b", "a"):
        talks.add(name, f"{name}?", [], {})
    assert [talk.id for talk in talks.newest()] == ["a", "b"]
    assert [talk.id for talk in talks.newest(limit=1)] == ["a"]


def test_another_account_sees_and_changes_nothing(db):
    talks = Talks(db)
    as_account(db, "one")
    talks.add("a", "mine?", [], {})
    as_account(db, "two")
    assert talks.newest() == []
    for attempt in (
        lambda: talks.turns("a"),
        lambda: talks.rename("a", "taken"),
        lambda: talks.take_back("a", [1]),
        lambda: talks.delete("a"),
        lambda: talks.add("a", "in between?", [], {}),
        lambda: talks.turns("nowhere"),
    ):
        with pytest.raises(WardroundError, match="no such conversation"):
            attempt()
    as_account(db, "one")
    assert [turn.question for turn in talks.turns("a")] == ["mine?"] and talks.newest()[0].title == "mine?"


def test_what_is_taken_back_is_kept_and_not_shown(db):
    talks = Talks(db)
    talks.add("a", "first?", [], {})
    second = talks.add("a", "second?", [], {})
    other = talks.add("b", "other?", [], {})
    talks.take_back("a", [second, other])
    assert [turn.question for turn in talks.turns("a")] == ["first?"]
    assert [turn.question for turn in talks.turns("b")] == ["other?"]
    assert {talk.id: talk.turns for talk in talks.newest()} == {"a": 1, "b": 1}
    assert rows(db, TurnRow) == 3


def test_a_title_is_one_line_and_never_empty(db):
    talks = Talks(db)
    talks.add("a", "word " * 50, [], {})
    assert len(talks.newest()[0].title) <= LONGEST_TITLE and talks.newest()[0].title.endswith("word …")
    talks.rename("a", " the  left\nlung ")
    assert talks.newest()[0].title == "the left lung"
    talks.add("a", "again?", [], {})
    assert talks.newest()[0].title == "the left lung"
    with pytest.raises(WardroundError, match="needs a name"):
        talks.rename("a", " \n")


def test_a_deleted_conversation_leaves_nothing(db):
    talks = Talks(db)
    turn = talks.add("a", "q?", [], {"claims": [{"text": "A."}]})
    gone = talks.add("a", "r?", [], {"claims": [{"text": "B."}]})
    kept = talks.add("b", "s?", [], {"claims": [{"text": "C."}]})
    talks.take_back("a", [gone])
    for number in (turn, gone, kept):
        give(db, Target(number, None, "0"), "wrong")
    talks.delete("a")
    assert (rows(db, ConversationRow), rows(db, TurnRow), rows(db, FeedbackRow)) == (1, 1, 1)
    assert [talk.id for talk in talks.newest()] == ["b"]


def test_a_question_is_kept_before_its_answer_and_a_dropped_one_leaves_nothing(db):
    talks = Talks(db)
    turn = talks.add("a", "Is there an effusion?", ["u1"], {})
    assert [(kept.question, kept.is_answered) for kept in talks.turns("a")] == [("Is there an effusion?", False)]
    assert talks.finish(turn, ["u1", "u2"], {"text": "yes"}, {"about": ["P-1"]})
    (kept,) = talks.turns("a")
    assert (kept.id, kept.is_answered, kept.uploads, kept.scope) == (turn, True, ("u1", "u2"), {"about": ["P-1"]})
    talks.drop(talks.add("a", "second?", [], {}))
    assert [kept.id for kept in talks.turns("a")] == [turn]
    talks.drop(turn)
    assert talks.newest() == [] and not talks.finish(turn, [], {"text": "late"}, {})
