"""Archives made of vectors, searched with the encoders that read them (see made_archive.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from made_archive import Made, build_made, open_number_encoder

from assistant.retrieve.search import Retriever
from assistant.settings import Settings

NAMESPACES = {"ward": "", "clinic": "", "trial": "trial"}  # "trial" numbers its patients apart


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[Sequence[Made]], Retriever]]:
    """Builds an archive of made records and gives its retriever; an index for each name that a record has."""

    def build(records: Sequence[Made]) -> Retriever:
        names = {name: space for name, space in NAMESPACES.items() if any(m.index == name for m in records)}
        return Retriever(build_made(tmp_path, records, names), Settings())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.retrieve.rank.open_encoder", open_number_encoder)
        patch.setattr("assistant.retrieve.own.open_encoder", open_number_encoder)
        yield build
