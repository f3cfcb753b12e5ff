"""Where `<wr-ecg>` asks for its drawing anew: another layout, scale, stretch, with calipers, over another ECG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse

from assistant.errors import WardroundError
from assistant.records import Record, SignalPlace
from assistant.ui.evidence.ecg_page import Layout, Page
from assistant.ui.evidence.ecg_view import GAINS, SPEEDS, Other, Shown, ecg_fragment, name_of
from assistant.ui.evidence.paper import Scale
from assistant.ui.evidence.traces import is_ecg
from assistant.ui.gate import seals
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.assistant import Assistant

Seconds = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False)]


def ecg_router(assistant: Assistant) -> APIRouter:
    """The route of sealed addresses `…/ecg`."""
    router = APIRouter()

    @router.get(seals.PREFIX + "/{record_id}/{seal}/ecg", response_class=HTMLResponse)
    def ecg(
        record_id: str, seal: str, layout: Layout | None = None, speed: float = 25.0, gain: float = 10.0,
        lead: str | None = None, start: Seconds | None = None, calipers: bool = True, value: str | None = None,
        lit_lead: str | None = None, lit_start: Seconds = 0.0, lit_end: Seconds = 0.0, other: str | None = None,
    ) -> HTMLResponse:  # fmt: skip
        seals.admit(record_id, seal)
        if speed not in SPEEDS or gain not in GAINS:
            raise HTTPException(422, f"speed is one of {SPEEDS}, gain one of {GAINS}")
        record = _signal(assistant, record_id, logged=False)  # told to the log when its view was opened
        second = _second(_signal(assistant, seals.admit_sealed(other), logged=True)) if other else None
        page = Page(Scale(speed, gain), layout, lead, start)
        window = SignalPlace(lit_lead, lit_start, lit_end) if lit_lead else None
        assert record.signal is not None
        return HTMLResponse(ecg_fragment(record.signal, Shown(page, window, value, calipers, second)))

    return router


def _second(record: Record) -> Other:
    assert record.signal is not None
    if not is_ecg(record.signal):
        raise HTTPException(422, "no ECG in millivolts: it can't be laid over one")
    return Other(record.signal, name_of(record))


def _signal(assistant: Assistant, record_id: str, *, logged: bool) -> Record:
    try:
        record = assistant.record(record_id, logged=logged)
    except WardroundError as error:
        raise HTTPException(404, translated(error)) from error
    if record.signal is None:
        raise HTTPException(404, "no signal: this record is a picture or a text")
    return record
