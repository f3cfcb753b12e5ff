"""Pictures to be looked at: the viewer's element, and small PNGs for cards; no file of a patient is left in a cache."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from assistant.ingest.depth import own_frame
from assistant.records import BoxPlace, Evidence, Image, Place, Record
from assistant.ui.evidence.origin import origin
from assistant.ui.gate import seals
from assistant.ui.language import DEFAULT, say, texts, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VIEW_PX = 1_400  # longer edge at most
OWN = "own-"  # before a record's id in the address of its patient's other pictures
CARD_PX = 160  # longer edge on an upload's card


def png(pixels: NDArray[np.uint8], longest: int = VIEW_PX) -> bytes:
    """A picture as PNG, scaled down so that its longer edge has at most `longest` pixels."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(pixels)
    factor = longest / max(picture.size)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()


def png_uri(image: Image, longest: int = VIEW_PX) -> str:
    """The same as a `data:` URI."""
    return "data:image/png;base64," + base64.b64encode(png(image.pixels, longest)).decode("ascii")


def figure(evidence: Evidence, record: Record, beside: Sequence[Record] = ()) -> Markup:
    """The picture of a piece of evidence in its viewer, with its box; `beside` are the case's uploaded pictures."""
    label = evidence.title or words.modality(evidence.modality, evidence.kind)
    whose = words.relation(evidence, {one.record_id: one.uri for one in (record, *beside) if one.record_id[:1] == "u"})
    told = ", ".join(filter(None, (f"{label} ({whose})", words.taken(evidence))))
    drawn = viewer(
        record, key=evidence.id, label=told, place=evidence.place, beside=beside,
        priors=evidence.relation == "own",
    )  # fmt: skip
    return Markup("<figure>{}{}</figure>").format(origin(evidence, record), drawn)


def viewer(
    record: Record,
    *,
    key: str,
    label: str,
    place: Place | None = None,
    beside: Sequence[Record] = (),
    priors: bool = False,
) -> Markup:
    """A `<wr-image>` of a picture's record, which need not hold its pixels.

    The same `key` drawn again keeps zoom and window. `label` names it for people, `place` is what is marked, `beside`
    are pictures that can be laid next to it; with `priors`, so can the same patient's from other studies.
    """
    others = [
        {
            "src": seals.address(record.record_id, "pixels", other=seals.sealed(other.record_id)),
            "label": say("viewer.upload", name=_called(other)),
        }
        for other in beside
        if other.kind == "image"
    ]
    box = _box(record, place)
    marked = Markup(' data-box="{}" data-box-frame="{}"').format(*box) if box else ""
    listed = Markup(' data-priors="{}"').format(seals.address(OWN + record.record_id, "priors")) if priors else ""
    return Markup(
        '<wr-image data-key="{}" data-src="{}" data-label="{}" data-texts="{}" '
        'data-others="{}"{}{}><img alt="{}" loading="lazy" src="{}"></wr-image>'
    ).format(
        key, seals.address(record.record_id, "pixels"), label, _texts(), json.dumps(others), marked,
        listed, label, seals.address(record.record_id, "picture.png"),
    )  # fmt: skip


def _called(record: Record) -> str:
    """ "X-ray chest.dcm, PA, 3 March 2024"."""
    name = f"{words.modality(record.modality, 'image')} {record.uri}".strip()
    return ", ".join(filter(None, (name, words.view_of(record), words.taken(record))))


def _box(record: Record, place: Place | None) -> tuple[str, int] | None:
    """A marked box, clipped to the picture, as "x0,y0,x1,y1", and its frame; None where it is the whole picture."""
    size = _size(record)
    if not isinstance(place, BoxPlace) or size is None:
        return None
    x0, x1 = sorted(min(max(x, 0), size[0]) for x in (place.box[0], place.box[2]))
    y0, y1 = sorted(min(max(y, 0), size[1]) for y in (place.box[1], place.box[3]))
    if (x1 - x0) * (y1 - y0) > 0.98 * size[0] * size[1] or x0 == x1 or y0 == y1:
        return None
    return f"{x0},{y0},{x1},{y1}", place.frame if "frame" in record.fields else own_frame(record)


def _size(record: Record) -> tuple[int, int] | None:
    """Width and height in pixels."""
    if record.image is not None:
        return record.image.pixels.shape[1], record.image.pixels.shape[0]
    width, height = record.fields.get("width"), record.fields.get("height")
    return (int(width), int(height)) if width and height else None


def _texts() -> str:
    """What the viewer says, for its script."""
    return json.dumps({key[7:]: say(key) for key in texts(DEFAULT) if key.startswith("viewer.")})
