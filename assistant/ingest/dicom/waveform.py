"""Waveforms of DICOM: ECG rhythms, pressures, respiration, EEG …, and what the recorder itself said of them.

DICOM PS3.3 C.10.9 (waveform) and C.10.10 (waveform annotation). Samples are those of pydicom's `multiplex_array`:
stored value × sensitivity × correction factor + baseline.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.channels import Channel, ChannelSet
from assistant.ingest.signal.leads import lead_name
from assistant.ingest.signal.machine import machine_record
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_BEAT = re.compile(r"median|average|beat|template|complex", re.IGNORECASE)
_MIN_RHYTHM_S = 2.0  # a median beat lasts 1.2 s or less
_COMPANDED = {"MB": "µ-law", "AB": "A-law"}
# What channels without a telling name are, by the object that holds them.
_OBJECTS = (
    ("Electroencephalogram", "EEG"), ("EEG", "EEG"), ("Electromyogram", "EMG"), ("Electrooculogram", "EOG"),
    ("Respiratory", "resp"), ("Arterial Pulse", "pleth"), ("ECG", "ECG"),
)  # fmt: skip
_FILTERS = (
    ("high_pass_hz", "FilterLowFrequency"),
    ("low_pass_hz", "FilterHighFrequency"),
    ("notch_hz", "NotchFilterFrequency"),
)


def read(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """A record for each kind of channel and sampling rate, the ECG first, and one of the recorder's own words.

    Median beats are left out: they are no rhythm. Groups of one kind and rate lie on one time line; where a channel
    was not recorded it is NaN. Raises UnreadableFile for sound, companded samples, missing data, and beats alone.
    """
    kind = str(getattr(dataset.get("SOPClassUID", ""), "name", ""))
    if "Audio" in kind:
        raise file.refuse("a recording of sound ({kind}): not read", kind=kind)
    groups = [_Group(file, dataset, index, kind) for index in range(len(dataset.WaveformSequence))]
    wanted = [group for group in groups if not group.is_beat]
    if not wanted:
        raise file.refuse("a DICOM waveform of median beats only, without the rhythm they were made from")
    for group in wanted:
        group.check(limits)
    records = _laid_out(file, wanted, limits).records(fields=_facts(wanted))
    if (said := machine_record(file, *_annotations(dataset), limits)) is not None:
        records.append(said)
    return records


class _Group:
    """One multiplex group: channels sampled together."""

    def __init__(self, file: Content, dataset: Dataset, index: int, kind: str) -> None:
        self.file, self.dataset, self.index = file, dataset, index
        self.item: Dataset = dataset.WaveformSequence[index]
        self.name = f"waveform group {index + 1}"
        self.rate = float(self.item.SamplingFrequency)
        self.samples = int(self.item.NumberOfWaveformSamples)
        if not self.rate > 0 or self.samples < 1:
            raise file.refuse(
                "damaged DICOM file ({name}: {samples} samples at {rate:g} Hz)",
                name=self.name,
                samples=self.samples,
                rate=self.rate,
            )
        self.first = round(float(self.item.get("MultiplexGroupTimeOffset", 0) or 0) / 1000 * self.rate)
        self.label = str(self.item.get("MultiplexGroupLabel", "") or "")
        sensor = next((word for part, word in _OBJECTS if part in kind), "")
        self.channels = [
            Channel(_channel_name(one), _channel_unit(one), self.rate, self.samples, sensor)
            for one in self.item.ChannelDefinitionSequence
        ]

    @property
    def is_beat(self) -> bool:
        """Whether it holds an ECG's representative beats: by its label, or by being derived and too short."""
        if not any(channel.type == "ecg" for channel in self.channels):
            return False
        derived = str(self.item.get("WaveformOriginality", "ORIGINAL")).strip() == "DERIVED"
        return bool(_BEAT.search(self.label)) or (derived and self.samples / self.rate < _MIN_RHYTHM_S)

    def check(self, limits: IngestSettings) -> None:
        """Everything that can be told before the samples are unpacked."""
        bits, interpretation = int(self.item.WaveformBitsAllocated), str(self.item.WaveformSampleInterpretation)
        if interpretation in _COMPANDED:
            raise self.file.refuse(
                "{name}: samples in {companded}, a coding of speech: not read",
                name=self.name,
                companded=_COMPANDED[interpretation],
            )
        if len(self.channels) != int(self.item.NumberOfWaveformChannels):
            raise self.file.refuse(
                "damaged DICOM file ({name}: {channels} channels, {count} of them described)",
                name=self.name,
                channels=self.item.NumberOfWaveformChannels,
                count=len(self.channels),
            )
        if self.samples / self.rate > limits.max_signal_hours * 3600:
            raise self.file.refuse(
                "longer than the limit of {max_signal_hours:g} hours (ingest.max_signal_hours)",
                max_signal_hours=limits.max_signal_hours,
            )
        expected, there = self.samples * len(self.channels) * bits // 8, len(self.item.WaveformData or b"")
        if there < expected:
            raise self.file.refuse(
                "{name} is cut off: it holds {there:,} of {expected:,} bytes of samples",
                name=self.name,
                there=there,
                expected=expected,
            )

    def values(self) -> NDArray[np.float64]:
        """(samples, channels) in the channels' units, padding as NaN."""
        from pydicom.waveforms.numpy_handler import multiplex_array

        values = np.asarray(multiplex_array(self.dataset, self.index, as_raw=False), dtype=np.float64)
        padding = self.item.get("WaveformPaddingValue")
        if padding is not None:
            raw = np.asarray(multiplex_array(self.dataset, self.index, as_raw=True))
            values[raw == _padding_value(padding, raw.dtype)] = np.nan
        return values


