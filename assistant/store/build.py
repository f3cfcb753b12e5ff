"""From a recipe to a new generation: read what changed, encode it, commit it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.embed import Encoder, open_encoder
from assistant.errors import DamagedIndex
from assistant.findings.version import findings_version
from assistant.ingest import Deidentifier, Item, Reading, Recipe, iter_items
from assistant.ingest.deid import Removed
from assistant.ingest.items import content_digest
from assistant.ingest.pool import read_items
from assistant.ingest.series import StoredSeriesMemory
from assistant.ingest.stamps import may_be_same
from assistant.ingest.worker import Outcome
from assistant.pseudonyms import Pseudonyms
from assistant.records import KINDS, Kind
from assistant.settings import IngestSettings, Settings
from assistant.store.catalogue import ItemRow, MetaRow, PathRow, RecordRow, reading
from assistant.store.forgotten import REASON
from assistant.store.generations import IndexFolder
from assistant.store.indexed_text import indexed_texts
from assistant.store.learned import HEADS
from assistant.store.places import is_in_place
from assistant.store.sqlite import open_sqlite
from assistant.store.stated import STATED_BY
from assistant.store.working import PATHS, EncodedItem, WorkingCopy

LAYOUT = 6  # goes up with the tables of a generation; one of another layout is replaced by a new build
SEEN_TEXTS = 20_000  # of 384 float32 each: 30 MB

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what) while an index is built."""

Reader = Callable[[Sequence[Item], Recipe, IngestSettings, Callable[[], Deidentifier]], Generator[Outcome, None, None]]
"""Reads items in their order."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; counts are of files or manifest rows, `records` of the generation's totals."""

    index: str
    generation: int
    added: int
    updated: int
    unchanged: int
    removed: int
    set_aside: tuple[tuple[str, str], ...]  # (path, reason), every one that is aside now, parts of files included
    records: dict[Kind, int]
    removed_identifiers: dict[str, int]  # how many of each kind were taken out of what the generation holds
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "generation": self.generation,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "set_aside": [{"path": path, "reason": reason} for path, reason in self.set_aside],
            "records": self.records,
            "removed_identifiers": self.removed_identifiers,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Before:
    """What a generation knows of an item: its stamp, the digest of its content, whether it is set aside."""

    stamp: str
    digest: str
    is_aside: bool


def build_index(
    recipe: Recipe,
    workspace: Path,
    settings: Settings,
    progress: Progress | None = None,
    read: Reader = read_items,
) -> BuildReport:
    """Bring an index up to date with its recipe; only what changed is read again, by `read`: a pool of processes.

    Raises RecipeError, WorkspaceBusy, WeightsMissing. A file that can't be read is set aside and the rest goes on.
    """
    started = time.perf_counter()
    folder = IndexFolder.of(workspace, recipe.name, settings.store)
    pseudonyms = Pseudonyms.of(workspace)
    with folder.lock() as make_sure_of_it:
        with StoredSeriesMemory(folder.path / "series.sqlite") as memory:
            items = iter_items(recipe, settings.ingest, memory)
            ids = {pseudonyms.item(recipe.name, item.key): item for item in items}
        encoders = Encoders(recipe, settings)
        base, number = _base(folder)
        had = _base_meta(folder, base)
        meta = _meta(recipe, encoders, settings)
        if not _grows_from(had, meta, encoders):
            base, had = None, {}  # other encoders or another namespace: every vector or pseudonym changes
        before = _items(folder, base)
        known = {item_id: row.stamp for item_id, row in before.items()}
        held = _held(base, ids)
        touched = _touched(before, ids, settings)
        again = _to_be_tried_again(before, had, meta)
        is_current = all(had.get(key) == meta[key] for key in (STATED_BY, HEADS))
        in_place = base and is_in_place(base, settings.store)
        if base and in_place and is_current and not touched and not again and not _differs(known, ids, held):
            return _report(folder, base, number, known, ids, held, started)
        meta["base"] = number if base else None
        meta["fingerprints"] = had.get("fingerprints", {})
        work = WorkingCopy.open(folder, base, meta, recipe.patient_namespace, pseudonyms)
        if not encoders.made(work.fingerprints()):  # a killed build with other weights
            work = WorkingCopy.open(folder, base, meta, recipe.patient_namespace, pseudonyms, anew=True)
        done = work.begin(touched, again)
        todo = [item for item_id, item in ids.items() if done.get(item_id) != item.stamp]
        cleaner = partial(Deidentifier, pseudonyms, settings.deid)
        for batch in _read_and_encode(todo, recipe, settings, encoders, cleaner, read, len(ids), progress):
            work.put(batch, {**work.fingerprints(), **encoders.fingerprints()})
        work.remove([item_id for item_id in done if item_id not in ids and item_id not in held])
        if progress:
            progress(len(ids), len(ids), "writing the generation")
        make_sure_of_it()
        path = work.commit(base, number + 1)
        folder.sweep(settings.store.keep_generations)
        known |= touched | dict.fromkeys(again, "")
        return _report(folder, path, number + 1, known, ids, held, started)


