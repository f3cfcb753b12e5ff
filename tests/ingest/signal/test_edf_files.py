"""EDF, EDF+ and BDF recordings, written here with edfio and read back."""

import datetime

import edfio
import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
RNG = np.random.default_rng(5)


def signal(label, unit, rate, seconds=10, scale=1.0, make=edfio.EdfSignal, **more):
    values = scale * RNG.standard_normal(int(rate * seconds))
    return make(values, rate, label=label, physical_dimension=unit, **more)


def sleep_study(annotations=None, make=edfio.EdfSignal, edf=edfio.Edf):
    return edf(
        [
            signal("EEG Fpz-Cz", "uV", 100, scale=40, make=make),
            signal("EOG horizontal", "uV", 100, scale=40, make=make),
            signal("Resp oro-nasal", "", 20, make=make),
            signal("ECG II", "uV", 200, scale=500, make=make),
            signal("SaO2", "%", 1, scale=3, make=make),
        ],
        patient=edfio.Patient(code="P-77", sex="F", birthdate=datetime.date(1950, 2, 1), name="Jane_Doe"),
        recording=edfio.Recording(startdate=datetime.date(2020, 3, 4), equipment_code="Somno9"),
        starttime=datetime.time(22, 15, 30),
        annotations=annotations,
    )


def read(data, limits=LIMITS):
    file = Content("night.edf", data)
    return read_content(file, limits), file.aside


def reason(data, limits=LIMITS):
    with pytest.raises(UnreadableFile) as caught:
        read(data, limits)
    return caught.value.reason


def test_channels_are_gathered_by_kind_and_rate_with_their_units():
    written = sleep_study()
    records, aside = read(written.to_bytes())
    assert [(r.modality, r.part, r.signal.leads, r.signal.sampling_rate_hz) for r in records] == [
        ("ECG", "", ("II",), 200.0),
        ("EEG", "eeg", ("EEG Fpz-Cz",), 100.0),
        ("EOG", "eog", ("EOG horizontal",), 100.0),
        ("RESP", "resp", ("Resp oro-nasal",), 20.0),
        ("HD", "hd", ("SaO2",), 1.0),
    ]
    assert not aside
    for record, label in zip(
        records, ("ECG II", "EEG Fpz-Cz", "EOG horizontal", "Resp oro-nasal", "SaO2"), strict=True
    ):
        factor = 1e-3 if record.modality == "ECG" else 1.0
        expected = (written.get_signal(label).data * factor).astype(np.float32)
        assert np.array_equal(record.signal.samples[:, 0], expected)
    assert records[1].signal.units == ("uV",)
    assert records[4].signal.types == ("spo2",)


def test_the_header_says_who_and_when():
    record = read(sleep_study().to_bytes())[0][0]
    assert (record.patient_id, record.fields["sex"], record.fields["age"]) == ("P-77", "F", 70)
    assert record.taken_at == datetime.datetime(2020, 3, 4, 22, 15, 30)
    assert record.fields["device"] == "Somno9"
    assert record.known.names == ("Jane Doe",)
    assert "Jane" not in str(dict(record.fields))


def test_annotations_are_a_text_with_times():
    notes = [edfio.EdfAnnotation(0, 4, "Sleep stage W"), edfio.EdfAnnotation(4, 4, "Sleep stage W"),
             edfio.EdfAnnotation(9.5, None, "Lights off")]  # fmt: skip
    text = read(sleep_study(notes).to_bytes())[0][-1]
    assert (text.kind, text.part) == ("text", "annotations")
    assert text.text == "0:00:00–0:00:08 Sleep stage W\n0:00:09.5 Lights off"


@pytest.mark.parametrize("rate", [0.1, 128.0, 12_500.0])
def test_bdf_has_24_bits(rate):
    values = np.linspace(-3, 3, round(rate * 100))
    written = edfio.Bdf(
        [edfio.BdfSignal(values, rate, label="ECG I", physical_dimension="mV")], data_record_duration=100
    )
    (record,), _ = read(written.to_bytes())
    assert np.array_equal(record.signal.samples[:, 0], written.signals[0].data.astype(np.float32))
    assert np.abs(record.signal.samples[:, 0] - values).max() < 6 / 2**22
    assert record.signal.sampling_rate_hz == pytest.approx(rate)


