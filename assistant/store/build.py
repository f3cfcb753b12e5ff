"""From a recipe to a new generation: read what changed, encode it, commit it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.embed import Encoder, open_encoder
from assistant.errors import DamagedIndex, UnreadableFile
from assistant.ingest import Item, Recipe, iter_items, read_item
from assistant.pseudonyms import Pseudonyms
from assistant.records import KINDS, Kind, Record
from assistant.settings import Settings
from assistant.store.catalogue import ItemRow, MetaRow, PathRow, RecordRow, open_catalogue
from assistant.store.generations import IndexFolder
from assistant.store.working import CATALOGUE, PATHS, EncodedItem, WorkingCopy, passages_of

SEEN_TEXTS = 20_000  # of 384 float32 each: 30 MB

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what) while an index is built."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; counts are of files or manifest rows, `records` of the generation's totals."""

    index: str
    generation: int
    added: int
    updated: int
    unchanged: int
    removed: int
    set_aside: tuple[tuple[str, str], ...]  # (path, reason), every one that is aside now
    records: dict[Kind, int]
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
            "seconds": round(self.seconds, 3),
        }


def build_index(recipe: Recipe, workspace: Path, settings: Settings, progress: Progress | None = None) -> BuildReport:
    """Bring an index up to date with its recipe; only what changed is read again.

    Raises RecipeError, WorkspaceBusy, WeightsMissing. A file that can't be read is set aside and the rest goes on.
    """
    started = time.perf_counter()
    folder = IndexFolder.of(workspace, recipe.name)
    pseudonyms = Pseudonyms.of(workspace)
    with folder.lock():
        ids = {pseudonyms.item(recipe.name, item.key): item for item in iter_items(recipe, settings.ingest)}
        encoders = Encoders(recipe, settings)
        base, number = _base(folder)
        had = _base_meta(base)
        meta = _meta(recipe, encoders)
        if not _grows_from(had, meta, encoders):
            base, had = None, {}  # other encoders or another namespace: every vector or pseudonym changes
        known = _stamps(base)
        held = _held(base, ids)
        if base and not _differs(known, ids, held):
            return _report(recipe.name, base, number, known, ids, held, started)
        meta["base"] = number if base else None
        meta["fingerprints"] = had.get("fingerprints", {})
        work = WorkingCopy.open(folder, base, meta, recipe.patient_namespace, pseudonyms)
        if not encoders.made(work.fingerprints()):  # a killed build with other weights
            work = WorkingCopy.open(folder, base, meta, recipe.patient_namespace, pseudonyms, anew=True)
        done = work.stamps()
        todo = [item for item_id, item in ids.items() if done.get(item_id) != item.stamp]
        for batch in _read_and_encode(todo, recipe, settings, encoders, len(ids), progress):
            work.put(batch, {**work.fingerprints(), **encoders.fingerprints()})
        work.remove([item_id for item_id in done if item_id not in ids and item_id not in held])
        if progress:
            progress(len(ids), len(ids), "writing the generation")
        path = work.commit(base, number + 1)
        folder.sweep(settings.store.keep_generations)
        return _report(recipe.name, path, number + 1, known, ids, held, started)


def _held(base: Path | None, ids: Mapping[str, Item]) -> frozenset[str]:
    """Items of sources whose manifest can't be used now: what was read of them before stays as it was."""
    unusable = {str(item.source) for item in ids.values() if item.whole_source}
    if base is None or not unusable:
        return frozenset()
    paths = open_catalogue(base / PATHS)
    with Session(paths) as session:
        keys = {row.item_id: row.key for row in session.scalars(select(PathRow))}
    paths.dispose()
    return frozenset(i for i, key in keys.items() if i not in ids and key.partition("/")[0] in unusable)


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
    todo: Sequence[Item], recipe: Recipe, settings: Settings, encoders: Encoders, total: int, progress: Progress | None
) -> Iterator[list[EncodedItem]]:
    done = total - len(todo)
    for start in range(0, len(todo), settings.store.batch_files):
        batch = todo[start : start + settings.store.batch_files]
        read = [_read(item, recipe, settings) for item in batch]
        yield _encode(batch, read, encoders)
        done += len(batch)
        if progress:
            progress(done, total, "reading and encoding")


def _read(item: Item, recipe: Recipe, settings: Settings) -> tuple[tuple[Record, ...], str | None]:
    try:
        if item.problem:
            return (), item.problem
        return read_item(item, recipe, settings.ingest).records, None
    except UnreadableFile as error:
        return (), error.reason


