"""One recording stored in every format reads the same, within the step in which a format counts."""

import json

import numpy as np
import pytest
from ecg_writers import TWELVE, aecg, aecg_series, aecg_set, heart, muse, scp, scp_with_beats, sierra

from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.formats import format_of
from assistant.measure import measure_signal
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
STEP = 0.005  # mV: what the writers of cart formats count in
EDF_RANGE = 10.0  # mV


def from_ludb(data_dir):
    wfdb = pytest.importorskip("wfdb")
    header = sorted((data_dir / "ludb_ecg" / "data").glob("*.hea"))[0]
    record = wfdb.rdrecord(str(header.with_suffix("")))
    names = {name.lower(): name for name in TWELVE}
    leads = {names[name.lower()]: record.p_signal[:, i] for i, name in enumerate(record.sig_name)}
    return {name: leads[name] for name in TWELVE}, int(record.fs)


def from_dicom(_):
    from pydicom.data import get_testdata_file

    signal = next(r.signal for r in read_file(get_testdata_file("waveform_ecg.dcm"), LIMITS) if r.signal is not None)
    return {name: signal.lead(name).astype(np.float64) for name in TWELVE}, int(signal.sampling_rate_hz)


SOURCES = {"synthetic": lambda _: (heart(), 500), "ludb": from_ludb, "waveform_ecg.dcm": from_dicom}


def as_wfdb(folder, leads, rate):
    wfdb = pytest.importorskip("wfdb")
    wfdb.wrsamp("a", fs=rate, units=["mV"] * 12, sig_name=list(leads), p_signal=np.stack(list(leads.values()), axis=1),
                fmt=["16"] * 12, adc_gain=[1 / STEP] * 12, baseline=[0] * 12, write_dir=str(folder))  # fmt: skip
    return folder / "a.hea"


def as_edf(folder, leads, rate):
    edfio = pytest.importorskip("edfio")
    span = (-EDF_RANGE, EDF_RANGE)
    signals = [
        edfio.EdfSignal(lead, rate, label=f"ECG {name}", physical_dimension="mV", physical_range=span)
        for name, lead in leads.items()
    ]
    edfio.Edf(signals).write(folder / "a.edf")
    return folder / "a.edf"


def as_dicom(folder, leads, rate):
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

    def coded(value, meaning):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "X", meaning
        return Sequence([item])

    channels = []
    for name in leads:
        channel = Dataset()
        channel.ChannelSourceSequence = coded("1", f"Lead {name}")
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = STEP, 1
        channel.ChannelSensitivityUnitsSequence = coded("mV", "millivolt")
        channel.ChannelBaseline, channel.ChannelSampleSkew, channel.WaveformBitsStored = 0, 0, 16
        channels.append(channel)
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", len(leads)
    group.NumberOfWaveformSamples, group.SamplingFrequency = len(leads["I"]), rate
    group.ChannelDefinitionSequence = Sequence(channels)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = np.round(np.stack(list(leads.values()), axis=1) / STEP).astype("<i2").tobytes()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(folder / "a.dcm"), {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = TwelveLeadECGWaveformStorage, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.WaveformSequence = "ECG", Sequence([group])
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return folder / "a.dcm"


def as_csv(folder, leads, rate):
    lines = [",".join(leads), *(",".join(f"{v:.4f}" for v in row) for row in zip(*leads.values(), strict=True))]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    (folder / "a.json").write_text(json.dumps({"sampling_rate_hz": rate, "units": "mV"}))
    return folder / "a.csv"


def as_npy(folder, leads, rate):
    np.save(folder / "a.npy", np.round(np.stack(list(leads.values())) / STEP).astype(np.int16))
    about = {"sampling_rate_hz": rate, "leads": list(leads), "units": "mV", "gain": 1 / STEP}
    (folder / "a.json").write_text(json.dumps(about))
    return folder / "a.npy"


def written(name, data):
    def write(folder, leads, rate):
        made = data(leads, rate)
        (folder / name).write_bytes(made if isinstance(made, bytes) else made.encode())
        return folder / name

    return write


# Each with the format that reads it, and how far a sample may be from the original in millivolts.
HALF = STEP / 2
FORMATS = {
    "WFDB": (as_wfdb, "wfdb", HALF),
    "EDF": (as_edf, "edf", EDF_RANGE / 65535),
    "DICOM": (as_dicom, "dicom", HALF),
    "aECG": (
        written("a.xml", lambda leads, rate: aecg(aecg_series([aecg_set(leads, increment=(1 / rate, "s"))]))),
        "aecg",
        HALF,
    ),
    "SCP, plain": (written("a.scp", lambda leads, rate: scp(leads, rate, 0, "none")), "scp", HALF),
    "SCP, Huffman": (written("a.scp", lambda leads, rate: scp(leads, rate)), "scp", HALF),
    "SCP, own tables": (written("a.scp", lambda leads, rate: scp(leads, rate, 1, "own")), "scp", HALF),
    "SCP, beats subtracted": (written("a.scp", lambda leads, rate: scp_with_beats(leads, rate, 60)), "scp", HALF),
    "Sierra, plain": (written("a.xml", lambda leads, rate: sierra(leads, rate, form="Plain")), "sierra", HALF),
    "Sierra, Base64": (written("a.xml", lambda leads, rate: sierra(leads, rate, form="Base64")), "sierra", HALF),
    "Sierra, XLI": (written("a.xml", lambda leads, rate: sierra(leads, rate)), "sierra", HALF),
    "CSV and sidecar": (as_csv, "array", 0.00005),
    "NPY and sidecar": (as_npy, "array", HALF),
    "MUSE": (written("a.xml", muse), "muse", HALF),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_format_gives_the_same_recording(source, tmp_path, request):
    leads, rate = SOURCES[source](request.getfixturevalue("data_dir") if source == "ludb" else None)
    # MUSE stores eight leads; the other four follow from I and II, each of which is rounded.
    one, two = leads["I"], leads["II"]
    expected = {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    rates = {}
    for name, (write, reader, step) in FORMATS.items():
        folder = tmp_path / name
        folder.mkdir()
        path = write(folder, leads, rate)
        assert format_of(Content(path.as_posix(), path.read_bytes(), path)) == reader
        signal = read_file(path, LIMITS)[0].signal
        assert signal.leads == TWELVE, name
        assert signal.sampling_rate_hz == pytest.approx(rate, rel=1e-6), name
        assert signal.samples.shape == (len(one), 12), name
        for i, lead in enumerate(TWELVE):
            derived = name == "MUSE" and lead in expected
            apart = np.abs(signal.samples[:, i] - (expected[lead] if derived else leads[lead])).max()
            assert apart <= step * (2 if derived else 1) + 1e-6, (name, lead)
        rates[name] = measure_signal(signal).values.get("heart_rate_bpm")
    assert len({round(found, 0) for found in rates.values()}) == 1, rates
