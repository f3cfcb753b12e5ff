"""The uploads of the cases to look at first, small: pictures, and ECGs as they are drawn on paper."""

from __future__ import annotations

from html import escape
from pathlib import Path

from assistant.errors import RecipeError, UnreadableFile
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.records import Image, Record
from assistant.settings import IngestSettings

PICTURED = 20  # cases; the rest name their files only, since every file has to be read once more
SIDE, ECG_SIDE = 256, 640  # pixels of the longer side: a trace has to be wider to be read


class Pictures:
    """Draws the uploads of the first cases it is asked for that have any; the same file is read once."""

    def __init__(self, dataset: Dataset, limits: IngestSettings, most: int = PICTURED) -> None:
        self._dataset, self._limits, self._left = dataset, limits, most
        self._known: dict[Path, str] = {}

    def of(self, case: Case) -> str:
        """The uploads of a case as HTML; "" where it has none, too many were drawn, or a file is no longer there."""
        if not case.files or not self._left:
            return ""
        self._left -= 1
        try:
            paths = self._dataset.files_of(case)
        except RecipeError:
            return ""
        return "".join(self._drawn(path) for path in paths)

    def _drawn(self, path: Path) -> str:
        if path not in self._known:
            self._known[path] = "".join(_picture(record) for record in self._records(path))
        return self._known[path]

    def _records(self, path: Path) -> list[Record]:
        from assistant.ingest import read_file

        try:
            return read_file(path, self._limits)[:1]  # of a volume one slice says what it is
        except UnreadableFile:
            return []


def _picture(record: Record) -> str:
    from assistant.generate.ecg_picture import ecg_picture
    from assistant.generate.pictures import data_url

    image: Image | None = record.image
    side = SIDE
    if record.signal is not None and record.signal.is_ecg and record.signal.in_millivolts:
        image, side = ecg_picture(record.signal), ECG_SIDE
    if image is None:
        return ""
    words = escape(f"upload, {record.modality}", quote=True)
    return f'<img class="upload" loading="lazy" alt="{words}" src="{data_url(image, side)}">'
