"""The archive's search as LangChain's `BaseRetriever`, with files beside the question, behind the patient wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, PrivateAttr, ValidationError

from assistant.assistant import Assistant
from assistant.errors import BadQuery
from assistant.langchain.query import MultimodalQuery, SearchOptions
from assistant.records import Evidence, SearchResult

WALL = frozenset({"patient", "exclude_patient"})


class WardroundRetriever(BaseRetriever):
    """Evidence as LangChain documents, best first; none where the archive has nothing that is good enough.

    It searches as `Assistant.ask` does before it answers: the same routing, ranking and selection, the same wall
    between patients. A question that names a patient whom neither `patient` nor a file stands for finds nothing.

        retriever = WardroundRetriever(where="indexes/chest.toml", k=5)
        retriever.invoke("pleural effusion")
        retriever.invoke("like this one", files=["cxr.dcm"])          # or a MultimodalQuery
        retriever.bind(exclude_patient="100") | chain

    Options stand in the query (`MultimodalQuery`), in the call, or in the retriever, each before the next. But a
    patient whom one of them has chosen or left out stays so: another one is an error, and so is what is no option. Safe
    to share among threads; a newer generation is seen as soon as it is committed.

    Raises (on opening) IndexMissing, DamagedIndex; (on a query) BadQuery, UnreadableFile, EncoderMismatch.
    """

    where: str = "."
    """A workspace folder, a recipe, or the name of an index of the current workspace; see `Assistant.open`."""

    assistant: Assistant | None = Field(default=None, repr=False, exclude=True)
    """One that is open already, in the place of `where`."""

    k: int | None = None
    """At most so many documents; by default what the settings say (`retrieve.k`)."""

    options: SearchOptions = SearchOptions()
    """Files and filters of every query that does not say otherwise."""

    with_dropped: bool = False
    """Whether evidence that selection dropped comes along too, with the reason in `metadata["why"]`."""

    _open: Assistant = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        self._open = self.assistant or Assistant.open(self.where)

    def search(self, query: str, **options: Any) -> SearchResult:
        """The whole result of a query: route, dropped evidence, the reason where it abstained, timings."""
        said = query.options if isinstance(query, MultimodalQuery) else SearchOptions()
        chosen: dict[str, Any] = {} if self.k is None else {"k": self.k}
        for one in (self.options, _options(options), said):
            told = one.model_dump(exclude_none=True)
            for name in WALL & chosen.keys() & told.keys():
                if told[name] != chosen[name]:
                    raise BadQuery(
                        f"{name} is chosen already, for another patient than this query's: ask another retriever"
                    )
            chosen |= told
        return self._open.evidence_for(self._open.query(str(query), **chosen))

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        found = self.search(query, **options).evidence
        return [document_of(evidence) for evidence in found if evidence.kept or self.with_dropped]


def document_of(evidence: Evidence) -> Document:
    """Evidence as a document: its text, its id, and in `metadata` all else of the contract's JSON, with `evidence_id`:
    record, place, relation, score, kept, why, pseudonyms of patient and study, labels, title, url …"""
    metadata = evidence.to_json()
    text = metadata.pop("text")
    return Document(id=metadata["id"], page_content=text, metadata={"evidence_id": metadata.pop("id"), **metadata})


def _options(given: Mapping[str, Any]) -> SearchOptions:
    """What a call says. Raises BadQuery naming the option that does not fit."""
    try:
        return SearchOptions(**{name: value for name, value in given.items() if name != "verbose"})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(SearchOptions.model_fields)
        raise BadQuery(f"search option {name!r}: {first['msg']}; the options are {known}") from None
