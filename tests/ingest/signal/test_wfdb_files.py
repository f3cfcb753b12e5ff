"""WFDB records, written here with the wfdb package and read back."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import is_sidecar, read_file
from assistant.ingest.deid import Deidentifier
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings, IngestSettings

wfdb = pytest.importorskip("wfdb")
LIMITS = IngestSettings()


def write(folder, name="rec", leads=("i", "avr"), units=("mV", "mV"), comments=(), samples=500, rate=250):
    time = np.arange(samples) / rate
    values = np.stack([np.sin(2 * np.pi * (1 + n) * time) for n in range(len(leads))], axis=1)
    wfdb.wrsamp(
        name,
        fs=rate,
        units=list(units),
        sig_name=list(leads),
        p_signal=values,
        fmt=["16"] * len(leads),
        comments=list(comments),
        write_dir=str(folder),
    )
    return Path(folder) / f"{name}.hea", values


def test_samples_equal_those_of_the_wfdb_package(tmp_path):
    header, _ = write(tmp_path)
    (record,) = read_file(header, LIMITS)
    expected = wfdb.rdrecord(str(header.with_suffix(""))).p_signal.astype(np.float32)
    assert np.array_equal(record.signal.samples, expected)
    assert (record.kind, record.modality, record.signal.leads) == ("signal", "ECG", ("I", "aVR"))
    assert record.signal.duration_s == 2.0


def test_microvolts_become_millivolts_and_other_channels_are_records_of_their_own(tmp_path):
    header, values = write(tmp_path, leads=("II", "PLETH", "V1"), units=("uV", "NU", "mV"))
    ecg, pulse = read_file(header, LIMITS)
    assert ecg.signal.leads == ("II", "V1")
    assert np.allclose(ecg.signal.lead("II") * 1000, values[:, 0], atol=1e-3)
    assert (pulse.modality, pulse.part, pulse.signal.types, pulse.signal.units) == ("HD", "hd", ("ppg",), ("NU",))
    assert np.allclose(pulse.signal.lead("PLETH"), values[:, 1], atol=1e-3)
    assert pulse.fields["channels"] == "PLETH (NU)"
    assert pulse.sha256 == ecg.sha256


def test_header_comments_become_facts_labels_and_a_text_told_apart(tmp_path):
    header, _ = write(
        tmp_path,
        comments=[
            "<age>: 74", "<sex>: F", "Dx: 164934002,426783006", "Rx: Unknown", "Diagnose:", "Reason: chest pain",
            "Former infarction: no", "Therapy:", "Lytic agent: n/a", "Medication: ASA",
        ],
    )  # fmt: skip
    signal, text = read_file(header, LIMITS)
    assert (signal.fields["age"], signal.fields["sex"]) == (74, "F")
    assert signal.labels["diagnosis"] == "T wave abnormality | sinus rhythm"
    assert text.text == "Reason: chest pain\nFormer infarction: no\nMedication: ASA"
    assert (text.part, text.fields["author"]) == ("comments", "header")
    sections = [(p.section, text.text[p.start : p.end]) for p in text.passages]
    assert sections == [
        ("Diagnose", "Reason: chest pain\nFormer infarction: no"),
        ("Therapy", "Medication: ASA"),
    ]


def test_diagnosis_codes_are_named_and_stay_where_ids_are_taken_out(tmp_path):
    """Sinus rhythm; cardiac arrest, a concept that has no name here; a record number, which is no concept's id."""
    header, _ = write(tmp_path, comments=["Dx: 426783006,410429000,84729163", "MRN: 84729163"])
    signal = read_file(header, LIMITS)[0]
    kept, removed = Deidentifier(Pseudonyms(bytes(32)), DeidSettings()).record(signal)
    assert kept.labels["diagnosis"] == "sinus rhythm | SNOMED CT 410429000 | [id]"
    assert removed.counts["id"] == 1


