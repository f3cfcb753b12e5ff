"""Where the catalogue of a generation lives: the one place that answers."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from assistant.errors import DamagedIndex
from assistant.settings import StoreSettings
from assistant.store import postgres
from assistant.store.catalogue import Catalogue
from assistant.store.postgres import PostgresCatalogue
from assistant.store.sqlite import SqliteCatalogue


def catalogue_in(folder: Path, store: StoreSettings) -> Catalogue:
    """The catalogue of the generation or working copy in `folder`, wherever it was built."""
    return PostgresCatalogue(folder, store) if (folder / postgres.FILE).exists() else SqliteCatalogue(folder)


def new_catalogue(folder: Path, store: StoreSettings) -> Catalogue:
    """The catalogue that a working copy in `folder` gets by the settings."""
    return PostgresCatalogue(folder, store) if store.catalogue == "postgresql" else SqliteCatalogue(folder)


def is_in_place(folder: Path, store: StoreSettings) -> bool:
    """Whether a generation's catalogue lies where the settings put new ones."""
    return type(catalogue_in(folder, store)) is type(new_catalogue(folder, store))


def discard(folder: Path, store: StoreSettings) -> None:
    """Remove a generation or working copy: its tables first, so that none is left that no folder names."""
    if folder.exists():
        with suppress(DamagedIndex):  # a file that names no schema: the sweep of the index finds it by its prefix
            catalogue_in(folder, store).drop()
        shutil.rmtree(folder, ignore_errors=True)
