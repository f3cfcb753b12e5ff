"""Probes as a suite: a TOML, and the cases beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import RecipeError, UnreadableFile
from assistant.evaluate.archive import update_archive
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.probe.pairs import JOINED, ProbeKind, make_pairs
from assistant.evaluate.probe.subjects import Subject, subjects_of
from assistant.records import Image, Record, Signal
from assistant.settings import Settings
from assistant.store.files import write_atomically
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.written import remember_written


@dataclass(frozen=True, slots=True)
class Probes:
    """What was written: the suite, its cases, and how many subjects they were made of."""

    suite: Path
    cases: tuple[Case, ...]
    subjects: int

    @property
    def pairs(self) -> dict[str, int]:
        """The number of pairs by kind."""
        kinds = [case.tags["probe"] for case in self.cases]
        return {kind: kinds.count(kind) // 2 for kind in dict.fromkeys(kinds)}

    def to_json(self) -> dict[str, Any]:
        return {
            "suite": str(self.suite),
            "cases": len(self.cases),
            "pairs": self.pairs,
            "subjects": self.subjects,
        }


def write_probes(
    source: Path,
    out: Path,
    kinds: Sequence[ProbeKind],
    *,
    count: int,
    seed: int,
    workspace: Path,
    settings: Settings,
) -> Probes:
    """Make at most `count` pairs of each kind and write them as the suite `out` (TOML), its cases beside it.

    `source` is a suite or an archive's recipe. The suite asks the same archive, the subject's own patient left out of
    every search. The same source, kinds, count and seed give the same bytes. RecipeError where `out` is no TOML or
    nothing can be made of the source.
    """
    if out.suffix != ".toml":
        raise RecipeError(f"{out}: a suite is a TOML file; its cases go beside it as JSON Lines")
    if count < 1:
        raise RecipeError(f"{count} pairs: at least one is needed")
    subjects, dataset = subjects_of(source, workspace, settings)

    def encode(some: Sequence[Subject]) -> NDArray[np.float32]:
        return _encode(some, settings)

    made = one_group_a_patient([case for kind in kinds for case in make_pairs(kind, subjects, count, seed, encode)])
    if not made:
        raise RecipeError(f"{source}: no probe of {', '.join(kinds)} can be made of its {len(subjects)} subjects")
    if dataset is not None and dataset.suite.archive:
        update_archive(dataset, workspace, settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(case.model_dump_json(exclude_defaults=True) + "\n" for case in made)
    write_atomically(out.with_suffix(".jsonl"), lines)
    write_atomically(out, _suite(out, source, dataset, kinds, seed))
    remember_written(WorkspaceDb(workspace, settings.store), "probes", [out])
    return Probes(out, tuple(made), len(subjects))


def one_group_a_patient(cases: Sequence[Case]) -> list[Case]:
    """The cases with groups joined that have a patient in common: two studies that look alike, and what else is asked
    of either patient."""
    first: dict[str, str] = {}  # of a patient, another of the same group; itself for the first one

    def root(name: str) -> str:
        while first.setdefault(name, name) != name:
            name = first[name]
        return name

    for case in cases:
        one, *others = (case.group or case.id).split(JOINED)
        for other in others:
            first[root(other)] = root(one)
    return [case.model_copy(update={"group": root((case.group or case.id).split(JOINED)[0])}) for case in cases]


def _suite(out: Path, source: Path, dataset: Dataset | None, kinds: Sequence[str], seed: int) -> str:
    values: dict[str, str | list[str]] = {
        "name": out.stem,
        "description": f"Probes of {source.stem}: {', '.join(kinds)}; seed {seed}. A pair counts when both are right.",
        "cases": out.with_suffix(".jsonl").name,
        "cluster": "group",
        "groups": ["tags.probe"],
    }
    if dataset is None:
        values["recipe"] = str(source.resolve())
    elif dataset.suite.archive:
        values["index"] = f"eval-{dataset.suite.mapping}"
    elif dataset.recipe is not None:
        values["recipe"] = str(dataset.recipe.resolve())
    elif dataset.suite.index is not None:
        values["index"] = dataset.suite.index
    # Strings and lists of strings are written in TOML as in JSON.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _encode(subjects: Sequence[Subject], settings: Settings) -> NDArray[np.float32]:
    """Vectors of the first picture or signal of each, one encoder for pictures and one for signals.

    The two kinds lie in subspaces of their own, so that a picture and a signal are never alike; what has no vector is
    like nothing.
    """
    from assistant.embed.registry import open_encoder

    items = [_first(subject, settings) for subject in subjects]
    parts: list[tuple[list[int], NDArray[np.float32]]] = []
    for kind, name in (("image", settings.embed.image), ("signal", settings.embed.signal)):
        places = [place for place, item in enumerate(items) if item is not None and item.kind == kind]
        if places:
            things: list[str | Image | Signal] = [_thing(items[place]) for place in places]
            encoder = open_encoder("image" if kind == "image" else "signal", name, settings.embed)
            parts.append((places, encoder.encode(things)))
    vectors = np.zeros((len(subjects), sum(part.shape[1] for _, part in parts) or 1), dtype=np.float32)
    start = 0
    for places, part in parts:
        vectors[places, start : start + part.shape[1]] = part
        start += part.shape[1]
    return vectors


def _first(subject: Subject, settings: Settings) -> Record | None:
    """The first record that can be encoded; None where there is none."""
    from assistant.ingest import read_file

    for path in subject.files:
        try:
            records = read_file(path, settings.ingest)
        except UnreadableFile:
            continue
        for record in records:
            if record.kind != "text" and record.is_encoded:
                return record
    return None


def _thing(record: Record | None) -> Image | Signal:
    thing = None if record is None else record.image or record.signal
    assert thing is not None
    return thing
