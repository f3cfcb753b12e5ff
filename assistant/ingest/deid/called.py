"""How the persons of a record are called, as keyed hashes of the words of their names.

They tell whether a question's "Mr Meyer" is somebody of this file; without the key they lead to no name, and no index
keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable

from assistant.ingest.deid.lexicon import folded
from assistant.ingest.deid.name_words import PARTICLES, TOKEN
from assistant.pseudonyms import Pseudonyms


def words_of_name(name: str) -> tuple[str, ...]:
    """The words of a name, folded, without particles, initials and a genitive's s: "Meyer" of "von Meyer's"."""
    words = (folded(match[0]).removesuffix("'s") for match in TOKEN.finditer(name))
    return tuple(word for word in words if len(word) > 1 and word not in PARTICLES)


def called(names: Iterable[str], pseudonyms: Pseudonyms) -> frozenset[str]:
    """The keyed words of some names."""
    return frozenset(pseudonyms.name(word) for name in names for word in words_of_name(name))