def test_sidecars_are_known_whatever_their_ending(tmp_path):
    header, _ = write(tmp_path, name="1")
    wfdb.wrann("1", "avf", np.array([10, 200]), ["N", "N"], write_dir=str(tmp_path))
    (tmp_path / "1.txt").write_text("The patient felt dizzy during this recording.")
    (tmp_path / "2.dat").write_bytes(b"\0\1" * 50)
    assert is_sidecar(tmp_path / "1.dat")
    assert is_sidecar(tmp_path / "1.avf")
    assert not is_sidecar(header)
    assert not is_sidecar(tmp_path / "1.txt")
    assert not is_sidecar(tmp_path / "2.dat")
    with pytest.raises(UnreadableFile, match=r"belongs to the WFDB record 1\.hea"):
        read_file(tmp_path / "1.dat", LIMITS)
    with pytest.raises(UnreadableFile, match=r"header 2\.hea is missing"):
        read_file(tmp_path / "2.dat", LIMITS)


def test_a_segmented_record_is_one_record(tmp_path):
    write(tmp_path, name="m_1", samples=300)
    segment, values = write(tmp_path, name="m_2", samples=200)
    (tmp_path / "m.hea").write_text("m/2 2 250 500\nm_1 300\nm_2 200\n")
    (record,) = read_file(tmp_path / "m.hea", LIMITS)
    assert record.signal.samples.shape == (500, 2)
    assert np.allclose(record.signal.samples[300:, 0], values[:, 0], atol=1e-3)
    assert is_sidecar(segment)
    assert not is_sidecar(tmp_path / "m.hea")


def reason(path, limits=LIMITS):
    with pytest.raises(UnreadableFile) as caught:
        read_file(path, limits)
    return caught.value.reason


def test_reasons_name_the_file_that_is_wrong(tmp_path):
    header, _ = write(tmp_path)
    signal = tmp_path / "rec.dat"
    whole = signal.read_bytes()
    signal.write_bytes(b"")
    assert reason(header) == "its signal file rec.dat: the file is empty (0 bytes)"
    signal.write_bytes(whole[:100])
    assert "rec.dat is cut off: it holds 25 of the 500 samples" in reason(header)
    signal.unlink()
    assert "rec.dat is missing" in reason(header)


def test_a_header_can_not_point_out_of_its_folder(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, name="secret")
    for name in ("../secret.dat", "/etc/passwd", "http://127.0.0.1:9/x.dat", "s3://bucket/x.dat"):
        (inside / "a.hea").write_text(f"a 1 250 500\n{name} 16 200 16 0 0 0 0 I\n")
        assert "does not lie beside it" in reason(inside / "a.hea")


def test_a_header_that_claims_too_much_is_refused(tmp_path):
    (tmp_path / "a.hea").write_text("a 1 250 999999999999\na.dat 16 200 16 0 0 0 0 I\n")
    (tmp_path / "a.dat").write_bytes(b"\0" * 10)
    assert "ingest.max_signal_hours" in reason(tmp_path / "a.hea")


def test_a_recording_without_ecg_is_read_as_what_it_is(tmp_path):
    header, _ = write(tmp_path, leads=("PLETH", "RESP"), units=("NU", "NU"))
    pulse, breath = read_file(header, LIMITS)
    assert [(r.modality, r.part) for r in (pulse, breath)] == [("HD", ""), ("RESP", "resp")]
    assert breath.signal.types == ("resp",)


def test_a_ptb_record_reads_as_its_header_says(data_dir):
    signal, text = read_file(data_dir / "wfdb_samples" / "s0010_re.hea", LIMITS)
    assert signal.signal.leads[:12] == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    # initial values of the header, in units of 1/2000 mV
    assert signal.signal.samples[0, :3] == pytest.approx(np.array([-489, -458, 31]) / 2000)
    assert signal.taken_at.date().isoformat() == "1990-10-01"
    assert "Additional diagnoses: Diabetes mellitus" in text.text


