"""A question with files and filters that is a string wherever LangChain looks at it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.records import Kind


class SearchOptions(BaseModel):
    """What a query says beside its words; None where it says nothing. The fields are those of `Assistant.search`.

    `files` are images, ECGs, documents; `patient` and `exclude_patient` are the archive's own ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[Path, ...] | None = None
    k: int | None = None
    kinds: tuple[Kind, ...] | None = None
    modalities: tuple[str, ...] | None = None
    patient: str | None = None
    exclude_patient: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    findings: tuple[str, ...] | None = None
    history: bool | None = None


class MultimodalQuery(str):
    """A question with files and filters: a string everywhere in LangChain, which the retriever reads in full.

        retriever.invoke(MultimodalQuery("Is there an effusion?", files=["cxr.dcm"], exclude_patient="100"))

    Because it is a string, it goes through `invoke`, `batch`, their asynchronous twins and any chain; because tracers
    see nothing but the string, neither file names nor patients' ids leave with a trace. The words may be empty where
    there are files. It equals another only if all of it does, so that no cache hands out one patient's evidence for
    another's.
    """

    options: SearchOptions

    def __new__(cls, text: str = "", **options: Any) -> MultimodalQuery:
        """`options` are the fields of `SearchOptions`. Raises pydantic's ValidationError for any other."""
        query = super().__new__(cls, text)
        query.options = SearchOptions(**options)
        return query

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        said = other.options if isinstance(other, MultimodalQuery) else SearchOptions()
        return str(self) == str(other) and self.options == said

    def __ne__(self, other: object) -> bool:  # str has one of its own
        return not self == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self)) if self.options == SearchOptions() else hash((str(self), self.options))
