"""The pictures of a report: the study's own, and those of the similar studies that it cites."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.errors import WardroundError
from assistant.export.layout import Layout, Source
from assistant.export.names import modality_name, plain
from assistant.generate.ecg_picture import ecg_picture
from assistant.records import Image, Record

MOST_OWN, MOST_SIMILAR = 4, 3
LONGEST_OWN_PX, LONGEST_SIMILAR_PX = 1_200, 800


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as PNG with its size in pixels; `is_own` says that it is of the study itself."""

    png: bytes
    width: int
    height: int
    caption: str
    is_own: bool

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width of a page to be read."""
        return self.width > 1.6 * self.height


def pictures_of(layout: Layout, own: Sequence[Record], record_of: Callable[[str], Record]) -> list[Picture]:
    """Up to four pictures of the study and three of cited similar studies, ECGs drawn on their paper.

    A similar study whose file is gone or changed is left out.
    """
    numbers = {source.evidence.record_id: source.number for source in reversed(layout.sources)}
    found: list[Picture] = []
    for record in own:
        number = numbers.get(record.record_id)
        caption = f"This study: {modality_name(record.modality, record.kind)}" + (f" [{number}]" if number else "")
        if len(found) < MOST_OWN and (picture := _picture(record, caption, True)):
            found.append(picture)
    similar: dict[str, Source] = {}
    for source in layout.sources:
        if source.evidence.relation == "similar" and source.evidence.kind != "text":
            similar.setdefault(source.evidence.record_id, source)
    for record_id, source in list(similar.items())[:MOST_SIMILAR]:
        try:
            record = record_of(record_id)
        except WardroundError:
            continue
        caption = f"[{source.number}] {source.heading}, likeness {source.evidence.score:.2f}"
        if picture := _picture(record, caption, False):
            found.append(picture)
    return found


def columns_of(picture: Picture) -> int:
    """How many pictures of its kind share the width of a page."""
    if picture.is_wide:
        return 1 if picture.is_own else 2
    return 2 if picture.is_own else 3


def rows_of(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Pictures as they stand beside one another, the study's own and the similar ones apart."""
    rows: list[list[Picture]] = []
    for picture in pictures:
        room = columns_of(picture)
        fits = rows and rows[-1][0].is_own == picture.is_own and rows[-1][0].is_wide == picture.is_wide
        if fits and len(rows[-1]) < room:
            rows[-1].append(picture)
        else:
            rows.append([picture])
    return rows


def _picture(record: Record, caption: str, is_own: bool) -> Picture | None:
    from PIL import Image as Pillow

    image: Image | None = record.image
    if record.signal is not None and record.signal.is_ecg and record.signal.in_millivolts:
        image, caption = (
            ecg_picture(record.signal),
            f"{caption}; 25 mm/s and 10 mm/mV, drawn smaller, each pulse 1 mV and 0.2 s",
        )
    if image is None or not image.pixels.size:
        return None
    picture = Pillow.fromarray(image.pixels)
    longest = LONGEST_OWN_PX if is_own else LONGEST_SIMILAR_PX
    picture.thumbnail((longest, longest), Pillow.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return Picture(out.getvalue(), picture.width, picture.height, plain(caption), is_own)