def test_every_ludb_record_equals_the_wfdb_package(data_dir):
    headers = sorted((data_dir / "ludb_ecg" / "data").glob("*.hea"))[:30]
    for header in headers:
        record = read_file(header, LIMITS)[0]
        expected = wfdb.rdrecord(str(header.with_suffix(""))).p_signal.astype(np.float32)
        assert np.array_equal(record.signal.samples, expected)
        assert record.signal.leads[3:6] == ("aVR", "aVL", "aVF")


# --- against the wfdb package, to the last bit ------------------------------------------------------------------------


def expanded(path, **more):
    """What the wfdb package reads, each channel with all its samples, as float32."""
    record = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False, **more)
    return [np.asarray(values, dtype=np.float32) for values in record.e_p_signal], record


def channels_of(records):
    """Every channel of every signal among some records, in the order of their names."""
    return {name: r.signal.samples[:, i] for r in records if r.signal for i, name in enumerate(r.signal.leads)}


def same_bits(path, limits=LIMITS):
    values, record = expanded(path)
    found = channels_of(read_file(path, limits))
    for name, expected in zip(record.sig_name, values, strict=True):
        assert np.array_equal(found[name], expected, equal_nan=True), name
    return record


BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 32 / 3, "311": 32 / 3}


@pytest.mark.parametrize("format_", sorted(BITS))
@pytest.mark.parametrize("layout", ["plain", "offset", "frames", "skew"])
def test_every_format_reads_as_the_wfdb_package_reads_it(tmp_path, format_, layout):
    """Any bytes are samples of some signal, so random ones try every bit pattern."""
    frames, leads = 600, ("II", "V1", "ABP")
    per_frame = (4, 2, 1) if layout == "frames" else (1, 1, 1)
    skew = (0, 5, 5) if layout == "skew" else (0, 0, 0)
    offset = 64 if layout == "offset" and format_ != "8" else 0
    count = frames * sum(per_frame) + 10 * sum(per_frame)
    size = offset + int(np.ceil(count * BITS[format_] / 8 / 12) * 12)
    data = np.random.default_rng(7).integers(0, 256, size, dtype=np.uint8)
    (tmp_path / "r.dat").write_bytes(data.tobytes())
    lines = [
        f"r.dat {format_}{f'x{n}' if n > 1 else ''}{f':{s}' if s else ''}{f'+{offset}' if offset else ''} "
        f"{gain}(7)/{unit} 12 0 3 0 0 {lead}"
        for lead, unit, gain, n, s in zip(
            leads, ("mV", "mV", "mmHg"), (201.5, 1000, 12.84), per_frame, skew, strict=True
        )
    ]
    (tmp_path / "r.hea").write_text(f"r 3 125 {frames}\n" + "\n".join(lines) + "\n")
    if layout == "skew" and format_ == "8":  # which the wfdb package (4.3) fails on
        assert "do not fit together" in reason(tmp_path / "r.hea")
        return
    record = same_bits(tmp_path / "r.hea")
    assert record.sig_len == frames


def test_channels_that_lag_by_different_times_are_brought_together(tmp_path):
    """Which the wfdb package (4.3) can't do: it fails on two different skews in one file."""
    raw = np.arange(1, 1801, dtype="<i2").reshape(600, 3)
    (tmp_path / "r.dat").write_bytes(raw.tobytes())
    lines = [f"r.dat 16:{skew} 100(0)/mV 12 0 0 0 0 {lead}" for skew, lead in ((0, "I"), (3, "II"), (7, "V1"))]
    (tmp_path / "r.hea").write_text("r 3 125 600\n" + "\n".join(lines) + "\n")
    (record,) = read_file(tmp_path / "r.hea", LIMITS)
    for column, (lead, skew) in enumerate((("I", 0), ("II", 3), ("V1", 7))):
        values = record.signal.lead(lead)
        assert np.allclose(values[: 600 - skew], raw[skew:, column] / 100)
        assert np.isnan(values[600 - skew :]).all()