def _encode(
    batch: Sequence[Item], read: Sequence[tuple[tuple[Record, ...], str | None]], encoders: Encoders
) -> list[EncodedItem]:
    """Encode a batch's images, signals and texts, each kind in one call."""
    records = [record for found, _ in read for record in found]
    vectors: dict[int, NDArray[np.float32]] = {}
    for kind in KINDS[:2]:
        chosen = [record for record in records if record.kind == kind]
        if chosen:
            content = [record.image if kind == "image" else record.signal for record in chosen]
            for record, vector in zip(chosen, encoders.of(kind).encode(content), strict=True):  # type: ignore[arg-type]
                vectors[id(record)] = vector
    of_text = encoders.of_texts(text for record in records for text in passage_texts(record))
    return [
        EncodedItem(
            item, found, reason,
            tuple(vectors.get(id(record)) for record in found),
            tuple(tuple(of_text[text] for text in passage_texts(record)) for record in found),
        )
        for item, (found, reason) in zip(batch, read, strict=True)
    ]  # fmt: skip


def passage_texts(record: Record) -> list[str]:
    """The text of each passage and caption of a record, in the order of `passages_of`."""
    return [caption or record.text[p.start : p.end] for p, caption in passages_of(record)]


def _base(folder: IndexFolder) -> tuple[Path | None, int]:
    """The generation to grow from and its number; a damaged one is not grown from but replaced."""
    try:
        number = folder.current()
        return (folder.open_current(), number) if number is not None else (None, 0)
    except DamagedIndex:
        numbers = [int(p.name) for p in (folder.path / "generations").glob("*") if p.name.isdigit()]
        return None, max(numbers, default=0)


def _meta(recipe: Recipe, encoders: Encoders) -> dict[str, Any]:
    return {
        "index": recipe.name,
        "namespace": recipe.patient_namespace,
        "encoders": dict(encoders.names),
        "recipe": str(recipe.path.resolve()),
    }


def _base_meta(base: Path | None) -> dict[str, Any]:
    if base is None:
        return {}
    engine = open_catalogue(base / CATALOGUE)
    with Session(engine) as session:
        had = {row.key: row.value for row in session.scalars(select(MetaRow))}
    engine.dispose()
    return had


def _grows_from(had: Mapping[str, Any], meta: Mapping[str, Any], encoders: Encoders) -> bool:
    """Whether a generation can be grown from: vectors of these encoders, pseudonyms of this namespace."""
    if any(had.get(key) != meta[key] for key in ("namespace", "encoders")):
        return False
    return encoders.made(had.get("fingerprints", {}))


def _stamps(base: Path | None) -> dict[str, str]:
    if base is None:
        return {}
    engine = open_catalogue(base / CATALOGUE)
    with Session(engine) as session:
        stamps = {row.item_id: row.stamp for row in session.execute(select(ItemRow.item_id, ItemRow.stamp))}
    engine.dispose()
    return stamps


def _report(
    index: str,
    generation: Path,
    number: int,
    known: Mapping[str, str],
    ids: Mapping[str, Item],
    held: frozenset[str],
    started: float,
) -> BuildReport:
    """Compare what a generation holds with the stamps known before; what is set aside is counted as nothing else."""
    catalogue, paths = open_catalogue(generation / CATALOGUE), open_catalogue(generation / PATHS)
    with Session(catalogue) as session, Session(paths) as own_paths:
        counted = dict(session.execute(select(RecordRow.kind, func.count()).group_by(RecordRow.kind)).all())
        aside = dict(session.execute(select(ItemRow.item_id, ItemRow.reason).where(ItemRow.reason.is_not(None))).all())
        uris = {row.item_id: row.uri for row in own_paths.scalars(select(PathRow))} if aside else {}
    catalogue.dispose()
    paths.dispose()
    read = [item_id for item_id in ids if item_id not in aside]
    return BuildReport(
        index=index,
        generation=number,
        added=sum(item_id not in known for item_id in read),
        updated=sum(item_id in known and known[item_id] != ids[item_id].stamp for item_id in read),
        unchanged=sum(known.get(item_id) == ids[item_id].stamp for item_id in read) + len(held - aside.keys()),
        removed=sum(item_id not in ids and item_id not in held for item_id in known),
        set_aside=tuple(sorted((uris.get(item_id, item_id), reason or "") for item_id, reason in aside.items())),
        records={kind: counted.get(kind, 0) for kind in KINDS},
        seconds=time.perf_counter() - started,
    )
