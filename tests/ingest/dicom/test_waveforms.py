"""DICOM waveforms, made here with pydicom and read back, against pydicom's own `multiplex_array`."""

import io
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.waveforms import multiplex_array

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
TWELVE_LEAD = "1.2.840.10008.5.1.4.1.1.9.1.1"
HAEMODYNAMIC = "1.2.840.10008.5.1.4.1.1.9.2.1"
AUDIO = "1.2.840.10008.5.1.4.1.1.9.4.1"
RNG = np.random.default_rng(2)
TYPES = {("SB", 8): "i1", ("UB", 8): "u1", ("SS", 16): "<i2", ("US", 16): "<u2", ("SL", 32): "<i4", ("UL", 32): "<u4"}


def coded(value, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99X", meaning
    return item


def group(
    leads, unit="uV", rate=500, samples=2000, kind=("SS", 16), offset_ms=0, label="RHYTHM", sensitivity=2.5, **more
):
    item = Dataset()
    item.WaveformOriginality = more.pop("originality", "ORIGINAL")
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = len(leads), samples
    item.SamplingFrequency, item.MultiplexGroupLabel = str(rate), label
    item.MultiplexGroupTimeOffset = str(offset_ms)
    item.ChannelDefinitionSequence = []
    for lead in leads:
        channel = Dataset()
        channel.ChannelSourceSequence = [coded("1", lead)]
        channel.ChannelSensitivity = str(sensitivity)
        channel.ChannelSensitivityUnitsSequence = [coded(unit, unit)]
        channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = "1.5", "12"
        channel.FilterLowFrequency, channel.FilterHighFrequency = "0.05", "150"
        channel.WaveformBitsStored = kind[1]
        item.ChannelDefinitionSequence.append(channel)
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = kind[1], kind[0]
    type_ = np.dtype(TYPES.get(kind, "i1"))
    values = RNG.integers(max(np.iinfo(type_).min, -20_000), min(np.iinfo(type_).max, 20_000), (samples, len(leads)))
    item.WaveformData = values.astype(type_).tobytes()
    for name, value in more.items():
        setattr(item, name, value)
    return item


def made(groups, sop_class=TWELVE_LEAD):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.2.3.4"
    dataset.PatientID, dataset.Modality = "P1", "ECG"
    dataset.WaveformSequence = groups
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = sop_class, "1.2.3.4"
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue(), dataset


def read(data, limits=LIMITS):
    return read_content(Content("a.dcm", data), limits)


def reason(data, limits=LIMITS):
    with pytest.raises(UnreadableFile) as caught:
        read(data, limits)
    return caught.value.reason


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_samples_are_those_of_pydicom_with_sensitivity_correction_and_baseline(kind):
    data, dataset = made([group(["Lead I (Einthoven)", "Lead V1"], kind=kind)])
    (record,) = read(data)
    expected = (np.asarray(multiplex_array(dataset, 0, as_raw=False)) * 1e-3).astype(np.float32)
    assert np.array_equal(record.signal.samples, expected)
    assert record.signal.leads == ("I", "V1")
    assert (record.fields["high_pass_hz"], record.fields["low_pass_hz"]) == (0.05, 150.0)


def test_the_file_of_a_real_cart_equals_pydicom_and_its_median_beat_is_left_out():
    path = get_testdata_file("waveform_ecg.dcm")
    signal, said = read(Path(path).read_bytes())
    expected = (multiplex_array(pydicom.dcmread(path), 0, as_raw=False) * 1e-3).astype(np.float32)
    assert np.array_equal(signal.signal.samples, expected)
    assert signal.signal.samples.shape == (10_000, 12)
    assert "RITMO SINUSALE" in said.text


@pytest.mark.parametrize(
    "beat",
    [
        {"label": "MEDIAN BEAT", "originality": "DERIVED"},
        {"label": "Representative Complex", "originality": "DERIVED"},
        {"label": "", "originality": "DERIVED"},
    ],
)
def test_median_beats_are_never_the_rhythm(beat):
    beats = {"samples": 600, **beat}
    data, _ = made([group(["Lead I"], **beats), group(["Lead I"])])
    (record,) = read(data)
    assert record.signal.samples.shape == (2000, 1)
    assert "median beats only" in reason(made([group(["Lead I"], **beats)])[0])


def test_other_kinds_and_rates_are_records_of_their_own():
    data, dataset = made(
        [
            group(["Lead II"], rate=500),
            group(["Arterial blood pressure"], unit="mm[Hg]", rate=125, samples=500),
            group(["Respiration impedance", "Pleth"], unit="1", rate=125, samples=500),
        ],
        HAEMODYNAMIC,
    )
    ecg, pressure, breath = read(data)
    assert [(r.modality, r.part) for r in (ecg, pressure, breath)] == [("ECG", ""), ("HD", "hd"), ("RESP", "resp")]
    assert pressure.signal.leads == ("Arterial blood pressure", "Pleth")
    assert pressure.signal.units == ("mm[Hg]", "1")
    expected = np.asarray(multiplex_array(dataset, 1, as_raw=False)).astype(np.float32)
    assert np.array_equal(pressure.signal.samples[:, :1], expected)


def test_leads_recorded_one_group_after_the_other_lie_on_one_time_line():
    data, dataset = made([group(["Lead I"], samples=1250), group(["Lead II"], samples=1250, offset_ms=2500)])
    (record,) = read(data)
    assert record.signal.samples.shape == (2500, 2)
    assert np.isnan(record.signal.lead("II")[:1250]).all()
    assert np.isnan(record.signal.lead("I")[1250:]).all()
    later = (np.asarray(multiplex_array(dataset, 1, as_raw=False))[:, 0] * 1e-3).astype(np.float32)
    assert np.array_equal(record.signal.lead("II")[1250:], later)


def test_what_can_not_be_read_is_told():
    assert "µ-law" in reason(made([group(["Lead I"], kind=("MB", 8))])[0])
    assert "A-law" in reason(made([group(["Lead I"], kind=("AB", 8))])[0])
    assert "recording of sound" in reason(made([group(["Voice"], unit="1")], AUDIO)[0])
    short = group(["Lead I"])
    short.WaveformData = short.WaveformData[:100]
    assert "cut off: it holds 100 of 4,000 bytes" in reason(made([short])[0])
    assert "ingest.max_signal_hours" in reason(made([group(["Lead I"], NumberOfWaveformSamples=400_000_000)])[0])


def test_padding_is_missing():
    item = group(["Lead I"], samples=1000)
    values = np.frombuffer(item.WaveformData, "<i2").copy()
    values[100:200] = -32768
    item.WaveformData = values.tobytes()
    item.WaveformPaddingValue = np.array([-32768], "<i2").tobytes()
    (record,) = read(made([item])[0])
    assert np.isnan(record.signal.samples[100:200]).all()
    assert np.isfinite(record.signal.samples[:100]).all()


def test_every_cut_and_changed_bytes_give_records_or_a_reason():
    data, _ = made([group(["Lead I", "Lead V1"], samples=300), group(["Pleth"], unit="1", samples=300)])
    for length in range(1, len(data), 97):
        try:
            assert read(data[:length])
        except UnreadableFile as error:
            assert error.reason
    for _ in range(150):
        changed = bytearray(data)
        for at in RNG.integers(132, 1800, 2):
            changed[at] = RNG.integers(0, 256)
        try:
            assert read(bytes(changed))
        except UnreadableFile as error:
            assert error.reason
