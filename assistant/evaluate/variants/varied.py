"""The assistant with one thing changed between search and answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.evaluate.variants.interface import Variant
from assistant.records import SearchResult
from assistant.retrieve.query import Query
from assistant.settings import Settings


class VariedAssistant(Assistant):
    """Changes what is asked of the archive, or what it gives, as a variant says; all else is the assistant itself."""

    def __init__(self, workspace: Path, indexes: Sequence[str], settings: Settings, variant: Variant) -> None:
        super().__init__(workspace, indexes, settings)
        self._variant = variant

    def query(self, text: str = "", **options: Any) -> Query:
        query = super().query(text, **options)
        return self._variant.query(query) if self._variant.query is not None else query

    def search_batch(self, queries: Sequence[Query]) -> list[SearchResult]:
        found = super().search_batch(queries)
        change = self._variant.evidence
        if change is None:
            return found
        return [change(query, result, self.settings) for query, result in zip(queries, found, strict=True)]
