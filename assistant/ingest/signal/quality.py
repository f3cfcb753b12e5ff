"""What a signal's samples say of its quality, cheaply enough for every file: facts of its record, or a reason.

The judgement is that of `assistant.measure.quality`, without the search for beats: flat, missing, clipped, gaps; noise
by a short cut to the same definition; and limb electrodes that seem interchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.measure.electrodes import CHEST, suspected_swap
from assistant.measure.quality import LeadQuality, grade_samples, judge_samples, spans
from assistant.records import Record, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAG_S = 0.005  # of the second differences: most sensitive at 100 Hz, half as much at mains frequency, blind below 20 Hz
# From here on a lead is noisy: where this agreed best with `measure` (noise over a tenth of the QRS) on one half of
# LUDB with white noise added to half of its records (benchmarks/lead_swaps.py).
NOISY = 0.09
_LOOKED_AT = 600  # second differences of a lead that its noise is told from


def gated(file: Content, records: list[Record]) -> list[Record]:
    """The records with the quality of their signals among their fields; a signal without any life is set aside.

    Raises UnreadableFile if that leaves no signal of those there were.
    """
    kept: list[Record] = []
    first: UnreadableFile | None = None
    for record in records:
        if record.signal is None:
            kept.append(record)
            continue
        reason = _lifeless(record.signal)
        if reason is None:
            kept.append(replace(record, fields={**record.fields, **quality_fields(record.signal)}))
            continue
        first = first or file.refuse(reason)
        file.set_aside(record.part or record.modality, reason)
    if first is not None and not any(record.signal is not None for record in kept):
        raise first
    return kept


def _lifeless(signal: Signal) -> str | None:
    """Why there is nothing to look at in a signal, None where there is."""
    samples = signal.samples
    if len(samples) and (np.ptp(samples[:: max(1, len(samples) // 100)], axis=0) > 0).any():
        return None
    lowest, highest = np.fmin.reduce(samples, axis=0), np.fmax.reduce(samples, axis=0)
    if not np.isfinite(highest).any():
        return "every sample of the recording is marked as missing"
    if not (highest > lowest).any():
        of_ecg = "a flat recording: no lead ever changes its value"
        return of_ecg if signal.is_ecg else "a flat recording: no channel ever changes its value"
    return None


def quality_fields(signal: Signal) -> dict[str, str]:
    """`quality`: "good", or "limited" or "poor" with reasons; `suspected_swap`: electrodes that seem so."""
    judged = judge_samples(signal)
    if signal.is_ecg:
        judged = _with_noise(signal, judged)
    overall, reasons = grade_samples(judged, "lead" if signal.is_ecg else "channel")
    found = {"quality": f"{overall}: {'; '.join(reasons)}" if reasons else overall}
    if signal.is_ecg and all(name in judged and judged[name].usable for name in CHEST):
        swap = suspected_swap(signal)
        found |= {"suspected_swap": swap} if swap else {}
    return found


def _with_noise(signal: Signal, judged: dict[str, LeadQuality]) -> dict[str, LeadQuality]:
    shares = noise_shares(signal)
    return {
        name: replace(lead, problems=(*lead.problems, "noisy")) if lead.usable and share > NOISY else lead
        for (name, lead), share in zip(judged.items(), shares, strict=True)
    }


def noise_shares(signal: Signal) -> NDArray[np.float64]:
    """Each lead's noise against its range, (n_leads,): the median size of second differences over 5 ms.

    The median leaves out the complexes. For white noise of standard deviation s a second difference has s·√6, and
    the median of its size is 0.6745 of that; the range is that of the middle 99 % of samples.
    """
    lag = max(1, round(LAG_S * signal.sampling_rate_hz))
    length = len(signal.samples) - 2 * lag
    if length < 10:
        return np.zeros(len(signal.leads))
    at = np.arange(0, length, max(1, length // _LOOKED_AT))
    samples = signal.samples
    size = np.sort(np.abs(samples[at] - 2 * samples[at + lag] + samples[at + 2 * lag]).T, axis=1)  # NaN goes last
    middle = np.maximum((~np.isnan(size)).sum(axis=1) - 1, 0) // 2
    noise = size[np.arange(len(size)), middle] / (0.6745 * np.sqrt(6))
    return np.asarray(np.nan_to_num(noise / np.maximum(spans(samples), 1e-12)), dtype=np.float64)
