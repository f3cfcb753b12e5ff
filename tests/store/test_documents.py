"""An index of texts that are handed in, with its tables in SQLite and on a PostgreSQL server."""

import pytest

from assistant.assistant import Assistant
from assistant.errors import BadQuery
from assistant.forget import forget_patient
from assistant.settings import load_settings
from assistant.store.documents import DocumentTable, TextDocument
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex

LABELS = ['a"b', "a.b", "ä", "0", "it's", "a\\b"]


@pytest.fixture
def table(either, tmp_path):
    table = DocumentTable(tmp_path, "notes")
    table.create("minilm-int8")
    return table


def found(table, **wanted):
    """The ids of the documents that a filter lets through."""
    index = OpenIndex(table.workspace, table.name)
    keys, _ = index.keys(Filter(**wanted), "text")
    passages = index.passages([int(key) for key in keys])
    records = index.whole_records({passage.record_pk for passage in passages.values()})
    index.close()
    return {record.external_id for record in records.values()}


def test_labels_of_any_name_are_filtered_by(table):
    settings = load_settings(table.workspace)
    documents = [TextDocument(name, f"Text {n}.", labels={name: "yes"}) for n, name in enumerate(LABELS)]
    report = table.put([*documents, TextDocument("none", "Another.", labels={"ä": "no"})], settings)
    assert (report.generation, report.added, report.set_aside) == (1, 7, ())
    for name in LABELS:
        assert found(table, labels=((name, frozenset({"yes"})),)) == {name}
    assert found(table, labels=(("ä", frozenset({"yes", "no"})),)) == {"ä", "none"}
    assert found(table, labels=(("ä", frozenset({"yes"})), ("0", frozenset({"yes"})))) == set()


def test_texts_are_replaced_removed_and_forgotten(table):
    settings = load_settings(table.workspace)
    of_patient = TextDocument("p", "Effusion on the left.", {"patient_id": "MRN-4711", "taken_at": "2024-05-01"})
    table.put([of_patient, TextDocument("q", "The lungs are clear.")], settings)
    report = table.put([TextDocument("q", "The lungs are congested.")], settings)
    assert (report.updated, report.unchanged) == (1, 1)
    assert Assistant.open(table.workspace).search("lungs").evidence[0].text == "The lungs are congested."
    assert forget_patient(table.workspace, "MRN-4711").indexes[0]["records"] == 1
    assert "MRN-4711" not in table.path.read_text()
    assert Assistant.build(table.recipe_path).removed == 0
    with pytest.raises(BadQuery, match="forgotten"):
        table.put([of_patient], settings)
    assert table.remove(None, settings).records["text"] == 0


def test_what_can_not_be_kept_changes_nothing(table):
    settings = load_settings(table.workspace)
    table.put([TextDocument("a", "The lungs are clear.")], settings)
    before = table.path.read_bytes()
    with pytest.raises(BadQuery, match=r"'b'.*'yesterday' is no date"):
        table.put([TextDocument("b", "Text.", {"taken_at": "yesterday"})], settings)
    with pytest.raises(BadQuery, match="no fact is called 'author'"):
        table.put([TextDocument("b", "Text.", {"author": "x"})], settings)
    assert table.path.read_bytes() == before
    table.recipe_path.write_text(table.recipe_path.read_text().replace("minilm-int8", "nothing"))
    with pytest.raises(Exception, match="no text encoder named 'nothing'"):
        table.put([TextDocument("b", "Text.")], settings)
    assert table.path.read_bytes() == before
