"""Where `<wr-image>` fetches what it shows: a picture at full depth, a small PNG of it, the same patient's others."""

from __future__ import annotations

import json
import struct
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from assistant.errors import BadQuery, WardroundError
from assistant.records import Record
from assistant.ui.evidence.picture import OWN, VIEW_PX, png
from assistant.ui.gate import seals
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import words
from assistant.ui.language.figures import day
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.ingest.image.depth import Depth
    from assistant.retrieve.timeline import PastStudy

_LOGGED_AGAIN_S = 3_600  # a picture laid beside another is told to the access log once an hour for each visitor
_LOGGED_MOST = 4_096
_FROM_ONE_STUDY = 3
Size = Annotated[str, Query(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")]
"""Width and height in pixels: "700x522"."""


def image_router(assistant: Assistant) -> APIRouter:
    """The routes of sealed addresses `…/pixels`, `…/picture.png` and `…/priors`."""
    router = APIRouter()
    told: OrderedDict[tuple[str | None, str], float] = OrderedDict()

    def is_new(record_id: str) -> bool:
        """Whether the access log was not told lately that this visitor looks at a picture."""
        key, now = (visitor().name, record_id), time.monotonic()
        if now - told.get(key, -_LOGGED_AGAIN_S) < _LOGGED_AGAIN_S:
            return False
        told[key] = now
        told.move_to_end(key)
        while len(told) > _LOGGED_MOST:
            told.popitem(last=False)
        return True

    def depth(record_id: str, frame: int | None, other: str | None, within: tuple[int, int] | None) -> Depth:
        try:
            if other is None:  # told to the log when its evidence was opened
                return assistant.depth(record_id, frame, logged=False, within=within)
            other_id = seals.admit_sealed(other)
            return assistant.depth(other_id, frame, logged=is_new(other_id), within=within)
        except WardroundError as error:
            raise HTTPException(404, translated(error)) from None

    @router.get(seals.PREFIX + "/{record_id}/{seal}/pixels", include_in_schema=False)
    def pixels(
        record_id: str, seal: str, frame: int | None = None, other: str | None = None, within: Size | None = None
    ) -> Response:
        seals.admit(record_id, seal)
        across, _, down = within.partition("x") if within else ("", "", "")
        fitted = (int(across), int(down)) if within else None
        return Response(packed(depth(record_id, frame, other, fitted)), media_type="application/octet-stream")

    @router.get(seals.PREFIX + "/{record_id}/{seal}/picture.png", include_in_schema=False)
    def small(record_id: str, seal: str, longest: int = VIEW_PX) -> Response:
        seals.admit(record_id, seal)
        size = min(max(longest, 16), VIEW_PX)
        shown = depth(record_id, None, None, (size, size)).picture()
        return Response(png(shown, size), media_type="image/png")

    @router.get(seals.PREFIX + "/{own_id}/{seal}/priors", include_in_schema=False)
    def priors(own_id: str, seal: str) -> list[dict[str, str]]:
        seals.admit(own_id, seal)
        if not own_id.startswith(OWN):
            raise HTTPException(404, "other studies are shown of the case's own patient only")
        record_id = own_id.removeprefix(OWN)
        try:
            record = assistant.record(record_id, logged=False, pixels=False)
            studies = assistant.timeline(record_id=record_id).studies
        except BadQuery:  # nothing else is known of this patient
            return []
        except WardroundError as error:
            raise HTTPException(404, translated(error)) from None
        return [
            {"src": seals.address(record_id, "pixels", other=seals.sealed(one.record_id)), "label": _label(study, one)}
            for study in studies
            for one in _alike(record, study)
        ]

    return router


def packed(depth: Depth) -> bytes:
    """A picture as the viewer's script reads it, little-endian.

    The length of the header (uint32), the header as JSON, padded to whole eights with that length; then what each code
    means (float32) and is shown as (uint8, padded to whole eights), then the codes, row by row: of a coarse picture,
    whose sides were halved `halvings` times, those that are left.
    """
    import numpy as np

    height, width = depth.codes.shape[:2]
    if depth.coarse is not None:
        height, width = depth.coarse.height, depth.coarse.width
    about: dict[str, Any] = {
        "width": width, "height": height, "channels": 1 if depth.codes.ndim == 2 else 3,
        "bits": 8 * depth.codes.dtype.itemsize, "codes": len(depth.values), "centre": depth.centre,
        "window_width": depth.width, "inverse": depth.inverse, "unit": depth.unit, "frame": depth.frame,
        "frames": depth.frames, "halvings": depth.coarse.halvings if depth.coarse else 0,
        "windows": [
            {"name": w.name, "centre": w.centre, "width": w.width, "function": w.function} for w in depth.windows
        ],
    }  # fmt: skip
    header = json.dumps(about).encode()
    header += b" " * (-(4 + len(header)) % 8)
    shown = depth.shown.tobytes()
    return b"".join(
        (
            struct.pack("<I", len(header)), header, depth.values.astype("<f4").tobytes(), shown,
            b"\0" * (-len(shown) % 8), np.ascontiguousarray(depth.codes, f"<u{depth.codes.dtype.itemsize}").tobytes(),
        )
    )  # fmt: skip


def _alike(record: Record, study: PastStudy) -> list[Record]:
    """The pictures of another study that can be laid beside this one: of the same name for people, X-ray and X-ray."""
    if study.study_id == record.study_id:
        return []
    name = words.modality(record.modality, "image")
    alike = [r for r in study.records if r.kind == "image" and words.modality(r.modality, "image") == name]
    same_view = [r for r in alike if r.fields.get("view_position") == record.fields.get("view_position")]
    return (same_view or alike)[:_FROM_ONE_STUDY]


def _label(study: PastStudy, record: Record) -> str:
    told = [words.modality(record.modality, "image"), day(study.taken_at) if study.taken_at else study.study_id]
    return ", ".join([*told, *(str(v) for v in (record.fields.get("view_position"), record.part) if v)])
