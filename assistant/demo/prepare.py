"""Fetch the parts of the demonstration archive and lay them out for its recipe."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

from assistant import weights
from assistant.demo.manifest import MANIFEST, write_manifest
from assistant.demo.sources import SOURCES, Source
from assistant.errors import WardroundError
from assistant.resources import resource_dir

log = logging.getLogger(__name__)

DEMO_INDEX = "demo"
Progress = Callable[[int, int, str], None]
"""Called with (done, total, what), as when an index is built."""

_STAMP = ".made.json"  # in a finished part's folder: from which file, and in which way, it was made


def prepare(workspace: Path, progress: Progress | None = None) -> Path:
    """Make every part of the archive that is not there yet below `workspace/indexes/demo-data`.

    Parts appear whole or not at all, so an interrupted call is taken up where it stopped, and one on a finished
    archive returns at once. A part whose package can't be fetched is left out, with a warning in the log that
    names it; the next call tries it again.

    Returns:
        The recipe, `workspace/indexes/demo.toml`, ready to be built; written there if the workspace has none.

    Raises:
        WardroundError: no part at all could be made.
    """
    indexes = Path(workspace) / "indexes"
    data = indexes / "demo-data"
    data.mkdir(parents=True, exist_ok=True)
    recipe = indexes / f"{DEMO_INDEX}.toml"
    if not recipe.exists():
        shutil.copyfile(resource_dir("indexes") / recipe.name, recipe)
    wanted = [source for source in SOURCES if not _is_made(source, data)]
    if wanted:
        problems = _make_all(wanted, data, progress)
        if len(problems) == len(SOURCES):
            raise WardroundError("The demonstration archive could not be fetched. " + " ".join(problems))
    return recipe


def notices(workspace: Path) -> tuple[str, ...]:
    """A line for each part that this workspace has: what it is, whose, and on which terms; empty without any."""
    data = Path(workspace) / "indexes" / "demo-data"
    return tuple(source.notice for source in SOURCES if _is_made(source, data))


def _make_all(sources: list[Source], data: Path, progress: Progress | None) -> list[str]:
    """Make the parts side by side, as most of the time is spent waiting for the network; what went wrong, in words."""
    total, done, problems = sum(source.seconds for source in sources), 0, []
    report = progress or (lambda done, total, what: None)
    report(done, total, "fetching the archive")
    with ThreadPoolExecutor(max_workers=len(sources) + 1) as pool:
        pool.submit(_fetch_image_encoder)
        running = {pool.submit(_make, source, data): source for source in sources}
        for finished in as_completed(running):
            source = running[finished]
            try:
                finished.result()
            except (WardroundError, OSError) as error:
                problems.append(f"{source.title}: {error}")
                log.warning("left out of the demonstration archive: %s: %s", source.title, error)
                _leave_empty(data / source.folder)
            done += source.seconds
            report(done, total, "fetching the archive")
    return problems


def _fetch_image_encoder() -> None:
    """Start the largest download of the build that follows; if it fails, the build says so."""
    with suppress(WardroundError):
        weights.locate("vit-s-focus")


def _make(source: Source, data: Path) -> None:
    material = source.material()
    folder = data / source.folder
    with tempfile.TemporaryDirectory(dir=data, prefix=f".{source.folder}-") as scratch:
        made = Path(scratch) / source.folder
        made.mkdir()
        source.make(material, made)
        (made / _STAMP).write_text(_stamp(source), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(scratch) / "before")  # goes away with the scratch folder
        made.rename(folder)


def _leave_empty(folder: Path) -> None:
    """An empty part without its stamp: the recipe's source is there, with nothing in it."""
    folder.mkdir(exist_ok=True)
    if not (folder / MANIFEST).exists():
        write_manifest(folder, ())


def _is_made(source: Source, data: Path) -> bool:
    try:
        return (data / source.folder / _STAMP).read_text(encoding="utf-8") == _stamp(source)
    except OSError:
        return False


def _stamp(source: Source) -> str:
    return json.dumps({"package": source.package, "sha256": source.sha256, "revision": source.revision}) + "\n"
