"""WFDB records, written here with the wfdb package and read back."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import is_sidecar, read_file
from assistant.settings import IngestSettings

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


def test_microvolts_become_millivolts_and_other_channels_are_named(tmp_path):
    header, values = write(tmp_path, leads=("II", "PLETH", "V1"), units=("uV", "NU", "mV"))
    (record,) = read_file(header, LIMITS)
    assert record.signal.leads == ("II", "V1")
    assert np.allclose(record.signal.lead("II") * 1000, values[:, 0], atol=1e-3)
    assert record.fields["other_channels"] == "PLETH (NU)"


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
    assert signal.labels["snomed"] == "164934002 | 426783006"
    assert text.text == "Reason: chest pain\nFormer infarction: no\nMedication: ASA"
    assert (text.part, text.fields["author"]) == ("comments", "header")
    sections = [(p.section, text.text[p.start : p.end]) for p in text.passages]
    assert sections == [
        ("Diagnose", "Reason: chest pain\nFormer infarction: no"),
        ("Therapy", "Medication: ASA"),
    ]


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
    assert reason(header) == "its signal file rec.dat is empty (0 bytes)"
    signal.write_bytes(whole[:100])
    assert "do not fit together" in reason(header)
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


def test_a_recording_without_ecg_says_what_it_holds(tmp_path):
    header, _ = write(tmp_path, leads=("PLETH",), units=("NU",))
    assert "PLETH (NU)" in reason(header)


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
