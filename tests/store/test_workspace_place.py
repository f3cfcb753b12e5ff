"""The workspace's own tables on a server: moved there and back whole, and written by many processes at once."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select
from test_either_place import NOTES, write_rows

from assistant.assistant import Assistant
from assistant.errors import DatabaseUnavailable, WardroundError, WorkspaceBusy
from assistant.forget import forget_patient
from assistant.records import Claim
from assistant.settings import load_settings
from assistant.store.edits import add_edit
from assistant.store.forgotten import remember
from assistant.store.home import home_made, home_of
from assistant.store.index import OpenIndex
from assistant.store.opinions import Target, give
from assistant.store.server import server_of
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import AccessRow, AccountRow, ForgottenRow, TurnRow, WorkspaceBase


def store(workspace, place):
    return load_settings(workspace).store.model_copy(update={"catalogue": place})


def fill(db):
    for n in range(3):
        answer = {"text": f"answer {n}", "evidence": [], "none": None, "claims": [{"text": "x"}]}
        turn = db.add_turn("c1", f"question {n}: Œdème?\0", ["u1"], answer)
    give(db, Target(turn, None, "0"), "harmful", "wrong side")
    add_edit(db, "d1", "FINDINGS/0", "reject", [Claim("x", "general", "supported")], [], ["P-1"])
    db.log_access("view", [("r1", "P-1"), ("r2", None)])
    run = db.start_draft_run(Path("/drafts"), "quote")
    db.add_drafted(run, [("S-1", "no picture")])
    db.end_draft_run(run)
    remember(db, ["key-1", "key-2"], "")
    remember(db, ["key-2", "key-3"], "")


def content(db):
    with db.session() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in WorkspaceBase.metadata.sorted_tables
        }


def test_both_places_keep_the_same(either, tmp_path):
    db = WorkspaceDb(tmp_path)
    fill(db)
    again = WorkspaceDb(tmp_path)
    assert [question for question, _ in again.turns("c1")] == [f"question {n}: Œdème? " for n in range(3)]
    assert again.turns("c1")[2][1] == {"text": "answer 2", "evidence": [], "none": None, "claims": [{"text": "x"}]}
    with pytest.raises(WardroundError, match="no such turn"):
        give(db, Target(999, None, "0"), "right")
    with db.session() as session:
        assert session.scalar(select(func.count()).select_from(ForgottenRow)) == 3
        assert session.scalar(select(func.count()).select_from(AccountRow)) == 1
    db.vacuum()
    assert (tmp_path / "workspace.db").exists() == (either == "sqlite")


def test_migrations_make_exactly_the_tables_of_the_models(on_postgres, tmp_path):
    WorkspaceDb(tmp_path)
    server = server_of(load_settings(tmp_path).store)
    with server.transaction() as connection:
        connection.exec_driver_sql(f"SET LOCAL search_path TO wardround_{home_of(tmp_path).workspace}")
        assert compare_metadata(MigrationContext.configure(connection), WorkspaceBase.metadata) == []


def test_tables_move_to_the_server_and_back_with_every_row(on_postgres, tmp_path):
    db = WorkspaceDb(tmp_path, store(tmp_path, "sqlite"))
    fill(db)
    before = content(db)
    moved = WorkspaceDb(tmp_path)
    assert content(moved) == before
    assert not (tmp_path / "workspace.db").exists()
    assert (tmp_path / "workspace.db.moved").stat().st_mode & 0o077 == 0
    assert (tmp_path / "database.json").stat().st_mode & 0o077 == 0
    with sqlite3.connect(tmp_path / "workspace.db.moved") as kept:
        assert kept.execute("SELECT count(*) FROM turn").fetchone() == (3,)
    assert moved.add_turn("c2", "new", [], {}) == 4  # keys go on
    after = content(moved)

    back = WorkspaceDb(tmp_path, store(tmp_path, "sqlite"))
    assert content(back) == after
    assert back.add_turn("c2", "newer", [], {}) == 5
    assert (tmp_path / "workspace.db").stat().st_mode & 0o077 == 0
    assert content(WorkspaceDb(tmp_path, store(tmp_path, "sqlite"))) == content(back)
    assert len(content(WorkspaceDb(tmp_path))["turn"]) == 5  # and there again, beside the copy of the first move
    assert (tmp_path / "workspace.db.moved.2").exists()


def test_tables_on_a_server_are_not_replaced_by_empty_ones(on_postgres, tmp_path, monkeypatch, postgres):
    WorkspaceDb(tmp_path).add_turn("c", "q", [], {})
    monkeypatch.delenv("WARDROUND_STORE__DATABASE_URL")
    monkeypatch.delenv("WARDROUND_STORE__CATALOGUE")
    with pytest.raises(DatabaseUnavailable, match=r"are in PostgreSQL 127\.0\.0\.1.*set store\.catalogue") as raised:
        WorkspaceDb(tmp_path)
    assert "list of forgotten patients" in str(raised.value)
    assert not (tmp_path / "workspace.db").exists()
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "postgresql")
    with postgres.database() as elsewhere:
        monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", elsewhere)
        with pytest.raises(DatabaseUnavailable, match="are not there; they were in PostgreSQL"):
            WorkspaceDb(tmp_path)
        server_of(load_settings(tmp_path).store).close()
    monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", on_postgres)
    assert WorkspaceDb(tmp_path).turns("c") == [("q", {})]


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_move_that_was_killed_is_done_by_the_next(on_postgres, tmp_path, monkeypatch, moment):
    from assistant.store import workspace_place

    db = WorkspaceDb(tmp_path, store(tmp_path, "sqlite"))
    fill(db)
    before = content(db)
    real = {name: getattr(workspace_place, name) for name in ("moved", "_free")}

    def killed(*arguments):
        if moment == "before the commit":
            real["moved"](*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace_place, "moved" if moment == "before the commit" else "_free", killed)
    with pytest.raises(KeyboardInterrupt):
        WorkspaceDb(tmp_path)
    assert (tmp_path / "workspace.db").exists()
    for name, function in real.items():
        monkeypatch.setattr(workspace_place, name, function)
    assert content(WorkspaceDb(tmp_path)) == before
    assert not (tmp_path / "workspace.db").exists()


def test_a_file_in_use_is_not_moved(on_postgres, tmp_path, monkeypatch):
    from assistant.store import workspace_place

    monkeypatch.setattr(workspace_place, "_WAIT_S", 1)
    db = WorkspaceDb(tmp_path, store(tmp_path, "sqlite"))
    fill(db)
    with db.session() as session:
        session.add(AccountRow(name="somebody"))
        session.flush()
        with pytest.raises(WorkspaceBusy, match=r"workspace\.db: another process"):
            WorkspaceDb(tmp_path)
        session.rollback()
    assert len(WorkspaceDb(tmp_path).turns("c1")) == 3


def test_the_forgotten_stay_forgotten_when_everything_moves(on_postgres, tmp_path, monkeypatch):
    recipe = write_rows(tmp_path, NOTES)
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "sqlite")
    Assistant.build(recipe)
    forget_patient(tmp_path, "A-100-X")
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "postgresql")
    assert Assistant.build(recipe).records["text"] == 4
    shutil.rmtree(tmp_path / "indexes" / "notes")
    assert Assistant.build(recipe).records["text"] == 4
    assert list(tmp_path.glob("workspace.db.moved"))
    forget_patient(tmp_path, "B-200-X")
    assert not list(tmp_path.glob("workspace.db*"))
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "sqlite")
    assert Assistant.build(recipe).records["text"] == 2


def test_an_index_moves_with_the_setting_and_nothing_is_encoded_again(on_postgres, tmp_path, monkeypatch):
    from assistant.embed import open_encoder

    recipe = write_rows(tmp_path, NOTES)
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "sqlite")
    Assistant.build(recipe)
    Assistant.build(write_rows(tmp_path, NOTES[1:]))  # the first keys are gone
    Assistant.build(write_rows(tmp_path, NOTES[1:3], "few"))
    embed = load_settings(tmp_path).embed
    monkeypatch.setattr(open_encoder("text", embed.text, embed), "encode", None)  # a call would fail
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "postgresql")
    moved = Assistant.build(recipe)
    assert (moved.generation, moved.added, moved.updated, moved.unchanged) == (3, 0, 0, 5)
    assert Assistant.build(recipe).generation == 3
    assert OpenIndex(tmp_path, "notes").find_study("n3")
    assert Assistant.open(tmp_path).totals() == {"few": {"text": 2}, "notes": {"text": 5}}  # one here, one there
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "sqlite")
    back = Assistant.build(recipe)
    assert (back.generation, back.added, back.unchanged) == (4, 0, 5)
    assert (OpenIndex(tmp_path, "notes").path / "catalogue.sqlite").exists()


def test_an_index_on_a_server_says_so_where_no_server_is_named(on_postgres, tmp_path, monkeypatch):
    Assistant.build(write_rows(tmp_path, NOTES))
    monkeypatch.delenv("WARDROUND_STORE__DATABASE_URL")
    monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "sqlite")
    for use in (lambda: OpenIndex(tmp_path, "notes"), lambda: Assistant.build(tmp_path / "indexes" / "notes.toml")):
        with pytest.raises(DatabaseUnavailable, match=r"lies in PostgreSQL; set store\.database_url"):
            use()


def test_many_processes_write_at_once(either, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from assistant.store.workspace_db import WorkspaceDb\n"
        "db = WorkspaceDb(Path(sys.argv[1]))\n"
        "for n in range(10):\n"
        "    db.add_turn(f'c{n}', f'{sys.argv[2]} asks', [], {})\n"
        "    db.log_access('view', [('r', 'p')])\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path, str(n)], stderr=subprocess.PIPE, text=True)
        for n in range(6)
    ]
    told = [(process.wait(), process.stderr.read()) for process in processes]
    assert [code for code, _ in told] == [0] * 6, told
    with WorkspaceDb(tmp_path).session() as session:
        for table, rows in ((TurnRow, 60), (AccessRow, 60), (AccountRow, 1)):
            assert session.scalar(select(func.count()).select_from(table)) == rows


def test_processes_that_come_first_at_once_make_one_id(tmp_path):
    code = "import sys; from pathlib import Path; from assistant.store.home import home_made\n"
    code += "print(home_made(Path(sys.argv[1])).workspace)"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ids = {process.communicate()[0].strip() for process in processes}
    assert ids == {home_made(tmp_path).workspace}
    assert [path.name for path in tmp_path.iterdir()] == ["database.json"]
    (tmp_path / "database.json").write_text('{"workspace": "../x"}')
    with pytest.raises(WardroundError, match=r"database\.json: can't be understood"):
        home_of(tmp_path)
