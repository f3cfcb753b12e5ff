"""A document is found by its title, which stands neither in what is shown of it nor twice in what is indexed."""

import json

import pytest

from assistant.assistant import Assistant
from assistant.records import Passage, Record
from assistant.store.indexed_text import indexed_rows, indexed_texts

DOCUMENTS = {
    "ablation": ("Catheter ablation in atrial flutter", "The isthmus is burnt in a line. Most patients stay well."),
    "warfarin": ("Warfarin", "Warfarin thins the blood. Its effect is measured by the INR."),
    "burns": ("Care of burns", "The wound is cooled with water for twenty minutes and then covered."),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("titles")
    rows = ({"id": key, "title": title, "text": text} for key, (title, text) in DOCUMENTS.items())
    (folder / "library.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    Assistant.build(folder, workspace=folder)
    return Assistant.open(folder)


def test_words_of_the_title_alone_find_the_document(archive):
    best = archive.search("catheter ablation of flutter").evidence[0]
    assert (best.external_id, best.title) == ("ablation", DOCUMENTS["ablation"][0])
    assert best.text == DOCUMENTS["ablation"][1]


def test_the_title_goes_with_the_first_passage_once():
    record = Record(
        kind="text", modality="DOC", uri="x", sha256="0" * 64, record_id="r", study_id="s", title="Care of Burns",
        text="Cool them. Cover them.", passages=(Passage(0, 10), Passage(11, 22)),
    )  # fmt: skip
    assert indexed_texts(record) == ["Care of Burns\nCool them.", "Cover them."]
    rows = [(1, None, "Cool them.", "Care of Burns", "DOC"), (1, None, "Cover them.", "Care of Burns", "DOC")]
    assert list(indexed_rows(rows)) == ["Care of Burns\nCool them.", "Cover them."]
    assert list(indexed_rows([(1, None, "The care of burns is", "Care of Burns", "DOC")])) == ["The care of burns is"]
    assert list(indexed_rows([(1, None, "No effusion.", "Chest X-ray report", "SR")])) == ["No effusion."]
    assert list(indexed_rows([(1, "view: PA", "", "Chest", "CR")])) == ["view: PA"]