def _held(base: Path | None, ids: Mapping[str, Item]) -> frozenset[str]:
    """Items of manifests and folders that can't be used now: what was read of them before stays as it was."""
    unusable = tuple(item.holds for item in ids.values() if item.holds)
    if base is None or not unusable:
        return frozenset()
    paths = open_sqlite(base / PATHS)
    with Session(paths) as session:
        keys = dict(session.execute(select(PathRow.item_id, PathRow.key)).all())
    paths.dispose()
    return frozenset(i for i, key in keys.items() if i not in ids and key.startswith(unusable))


def _touched(before: Mapping[str, Before], ids: Mapping[str, Item], settings: Settings) -> dict[str, str]:
    """The new stamps of items whose files' times have changed and whose content has not."""
    return {
        item_id: item.stamp
        for item_id, item in ids.items()
        if (row := before.get(item_id)) and row.digest and row.stamp != item.stamp
        and may_be_same(item.stamp, row.stamp) and content_digest(item, settings.ingest) == row.digest
    }  # fmt: skip


def _to_be_tried_again(before: Mapping[str, Before], had: Mapping[str, Any], meta: Mapping[str, Any]) -> set[str]:
    """What is set aside, where the limits were changed since."""
    if had.get("limits") == meta["limits"]:
        return set()
    return {item_id for item_id, row in before.items() if row.is_aside}


def _differs(known: Mapping[str, str], ids: Mapping[str, Item], held: frozenset[str]) -> bool:
    there = known.keys() - held
    return there != ids.keys() or any(known[item_id] != item.stamp for item_id, item in ids.items())


