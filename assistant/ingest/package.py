"""An archive handed in as one upload, such as the ZIP of a study: all that it holds, read as one.

Nothing is unpacked to the disk. Slices of a series are read as one volume, a WFDB header with its data; what can't be
read is told by name while the rest goes on. The limits are narrower than for indexing, since a stranger may send it.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest import archive
from assistant.ingest.deid import Deidentifier
from assistant.ingest.image.nifti import is_volume
from assistant.ingest.items import Item, Reading, archive_items, read_item
from assistant.ingest.recipe import Recipe, Source
from assistant.records import Record
from assistant.settings import IngestSettings, UiSettings
from assistant.wording import worded

_RECIPE = Recipe(name="upload", path=Path(), source=(Source(path=Path()),))
_NAMED_ALIKE = {"ingest.max_archive_mb": "ui.max_archive_mb", "ingest.max_archive_members": "ui.max_archive_files"}
_HEAD = 4_096
_SMALL_BYTES = 20_000_000  # an archive that unpacks to less is no trap, however well it packs


def is_package(path: Path) -> bool:
    """Whether a file is a ZIP or TAR archive; Office documents and packed NIfTI volumes are none."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    return archive.looks_like_archive(head) and not is_volume(head)


def read_package(path: Path, limits: IngestSettings, ui: UiSettings, deidentifier: Deidentifier) -> Reading:
    """The records of all that an archive holds, de-identified, with the archive's own ids.

    Raises UnreadableFile where nothing can be read, or it is beyond a limit of `ui`.
    """
    narrow = limits.model_copy(
        update={
            "max_archive_mb": min(limits.max_archive_mb, ui.max_archive_mb),
            "max_archive_members": min(limits.max_archive_members, ui.max_archive_files),
        }
    )
    try:
        _check_ratio(path, ui)
        items = list(archive_items(path, narrow))
        if len(items) > ui.max_uploads:
            raise UnreadableFile(
                path.name,
                "holds {count:,} files that do not make up a series, more than the limit of {max_uploads} "
                "(ui.max_uploads): index it as an archive of its own",
                count=len(items),
                max_uploads=ui.max_uploads,
            )
        return _read(path, items, narrow, deidentifier)
    except UnreadableFile as error:
        raise UnreadableFile(path.name, _named_alike(error.reason)) from None
    finally:
        archive.release()  # a deleted upload must not live on in an open file


def _read(path: Path, items: list[Item], limits: IngestSettings, deidentifier: Deidentifier) -> Reading:
    records: list[Record] = []
    aside: list[tuple[str, str]] = []
    for item in items:
        name = item.uri.partition("!")[2] or item.uri
        try:
            reading = read_item(item, _RECIPE, limits, deidentifier)
        except UnreadableFile as error:
            aside.append((name, _named_alike(error.reason)))
            continue
        unnamed = f"{_RECIPE.name}:{item.key}"  # the study of a file that names none
        records += [replace(r, study_id=None) if r.study_id == unnamed else r for r in reading.records]
        aside += [(worded("{name}, {part}", name=name, part=part), reason) for part, reason in reading.aside]
    if not records:
        first = f"{aside[0][0]}: {aside[0][1]}" if aside else "it is empty"
        raise UnreadableFile(path.name, "an archive without a readable file ({first})", first=first)
    return Reading(tuple(records), tuple(aside))


def _check_ratio(path: Path, ui: UiSettings) -> None:
    """Refuse a ZIP by what its directory states, before anything is unpacked; a TAR is bounded while it is."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as file:
            unpacked = sum(info.file_size for info in file.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(path.name, "damaged archive ({error})", error=error) from None
    packed = max(1, path.stat().st_size)
    if unpacked > _SMALL_BYTES and unpacked > ui.max_archive_ratio * packed:
        raise UnreadableFile(
            path.name,
            "unpacks to {unpacked:,.0f} times its size, more than the limit of {max_archive_ratio:g} "
            "(ui.max_archive_ratio)",
            unpacked=unpacked / packed,
            max_archive_ratio=ui.max_archive_ratio,
        )


def _named_alike(reason: str) -> str:
    """A reason with the options that bound uploads in the place of those that bound indexing."""
    for of_indexing, of_uploads in _NAMED_ALIKE.items():
        reason = reason.replace(of_indexing, of_uploads)
    return reason
