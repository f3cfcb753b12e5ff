"""What is measured around the page of an ECG that is looked at, beat by beat and over all beats."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.measure.analysis import Analysis, analyse
from assistant.measure.electrodes import suspected_swap
from assistant.measure.per_beat import Beat, measure_beats
from assistant.measure.report import Measurements, from_analysis
from assistant.records import Signal

MOST_S = 60.0  # of a longer recording the minute around the page is measured


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """`beats` have the recording's own times; `from_s` to `to_s` is the stretch that was measured."""

    analysis: Analysis
    beats: tuple[Beat, ...]
    found: Measurements
    from_s: float
    to_s: float
    swap: str | None

    def doubts(self) -> dict[str, str]:
        """What is wrong with a lead ("noisy, gaps"), by lead."""
        return {lead: ", ".join(judged.problems) for lead, judged in self.analysis.quality.items() if judged.problems}


def measure_around(signal: Signal, middle_s: float) -> Measured:
    """The recording, or of one longer than a minute the minute around `middle_s`."""
    rate, duration = signal.sampling_rate_hz, signal.duration_s
    first, last = 0, len(signal.samples)
    if duration > MOST_S:
        begin = min(max(0.0, middle_s - MOST_S / 2), duration - MOST_S)
        first = round(begin * rate)
        last = first + round(MOST_S * rate)
        signal = replace(signal, samples=signal.samples[first:last])
    analysis = analyse(signal)
    shift = first / rate
    beats = tuple(
        replace(beat, at_s=beat.at_s + shift, marks={name: s + shift for name, s in beat.marks.items()})
        for beat in measure_beats(analysis)
    )
    return Measured(
        analysis, beats, from_analysis(signal, analysis), shift, last / rate, suspected_swap(signal)
    )  # fmt: skip
