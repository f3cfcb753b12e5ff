"""Channels to records: those that belong together and were sampled alike become one signal.

A recording's channels are told apart by what they are (`leads.channel_type`) and gathered by DICOM's modality for it:
ECG, EEG, EOG, EMG, RESP, and HD for pressures, pulse waves and saturation (the arterial pulse waveform of PS3.3 A.34.8
is of modality HD); the rest is OT. Channels of another sampling rate make a record of their own, because a signal has
one rate and nothing is resampled here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.leads import channel_type, lead_name, millivolts_per, unique_names
from assistant.records import ChannelType, Record, Signal
from assistant.settings import IngestSettings
from assistant.wording import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODALITY: dict[ChannelType, str] = {
    "ecg": "ECG", "eeg": "EEG", "eog": "EOG", "emg": "EMG", "resp": "RESP",
    "pressure": "HD", "ppg": "HD", "spo2": "HD", "temperature": "OT", "other": "OT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel before its samples are read: its own name, the unit that they will be in, rate in Hz and length."""

    name: str
    unit: str
    rate: float
    samples: int
    sensor: str = ""

    @property
    def type(self) -> ChannelType:
        return channel_type(self.name, self.unit, self.sensor)

    @property
    def factor(self) -> float | None:
        """Millivolts in one unit of an ECG lead; None where the samples keep their unit."""
        return millivolts_per(self.unit) if self.type == "ecg" else None


@dataclass(slots=True, eq=False)
class _Group:
    """The channels of one record, in the order of the columns of `samples`."""

    modality: str
    rate: float
    channels: list[Channel] = field(default_factory=list)
    samples: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))


class ChannelSet:
    """The channels of a file, filled with samples by its reader and then given as records.

    Memory is one float32 for each sample; a reader hands the samples over in pieces as small as it likes.
    """

    def __init__(self, file: Content, channels: Sequence[Channel], limits: IngestSettings) -> None:
        """Raises UnreadableFile where a limit is passed by the whole, or by every channel."""
        self._file = file
        self._place: dict[int, tuple[_Group, int]] = {}
        groups: dict[tuple[str, float, bool], _Group] = {}
        for number, channel in enumerate(channels):
            if (reason := _out_of_bounds(channel, limits)) is not None:
                file.set_aside(worded("channel {name}", name=channel.name.strip() or number + 1), reason)
                continue
            key = (MODALITY[channel.type], channel.rate, channel.factor is not None)
            group = groups.setdefault(key, _Group(key[0], channel.rate))
            self._place[number] = (group, len(group.channels))
            group.channels.append(channel)
        if not groups:
            raise file.refuse(_first_reason(file, "no channel that could be read"))
        lengths = [max(channel.samples for channel in group.channels) for group in groups.values()]
        widths = [len(group.channels) for group in groups.values()]
        check_size(file, sum(n * w for n, w in zip(lengths, widths, strict=True)), limits)
        for group, length in zip(groups.values(), lengths, strict=True):
            group.samples = np.full((length, len(group.channels)), np.nan, dtype=np.float32)
        self._groups = sorted(groups.values(), key=lambda group: group.modality != "ECG")

    def put(self, number: int, first: int, values: NDArray[np.floating]) -> None:
        """Samples of channel `number`, in its unit, from its sample `first` on; those beyond its end are dropped."""
        if number not in self._place:
            return
        group, column = self._place[number]
        factor = group.channels[column].factor
        target = group.samples[first : first + len(values), column]
        target[:] = values[: len(target)] if factor in (None, 1.0) else values[: len(target)] * factor

    def records(
        self,
        *,
        sha256: str = "",
        taken_at: datetime | None = None,
        patient_id: str | None = None,
        study_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str | int | float] | None = None,
        part: str = "",
    ) -> list[Record]:
        """A record for each group, the ECG first; the first has `part`, the others that and a name of their own.

        A group without a single sample is set aside. Raises UnreadableFile if no group is left.
        """
        found: list[Record] = []
        for group in self._groups:
            if not np.isfinite(group.samples).any():
                self._file.set_aside(
                    ", ".join(channel.name.strip() for channel in group.channels[:12]), "every sample is missing"
                )
                continue
            signal = _signal(group)
            names = [part, group.modality.lower()] if part else [group.modality.lower()]
            taken = sum(record.modality == group.modality for record in found)
            own = " ".join([*names, f"{group.rate:g} Hz"] if taken else names)
            found.append(
                Record(
                    kind="signal",
                    modality=group.modality,
                    uri=self._file.uri,
                    sha256=sha256 or self._file.sha256,
                    part=own if found else part,
                    taken_at=taken_at,
                    patient_id=patient_id,
                    study_id=study_id,
                    labels=dict(labels or {}),
                    fields={**(fields or {}), **_facts(signal)},
                    signal=signal,
                )
            )
        if not found:
            raise self._file.refuse("every sample of the recording is marked as missing")
        return found


def check_size(file: Content, samples: int, limits: IngestSettings) -> None:
    """Raise UnreadableFile for a recording of more samples, over all its channels, than may be read."""
    if samples > limits.max_signal_samples:
        raise file.refuse(
            "{samples:,} samples over all channels are more than the limit of {max_signal_samples:,} "
            "(ingest.max_signal_samples)",
            samples=samples,
            max_signal_samples=limits.max_signal_samples,
        )


def _out_of_bounds(channel: Channel, limits: IngestSettings) -> str | None:
    if not limits.min_signal_hz <= channel.rate <= limits.max_signal_hz:
        return (
            f"a sampling rate of {channel.rate:g} Hz is outside the limits of {limits.min_signal_hz:g} to "
            f"{limits.max_signal_hz:g} Hz (ingest.min_signal_hz, ingest.max_signal_hz)"
        )
    if channel.samples / channel.rate > limits.max_signal_hours * 3600:
        return (
            f"{channel.samples / channel.rate / 3600:,.1f} hours are more than the limit of "
            f"{limits.max_signal_hours:g} hours (ingest.max_signal_hours)"
        )
    return None if channel.samples else "holds no samples"


def _first_reason(file: Content, otherwise: str) -> str:
    return file.aside[0][1] if file.aside else otherwise


def _signal(group: _Group) -> Signal:
    ecg = group.modality == "ECG"
    names = [lead_name(channel.name) if ecg else channel.name.strip() or "unnamed" for channel in group.channels]
    if ecg and group.channels[0].factor is not None:
        return Signal(group.samples, unique_names(names), group.rate)
    return Signal(
        group.samples,
        unique_names(names),
        group.rate,
        types=tuple(channel.type for channel in group.channels),
        units=tuple(channel.unit.strip() for channel in group.channels),
    )


def _facts(signal: Signal) -> dict[str, str | int | float]:
    """What every signal's record says of itself; `channel_types` only where they are not plainly ECG leads in mV."""
    facts: dict[str, str | int | float] = {
        "sampling_rate_hz": signal.sampling_rate_hz,
        "duration_s": round(signal.duration_s, 3),
    }
    if not signal.types:
        return facts | {"leads": ", ".join(signal.leads)}
    named = [f"{name} ({unit})" if unit else name for name, unit in zip(signal.leads, signal.units, strict=True)]
    return facts | {"channels": ", ".join(named), "channel_types": ", ".join(dict.fromkeys(signal.types))}