class Encoders:
    """The encoders of an index, opened when the first record of their kind comes."""

    def __init__(self, recipe: Recipe, settings: Settings) -> None:
        chosen = recipe.encoders
        self._settings = settings.embed
        self.names: dict[Kind, str] = {
            "image": chosen.image or settings.embed.image,
            "signal": chosen.signal or settings.embed.signal,
            "text": chosen.text or settings.embed.text,
        }
        self._open: dict[Kind, Encoder] = {}
        self._seen: dict[str, NDArray[np.float32]] = {}

    def of(self, kind: Kind) -> Encoder:
        if kind not in self._open:
            self._open[kind] = open_encoder(kind, self.names[kind], self._settings)
        return self._open[kind]

    def of_texts(self, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The vector of each text; one seen lately is not encoded again, since reports repeat their sentences."""
        wanted = dict.fromkeys(texts)
        new = [text for text in wanted if text not in self._seen]
        if new:
            self._seen |= zip(new, self.of("text").encode(new), strict=True)
        found = {text: self._seen[text] for text in wanted}
        while len(self._seen) > SEEN_TEXTS:
            del self._seen[next(iter(self._seen))]
        return found

    def fingerprints(self) -> dict[str, str]:
        """Of the encoders opened so far."""
        return {kind: encoder.fingerprint for kind, encoder in self._open.items()}

    def made(self, fingerprints: Mapping[str, str]) -> bool:
        """Whether vectors with these fingerprints could have come from these encoders."""
        return all(self.of(kind).fingerprint == fingerprints[kind] for kind in KINDS if kind in fingerprints)


def _read_and_encode(
    todo: Sequence[Item],
    recipe: Recipe,
    settings: Settings,
    encoders: Encoders,
    cleaner: Callable[[], Deidentifier],
    read: Reader,
    total: int,
    progress: Progress | None,
) -> Iterator[list[EncodedItem]]:
    """Batches of encoded items in order; while one is encoded here, the pool's processes read on."""
    done = total - len(todo)
    if progress:
        progress(done, total, "reading and encoding")
    with closing(read(todo, recipe, settings.ingest, cleaner)) as outcomes:
        for start in range(0, len(todo), settings.store.batch_files):
            batch = todo[start : start + settings.store.batch_files]
            yield _encode(batch, list(islice(outcomes, len(batch))), encoders)
            done += len(batch)
            if progress:
                progress(done, total, "reading and encoding")


def _encode(batch: Sequence[Item], outcomes: Sequence[Outcome], encoders: Encoders) -> list[EncodedItem]:
    """Encode a batch's images, signals and texts, each kind in one call."""
    read = [outcome.reading or Reading(()) for outcome in outcomes]
    records = [record for found in read for record in found.records]
    vectors: dict[int, NDArray[np.float32]] = {}
    for kind in KINDS[:2]:
        chosen = [record for record in records if record.kind == kind and record.is_encoded]
        if chosen:
            content = [record.image if kind == "image" else record.signal for record in chosen]
            for record, vector in zip(chosen, encoders.of(kind).encode(content), strict=True):  # type: ignore[arg-type]
                vectors[id(record)] = vector
    of_text = encoders.of_texts(text for record in records for text in indexed_texts(record))
    return [
        EncodedItem(
            item, found.records, outcome.reason,
            tuple(vectors.get(id(record)) for record in found.records),
            tuple(tuple(of_text[text] for text in indexed_texts(record)) for record in found.records),
            outcome.digest, found.aside, sum(found.removed, Removed()).counts,
        )
        for item, found, outcome in zip(batch, read, outcomes, strict=True)
    ]  # fmt: skip


def _base(folder: IndexFolder) -> tuple[Path | None, int]:
    """The generation to grow from and its number; a damaged one is not grown from but replaced."""
    try:
        number = folder.current()
        if number is None:
            return None, 0
        base = folder.open_current()
        folder.catalogue(base).verify(thorough=True)
        return base, number
    except DamagedIndex:
        numbers = [int(p.name) for p in (folder.path / "generations").glob("*") if p.name.isdigit()]
        return None, max(numbers, default=0)


def _meta(recipe: Recipe, encoders: Encoders, settings: Settings) -> dict[str, Any]:
    return {
        "index": recipe.name,
        "layout": LAYOUT,
        STATED_BY: findings_version(),
        HEADS: {
            "image": recipe.heads.image or settings.embed.heads,
            "signal": recipe.heads.signal or settings.embed.heads,
        },
        "deid": settings.deid.model_dump(mode="json"),
        "limits": settings.ingest.model_dump(mode="json", exclude={"workers"}),
        "namespace": recipe.patient_namespace,
        "encoders": dict(encoders.names),
        "recipe": str(recipe.path.resolve()),
    }


def _base_meta(folder: IndexFolder, base: Path | None) -> dict[str, Any]:
    if base is None:
        return {}
    with reading(folder.catalogue(base)) as session:
        return {row.key: row.value for row in session.scalars(select(MetaRow))}


def _grows_from(had: Mapping[str, Any], meta: Mapping[str, Any], encoders: Encoders) -> bool:
    """Whether a generation can be grown from: tables of this layout, vectors of these encoders, pseudonyms of this
    namespace, texts cleaned in the same way."""
    if any(had.get(key) != meta[key] for key in ("layout", "namespace", "encoders", "deid")):
        return False
    return encoders.made(had.get("fingerprints", {}))


def _items(folder: IndexFolder, base: Path | None) -> dict[str, Before]:
    """Every item of a generation by its id."""
    if base is None:
        return {}
    query = select(ItemRow.item_id, ItemRow.stamp, ItemRow.digest, ItemRow.is_aside)
    with reading(folder.catalogue(base)) as session:
        return {row.item_id: Before(row.stamp, row.digest, row.is_aside) for row in session.execute(query)}


def _report(
    folder: IndexFolder,
    generation: Path,
    number: int,
    known: Mapping[str, str],
    ids: Mapping[str, Item],
    held: frozenset[str],
    started: float,
) -> BuildReport:
    """Compare what a generation holds with the stamps known before; what is set aside is counted as nothing else."""
    paths = open_sqlite(generation / PATHS)
    with reading(folder.catalogue(generation)) as session, Session(paths) as own_paths:
        counted = dict(session.execute(select(RecordRow.kind, func.count()).group_by(RecordRow.kind)).all())
        aside = set(session.scalars(select(ItemRow.item_id).where(ItemRow.is_aside)))
        places = {row.item_id: row for row in own_paths.scalars(select(PathRow))}
    paths.dispose()
    read = [item_id for item_id in ids if item_id not in aside]
    return BuildReport(
        index=folder.name,
        generation=number,
        added=sum(item_id not in known for item_id in read),
        updated=sum(item_id in known and known[item_id] != ids[item_id].stamp for item_id in read),
        unchanged=sum(known.get(item_id) == ids[item_id].stamp for item_id in read) + len(held - aside),
        removed=sum(item_id not in ids and item_id not in held for item_id in known),
        set_aside=tuple(sorted(_set_aside(aside, places))),
        records={kind: counted.get(kind, 0) for kind in KINDS},
        removed_identifiers=dict(sorted(sum((Counter(row.removed) for row in places.values()), Counter()).items())),
        seconds=time.perf_counter() - started,
    )


def _set_aside(aside: Iterable[str], places: Mapping[str, PathRow]) -> Iterator[tuple[str, str]]:
    """(path, reason) of every item that is aside, and of every part of the others that is.

    A place without a row is that of a forgotten patient's file, of which nothing is kept.
    """
    for item_id in aside:
        row = places.get(item_id)
        yield (row.uri, row.reason or "") if row else (item_id, REASON)
    for row in places.values():
        for part, reason in row.parts:
            yield f"{row.uri}{'!' if _is_file(part) else ', '}{part}", reason


def _is_file(part: str) -> bool:
    """Whether a part is a file of an archive rather than a place in a file ("page 3", "line 12")."""
    return "." in part or "/" in part
