"""What ingest would make of a folder: how many files of which kind, and some of them read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.ingest import Deidentifier, Recipe, Source, is_sidecar, iter_items
from assistant.ingest.folder import walk
from assistant.ingest.pool import read_items
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record

if TYPE_CHECKING:
    from assistant.settings import Settings

COUNTED = 100_000  # files; beyond, the count stops
LOOKED_THROUGH = 3_000  # items among which the sample is taken
SAMPLE = 24
_TABLES = {".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx"}


@dataclass(frozen=True, slots=True)
class Tried:
    """One item of the sample: what its records are, or the reason why there are none."""

    name: str
    records: tuple[tuple[str, str], ...] = ()  # (modality, kind) of each record
    reason: str = ""
    aside: tuple[tuple[str, str], ...] = ()  # (part, reason) of what could not be read beside them


@dataclass(frozen=True, slots=True)
class Glance:
    """`endings` counts files by the end of their names, the most frequent first; `tables` are those at the top, which a
    recipe can join to the files; `patients` and `dated` count, of the sample's items, those that name a patient and
    those with a date."""

    files: int
    endings: tuple[tuple[str, int], ...]
    tables: tuple[str, ...]
    tried: tuple[Tried, ...]
    patients: int
    dated: int

    @property
    def is_counted(self) -> bool:
        """Whether there are no more files than were counted."""
        return self.files < COUNTED


def glance(folder: Path, workspace: Path, settings: Settings) -> Glance:
    """Count a folder's files and read some, as building an index would, without keeping anything.

    Raises RecipeError if the folder is gone, WardroundError if no reading process can be started.
    """
    names = [path for path, problem in islice(walk(folder), COUNTED) if problem is None]
    files = [path for path in names if not is_sidecar(path)]
    endings = Counter(path.suffix.lower() or "–" for path in files)
    recipe = Recipe(name="glance", path=folder / "glance.toml", source=(Source(path=folder),))
    items = list(islice(iter_items(recipe, settings.ingest), LOOKED_THROUGH))
    step = max(1, -(-len(items) // SAMPLE))
    sample = items[::step]
    cleaner = partial(Deidentifier, Pseudonyms.of(workspace), settings.deid)
    tried: list[Tried] = []
    patients, dated = 0, 0
    for item, outcome in zip(sample, read_items(sample, recipe, settings.ingest, cleaner), strict=True):
        records = outcome.reading.records if outcome.reading else ()
        aside = outcome.reading.aside if outcome.reading else ()
        tried.append(Tried(item.uri, _told(records), outcome.reason or "", aside))
        patients += any(record.patient_id for record in records)
        dated += any(record.taken_at for record in records)
    tables = tuple(path.name for path in names if path.parent == folder and path.suffix.lower() in _TABLES)
    return Glance(len(files), tuple(endings.most_common(8)), tables, tuple(tried), patients, dated)


def _told(records: tuple[Record, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((record.modality, record.kind) for record in records)