def test_pieces_give_the_same_as_the_whole(monkeypatch):
    from assistant.ingest.signal import edf

    data = sleep_study().to_bytes()
    whole, _ = read(data)
    monkeypatch.setattr(edf, "_PIECE", 1000)
    for before, after in zip(whole, read(data)[0], strict=True):
        assert np.array_equal(before.signal.samples, after.signal.samples)


def discontinuous(onsets):
    """A recording of one-second data records, each moved to an onset: EDF+D by its header."""
    written = edfio.Edf(
        [signal("ECG II", "mV", 100, seconds=len(onsets))],
        annotations=[edfio.EdfAnnotation(0, None, "room for longer ones")],
        data_record_duration=1.0,
    )
    data = bytearray(written.to_bytes())
    data[192:197] = b"EDF+D"
    size, block = written.bytes_in_header_record, (len(data) - written.bytes_in_header_record) // len(onsets)
    for number, onset in enumerate(onsets):
        begin = size + number * block + 200
        tal = f"+{onset}".encode() + b"\x14\x14\x00"
        data[begin : size + (number + 1) * block] = tal.ljust(block - 200, b"\0")
    return bytes(data), written


def test_gaps_of_a_discontinuous_recording_are_missing_samples():
    data, written = discontinuous([0, 1, 4.5, 5.5])
    (record,), aside = read(data)  # the annotation was overwritten
    expected = written.signals[0].data.astype(np.float32)
    found = record.signal.samples[:, 0]
    assert len(found) == 650
    assert np.array_equal(found[:200], expected[:200])
    assert np.isnan(found[200:450]).all()
    assert np.array_equal(found[450:], expected[200:])
    assert not aside


def test_records_out_of_order_and_endless_gaps_are_refused():
    assert "out of order" in reason(discontinuous([0, 5, 2, 3])[0])
    assert "ingest.max_signal_hours" in reason(discontinuous([0, 1, 2, 90_000_000])[0])


def test_a_recording_that_is_cut_off_gives_what_is_whole():
    data = edfio.Edf([signal("ECG II", "mV", 100)], data_record_duration=1.0).to_bytes()
    (record,), aside = read(data[:-350])
    assert record.signal.samples.shape == (800, 1)
    assert aside == [
        ("data records 9 to 10", "the file is cut off: it holds 8 of the 10 data records it states"),
    ]


def test_a_channel_without_a_range_is_set_aside_and_the_rest_read():
    written = edfio.Edf([signal("ECG II", "mV", 100), signal("ECG V1", "mV", 100)], data_record_duration=1.0)
    data = bytearray(written.to_bytes())
    data[256 + 2 * (16 + 80 + 8) + 8 : 256 + 2 * (16 + 80 + 8) + 16] = data[
        256 + 2 * (16 + 80 + 8 + 8) + 8 : 256 + 2 * (16 + 80 + 8 + 8) + 16
    ]
    (record,), aside = read(bytes(data))
    assert record.signal.leads == ("II",) or np.isnan(record.signal.lead("V1")).all()
    assert "no range of values" in aside[0][1]


def test_every_cut_and_many_changed_bytes_give_records_or_a_reason():
    data = sleep_study([edfio.EdfAnnotation(1, 2, "Arousal")]).to_bytes()
    for length in [*range(1, 2000, 13), *range(2000, len(data), 701)]:
        try:
            assert read(data[:length])[0]
        except UnreadableFile as error:
            assert "damaged file (" not in error.reason and "inside" not in error.reason, error.reason
    for _ in range(400):
        changed = bytearray(data)
        for at in RNG.integers(0, 1800, 3):
            changed[at] = RNG.integers(0, 256)
        try:
            assert read(bytes(changed))[0]
        except UnreadableFile as error:
            assert "damaged file (" not in error.reason and "inside" not in error.reason, error.reason


def test_the_sample_of_annotations_alone_reads_as_its_sleep_stages(data_dir):
    (text,) = read_file(data_dir / "wfdb_samples" / "test_edfann.edf", LIMITS)
    assert text.kind == "text"
    assert "Lights off@@EEG F4-A1" in text.text
    assert "Sleep stage N2" in text.text
