"""Texts handed in from Python: seen by every other search, kept through builds, cleaned, filtered, forgotten."""

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant import Assistant
from assistant.cli import main
from assistant.errors import BadQuery, RecipeError
from assistant.forget import forget_patient
from assistant.langchain import WardroundEmbeddings, WardroundRetriever, WardroundVectorStore
from assistant.store.generations import IndexFolder

NOTES = {
    "asa": ("Aspirin 300 mg is given at once in a suspected heart attack.", {"source": "chest pain", "page": 3}),
    "o2": ("Oxygen is given in a heart attack only below a saturation of 94 %.", {"source": "chest pain", "page": 4}),
    "asthma": ("In acute asthma, inhaled salbutamol is given through a spacer.", {"source": "asthma", "page": 3}),
}


def filled(workspace):
    store = WardroundVectorStore("notes", workspace=workspace)
    store.add_texts([text for text, _ in NOTES.values()], [meta for _, meta in NOTES.values()], ids=list(NOTES))
    return store


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """A workspace with three notes, for tests that only read."""
    workspace = tmp_path_factory.mktemp("notes")
    return workspace, filled(workspace)


def test_search_chat_and_doctor_see_what_was_added(notes, capsys):
    workspace, _ = notes
    capsys.readouterr()
    question = "Which drug is given at once in a heart attack?"
    assert main(["search", question, "--workspace", str(workspace), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["evidence"][0]
    assert (first["external_id"], first["relation"]) == ("asa", "knowledge")
    assert first["labels"] == {"source": "chest pain", "page": "3"}
    assert main(["doctor", "--workspace", str(workspace)]) == 0
    answer = Assistant.open(workspace).ask(question)
    assert answer.claims[0].text == NOTES["asa"][0] and answer.claims[0].citations == (first["id"],)
    assert WardroundRetriever(where=str(workspace)).invoke(question)[0].metadata["external_id"] == "asa"


def test_a_build_from_its_recipe_finds_nothing_to_do(tmp_path):
    store = filled(tmp_path)
    report = Assistant.build(tmp_path / "indexes" / "notes.toml")
    assert (report.added, report.updated, report.removed, report.unchanged, report.generation) == (0, 0, 0, 3, 1)
    assert len(store.similarity_search("heart attack", k=5)) == 3


def test_an_index_can_be_built_again_from_the_table_alone(tmp_path):
    import shutil

    store = filled(tmp_path)
    shutil.rmtree(tmp_path / "indexes" / "notes")
    assert store.get_by_ids(["asa"]) == []
    assert Assistant.build(tmp_path / "indexes" / "notes.toml").added == 3
    assert store.get_by_ids(["asa"])[0].page_content == NOTES["asa"][0]


def test_an_archive_takes_no_texts_and_is_left_as_it_is(chest_workspace):
    before = (chest_workspace / "indexes" / "chest.toml").read_text()
    with pytest.raises(RecipeError, match=r"chest\.toml.*built from an archive.*another index name"):
        WardroundVectorStore("chest", workspace=chest_workspace)
    assert (chest_workspace / "indexes" / "chest.toml").read_text() == before


def test_a_batch_is_one_generation(tmp_path):
    store = filled(tmp_path)
    assert IndexFolder.of(tmp_path, "notes").current() == 1
    store.add_texts(["new one", "new two"])
    assert IndexFolder.of(tmp_path, "notes").current() == 2
    store.delete(["nobody"])
    assert IndexFolder.of(tmp_path, "notes").current() == 2


def test_metadata_comes_back_as_it_was(tmp_path):
    store = WardroundVectorStore("notes", workspace=tmp_path)
    metadata = {
        "n": 1, "share": 0.5, "yes": True, "none": None, "list": [1, "a"], "nested": {"a": {"b": []}}, "text": "plain",
        "number in words": "12", "empty": "", "spaced": " x ", "title": "Chest pain", "url": "https://example.org/cg95",
    }  # fmt: skip
    (id_,) = store.add_texts(["Aspirin is given."], [metadata])
    assert store.get_by_ids([id_]) == [Document(id=id_, page_content="Aspirin is given.", metadata=metadata)]


def test_filters(notes):
    _, store = notes
    heart = "what is given in a heart attack"
    assert {d.id for d in store.similarity_search(heart, k=9, filter={"source": "asthma"})} == {"asthma"}
    assert {d.id for d in store.similarity_search(heart, k=9, filter={"page": 3})} == {"asa", "asthma"}
    assert {d.id for d in store.similarity_search(heart, k=9, filter={"page": [3, 4], "source": "chest pain"})} == {
        "asa", "o2",
    }  # fmt: skip
    assert store.similarity_search(heart, filter={"page": "3"}) == []  # the number 3 is no word
    assert store.similarity_search(heart, filter={"nowhere": 1}) == []
    with pytest.raises(BadQuery, match="'title'"):
        store.similarity_search(heart, filter={"title": "x"})
    assert store.as_retriever(search_kwargs={"k": 1, "filter": {"source": "asthma"}}).invoke(heart)[0].id == "asthma"


def test_scores_are_cosines_and_relevance_lies_between_0_and_1(notes):
    _, store = notes
    text = NOTES["asa"][0]
    (first, score), *rest = store.similarity_search_with_score(text, k=3)
    assert first.id == "asa" and score == pytest.approx(1.0, abs=1e-3) and all(s < score for _, s in rest)
    vectors = np.array(store.embeddings.embed_documents([text, NOTES["o2"][0]]))
    assert {d.id: s for d, s in rest}["o2"] == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-3)
    assert store.similarity_search_with_relevance_scores(text, k=1)[0][1] == pytest.approx(1.0, abs=1e-3)


def test_marginal_relevance_leaves_out_what_says_the_same(tmp_path):
    same = ["Aspirin is given in a heart attack.", "In a heart attack aspirin is given.", "Aspirin: in a heart attack."]
    store = WardroundVectorStore.from_texts(
        [*same, "An ECG is recorded in a heart attack."], ids=["a", "b", "c", "ecg"], index="notes", workspace=tmp_path
    )
    assert "ecg" not in {d.id for d in store.similarity_search("aspirin in a heart attack", k=2)}
    chosen = store.max_marginal_relevance_search("aspirin in a heart attack", k=2, lambda_mult=0.3)
    assert {d.id for d in chosen} > {"ecg"}


def test_a_long_text_is_found_by_its_passages_and_comes_whole_and_once(tmp_path):
    filler = [
        f"Line {n} of the text speaks of how drugs act upon the thyroid, the lungs and the liver." for n in range(60)
    ]
    text = " ".join([*filler[:30], "Amiodarone may cause thyroid disease.", *filler[30:]])
    store = WardroundVectorStore.from_texts(
        [text, "Tomatoes are grown under glass."], ids=["long", "short"], index="notes", workspace=tmp_path
    )
    found = store.similarity_search("amiodarone and the thyroid", k=2)
    assert [d.id for d in found] == ["long", "short"] and found[0].page_content == text


def test_texts_are_de_identified_unless_they_are_literature(tmp_path):
    note = "Mr. John Whitaker, born 12/03/1951, phone 555-201-9931, has a pleural effusion."
    store = WardroundVectorStore("notes", workspace=tmp_path)
    store.add_texts([note], [{"patient_id": "100", "taken_at": date(2024, 5, 1)}], ids=["n1"])
    kept = store.get_by_ids(["n1"])[0]
    assert "pleural effusion" in kept.page_content
    assert not any(word in kept.page_content for word in ("Whitaker", "12/03/1951", "9931"))
    assert kept.metadata["patient_id"].startswith("P-") and not kept.metadata["taken_at"].startswith("2024-05-01")
    papers = WardroundVectorStore("papers", workspace=tmp_path, deidentify=False)
    papers.add_texts([note], ids=["n1"])
    assert papers.get_by_ids(["n1"])[0].page_content == note
    table = tmp_path / "documents" / "notes.csv"
    assert stat.S_IMODE(table.stat().st_mode) == 0o600 and stat.S_IMODE(table.parent.stat().st_mode) == 0o700


def test_one_patient_is_left_out_or_alone_and_can_be_forgotten(tmp_path):
    store = WardroundVectorStore("notes", workspace=tmp_path)
    ids = ["p1", "p2", "none"]
    texts = ["Effusion on the left.", "Effusion on the right.", "An effusion is fluid in the pleural space."]
    store.add_texts(texts, [{"patient_id": "MRN-4711"}, {"patient_id": 200}, {}], ids=ids)
    assert {d.id for d in store.similarity_search("effusion", exclude_patient="MRN-4711")} == {"p2", "none"}
    assert {d.id for d in store.similarity_search("effusion", filter={"patient_id": "MRN-4711"})} == {"p1"}
    assert {d.id for d in store.similarity_search("effusion", filter={"patient_id": 200})} == {"p2"}
    forget_patient(tmp_path, "MRN-4711")
    assert store.get_by_ids(ids) and {d.id for d in store.get_by_ids(ids)} == {"p2", "none"}
    assert "MRN-4711" not in (tmp_path / "documents" / "notes.csv").read_text()
    with pytest.raises(BadQuery, match=r"'back'.*forgotten"):
        store.add_texts(["Effusion again."], [{"patient_id": "MRN-4711"}], ids=["back"])
    assert store.get_by_ids(["back"]) == []


def test_threads_and_processes_add_at_the_same_time(tmp_path):
    WardroundVectorStore("notes", workspace=tmp_path)
    code = (
        "import sys; from assistant.langchain import WardroundVectorStore\n"
        "store = WardroundVectorStore('notes', workspace=sys.argv[1])\n"
        "[store.add_texts([f'Process note {n}.'], ids=[f'process-{n}']) for n in range(3)]"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    with ThreadPoolExecutor(3) as threads:
        store = WardroundVectorStore("notes", workspace=tmp_path)
        list(threads.map(lambda n: store.add_texts([f"Thread note {n}."], ids=[f"thread-{n}"]), range(3)))
    assert other.wait(120) == 0
    wanted = [f"{who}-{n}" for who in ("process", "thread") for n in range(3)]
    assert {d.id for d in store.get_by_ids(wanted)} == set(wanted)


def test_bad_input_is_named_and_nothing_of_the_batch_is_added(tmp_path):
    store = WardroundVectorStore("notes", workspace=tmp_path)
    with pytest.raises(BadQuery, match="document 'b' has no text"):
        store.add_texts(["fine", "  "], ids=["a", "b"])
    with pytest.raises(BadQuery, match="' a '"):
        store.add_texts(["fine"], ids=[" a "])
    with pytest.raises(BadQuery, match="metadata 'when': set"):
        store.add_texts(["fine"], [{"when": {1}}])
    with pytest.raises(ValueError, match="1 documents and 2 ids"):
        store.add_documents([Document(page_content="x")], ids=["a", "b"])
    assert store.similarity_search("fine") == []
    with pytest.raises(RecipeError, match=r"DeterministicFakeEmbedding.*WardroundEmbeddings"):
        WardroundVectorStore("other", workspace=tmp_path, embedding=DeterministicFakeEmbedding(size=6))
    with pytest.raises(RecipeError, match="no text encoder named 'bert'"):
        WardroundEmbeddings("bert")
    with pytest.raises(RecipeError, match=r"notes\.toml.*'minilm-int8', not by 'minilm'"):
        WardroundVectorStore("notes", workspace=tmp_path, embedding=WardroundEmbeddings("minilm"))
    with pytest.raises(RecipeError, match="index name"):
        WardroundVectorStore("../out", workspace=tmp_path)


def test_texts_with_characters_that_no_table_likes(tmp_path):
    store = WardroundVectorStore("notes", workspace=tmp_path)
    text = 'A "quoted", comma; semicolon\ttab | bar\nand\n\nlines – µg “x” 肺炎 \N{FACE WITH THERMOMETER}'
    store.add_texts([text, "ends\x01here\x00now\ud800"], ids=['i,"1"', "i2"])
    assert [d.page_content for d in store.get_by_ids(['i,"1"', "i2"])] == [text, "ends here now?"]
