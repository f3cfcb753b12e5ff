"""What goes into a run, hashed: the whole run to its id, and of each case all that shapes what becomes of it.

The id changes with everything that can change a number: cases and references, uploads' content, settings, prompts,
indexes, the assistant's code and that of the metrics. A case's key leaves out what only judges: its reference, its
group, and all of `evaluate/` but solvers and variants. So a changed metric re-scores answers that are there
(`answers`), and a changed scorecard draws the same run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from assistant.errors import IndexMissing
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset, apply_overrides
from assistant.evaluate.solve import ARCHIVE_TASKS
from assistant.evaluate.variants import Variant
from assistant.resources import Resource, resource_dir
from assistant.settings import Settings
from assistant.store.generations import IndexFolder, built_indexes
from assistant.workspace import of_a_suite

RUNS = ("eval", "runs")

_NOT_SHAPING: dict[str, Any] = {
    "ui": True,
    "serve": True,
    "llm": {
        "api_key",
        "timeout_s",
        "retries",
        "requests",
        "when_lost",
        "drafts_when_lost",
        "patience_s",
        "vllm_python",
    },
    "embed": {"fetch_weights"},
    "store": {"catalogue", "database_url", "database_connections"},
}
_PACKAGE = Path(__file__).resolve().parents[1]
_FRONT = {
    "ui", "demo", "export", "langchain", "cli.py", "commands", "console.py", "html_page.py", "forget.py", "data",
}  # fmt: skip
"""Rooms that shape no answer: they show it, or carry it elsewhere."""
_SHAPING_IN_EVALUATE = {"solve", "variants", "perturb", "probe"}
_CODE = {".py", ".toml", ".json", ".jinja", ".txt", ".csv", ".npz"}


@dataclass(frozen=True)
class Plan:
    """A run before anything is asked. `dataset` holds the cases as the variant, if any, has them."""

    dataset: Dataset
    workspace: Path
    settings: Settings
    index_of: Mapping[str, str | None]
    manifest: Mapping[str, Any]
    variant: Variant | None = None

    @cached_property
    def run(self) -> str:
        names = [self.dataset.suite.name, *([self.variant.name] if self.variant else [])]
        slug = "-".join(re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") for name in names) or "suite"
        return f"{slug}-{content_hash(self.manifest)}"

    @cached_property
    def folder(self) -> Path:
        return self.workspace.joinpath(*RUNS, self.run)

    @property
    def changed_files(self) -> Path:
        """Where a variant writes the files that it changes; removed when the cases have been asked."""
        return self.folder / "files"

    @cached_property
    def generations(self) -> dict[str, int | None]:
        return {name: IndexFolder.of(self.workspace, name).current() for name in self.manifest["indexes"]}

    @cached_property
    def keys(self) -> dict[str, str]:
        """By case id, the hash of all that shapes what becomes of the case."""
        shared = {part: self.manifest[part] for part in ("prompts", "code", "variant")}
        shared["settings"] = self.asking.model_dump(mode="json", exclude=_NOT_SHAPING)
        if self.variant is None or not self.variant.asks_otherwise:
            del shared["variant"]  # its settings and cases speak for it, and a reading changes no answer
        return {case.id: content_hash({**shared, **self._shape_of(case)}) for case in self.dataset.cases}

    def _shape_of(self, case: Case) -> dict[str, Any]:
        indexes = self.manifest["indexes"]
        if case.task not in ARCHIVE_TASKS:
            indexes = {}
        elif (name := self.index_of[case.id]) is not None:
            indexes = {name: indexes[name]}
        return {
            "case": case.model_dump(mode="json", exclude={"reference", "group", "pair", "files"}),
            "uploads": _uploads(case, self.dataset),
            "indexes": indexes,
            "ranked": self.dataset.suite.retrieval_k[-1] if case.reference.grades or case.task == "search" else None,
            "choose_by": self.dataset.suite.choose_by if case.task == "choose" else None,
        }

    @property
    def asking(self) -> Settings:
        """The settings the assistant is asked with.

        Unsupported claims are marked, not removed: a rate of what was shown after removal would always be 0. A lost
        model is an error: what `quote` says in its place is no figure of the model's.
        """
        return apply_overrides(
            self.settings, {"verify": {"unsupported": "mark"}, "llm": {"when_lost": "error"}}, "evaluate"
        )

    @classmethod
    def of(
        cls, dataset: Dataset, workspace: Path, settings: Settings, index: str | None, variant: Variant | None = None
    ) -> Plan:
        """The plan of a run over a data set's cases; `index` wins over what suite and cases name.

        With a variant the cases it takes, changed as it says, with its settings put over the run's. IndexMissing where
        an index that is asked is not built.
        """
        if variant is not None:
            dataset = dataset.model_copy(update={"cases": tuple(c for c in dataset.cases if variant.takes(c))})
            overrides = {group: dict(options) for group, options in variant.settings.items()}
            settings = apply_overrides(settings, overrides, f"variant {variant.name}")
        index_of = {
            case.id: _index_name(index or case.index or dataset.archive, dataset, workspace)
            for case in dataset.cases
            if case.task in ARCHIVE_TASKS
        }
        manifest = {
            "suite": dataset.suite.model_dump(mode="json", exclude={"description"}, by_alias=True),
            "variant": variant.name if variant else None,
            "cases": {
                case.id: content_hash({"case": case.model_dump(mode="json"), "uploads": _uploads(case, dataset)})
                for case in dataset.cases
            },
            "index_of": index_of,
            "indexes": _index_states(workspace, set(index_of.values())),
            "settings": settings.model_dump(mode="json", exclude=_NOT_SHAPING),
            "prompts": _hash_files({"prompts": _prompts(workspace)}, {".md"}),
            "code": shaping_code(),
            "metrics": metrics_code(),
        }
        plan = cls(dataset, workspace, settings, index_of, manifest, variant)
        if variant is None or variant.case is None:
            return plan
        changed = {case.id: variant.case(case, dataset, plan.changed_files) for case in dataset.cases}
        cases = tuple(case for case in changed.values() if case is not None)
        return cls(dataset.model_copy(update={"cases": cases}), workspace, settings, index_of, manifest, variant)


@lru_cache(maxsize=1)
def shaping_code() -> str:
    """The hash of the code and data that answers come from, as it was when this process first asked."""
    rooms = {path.name: path for path in _PACKAGE.iterdir() if path.name not in {*_FRONT, "evaluate"}}
    inside = {f"evaluate/{name}": _PACKAGE / "evaluate" / name for name in _SHAPING_IN_EVALUATE}
    return _hash_files({**rooms, **inside}, _CODE)


@lru_cache(maxsize=1)
def metrics_code() -> str:
    """The hash of what answers are judged with: all of `evaluate/` but what draws the scorecard."""
    inside = (_PACKAGE / "evaluate").iterdir()
    return _hash_files({path.name: path for path in inside if path.name != "scorecard"}, _CODE)


def _uploads(case: Case, dataset: Dataset) -> list[list[str]]:
    """Of each file of a case the hash of its content, and of what lies beside a WFDB header (same stem)."""
    hashed = []
    for path in dataset.files_of(case):
        beside = _same_stem(path) if path.suffix == ".hea" else [path]
        stamped = [(part, part.stat()) for part in beside if part.is_file()]
        hashed.append([_sha256(part, (stat.st_mtime_ns, stat.st_size)) for part, stat in stamped])
    return hashed


def _same_stem(path: Path) -> list[Path]:
    """The files that bear a header's name, itself among them, in order; its folder may hold thousands of others."""
    begin = f"{path.stem}."
    with os.scandir(path.parent) as beside:
        names = sorted(file.name for file in beside if file.name.startswith(begin))
    return [path.with_name(name) for name in names]


