"""A signal in the evidence panel: an ECG on its paper, others as traces."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.records import Evidence, Record, SignalPlace
from assistant.ui.evidence.ecg_page import draw_ecg
from assistant.ui.evidence.origin import origin
from assistant.ui.evidence.traces import draw_traces, is_ecg


def figure(evidence: Evidence, record: Record, beside: Sequence[Record] = ()) -> Markup:
    """The signal with the cited window lit; `beside` are the case's uploaded signals."""
    assert record.signal is not None
    window = evidence.place if isinstance(evidence.place, SignalPlace) else None
    drawing = draw_ecg(record.signal, window) if is_ecg(record.signal) else draw_traces(record.signal)
    page = Markup(drawing)  # both build and escape their own SVG
    name = "ECG page" if is_ecg(record.signal) else "Traces"
    drawn = Markup('<div class="wr-paper" tabindex="0" role="group" aria-label="{}">{}</div>').format(name, page)
    return Markup('<figure class="wr-ecg">{}{}</figure>').format(origin(evidence, record), drawn)
