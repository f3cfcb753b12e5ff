"""Studies: those of a batch, listed in a table or lying in a folder, and those that an archive can offer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import WardroundError
from assistant.store.files import write_atomically
from assistant.store.study_list import ListedStudy, list_studies

if TYPE_CHECKING:
    from assistant.store.index import OpenIndex

COLUMNS = ("study_id", "patient_id", "files")
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """A study to draft: its id, and its files; without files it is an indexed study, by any id it is known under."""

    study_id: str
    files: tuple[Path, ...] = ()
    patient_id: str | None = None


def read_studies(source: Path) -> list[StudyRequest]:
    """The studies of a CSV file (`study_id,patient_id,files`, `;` between files) or of a folder.

    The table may have a byte order mark, further columns, and semicolons or tabs between its cells (the header tells);
    files are relative to it. Below a folder each subfolder is a study, and so is each file that lies beside them.
    Raises WardroundError naming the column, line or file that is wrong, and where there is no study at all.
    """
    return _of_folder(source) if source.is_dir() else _of_table(source)


def write_studies(path: Path, studies: Sequence[StudyRequest]) -> None:
    """A table that `read_studies` reads, for its owner alone; the files of its studies lie below its folder."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for study in studies:
        files = ";".join(file.relative_to(path.parent).as_posix() for file in study.files)
        rows.writerow([study.study_id, study.patient_id or "", files])
    write_atomically(path, out.getvalue(), mode=0o600)


def listed_studies(
    indexes: Sequence[OpenIndex],
    words: str,
    modality: str,
    limit: int,
    *,
    near: Callable[[str, int], Sequence[str]],
) -> tuple[list[ListedStudy], int]:
    """Indexed studies with a picture or a signal, and how many there are: those on which the words are written, then
    those of `near` (words, limit → pseudonyms, best first) as long as there is room."""
    found: dict[str, ListedStudy] = {}
    total = 0
    for index in indexes:
        listed, count = list_studies(index.catalogue, words, modality, limit)
        found |= {study.study_id: study for study in listed}
        total += count
    close = near(words, limit) if words and len(found) < limit else ()
    for index in indexes if close else ():
        listed, _ = list_studies(index.catalogue, modality=modality, studies=close, limit=limit)
        for study in sorted(listed, key=lambda study: close.index(study.study_id)):
            found.setdefault(study.study_id, study)
    return list(found.values())[:limit], max(total, len(found))


def study_requests(studies: Iterable[StudyRequest | str] | str | Path) -> list[StudyRequest]:
    """Studies in any of the ways a caller may give them. Raises WardroundError when one is listed twice."""
    if isinstance(studies, str | Path):
        return read_studies(Path(studies))
    found = [study if isinstance(study, StudyRequest) else StudyRequest(study) for study in studies]
    seen: set[str] = set()
    for request in found:
        if request.study_id in seen:
            raise WardroundError(
                "study {study_id!r} is listed twice; give each study one line", study_id=request.study_id
            )
        seen.add(request.study_id)
    return found


# --- a table -----------------------------------------------------------------------------------------


def _of_table(source: Path) -> list[StudyRequest]:
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WardroundError(
            "{source}: is not UTF-8 ({reason}); save it as CSV UTF-8", source=source, reason=error.reason
        ) from error
    except OSError as error:
        raise WardroundError("{source}: can't be read as CSV: {said}", source=source, said=error.strerror) from error
    if "\0" in text:
        raise WardroundError("{source}: can't be read as CSV: it holds null characters", source=source)
    header = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise WardroundError(
            "{source}, line {line_num}: can't be read as CSV: {error}",
            source=source,
            line_num=reader.line_num,
            error=error,
        ) from error
    if not rows:
        raise WardroundError(
            "{source}: is empty; it begins with the line {columns}", source=source, columns=",".join(COLUMNS)
        )
    columns = [name.strip().lower() for name in rows[0][1]]
    for name in COLUMNS:
        if columns.count(name) > 1:
            raise WardroundError("{source}: column {name!r} is there twice", source=source, name=name)
    if "study_id" not in columns:
        raise WardroundError(
            "{source}: no column 'study_id' (there are: {columns})", source=source, columns=", ".join(columns)
        )
    if len(rows) == 1:
        raise WardroundError("{source}: lists no study below its header", source=source)
    return _studies(source, columns, rows[1:])


def _studies(source: Path, columns: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> list[StudyRequest]:
    studies: list[StudyRequest] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        if any(cell.strip() for cell in row[len(columns) :]):
            raise WardroundError(
                "{source}, line {line}: has {count} cells for {columns} columns; put a cell that holds "
                'several files into quotes ("a.png;b.png")',
                source=source,
                line=line,
                count=len(row),
                columns=len(columns),
            )
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        study = cells.get("study_id", "")
        if not study:
            raise WardroundError("{source}, line {line}: study_id is empty", source=source, line=line)
        if study in lines:
            raise WardroundError(
                "{source}, line {line}: study {study!r} is listed twice, first in line {lines}; give each "
                "study one line, with ; between its files",
                source=source,
                line=line,
                study=study,
                lines=lines[study],
            )
        lines[study] = line
        files = tuple(source.parent / name.strip() for name in cells.get("files", "").split(";") if name.strip())
        studies.append(StudyRequest(study, files, cells.get("patient_id") or None))
    return studies


# --- a folder ----------------------------------------------------------------------------------------


def _of_folder(source: Path) -> list[StudyRequest]:
    from assistant.ingest import is_sidecar

    paths = [p for p in sorted(source.iterdir()) if not p.name.startswith(".") and not (p.is_file() and is_sidecar(p))]
    named: dict[str, Path] = {}
    for path in paths:
        name = path.stem if path.is_file() else path.name
        if name in named:
            raise WardroundError(
                "{source}: {named} and {path} are both called {name!r}; put files of one study into "
                "a folder of their own, and give two studies two names",
                source=source,
                named=named[name].name,
                path=path.name,
                name=name,
            )
        named[name] = path
    if not named:
        raise WardroundError("{source}: holds no study: neither files nor folders of files", source=source)
    return [StudyRequest(name, _files(path)) for name, path in named.items()]


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    from assistant.ingest import is_sidecar

    return tuple(p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".") and not is_sidecar(p))
