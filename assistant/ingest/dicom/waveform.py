"""ECG waveforms of DICOM: the rhythm, its leads in millivolts, and what the recorder itself said of it.

DICOM PS3.3 C.10.9 (waveform) and C.10.10 (waveform annotation).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.leads import is_ecg_lead, lead_name, millivolts_per, unique_names
from assistant.ingest.signal.machine import machine_record
from assistant.records import Record, Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_BEAT = re.compile(r"median|average|beat|template", re.IGNORECASE)
_MIN_RHYTHM_S = 2.0  # a median beat lasts 1.2 s or less


def read(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """An ECG record, and a text record of the recorder's own statements and measurements if there are any."""
    groups = [_Group(dataset, i) for i in range(len(dataset.WaveformSequence))]
    for group in groups:
        if group.samples / max(group.rate, 1e-9) > limits.max_signal_hours * 3600:
            raise file.refuse(f"longer than the limit of {limits.max_signal_hours:g} hours (ingest.max_signal_hours)")
    rhythm = _rhythm(groups)
    if not rhythm:
        raise file.refuse("a DICOM waveform without an ECG rhythm (median beats or other signals only)")
    signal = _joined(rhythm)
    fields: dict[str, str | int | float] = {
        "sampling_rate_hz": signal.sampling_rate_hz,
        "duration_s": round(signal.duration_s, 3),
        "leads": ", ".join(signal.leads),
    }
    fields |= _filters(rhythm[0].item)
    records = [Record(kind="signal", modality="ECG", uri=file.uri, sha256=file.sha256, fields=fields, signal=signal)]
    if (said := machine_record(file, *_annotations(dataset), limits)) is not None:
        records.append(said)
    return records


class _Group:
    """One multiplex group: channels sampled together."""

    def __init__(self, dataset: Dataset, index: int) -> None:
        self.dataset, self.index = dataset, index
        self.item: Dataset = dataset.WaveformSequence[index]
        self.rate = float(self.item.SamplingFrequency)
        self.samples = int(self.item.NumberOfWaveformSamples)
        self.offset_s = float(self.item.get("MultiplexGroupTimeOffset", 0) or 0) / 1000
        self.label = str(self.item.get("MultiplexGroupLabel", "") or "")
        self.names = [_channel_name(channel) for channel in self.item.ChannelDefinitionSequence]
        self.units = [_channel_unit(channel) for channel in self.item.ChannelDefinitionSequence]

    @property
    def is_rhythm(self) -> bool:
        derived = str(self.item.get("WaveformOriginality", "ORIGINAL")).strip() == "DERIVED"
        return (
            not _BEAT.search(self.label)
            and not (derived and self.samples / self.rate < _MIN_RHYTHM_S)
            and any(is_ecg_lead(name) and unit for name, unit in zip(self.names, self.units, strict=True))
        )

    def millivolts(self) -> NDArray[np.float32]:
        """(samples, channels): stored value × sensitivity × correction + baseline, padding as NaN."""
        from pydicom.waveforms.numpy_handler import multiplex_array

        values = np.asarray(multiplex_array(self.dataset, self.index, as_raw=False), dtype=np.float64)
        padding = self.item.get("WaveformPaddingValue")
        if padding is not None:
            raw = np.asarray(multiplex_array(self.dataset, self.index, as_raw=True))
            values[raw == _padding_value(padding, raw.dtype)] = np.nan
        factors = np.array([unit if unit else np.nan for unit in self.units])
        return (values * factors).astype(np.float32)


def _padding_value(padding: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(padding, bytes):
        return np.frombuffer(padding[: dtype.itemsize].ljust(dtype.itemsize, b"\0"), dtype=dtype)[0]
    return padding


def _channel_name(channel: Dataset) -> str:
    source = channel.get("ChannelSourceSequence")
    if source:
        meaning = str(source[0].get("CodeMeaning", "") or "")
        name = lead_name(re.sub(r"\s*\(.*\)$", "", meaning))
        if meaning:
            return name
    return lead_name(str(channel.get("ChannelLabel", "") or ""))


def _channel_unit(channel: Dataset) -> float | None:
    """Millivolts in one unit of the channel's sensitivity; None where it is no voltage."""
    units = channel.get("ChannelSensitivityUnitsSequence")
    if not units:
        return None
    return millivolts_per(str(units[0].get("CodeValue", "") or ""))


def _rhythm(groups: list[_Group]) -> list[_Group]:
    """The groups that make up the rhythm: all with the sampling rate of the one that holds the most."""
    candidates = [group for group in groups if group.is_rhythm]
    if not candidates:
        return []
    largest = max(candidates, key=lambda group: group.samples * len(group.names))
    return [group for group in candidates if group.rate == largest.rate]


def _joined(groups: list[_Group]) -> Signal:
    """Groups laid beside each other on one time line; where a lead was not recorded it is NaN."""
    rate = groups[0].rate
    begin = min(group.offset_s for group in groups)
    length = max(round((group.offset_s - begin) * rate) + group.samples for group in groups)
    columns: dict[str, NDArray[np.float32]] = {}
    for group in groups:
        values, first = group.millivolts(), round((group.offset_s - begin) * rate)
        names = unique_names(group.names)
        for i, (name, unit) in enumerate(zip(names, group.units, strict=True)):
            if not unit or not is_ecg_lead(group.names[i]):
                continue
            column = columns.setdefault(name, np.full(length, np.nan, dtype=np.float32))
            target = column[first : first + len(values)]
            np.copyto(target, values[: len(target), i], where=np.isnan(target))
    return Signal(np.stack(list(columns.values()), axis=1), tuple(columns), rate)


def _filters(item: Dataset) -> dict[str, str | int | float]:
    channel = item.ChannelDefinitionSequence[0]
    found: dict[str, str | int | float] = {}
    for name, keyword in (
        ("high_pass_hz", "FilterLowFrequency"),
        ("low_pass_hz", "FilterHighFrequency"),
        ("notch_hz", "NotchFilterFrequency"),
    ):
        if channel.get(keyword):  # 0 is what recorders write for "none"
            found[name] = float(channel.get(keyword))
    return found


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
