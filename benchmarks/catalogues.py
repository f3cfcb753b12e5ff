"""SQLite and PostgreSQL as catalogue of one archive: builds, growth, opening and warm queries, side by side.

    WARDROUND_DATA=… python benchmarks/catalogues.py [--recipe iu_xray_reports] [--rounds 5]

Starts a PostgreSQL server of its own on a free port, with its default durability. The archive is read and encoded once;
what is timed is all the rest of a build, by turns, so that both places get the same batches. Queries go through the
whole of `Assistant.search`, encoder included, by turns as well. Prints Markdown tables with medians and ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgres import PASSWORD, running_postgres
from sqlalchemy import select

from assistant.assistant import Assistant
from assistant.ingest import load_recipe
from assistant.pseudonyms import Pseudonyms
from assistant.settings import Settings, load_settings
from assistant.store import build
from assistant.store.catalogue import MetaRow, RecordRow, reading
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex
from assistant.store.working import WorkingCopy

PLACES = ("sqlite", "postgresql")
TEXTS = (
    "right pleural effusion", "enlarged heart", "pneumothorax after line placement", "calcified granuloma",
    "no acute disease", "degenerative changes of the thoracic spine", "hiatal hernia", "atelectasis at the left base",
    "interstitial oedema", "old rib fractures", "scarring in the upper lobes", "tortuous aorta",
)  # fmt: skip
FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "modality": {"modalities": ["SR"]},
    "dates": {"since": datetime(1990, 1, 1)},
    "a stated finding": {"findings": ["pleural effusion"]},
    "without a patient": {"exclude_patient": "1"},
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recipe", default="iu_xray_reports", help="a recipe of benchmarks/recipes by name")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    recipe = Path(__file__).parent / "recipes" / f"{chosen.recipe}.toml"
    os.environ["PGPASSWORD"] = PASSWORD
    with running_postgres(options=()) as server, server.database() as url, tempfile.TemporaryDirectory() as folder:
        compare(recipe, Path(folder), url, chosen.rounds)


def compare(recipe: Path, folder: Path, url: str, rounds: int) -> None:
    homes = {place: folder / place for place in PLACES}
    settings = {place: settings_of(place, url) for place in PLACES}
    first = folder / "first"
    first.mkdir()
    batches: list[Any] = []
    read = build._read_and_encode

    def recorded(*given: Any) -> Iterator[Any]:
        for batch in read(*given):
            batches.append(batch)
            yield batch

    build._read_and_encode = recorded
    report = build.build_index(load_recipe(recipe), first, settings["sqlite"])
    build._read_and_encode = lambda *_: iter(batches)
    print(f"{recipe.stem}: {report.records['text']} texts, a whole build with SQLite took {report.seconds:.1f} s\n")

    told: dict[str, dict[str, list[float]]] = {}

    def timed(what: str, place: str, work: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        result = work(*given)
        told.setdefault(what, {}).setdefault(place, []).append((time.perf_counter() - began) * 1000)
        return result

    for turn in range(rounds):
        for place in by_turns(turn):
            homes[place] = folder / f"{place}{turn}"
            shutil.copytree(first / ".keys", homes[place] / ".keys")
            what = "a build, reading and encoding apart"
            timed(what, place, build.build_index, load_recipe(recipe), homes[place], settings[place])
    for turn in range(rounds):
        for place in by_turns(turn):
            index = timed("opening it", place, OpenIndex, homes[place], recipe.stem, settings[place].store)
            if place == "postgresql":
                timed("the digest of every row", place, verify, index)
            index.close()
            timed("a new generation, less one record", place, grow, homes[place], recipe.stem, settings[place])
    table(told, "ms")

    told.clear()
    assistants = {place: Assistant(homes[place], settings=settings[place]) for place in PLACES}
    for assistant in assistants.values():
        for filters in FILTERS.values():
            assistant.search(TEXTS[0], **filters)
    for turn in range(rounds):
        for name, filters in FILTERS.items():
            for text in TEXTS:
                found = {}
                for place in by_turns(turn):
                    search = partial(assistants[place].search, text, **filters)
                    found[place] = timed(f"search, filter: {name}", place, search)
                same = [[piece.record_id for piece in found[place].evidence] for place in PLACES]
                assert same[0] == same[1], (text, filters)
    print("\nEvery search found the same in both.\n")
    table(told, "ms")


def verify(index: OpenIndex) -> None:
    index.catalogue.verify(thorough=True)


def grow(home: Path, name: str, settings: Settings) -> None:
    """What forgetting does: a generation grown from the current one, less a record."""
    folder = IndexFolder.of(home, name, settings.store)
    with folder.lock():
        base = folder.open_current()
        with reading(folder.catalogue(base)) as session:
            meta = {row.key: row.value for row in session.scalars(select(MetaRow))} | {"base": int(base.name)}
            one = session.scalars(select(RecordRow.record_id).order_by(RecordRow.pk).limit(1)).one()
        work = WorkingCopy.open(folder, base, meta, meta["namespace"], Pseudonyms.of(home), anew=True)
        work.remove_records([one])
        work.commit(base, int(base.name) + 1)
        folder.sweep(settings.store.keep_generations)


def settings_of(place: str, url: str) -> Settings:
    settings = load_settings(Path("/nonexistent"))
    store = settings.store.model_validate({**settings.store.model_dump(), "catalogue": place, "database_url": url})
    return settings.model_copy(update={"store": store})


def by_turns(turn: int) -> tuple[str, ...]:
    return PLACES if turn % 2 == 0 else PLACES[::-1]


def table(told: dict[str, dict[str, list[float]]], unit: str) -> None:
    print(f"| what | SQLite, median {unit} | PostgreSQL, median {unit} | ratio of medians | n |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for what, places in told.items():
        there = statistics.median(places["postgresql"])
        here = statistics.median(places["sqlite"]) if "sqlite" in places else None
        both = f"{here:.1f} | {there:.1f} | {there / here:.2f}" if here else f"– | {there:.1f} | –"
        print(f"| {what} | {both} | {len(places['postgresql'])} |", flush=True)


if __name__ == "__main__":
    main()
