"""Evidence as documents: typed queries in every way LangChain calls, the wall, abstention, and what tracers see."""

import asyncio
import copy
import json
import pickle

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda

from assistant import Assistant
from assistant.errors import BadQuery, IndexMissing
from assistant.langchain import MultimodalQuery, SearchOptions, WardroundRetriever


@pytest.fixture(scope="module")
def retriever(chest_workspace):
    return WardroundRetriever(where=str(chest_workspace))


def names(documents):
    return {document.metadata["external_id"] for document in documents}


def test_a_document_carries_what_a_citation_needs(retriever, chest_workspace):
    document = retriever.invoke("Which report mentions a right pleural effusion with atelectasis?")[0]
    told = document.metadata
    assert document.page_content == "Large right pleural effusion with compressive atelectasis."
    assert told["evidence_id"] == document.id and told["record_id"].startswith("r")
    assert told["place"] == {"start": 0, "end": len(document.page_content)}
    assert (told["relation"], told["kept"], told["external_id"]) == ("similar", True, "a.png")
    assert told["patient_id"].startswith("P-") and told["labels"] == {"finding": "Effusion"} and told["why"]
    assert json.loads(json.dumps(told)) == told
    assert Assistant.open(chest_workspace).record(told["record_id"]).text == document.page_content


def test_a_query_with_a_file_goes_through_every_call(retriever, chest_workspace):
    query = MultimodalQuery("similar pictures", files=[chest_workspace / "data" / "a.png"], kinds=["image"])
    alone = retriever.invoke(query)
    assert {document.metadata["kind"] for document in alone} == {"image"}
    assert "a.png" in names(alone) and alone[0].metadata["relation"] == "own"  # the upload itself comes first
    assert retriever.invoke("similar pictures", files=[chest_workspace / "data" / "a.png"], kinds=["image"]) == alone
    first, second = retriever.batch([query, "comminuted fracture of the distal radius"])
    assert first == alone and names(second) == {"e.png"}
    assert asyncio.run(retriever.ainvoke(query)) == alone
    assert asyncio.run(retriever.abatch([query]))[0] == alone
    chain = RunnableLambda(lambda given: MultimodalQuery(given["question"], files=given["files"], kinds=["image"]))
    given = {"question": "similar pictures", "files": [chest_workspace / "data" / "a.png"]}
    assert (chain | retriever | len).invoke(given) == len(alone)
    assert retriever.bind(kinds=["image"]).invoke(MultimodalQuery(files=given["files"])) != []


def test_one_patient_is_not_crossed(retriever):
    effusion = "pleural effusion"
    assert names(retriever.invoke(effusion)) >= {"a.png"}
    without = retriever.invoke(MultimodalQuery(effusion, exclude_patient="100"))
    assert not names(without) & {"a.png", "b.png"}
    only = retriever.invoke(effusion, patient="100")
    assert only and names(only) <= {"a.png", "b.png"}
    assert {document.metadata["relation"] for document in only} == {"own"}


def test_a_question_that_names_a_patient_finds_nothing_without_that_patient(retriever):
    question = "Does patient 4711 have a pleural effusion?"
    assert retriever.invoke(question) == []
    assert "names a patient" in retriever.search(question).reason
    assert retriever.invoke(question, patient="100") == []  # somebody else than the one who was chosen
    assert retriever.invoke("Does patient 100 have a pleural effusion?", patient="100") != []


def test_nothing_good_enough_is_an_empty_list_and_the_dropped_may_be_seen(retriever, chest_workspace):
    question = "How do I renew my passport?"
    assert retriever.invoke(question) == []
    assert retriever.search(question).abstained
    seen = WardroundRetriever(where=str(chest_workspace), with_dropped=True).invoke(question)
    assert seen and all(not d.metadata["kept"] and d.metadata["why"] for d in seen)


def test_the_query_speaks_before_the_call_and_the_call_before_the_retriever(chest_workspace):
    own = WardroundRetriever(where=str(chest_workspace), options=SearchOptions(kinds=["text"]))
    assert {d.metadata["kind"] for d in own.invoke("effusion")} == {"text"}
    assert {d.metadata["kind"] for d in own.invoke("effusion", kinds=["image"])} == {"image"}
    said = MultimodalQuery("effusion", kinds=["text"])
    assert {d.metadata["kind"] for d in own.invoke(said, kinds=["image"])} == {"text"}


def test_a_patient_who_is_left_out_stays_so(chest_workspace):
    own = WardroundRetriever(where=str(chest_workspace), options=SearchOptions(exclude_patient="100"))
    assert not names(own.invoke("pleural effusion", exclude_patient="100")) & {"a.png", "b.png"}
    with pytest.raises(BadQuery, match="exclude_patient is chosen already"):
        own.invoke("pleural effusion", exclude_patient="400")
    with pytest.raises(BadQuery, match="patient is chosen already"):
        own.invoke(MultimodalQuery("pleural effusion", patient="200"), patient="100")


def test_tracers_see_the_words_alone(retriever, chest_workspace):
    class Tracer(BaseCallbackHandler):
        def __init__(self):
            self.seen = []

        def on_retriever_start(self, serialized, query, **kwargs):
            self.seen.append(json.dumps([serialized, query, kwargs], default=str))

    tracer = Tracer()
    query = MultimodalQuery("effusion", files=[chest_workspace / "data" / "a.png"], exclude_patient="P4711-Q")
    retriever.invoke(query, config={"callbacks": [tracer]})
    retriever.invoke("effusion", config={"callbacks": [tracer]}, exclude_patient="P4711-Q")
    assert len(tracer.seen) == 2 and all('"effusion"' in seen for seen in tracer.seen)
    assert not any("a.png" in seen or "P4711-Q" in seen for seen in tracer.seen)


def test_queries_are_equal_only_in_full():
    query = MultimodalQuery("effusion", patient="100")
    assert query != "effusion" and query != MultimodalQuery("effusion", patient="200")
    assert query == MultimodalQuery("effusion", patient="100") and MultimodalQuery("effusion") == "effusion"
    assert {query: 1}.get("effusion") is None and {"effusion": 1}[MultimodalQuery("effusion")] == 1
    assert copy.deepcopy(query) == query == pickle.loads(pickle.dumps(query))
    assert isinstance(query, str) and f"{query}?" == "effusion?"


def test_what_does_not_fit_is_named(retriever, tmp_path):
    with pytest.raises(BadQuery, match=r"'patinet'.*exclude_patient"):
        retriever.invoke("effusion", patinet="100")
    with pytest.raises(BadQuery, match=r"kinds.0"):
        retriever.invoke("effusion", kinds=["picture"])
    with pytest.raises(BadQuery, match="nothing to search for"):
        retriever.invoke("")
    with pytest.raises(IndexMissing, match="no index is built"):
        WardroundRetriever(where=str(tmp_path))
