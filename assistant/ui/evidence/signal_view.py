"""A signal in the evidence panel: an ECG on its paper, others as traces."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.records import Evidence, Record, SignalPlace, ValuePlace
from assistant.ui.evidence.ecg_view import ecg_element, name_of
from assistant.ui.evidence.origin import origin


def figure(evidence: Evidence, record: Record, beside: Sequence[Record] = ()) -> Markup:
    """The signal with the cited window lit, or the cited interval; `beside` are the case's uploaded signals."""
    window = evidence.place if isinstance(evidence.place, SignalPlace) else None
    value = evidence.place.name if isinstance(evidence.place, ValuePlace) else None
    others = [(other.record_id, name_of(other)) for other in beside if other.modality == "ECG"]
    drawn = ecg_element(record, window, value, others)
    return Markup('<figure class="wr-signal">{}{}</figure>').format(origin(evidence, record), drawn)
