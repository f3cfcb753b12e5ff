"""Two ECGs over each other: the second moved so that its R peak lies on the first one's."""

from __future__ import annotations

from assistant.records import Signal
from assistant.ui.evidence.ecg_measured import Measured
from assistant.ui.evidence.ecg_page import Beside, Trace
from assistant.ui.evidence.paper import Strip, cut


def aligned(this: Measured, other: Signal, theirs: Measured, start_s: float) -> Beside:
    """The other ECG for each strip of a page from `start_s`.

    It runs at its own rate, from the beginning of what was measured of it; in each strip the first R peak of both lies
    at one place. Where either has no beats its beginning is laid on the strip's.
    """
    mine = [beat.at_s for beat in this.beats]
    others = [beat.at_s for beat in theirs.beats]

    def beside(strip: Strip) -> Trace | None:
        if strip.lead not in other.leads:
            return None
        at = theirs.from_s + strip.start_s - start_s
        first = next((beat for beat in mine if strip.start_s <= beat < strip.end_s), None)
        if first is not None and others:
            lead_in = first - strip.start_s
            later = [beat for beat in others if beat >= at + lead_in - 0.5]
            at = (later or others)[0] - lead_in
        moved = Strip(strip.lead, strip.x, at, at + strip.end_s - strip.start_s)
        seconds, values = cut(other, moved)
        inside = seconds <= strip.end_s - strip.start_s
        return seconds[inside], values[inside]

    return beside
