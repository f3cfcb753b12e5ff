"""An index whose texts are handed in rather than found: the table they stand in, and the recipe that reads it.

    documents/<name>.csv       one row a text, readable by its owner alone: what was handed in, as it was handed in
    indexes/<name>.toml        a recipe like any other, with that table as its manifest
    indexes/<name>/            built from it, de-identified as the settings say

So a generation holds derived data only, `wardround index indexes/<name>.toml` finds nothing to do, and another encoder
or another way of cleaning texts builds the index anew from the table.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import BadQuery, RecipeError, WorkspaceBusy
from assistant.ingest import Deidentifier, Item, Recipe, load_recipe
from assistant.ingest.dates import parse_date
from assistant.ingest.text.encodings import clean
from assistant.ingest.worker import Job, Outcome, read_outcome
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.settings import IngestSettings, Settings, StoreSettings
from assistant.store.build import BuildReport, build_index
from assistant.store.files import write_atomically
from assistant.store.forgotten import Forgotten
from assistant.store.generations import IndexFolder

FACTS = ("patient_id", "study_id", "taken_at", "title", "url", "modality")
_COLUMNS = ("id", "text", *FACTS, "labels")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BUSY_S = 120.0  # how long a change waits for another process that builds the same index


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A text as it is handed in, with the archive's own ids. `facts` are among `FACTS`."""

    id: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DocumentTable:
    """The table and the recipe of one such index. One change at a time, whoever makes it: the others wait."""

    workspace: Path
    name: str
    store: StoreSettings | None = None  # what the workspace's settings say, where it is left out

    @property
    def path(self) -> Path:
        return self.workspace / "documents" / f"{self.name}.csv"

    @property
    def recipe_path(self) -> Path:
        return self.workspace / "indexes" / f"{self.name}.toml"

    def create(self, text_encoder: str, *, deidentify: bool = True) -> Recipe:
        """The recipe, written with an empty table if there is none.

        Raises RecipeError where an index of that name is built from something else, or by another text encoder.
        """
        folder = IndexFolder.of(self.workspace, self.name, self.store)
        if not self.recipe_path.exists():
            if folder.current() is not None:
                raise RecipeError(f"index {self.name!r} is built from another recipe: give another index name")
            with self._changing():
                if not self.path.exists():
                    self._write({})
                if not self.recipe_path.exists():
                    self.recipe_path.parent.mkdir(parents=True, exist_ok=True)
                    write_atomically(self.recipe_path, _recipe_text(self.name, text_encoder, deidentify))
        recipe = load_recipe(self.recipe_path)
        source = recipe.source[0]
        if len(recipe.source) != 1 or source.dicomweb or source.path / (source.manifest or "") != self.path:
            raise RecipeError(
                f"{self.recipe_path}: this index is built from an archive, and texts added to it would go with its "
                "next build: give another index name"
            )
        if recipe.encoders.text != text_encoder:
            raise RecipeError(
                f"{self.recipe_path}: the texts of this index are encoded by {recipe.encoders.text!r}, not by "
                f"{text_encoder!r}: name that encoder, or another index"
            )
        return recipe

    def put(self, documents: Iterable[TextDocument], settings: Settings) -> BuildReport:
        """Add texts, or replace those of the same ids, in one new generation.

        Raises BadQuery for a text or an id that can't be kept, WorkspaceBusy after two minutes of waiting for another
        build, RecipeError, WeightsMissing; the table is then as it was.
        """
        new = {document.id: _checked(document) for document in documents}
        self._refuse_forgotten(new.values())
        return self._change(lambda rows: rows | new, settings)

    def remove(self, ids: Iterable[str] | None, settings: Settings) -> BuildReport:
        """Remove the texts of these ids, or all of them; ids that are not there are no error."""
        gone = None if ids is None else set(ids)
        return self._change(
            lambda rows: {i: d for i, d in rows.items() if gone is not None and i not in gone}, settings
        )

    def forget(self, patient: str, studies: frozenset[str], pseudonyms: Pseudonyms, namespace: str) -> int:
        """Take a patient's rows (a pseudonym), and nobody's of these studies, out of the table; gives how many."""
        if not self.path.exists():
            return 0

        def theirs(document: TextDocument) -> bool:
            if own := document.facts.get("patient_id"):
                return pseudonyms.patient(own, namespace) == patient
            study = document.facts.get("study_id")
            return bool(study) and pseudonyms.study(str(study), namespace) in studies

        with self._changing():
            rows = self._read()
            kept = {i: document for i, document in rows.items() if not theirs(document)}
            if len(kept) < len(rows):
                self._write(kept)
            return len(rows) - len(kept)

    # --- the table -----------------------------------------------------------------------------------

    def _change(
        self, change: Callable[[dict[str, TextDocument]], dict[str, TextDocument]], settings: Settings
    ) -> BuildReport:
        with self._changing():
            before = self._read()
            self._write(change(before))
            try:
                return self._built(settings)
            except BaseException:
                self._write(before)
                raise

    def _built(self, settings: Settings) -> BuildReport:
        recipe, deadline = load_recipe(self.recipe_path), time.monotonic() + _BUSY_S
        while True:
            try:
                return build_index(recipe, self.workspace, settings, read=_read_here)
            except WorkspaceBusy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Waits for whoever changes the table now, in this process or another."""
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with (folder / f"{self.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, TextDocument]:
        csv.field_size_limit(50_000_000)
        with self.path.open(encoding="utf-8", newline="") as file:
            return {row["id"]: _of_row(row) for row in csv.DictReader(file)}

    def _write(self, rows: Mapping[str, TextDocument]) -> None:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(document) for document in rows.values())
        write_atomically(self.path, text.getvalue(), mode=0o600)

    def _refuse_forgotten(self, documents: Iterable[TextDocument]) -> None:
        pseudonyms = Pseudonyms.of(self.workspace)
        namespace = load_recipe(self.recipe_path).patient_namespace
        forgotten = Forgotten.of(IndexFolder.of(self.workspace, self.name, self.store), namespace, pseudonyms)
        for document in documents:
            facts = document.facts
            record = Record("text", "DOC", "", patient_id=facts.get("patient_id"), study_id=facts.get("study_id"))
            if forgotten.covers(record):
                raise BadQuery(f"document {document.id!r} is of a patient who was forgotten (wardround forget)")


def _checked(document: TextDocument) -> TextDocument:
    """The document as the table can hold it. Raises BadQuery naming it."""
    text = _CONTROL.sub(" ", clean(document.text)).strip()
    if not text:
        raise BadQuery(f"document {document.id!r} has no text: nothing to search for in it")
    if not document.id or document.id != _CONTROL.sub("", clean(document.id)).strip():
        raise BadQuery(f"document id {document.id!r}: it must not be empty, nor begin or end with a space")
    taken_at = document.facts.get("taken_at")
    if taken_at and parse_date(taken_at) is None:
        raise BadQuery(f"document {document.id!r}: taken_at {taken_at!r} is no date; write 2026-01-31 or an ISO time")
    facts = {name: _CONTROL.sub(" ", clean(value)).strip() for name, value in document.facts.items()}
    if unknown := facts.keys() - set(FACTS):
        raise BadQuery(
            f"document {document.id!r}: no fact is called {sorted(unknown)[0]!r}; there are {', '.join(FACTS)}"
        )
    return TextDocument(document.id, text, facts, document.labels)


def _row(document: TextDocument) -> dict[str, str]:
    labels = json.dumps(dict(document.labels), ensure_ascii=True) if document.labels else ""
    return {"id": document.id, "text": document.text, **document.facts, "labels": labels}


def _of_row(row: Mapping[str, str]) -> TextDocument:
    facts = {name: row[name] for name in FACTS if row[name]}
    return TextDocument(row["id"], row["text"], facts, json.loads(row["labels"]) if row["labels"] else {})


def _recipe_text(name: str, text_encoder: str, deidentify: bool) -> str:
    columns = "\n".join(f'{column} = "{column}"' for column in ("id", "text", *FACTS))
    return f"""# Texts handed in through Python (docs/langchain.md); they stand in documents/{name}.csv.
name = "{name}"

[[source]]
path = "../documents"
manifest = "{name}.csv"
labels_column = "labels"
deidentify = {str(deidentify).lower()}
[source.columns]
{columns}

[encoders]
text = {json.dumps(text_encoder)}
"""


# --- reading without a pool --------------------------------------------------------------------------


def _read_here(
    items: Sequence[Item], recipe: Recipe, limits: IngestSettings, cleaner: Callable[[], Deidentifier]
) -> Generator[Outcome, None, None]:
    """Rows that carry their texts are read in this process: no decoder is at work that could take it down."""
    job, deidentifier = Job(recipe, limits, None), cleaner()
    for item in items:
        yield Outcome(None, item.problem) if item.problem else read_outcome(item, job, deidentifier)
