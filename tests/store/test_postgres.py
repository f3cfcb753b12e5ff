"""A catalogue on a PostgreSQL server: what can go wrong there, and what the server holds."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest
from postgres import PASSWORD, ROLE
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError
from test_either_place import NOTES, files_of, start_build, write_rows

from assistant.assistant import Assistant
from assistant.errors import DamagedIndex, DatabaseUnavailable, WardroundError, WorkspaceBusy
from assistant.forget import forget_patient
from assistant.settings import load_settings
from assistant.store.catalogue import Base
from assistant.store.doctor import examine
from assistant.store.generations import IndexFolder
from assistant.store.home import home_of
from assistant.store.postgres import PostgresCatalogue, schema_prefix, schemas_of
from assistant.store.repair import mend
from assistant.store.server import server_of


def database_of(url):
    return url.rpartition("/")[2]


def schemas(workspace, name="notes"):
    return schemas_of(load_settings(workspace).store, home_of(workspace).workspace, name)


@pytest.fixture
def notes(on_postgres, tmp_path):
    """A workspace with the notes built on the server."""
    Assistant.build(write_rows(tmp_path, NOTES))
    return tmp_path


# --- what is where -----------------------------------------------------------------------------------


def test_a_generation_names_its_schema_and_no_address_and_paths_stay_with_their_owner(notes):
    folder = IndexFolder.of(notes, "notes").open_current()
    told = json.loads((folder / "catalogue.json").read_text())
    assert schemas(notes) == [told["schema"]]
    assert told["tables"]["record"]["rows"] == len(NOTES)
    assert not (folder / "catalogue.sqlite").exists()
    assert (folder / "paths.sqlite").stat().st_mode & 0o077 == 0
    for path in notes.rglob("*"):
        if path.is_file() and path.name != "database.json":
            assert PASSWORD.encode() not in path.read_bytes(), path
            assert b"127.0.0.1" not in path.read_bytes(), path
    assert ROLE not in (notes / "database.json").read_text()


def test_own_ids_and_paths_never_reach_the_server(notes, postgres, on_postgres):
    dump = subprocess.run(
        [postgres.bin / "pg_dump", on_postgres.replace(f"{ROLE}@", "admin@")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Known aortic stenosis" in dump
    assert "B-200-X" not in dump
    assert str(notes / "data") not in dump


def test_only_two_generations_are_kept_and_orphans_are_swept(notes):
    for n in range(3):
        Assistant.build(write_rows(notes, [*NOTES, {"id": "x", "who": "", "on": "", "text": f"Note {n}."}]))
    folder = IndexFolder.of(notes, "notes")
    assert [path.name for path in folder.generations()] == ["000003", "000004"]
    assert len(schemas(notes)) == 2
    shutil.rmtree(folder.generation_path(3))  # by hand: its schema is left alone on the server
    assert len(schemas(notes)) == 2
    Assistant.build(write_rows(notes, NOTES))
    assert len(schemas(notes)) == 2
    assert {PostgresCatalogue(path, folder.store).schema for path in folder.generations()} == set(schemas(notes))


@pytest.mark.parametrize("name", ["DROP.table-x", "a" * 64, "public", "A_b", "a.B"])
def test_any_index_name_makes_a_schema(on_postgres, tmp_path, name):
    Assistant.build(write_rows(tmp_path, NOTES[:1], name))
    (schema,) = schemas(tmp_path, name)
    assert len(schema) <= 63
    assert Assistant.open(tmp_path).totals() == {name: {"text": 1}}


def test_schemas_of_names_that_look_alike_differ():
    names = ["a.b", "a-b", "a_b", "A.b", "a" * 30, "a" * 31, "a", "a_"]
    prefixes = {schema_prefix("0" * 12, name) for name in names}
    assert len(prefixes) == len(names)
    assert not any(one != other and one.startswith(other) for one in prefixes for other in prefixes)


def test_a_schema_has_the_keys_and_indexes_of_the_models(notes):
    folder = IndexFolder.of(notes, "notes")
    catalogue = folder.catalogue(folder.open_current())
    with server_of(load_settings(notes).store).transaction() as connection:
        there = inspect(connection)
        for table in Base.metadata.sorted_tables:
            if table.name == "staged_vector":
                continue
            keys = there.get_foreign_keys(table.name, catalogue.schema)
            assert {key["referred_table"] for key in keys} == {key.column.table.name for key in table.foreign_keys}
            indexes = {index["name"] for index in there.get_indexes(table.name, catalogue.schema)}
            assert indexes >= {index.name for index in table.indexes}


def test_readers_can_not_change_what_was_committed(notes):
    folder = IndexFolder.of(notes, "notes")
    catalogue = folder.catalogue(folder.open_current())
    with catalogue.engine().connect() as connection, pytest.raises(SQLAlchemyError, match="read-only"):
        connection.execute(text(f"DELETE FROM {catalogue.schema}.finding"))


# --- damage ------------------------------------------------------------------------------------------


def test_a_missing_row_is_refused_and_built_anew(notes, postgres, on_postgres):
    (schema,) = schemas(notes)
    postgres.sql(f"DELETE FROM {schema}.finding", database_of(on_postgres))
    with pytest.raises(DamagedIndex, match=r"table finding has 0 rows instead of \d+; build the index again"):
        Assistant.open(notes)
    report = Assistant.build(notes / "indexes" / "notes.toml")
    assert (report.generation, report.added) == (2, len(NOTES))
    assert examine(notes, "notes").sound


def test_the_doctor_finds_a_changed_row_and_no_generation_grows_from_it(notes, postgres, on_postgres):
    (schema,) = schemas(notes)
    assert examine(notes, "notes").sound
    postgres.sql(f"UPDATE {schema}.record SET modality = 'MR'", database_of(on_postgres))
    wrong = [check for check in examine(notes, "notes").checks if not check.ok]
    assert [check.name for check in wrong] == ["tables"]
    assert "table record does not match its digest" in wrong[0].found
    mended = mend(notes, examine(notes, "notes"))
    assert mended.generation is None
    assert "table record does not match its digest" in mended.left[0]
    assert Assistant.build(notes / "indexes" / "notes.toml").generation == 2
    assert examine(notes, "notes").sound


def test_forgetting_reaches_what_an_index_left_that_was_removed_by_hand(notes):
    Assistant.build(write_rows(notes, NOTES, "others"))
    shutil.rmtree(notes / "indexes" / "others")
    assert len(schemas(notes, "others")) == 1
    report = forget_patient(notes, "A-100-X")
    assert [found["index"] for found in report.indexes] == ["notes"]
    assert report.not_cleaned == []
    assert schemas(notes, "others") == []
    assert len(schemas(notes)) == 1


def test_a_damaged_word_index_is_mended_from_the_texts_on_the_server(notes):
    next((IndexFolder.of(notes, "notes").open_current() / "words").iterdir()).unlink()
    with pytest.raises(DamagedIndex, match="words"):
        Assistant.open(notes)
    assert mend(notes, examine(notes, "notes")).generation == 2
    assert examine(notes, "notes").sound
    assert len(schemas(notes)) == 2


def test_a_schema_that_was_dropped_is_told(notes, postgres, on_postgres):
    assistant = Assistant.open(notes)
    postgres.sql(f"DROP SCHEMA {schemas(notes)[0]} CASCADE", database_of(on_postgres))
    with pytest.raises(DamagedIndex, match=r'relation "wardround_.*" does not exist.*build the index again'):
        assistant.search("effusion")
    with pytest.raises(DamagedIndex, match="build the index again"):
        Assistant.open(notes)
    assert Assistant.build(notes / "indexes" / "notes.toml").added == len(NOTES)


def test_a_backup_restored_into_another_database_is_whole(notes, postgres, on_postgres, monkeypatch):
    before = Assistant.open(notes).search("pleural effusion").evidence
    admin = on_postgres.replace(f"{ROLE}@", "admin@")
    dump = subprocess.run([postgres.bin / "pg_dump", admin], capture_output=True, check=True).stdout
    with postgres.database() as elsewhere:
        into = [postgres.bin / "psql", "--quiet", "-v", "ON_ERROR_STOP=1", elsewhere.replace(f"{ROLE}@", "admin@")]
        subprocess.run(into, input=dump, stdout=subprocess.DEVNULL, check=True)
        monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", elsewhere)
        assert examine(notes, "notes").sound
        assert Assistant.open(notes).search("pleural effusion").evidence == before
        grown = Assistant.build(write_rows(notes, [*NOTES, {"id": "n8", "who": "", "on": "", "text": "Gout."}]))
        assert (grown.generation, grown.added, grown.unchanged) == (2, 1, len(NOTES))
        server_of(load_settings(notes).store).close()


# --- the server --------------------------------------------------------------------------------------


def failing(workspace):
    """What building and opening say."""
    with pytest.raises(WardroundError) as raised:
        Assistant.build(write_rows(workspace, NOTES))
    assert PASSWORD not in str(raised.value)
    return str(raised.value)


def test_a_wrong_password_is_told_without_telling_it(on_postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "wrong horse")
    told = failing(tmp_path)
    assert f"database '{database_of(on_postgres)}'" in told
    assert "password authentication failed" in told
    assert "PGPASSWORD" in told
    assert "wrong horse" not in told
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", on_postgres.replace(f"{ROLE}@", f"{ROLE}:wrong%20horse@"))
    told = failing(tmp_path)
    assert "password authentication failed" in told
    assert "wrong" not in told
    assert "wrong" not in repr(load_settings(tmp_path))
    assert "wrong" not in load_settings(tmp_path).model_dump_json()


def test_what_can_not_be_reached_is_named_with_a_way_out(on_postgres, tmp_path, monkeypatch):
    def at(url):
        monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", url)
        return failing(tmp_path)

    told = at("postgresql://ward@127.0.0.1:1/x")
    assert "PostgreSQL 127.0.0.1:1, database 'x'" in told
    assert "Connection refused" in told
    assert "see that the server runs" in told
    told = at(f"{on_postgres}_elsewhere")
    assert f'database "{database_of(on_postgres)}_elsewhere" does not exist' in told
    assert "createdb" in told
    assert "not a database address" in at("postgresql//ward:correct horse@host")
    assert "not a database address" in at("postgresql://ward:correct horse@host:port/x")
    assert "no PostgreSQL database" in at("mysql://ward@localhost/x")
    monkeypatch.delenv("WARDROUND_STORE__DATABASE_URL")
    assert "no PostgreSQL database is named: set store.database_url" in failing(tmp_path)


def test_without_its_driver_the_extra_is_named(on_postgres, tmp_path, monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "psycopg", None)
        assert "pip install 'wardround[postgres]'" in failing(tmp_path)


def test_a_role_that_may_not_create_schemas_is_told_which_right_it_needs(on_postgres, postgres, tmp_path):
    postgres.sql(f"REVOKE CREATE ON DATABASE {database_of(on_postgres)} FROM {ROLE}")
    assert f"GRANT CREATE ON DATABASE {database_of(on_postgres)}" in failing(tmp_path)


def test_a_database_of_another_encoding_is_refused(on_postgres, postgres, tmp_path, monkeypatch):
    with postgres.database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0") as url:
        monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", url)
        told = failing(tmp_path)
        server_of(load_settings(tmp_path).store).close()
    assert "its encoding is LATIN1" in told
    assert "ENCODING 'UTF8'" in told


def test_a_lost_server_is_told_and_the_next_search_works_when_it_is_back(notes, postgres):
    assistant = Assistant.open(notes)
    before = assistant.search("pleural effusion").evidence
    assert before
    postgres.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="see that the server runs") as raised:
            assistant.search("pleural effusion")
        assert f"PostgreSQL 127.0.0.1:{postgres.port}" in str(raised.value)
        with pytest.raises(DatabaseUnavailable):
            assistant.db.add_turn("c", "q", [], {})
    finally:
        postgres.start()
    assert assistant.search("pleural effusion").evidence == before
    assistant.db.add_turn("c", "q", [], {})


def test_a_restart_between_two_searches_is_not_noticed(notes, postgres):
    assistant = Assistant.open(notes)
    before = assistant.search("pleural effusion").evidence
    postgres.stop()
    postgres.start()
    assert assistant.search("pleural effusion").evidence == before


def test_a_server_that_goes_down_in_a_build_ends_it_and_the_next_goes_on(on_postgres, postgres, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(3))
    Assistant.build(archive, workspace=tmp_path)
    files_of(archive, range(60))
    process = start_build(archive, tmp_path, WARDROUND_STORE__BATCH_FILES="1")
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if (tmp_path / "indexes" / "notes" / "building" / "catalogue.json").exists():
            break
        time.sleep(0.01)
    time.sleep(0.3)
    postgres.stop()
    try:
        assert process.wait(60) == 2, process.stderr.read()
        assert f"PostgreSQL 127.0.0.1:{postgres.port}" in process.stderr.read()
    finally:
        postgres.start()
    assert Assistant.open(tmp_path).totals() == {"notes": {"text": 3}}
    assert Assistant.build(archive, workspace=tmp_path).records["text"] == 60
    assert examine(tmp_path, "notes").sound


@pytest.mark.parametrize("told", ["", '{"schema": "x; DROP"}', '{"schema": "wardround_of_nobody"}'])
def test_a_working_copy_that_is_no_longer_understood_is_begun_anew(notes, told):
    building = IndexFolder.of(notes, "notes").building
    building.mkdir()
    (building / "catalogue.json").write_text(told)
    (building / "paths.sqlite").write_bytes(b"")
    assert Assistant.build(write_rows(notes, NOTES[:3])).generation == 2
    assert len(schemas(notes)) == 2
    assert examine(notes, "notes").sound


def test_builders_of_other_machines_are_kept_out_by_the_server(notes):
    """The flock of another machine's process is not seen; the server's lock is."""
    store = load_settings(notes).store
    with server_of(store).alone(f"{home_of(notes).workspace}/notes", "somebody"):
        with pytest.raises(WorkspaceBusy, match="another process"):
            Assistant.build(notes / "indexes" / "notes.toml")
        Assistant.build(write_rows(notes, NOTES[:1], "others"))  # another index may be built
    Assistant.build(notes / "indexes" / "notes.toml")


def test_a_build_that_lost_its_lock_commits_nothing(notes, postgres, on_postgres, monkeypatch):
    from assistant.store.working import WorkingCopy

    put = WorkingCopy.put

    def put_and_lose(self, items, fingerprints):
        put(self, items, fingerprints)
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            f"(SELECT oid FROM pg_database WHERE datname = '{database_of(on_postgres)}')"
        )

    monkeypatch.setattr(WorkingCopy, "put", put_and_lose)
    recipe = write_rows(notes, [*NOTES, {"id": "n9", "who": "", "on": "", "text": "Gout."}])
    with pytest.raises(DatabaseUnavailable, match="lost"):
        Assistant.build(recipe)
    assert IndexFolder.of(notes, "notes").current() == 1


def test_a_reader_of_an_old_generation_delays_its_removal_and_nobody_else(notes, on_postgres):
    folder = IndexFolder.of(notes, "notes")
    catalogue = folder.catalogue(folder.open_current())
    schema = catalogue.schema
    Assistant.build(write_rows(notes, NOTES[:4]))
    with catalogue.engine(writable=True).begin() as connection:
        connection.execute(text(f"SELECT * FROM {schema}.record"))  # and holds on to it
        assert Assistant.build(write_rows(notes, NOTES[:3])).generation == 3
        assert schema in schemas(notes)
    assert Assistant.build(write_rows(notes, NOTES[:2])).generation == 4
    assert schema not in schemas(notes)


def test_many_threads_share_the_pools(notes, postgres, on_postgres):
    assistant, errors = Assistant.open(notes), []

    def ask():
        try:
            for _ in range(5):
                assert assistant.search("pleural effusion").evidence
                assistant.db.log_access("view", [("r", "p")])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    used = postgres.sql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database_of(on_postgres)}'")[0][0]
    assert used <= 2 * 2 * load_settings(notes).store.database_connections


def test_no_message_quotes_a_row(notes):
    folder = IndexFolder.of(notes, "notes")
    catalogue = folder.catalogue(folder.open_current())
    statement = text(f"UPDATE {catalogue.schema}.record SET sha256 = NULL")
    with catalogue.engine(writable=True).begin() as connection, pytest.raises(WardroundError) as raised:
        connection.execute(statement)
    assert 'null value in column "sha256"' in str(raised.value)
    assert "effusion" not in str(raised.value)
    twice = text(f"INSERT INTO {catalogue.schema}.meta VALUES (:key, '1')")
    with catalogue.engine(writable=True).begin() as connection, pytest.raises(WardroundError) as raised:
        connection.execute(twice, {"key": "namespace"})
    assert "duplicate key" in str(raised.value)


def test_a_forked_process_leaves_its_parents_connections_alone(notes):
    assistant = Assistant.open(notes)
    before = assistant.search("pleural effusion").evidence
    child = os.fork()
    if child == 0:
        with server_of(load_settings(notes).store).transaction() as connection:
            os._exit(connection.exec_driver_sql("SELECT 40 + 2").scalar())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert assistant.search("pleural effusion").evidence == before