def _laid_out(file: Content, groups: list[_Group], limits: IngestSettings) -> ChannelSet:
    """The groups' channels, each on the time line of its kind and rate, which begins with the first of them.

    A lead that several groups hold one after the other is one channel.
    """
    begins: dict[tuple[str, float], int] = {}
    for group in groups:
        for channel in group.channels:
            key = (channel.type, group.rate)
            begins[key] = min(begins.get(key, group.first), group.first)
    numbers: dict[tuple[str, str, float, int], int] = {}
    channels: list[Channel] = []
    places: list[list[tuple[int, int]]] = []
    for group in groups:
        seen: dict[str, int] = {}
        places.append([])
        for channel in group.channels:
            seen[channel.name] = seen.get(channel.name, 0) + 1
            first = group.first - begins[channel.type, group.rate]
            number = numbers.setdefault((channel.name, channel.unit, group.rate, seen[channel.name]), len(channels))
            if number == len(channels):
                channels.append(channel)
            length = max(channels[number].samples, first + group.samples)
            channels[number] = Channel(channel.name, channel.unit, group.rate, length, channel.sensor)
            places[-1].append((number, first))
    found = ChannelSet(file, channels, limits)
    for group, place in reversed(list(zip(groups, places, strict=True))):  # the earlier group wins where two overlap
        values = group.values()
        for column, (number, first) in enumerate(place):
            found.put(number, first, values[:, column])
    return found


def _facts(groups: list[_Group]) -> dict[str, str | int | float]:
    """The filters and delays of the first channel that states any; 0 is what recorders write for "none"."""
    found: dict[str, str | int | float] = {}
    for channel in (one for group in groups for one in group.item.ChannelDefinitionSequence):
        for name, keyword in (
            *_FILTERS,
            ("channel_skew_samples", "ChannelSampleSkew"),
            ("channel_skew_s", "ChannelTimeSkew"),
            ("channel_offset_s", "ChannelOffset"),
        ):
            if channel.get(keyword) and name not in found:
                found[name] = float(channel.get(keyword))
    return found


def _padding_value(padding: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(padding, bytes):
        return np.frombuffer(padding[: dtype.itemsize].ljust(dtype.itemsize, b"\0"), dtype=dtype)[0]
    return padding


def _channel_name(channel: Dataset) -> str:
    source = channel.get("ChannelSourceSequence")
    meaning = str(source[0].get("CodeMeaning", "") or "") if source else ""
    if meaning:
        return lead_name(re.sub(r"\s*\(.*\)$", "", meaning))
    return lead_name(str(channel.get("ChannelLabel", "") or ""))


def _channel_unit(channel: Dataset) -> str:
    """The UCUM code of the unit that its sensitivity is in, "" where it states none."""
    units = channel.get("ChannelSensitivityUnitsSequence")
    return str(units[0].get("CodeValue", "") or "").strip() if units else ""


def _annotations(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Statements and measurements in the recorder's own words."""
    statements: list[str] = []
    measurements: list[str] = []
    for item in dataset.get("WaveformAnnotationSequence", None) or []:
        if text := " ".join(str(item.get("UnformattedTextValue", "") or "").split()):
            statements.append(text)
        elif item.get("NumericValue") is not None and (name := _code(item, "ConceptNameCodeSequence")):
            number = item.NumericValue
            number = number[0] if isinstance(number, list) or hasattr(number, "append") else number
            unit = _unit(item)
            measurements.append(f"{name}: {float(number):g}{' ' + unit if unit else ''}")
        elif (coded := _code(item, "ConceptCodeSequence")) and (name := _code(item, "ConceptNameCodeSequence")):
            statements.append(f"{name}: {coded}")
    return statements, measurements


def _code(item: Dataset, keyword: str) -> str:
    sequence = item.get(keyword)
    return str(sequence[0].get("CodeMeaning", "") or "").strip() if sequence else ""


def _unit(item: Dataset) -> str:
    sequence = item.get("MeasurementUnitsCodeSequence")
    return str(sequence[0].get("CodeValue", "") or "").strip() if sequence else ""
