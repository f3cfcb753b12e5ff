"""What holds a file is looked up once for each generation, and bounded in memory."""

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from assistant.settings import load_settings
from assistant.store import holders
from assistant.store.catalogue import RecordRow
from assistant.store.documents import DocumentTable, TextDocument
from assistant.store.index import OpenIndex

CLEAR, EFFUSION = "The lungs are clear.", "There is an effusion on the left."


@pytest.fixture
def index(either, tmp_path):
    """Of three texts, two of them the same, of two patients."""
    table = DocumentTable(tmp_path, "notes")
    table.create("minilm-int8")
    whose = {"a": (CLEAR, "MRN-1"), "b": (CLEAR, "MRN-2"), "c": (EFFUSION, "MRN-1")}
    texts = [TextDocument(name, text, {"patient_id": patient}) for name, (text, patient) in whose.items()]
    table.put(texts, load_settings(tmp_path))
    index = OpenIndex(tmp_path, "notes")
    yield index
    index.close()


@pytest.fixture
def rows(index):
    with Session(index._engine) as session:
        found = session.execute(select(RecordRow.text, RecordRow.sha256, RecordRow.study_id, RecordRow.patient_id))
        return [tuple(row) for row in found]


@pytest.fixture
def asked(index, rows):
    """The statements that the catalogue's database is sent from now on."""
    statements = []
    event.listen(index._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    return statements


def hash_of(rows, text):
    return next(digest for own, digest, _, _ in rows if own == text)


def test_every_study_that_holds_a_file_is_told_with_its_patients(index, rows):
    clear = hash_of(rows, CLEAR)
    held = index.holders([clear, "", "of no file"])
    assert list(held) == [clear]
    assert dict(held[clear]) == {study: frozenset({person}) for text, _, study, person in rows if text == CLEAR}
    assert len({person for _, persons in held[clear] for person in persons}) == 2


def test_a_file_is_looked_up_once(index, rows, asked):
    clear, effusion = hash_of(rows, CLEAR), hash_of(rows, EFFUSION)
    first = index.holders([clear, "of no file"])
    once = len(asked)
    assert once and index.holders([clear, "of no file"]) == first and len(asked) == once
    assert set(index.holders([clear, effusion])) == {clear, effusion} and len(asked) > once


def test_what_is_known_does_not_grow_without_end(index, rows, monkeypatch):
    monkeypatch.setattr(holders, "KEPT", 3)
    for number in range(20):
        index.holders([f"of no file {number}"])
        assert len(index._holders._known) <= 4
    clear = hash_of(rows, CLEAR)
    assert set(index.holders([clear])) == {clear}