@pytest.mark.parametrize("format_", ["508", "516", "524"])
def test_compressed_formats_read_as_the_wfdb_package_reads_them(tmp_path, format_):
    pytest.importorskip("soundfile")
    bits = {"508": 8, "516": 16, "524": 24}[format_]
    values = np.random.default_rng(1).integers(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1), (3000, 2))
    wfdb.wrsamp(
        "r", fs=250, units=["mV", "mV"], sig_name=["II", "V5"], d_signal=values, fmt=[format_] * 2,
        adc_gain=[200.0, 300.0], baseline=[0, 5], write_dir=str(tmp_path),
    )  # fmt: skip
    same_bits(tmp_path / "r.hea")
    (tmp_path / "r.dat").write_bytes((tmp_path / "r.dat").read_bytes()[:500])
    assert reason(tmp_path / "r.hea")


def test_a_long_recording_is_read_in_pieces_with_the_same_result(tmp_path, monkeypatch):
    from assistant.ingest.signal import wfdb_samples

    monkeypatch.setattr(wfdb_samples, "_PIECE", 700)
    for format_ in ("16", "24", "212", "8", "311"):
        data = np.random.default_rng(3).integers(0, 256, 48_000, dtype=np.uint8)
        (tmp_path / "r.dat").write_bytes(data.tobytes())
        lines = [f"r.dat {format_} 200 12 0 5 0 0 {lead}" for lead in ("II", "V1")]
        (tmp_path / "r.hea").write_text("r 2 250 5001\n" + "\n".join(lines) + "\n")
        same_bits(tmp_path / "r.hea")


def test_segments_of_a_variable_layout_leave_gaps(tmp_path):
    write(tmp_path, name="s1", leads=("II",), units=("mV",), samples=300)
    write(tmp_path, name="s2", leads=("II", "V1"), units=("mV", "mV"), samples=200)
    (tmp_path / "lay.hea").write_text("lay 2 250 0\n~ 0 200 16 0 0 0 0 II\n~ 0 200 16 0 0 0 0 V1\n")
    (tmp_path / "m.hea").write_text("m/4 2 250 550\nlay 0\ns1 300\n~ 50\ns2 200\n")
    same_bits(tmp_path / "m.hea")
    (record,) = read_file(tmp_path / "m.hea", LIMITS)
    assert record.signal.leads == ("II", "V1")
    assert np.isnan(record.signal.lead("V1")[:350]).all()
    assert np.isfinite(record.signal.lead("V1")[350:]).all()
    assert np.isnan(record.signal.lead("II")[300:350]).all()
    assert is_sidecar(tmp_path / "lay.hea")


def test_segments_that_do_not_belong_together_are_refused(tmp_path):
    write(tmp_path, name="s1", leads=("II",), units=("mV",), samples=300)
    write(tmp_path, name="s2", leads=("II",), units=("uV",), samples=200)
    (tmp_path / "lay.hea").write_text("lay 1 250 0\n~ 0 200 16 0 0 0 0 II\n")
    (tmp_path / "m.hea").write_text("m/3 1 250 500\nlay 0\ns1 300\ns2 200\n")
    assert "different units" in reason(tmp_path / "m.hea")
    (tmp_path / "m.hea").write_text("m/3 1 250 600\ns1 300\n~ 100\ns2 200\n")
    assert "fixed layout" in reason(tmp_path / "m.hea")
    (tmp_path / "m.hea").write_text("m/2 1 250 700\ns1 300\ns2 200\n")
    assert "500 samples together, not 700" in reason(tmp_path / "m.hea")
    (tmp_path / "m.hea").write_text("m/2 1 250 600\ns1 300\ns2 300\n")
    assert "s2 has 200 samples where 300 are expected" in reason(tmp_path / "m.hea")


def test_a_segment_can_not_point_out_of_the_folder(tmp_path):
    write(tmp_path, name="secret", leads=("II",), units=("mV",), samples=300)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "s1.hea").write_text("s1 1 250 300\n../secret.dat 16 200 16 0 0 0 0 II\n")
    (inside / "m.hea").write_text("m/1 1 250 300\ns1 300\n")
    assert "does not lie beside it" in reason(inside / "m.hea")


