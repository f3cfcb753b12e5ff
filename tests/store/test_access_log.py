"""The access log only grows, whoever writes to the database; forgetting a patient is the one change it lets through."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from assistant.acting import Acting
from assistant.forget import forget_patient
from assistant.store.workspace_db import WorkspaceDb

CHANGES = (
    "DELETE FROM access",
    "UPDATE access SET action = 'nothing'",
    "UPDATE access SET patient_id = NULL",
    "UPDATE access SET patient_id = 'P-somebody-else'",
    "UPDATE access SET patient_id = 'forgotten-1', record_id = 'forgotten-1', seen_at = '2001-01-01 00:00:00'",
    "UPDATE access SET patient_id = 'forgotten-1'",
    "UPDATE access SET account_id = account_id + 1, patient_id = 'forgotten-1', record_id = 'forgotten-1'",
)


def rows(db):
    with db.session() as session:
        return session.execute(text(f"SELECT access_id, action, record_id, patient_id FROM {table(db)}")).all()


def table(db):
    schema = db.session().get_bind().get_execution_options().get("schema_translate_map", {}).get(None)
    return f'"{schema}".access' if schema else "access"


def try_to(db, statement):
    with db.session() as session, pytest.raises(DatabaseError, match="only appended to"):
        session.execute(text(statement.replace(" access", f" {table(db)}", 1)))
        session.commit()


def test_entries_can_be_neither_changed_nor_deleted(tmp_path):
    db = WorkspaceDb(tmp_path)
    _walk(db)
    try_to(db, "INSERT OR REPLACE INTO access SELECT access_id, account_id, seen_at, 'x', 'r', 'p' FROM access")
    assert len(rows(db)) == 2


def test_entries_can_be_neither_changed_nor_deleted_on_a_server(on_postgres, tmp_path):
    db = WorkspaceDb(tmp_path)
    _walk(db)
    try_to(db, "TRUNCATE access")
    assert len(rows(db)) == 2


def _walk(db):
    db.log_access("view", [("r1", "P-1"), ("r2", None)])
    before = rows(db)
    for change in CHANGES:
        try_to(db, change)
    assert rows(db) == before


def test_forgetting_a_patient_unlinks_their_entries_and_leaves_the_rest(tmp_path):
    db = WorkspaceDb(tmp_path)
    db.log_access("view", [("r1", "P-1"), ("r2", "P-2")])
    assert forget_patient(tmp_path, "P-1").access_log_entries_unlinked == 1
    (_, _, record, patient), other = rows(db)
    assert record == patient and patient.startswith("forgotten-")
    assert other[2:] == ("r2", "P-2")


def test_forgetting_a_patient_unlinks_their_entries_on_a_server(on_postgres, tmp_path):
    db = WorkspaceDb(tmp_path)
    db.log_access("view", [("r1", "P-1")])
    assert forget_patient(tmp_path, "P-1").access_log_entries_unlinked == 1
    assert rows(db)[0][3].startswith("forgotten-")


def test_what_a_page_draws_again_is_one_entry_and_what_could_not_be_written_is_tried_again(tmp_path, monkeypatch):
    db = WorkspaceDb(tmp_path)
    db.who_acts = lambda: Acting(logged=True)
    with monkeypatch.context() as broken:
        broken.setattr(db, "account", lambda session: None)  # no such account: the entry is refused
        with pytest.raises(DatabaseError):
            db.log_access("view", [("r1", "P-1")])
    for _ in range(3):
        db.log_access("view", [("r1", "P-1"), ("r2", None)])
    db.log_access("search", [("r1", "P-1")])
    db.who_acts = lambda: Acting("ada", logged=True)
    db.log_access("view", [("r1", "P-1")])
    assert [row[1:3] for row in rows(db)] == [("view", "r1"), ("view", "r2"), ("search", "r1"), ("view", "r1")]
    db.who_acts = Acting  # a program says itself what it did
    db.log_access("view", [("r1", "P-1")])
    db.log_access("view", [("r1", "P-1")])
    assert len(rows(db)) == 6
