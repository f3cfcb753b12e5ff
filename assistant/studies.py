"""The studies of a batch: how they are listed, and which of them are drafted already."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WardroundError


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """A study to draft: its id, and its files; without files it is an indexed study, by any id it is known under."""

    study_id: str
    files: tuple[Path, ...] = ()
    patient_id: str | None = None


def read_studies(source: Path) -> list[StudyRequest]:
    """The studies of a CSV file (`study_id,patient_id,files`, `;` between files) or of a folder.

    Below a folder each subfolder is a study, and so is each file that lies beside them. Raises WardroundError naming
    the column or line that is wrong.
    """
    if source.is_dir():
        return [StudyRequest(path.stem if path.is_file() else path.name, _files(path)) for path in _visible(source)]
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
            columns = rows[0].keys() if rows else ("study_id",)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WardroundError(f"{source}: can't be read as CSV: {error}") from error
    if "study_id" not in columns:
        raise WardroundError(f"{source}: no column 'study_id' (there are: {', '.join(columns)})")
    studies = []
    for line, row in enumerate(rows, start=2):
        study = (row["study_id"] or "").strip()
        if not study:
            raise WardroundError(f"{source}, line {line}: study_id is empty")
        files = tuple(source.parent / name.strip() for name in (row.get("files") or "").split(";") if name.strip())
        studies.append(StudyRequest(study, files, (row.get("patient_id") or "").strip() or None))
    return studies


def study_requests(studies: Iterable[StudyRequest | str] | str | Path) -> list[StudyRequest]:
    """Studies in any of the ways a caller may give them. Raises WardroundError when one is listed twice."""
    if isinstance(studies, str | Path):
        found: list[StudyRequest] = read_studies(Path(studies))
    else:
        found = [study if isinstance(study, StudyRequest) else StudyRequest(study) for study in studies]
    names = [request.study_id for request in found]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise WardroundError(f"study {twice[0]!r} is listed twice; give each study one line")
    return found


def _visible(folder: Path) -> list[Path]:
    from assistant.ingest import is_sidecar

    return [p for p in sorted(folder.iterdir()) if not p.name.startswith(".") and not (p.is_file() and is_sidecar(p))]


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    from assistant.ingest import is_sidecar

    return tuple(p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".") and not is_sidecar(p))
