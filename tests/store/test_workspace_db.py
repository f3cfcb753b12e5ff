import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from assistant.errors import WardroundError
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import WorkspaceBase


def test_migrations_make_exactly_the_tables_of_the_models(tmp_path):
    WorkspaceDb(tmp_path)
    with create_engine(f"sqlite:///{tmp_path / 'workspace.db'}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), WorkspaceBase.metadata) == []


def test_turns_are_kept_in_order_and_survive_reopening(tmp_path):
    db = WorkspaceDb(tmp_path)
    db.add_turn("c1", "first?", ["u1"], {"text": "one"})
    db.add_turn("c2", "other?", [], {"text": "two"})
    db.add_turn("c1", "second?", [], {"text": "three"})
    assert WorkspaceDb(tmp_path).turns("c1") == [("first?", {"text": "one"}), ("second?", {"text": "three"})]


def test_the_file_is_its_owners_alone(tmp_path):
    WorkspaceDb(tmp_path)
    assert (tmp_path / "workspace.db").stat().st_mode & 0o077 == 0


def test_a_damaged_or_newer_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "workspace.db"
    path.write_bytes(b"this is no database, it is a text " * 50)
    with pytest.raises(WardroundError, match="restore it from a backup"):
        WorkspaceDb(tmp_path)
    path.unlink()
    WorkspaceDb(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(WardroundError, match="made by a newer Wardround"):
        WorkspaceDb(tmp_path)