def test_every_file_of_the_samples_equals_the_wfdb_package(data_dir):
    headers = [
        *sorted((data_dir / "wfdb_samples").glob("*.hea")),
        *sorted((data_dir / "challenge2021_ecg").rglob("*.hea")),
    ]
    assert len(headers) >= 10
    for header in headers:
        values, record = expanded(header)
        found = channels_of(read_file(header, LIMITS))
        names = list(found)
        assert len(names) == len(values)
        by_length = sorted(zip(record.sig_name, values, strict=True), key=lambda pair: pair[0].lower())
        for (name, expected), own in zip(by_length, sorted(names, key=str.lower), strict=True):
            assert name.lower() == own.lower()
            assert np.array_equal(found[own], expected, equal_nan=True)


def test_the_plain_layout_is_read_without_the_wfdb_package_and_to_the_same_bits(tmp_path, monkeypatch):
    from assistant.ingest.signal import wfdb_plain, wfdb_samples

    data = np.random.default_rng(3).integers(-32768, 32767, (4000, 3)).astype("<i2")
    data[100:200, 1] = -32768
    (tmp_path / "r.dat").write_bytes(b"\1" * 24 + data.tobytes())
    lines = [
        "16+24 201.5(7)/mV 16 0 1 -5 0 II",
        "16+24 1000/uV 16 -12 1 5 0 V1",
        "16+24 1.052e+04(-3)/NU 16 0 1 5 0 RESP",
    ]
    (tmp_path / "r.hea").write_text("r 3 125.5 4000\n" + "".join(f"r.dat {line}\n" for line in lines) + "# age: 50\n")
    expected, _ = expanded(tmp_path / "r.hea")
    monkeypatch.setattr(wfdb_plain, "_PIECE", 5000)
    monkeypatch.setattr(wfdb_samples, "_rdrecord", lambda *_, **__: pytest.fail("wfdb was asked"))
    ecg, breath = read_file(tmp_path / "r.hea", LIMITS)
    assert np.array_equal(ecg.signal.lead("II"), expected[0], equal_nan=True)
    assert np.isnan(ecg.signal.lead("V1")[100:200]).all()
    microvolts = wfdb.rdrecord(str(tmp_path / "r")).p_signal[:, 1]
    assert np.array_equal(ecg.signal.lead("V1"), (microvolts * 1e-3).astype(np.float32), equal_nan=True)
    assert np.array_equal(breath.signal.lead("RESP"), expected[2], equal_nan=True)


def test_the_plain_layout_in_several_files_is_read_to_the_same_bits(tmp_path, monkeypatch):
    from assistant.ingest.signal import wfdb_plain, wfdb_samples

    made = np.random.default_rng(4)
    lines = []
    for name, leads, offset in (("r.dat", ("I", "II", "V1"), 0), ("r.xyz", ("vx", "vy"), 16)):
        data = made.integers(-32768, 32767, (3000, len(leads))).astype("<i2")
        (tmp_path / name).write_bytes(b"\1" * offset + data.tobytes())
        lines += [f"{name} 16{f'+{offset}' if offset else ''} 2000/mV 16 {len(lines)} 1 5 0 {lead}" for lead in leads]
    (tmp_path / "r.hea").write_text("r 5 1000 3000\n" + "".join(f"{line}\n" for line in lines))
    expected, _ = expanded(tmp_path / "r.hea")
    monkeypatch.setattr(wfdb_plain, "_PIECE", 4000)
    monkeypatch.setattr(wfdb_samples, "_rdrecord", lambda *_, **__: pytest.fail("wfdb was asked"))
    (record,) = read_file(tmp_path / "r.hea", LIMITS)
    assert record.signal is not None and len(record.signal.leads) == 5
    for column, values in zip(record.signal.samples.T, expected, strict=True):
        assert np.array_equal(column, values, equal_nan=True)