@lru_cache(maxsize=100_000)
def _sha256(path: Path, _: tuple[int, int]) -> str:
    """The hash of a file as it was at a time and size: several questions about one picture, several runs of a suite."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def content_hash(content: Any) -> str:
    """Twelve hexadecimal digits of what can be written as JSON, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()


def _index_name(where: str | None, dataset: Dataset, workspace: Path) -> str | None:
    """The name of an index given by name or by recipe, the recipe's path relative to the workspace or the suite."""
    if where is None or not where.endswith(".toml"):
        return where
    from assistant.ingest import load_recipe

    places = (workspace / where, dataset.path.parent / where)
    return load_recipe(next((place for place in places if place.is_file()), places[0])).name


def _index_states(workspace: Path, wanted: set[str | None]) -> dict[str, str]:
    """The hash of the commit of each index that the cases ask, by name; IndexMissing where there is none."""
    names = {name for name in wanted if name is not None}
    if None in wanted:
        names |= {name for name in built_indexes(workspace) if not of_a_suite(name)}
    states: dict[str, str] = {}
    for name in sorted(names):
        pointer = IndexFolder.of(workspace, name).path / "CURRENT"
        if not pointer.is_file():
            raise IndexMissing(f"{workspace}: index {name!r} is not built: wardround index indexes/{name}.toml")
        states[name] = hashlib.sha256(pointer.read_bytes()).hexdigest()[:16]
    if wanted and not states:
        raise IndexMissing(f"{workspace}: no index is built here: wardround index RECIPE.toml, or wardround demo")
    return states


def _prompts(workspace: Path) -> Path:
    name: Resource = "prompts"
    own = workspace / name
    return own if own.is_dir() else resource_dir(name)


def _hash_files(rooms: Mapping[str, Path], suffixes: Iterable[str]) -> str:
    wanted = frozenset(suffixes)
    content = {
        f"{name}/{path.relative_to(room).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for name, room in rooms.items()
        for path in ([room] if room.is_file() else sorted(room.rglob("*")))
        if path.suffix in wanted and path.is_file()
    }
    return content_hash(content)