@pytest.mark.parametrize(
    ("record", "signal"),
    [
        ("r 1 250 500 10:00:00 01/02/1990", "16 200 16 0 0 0 0 II"),
        ("r 1 250/500 500", "16 200 16 0 0 0 0 II"),
        ("r 1 250 500", "16 0 16 0 0 0 0 II"),
        ("r 1 250 500", "16"),
        ("r 1 250", "16 200(3)/mV 16 0 0 0 0 II"),
        ("r 1 250 500", "16 200 16 0 0 0 0"),
        ("r 1 250 500", "16 200 16 0 0 0 0 lead (II)"),
        ("r 1 250 500", "16:3 200 16 0 0 0 0 II"),
        ("r 1 250 500", "16x2 200 16 0 0 0 0 II"),
    ],
)
def test_headers_that_say_more_or_less_read_as_the_wfdb_package_reads_them(tmp_path, record, signal):
    (tmp_path / "r.dat").write_bytes(np.random.default_rng(3).integers(-999, 999, 1100).astype("<i2").tobytes())
    (tmp_path / "r.hea").write_text(f"{record}\nr.dat {signal}\n")
    (expected,), about = expanded(tmp_path / "r.hea")
    (found,) = read_file(tmp_path / "r.hea", LIMITS)
    assert np.array_equal(found.signal.samples[:, 0], expected, equal_nan=True)
    assert found.signal.sampling_rate_hz == about.fs * about.samps_per_frame[0]
    assert found.taken_at == about.base_datetime


def test_more_signals_than_the_segments_describe_are_refused_before_memory_is_taken_for_them(tmp_path):
    write(tmp_path, name="m_1", samples=300)
    write(tmp_path, name="m_2", samples=200)
    header = tmp_path / "m.hea"
    header.write_text("m/2 212501500\nm_1 300\nm_2 200\n")
    with pytest.raises(UnreadableFile, match=r"states 212,501,500 signals and its segments describe 2$"):
        read_file(header, LIMITS)


def test_cut_and_changed_files_give_records_or_a_reason(tmp_path):
    rng = np.random.default_rng(8)
    plain, _ = write(tmp_path, name="plain", comments=["age: 50", "Dx: 1234"])
    packed = tmp_path / "packed.hea"
    packed.write_text(
        "packed 2 125 400 10:00:00 1/2/1990\npacked.dat 212x2 200 11 0 5 0 0 II\npacked.dat 212:3 200 11\n"
    )
    (tmp_path / "packed.dat").write_bytes(rng.integers(0, 256, 1900, dtype=np.uint8).tobytes())
    write(tmp_path, name="m_1", samples=300)
    write(tmp_path, name="m_2", samples=200)
    segmented = tmp_path / "m.hea"
    segmented.write_text("m/2 2 250 500\nm_1 300\nm_2 200\n")
    for header, signal in ((plain, "plain.dat"), (packed, "packed.dat"), (segmented, "m_1.hea")):
        text, samples = header.read_bytes(), (tmp_path / signal).read_bytes()
        assert read_file(header, LIMITS)
        mutated = [(text[:n], samples) for n in range(1, len(text), 5)]
        mutated += [(text, samples[:n]) for n in range(0, len(samples), max(1, len(samples) // 40))]
        for _ in range(120):
            changed = bytearray(text)
            for at in rng.integers(0, len(text), 2):
                changed[at] = rng.choice(list(b"0123456789 .:/x+-~#\nIeE\xff\0"))
            mutated.append((bytes(changed), samples))
        for one, other in mutated:
            header.write_bytes(one)
            (tmp_path / signal).write_bytes(other)
            try:
                assert read_file(header, LIMITS)
            except UnreadableFile as error:
                assert not error.reason.startswith(("damaged file (", "an error inside")), error.reason
        header.write_bytes(text)
        (tmp_path / signal).write_bytes(samples)
