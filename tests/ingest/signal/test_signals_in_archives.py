"""Recordings in ZIP and TAR archives: read with what lies beside them, and nothing of it left lying about."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.archive import members
from assistant.settings import IngestSettings

wfdb = pytest.importorskip("wfdb")
LIMITS = IngestSettings()
VALUES = np.random.default_rng(1).standard_normal((500, 2)).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """A WFDB record with annotations, a segmented one, an array with a sidecar, and a note of the record's name."""
    where = tmp_path / "src" / "ward"
    where.mkdir(parents=True)
    for name in ("rec", "m_1", "m_2"):
        wfdb.wrsamp(
            name, fs=250, units=["mV", "mV"], sig_name=["II", "V1"], p_signal=VALUES.astype(np.float64),
            fmt=["16", "16"], write_dir=str(where),
        )  # fmt: skip
    (where / "m.hea").write_text("m/2 2 250 1000\nm_1 500\nm_2 500\n")
    wfdb.wrann("rec", "atr", np.array([10, 200]), ["N", "N"], write_dir=str(where))
    (where / "rec.txt").write_text("The patient felt dizzy during this recording.")
    np.save(where / "a.npy", VALUES)
    (where / "a.json").write_text(json.dumps({"sampling_rate_hz": 250, "leads": ["II", "V1"], "units": "mV"}))
    return where


def packed(folder, kind):
    path = folder.parent.parent / f"a.{kind}"
    files = sorted(folder.iterdir())
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, f"ward/{file.name}")
    else:
        with tarfile.open(path, "w:gz") as archive:
            for file in files:
                archive.add(file, f"ward/{file.name}")
    return path


def rooms():
    """The private folders that records were laid into and that are still there."""
    return [*Path("/dev/shm").glob("wardround-*"), *Path("/tmp").glob("wardround-*")]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_recordings_in_an_archive_read_as_outside(folder, kind):
    before = rooms()
    path = packed(folder, kind)
    records = {record.uri.rpartition("/")[2]: record for record in read_file(path, LIMITS) if record.signal}
    assert sorted(records) == ["a.npy", "m.hea", "rec.hea"]
    for name, record in records.items():
        outside = read_file(folder / name, LIMITS)[0]
        assert np.array_equal(record.signal.samples, outside.signal.samples)
        assert record.sha256 == outside.sha256
    assert rooms() == before


def test_what_belongs_to_a_recording_is_no_item_and_counts_for_its_stamp(folder):
    first = {member.name: member for member in members(packed(folder, "zip"), "a.zip", LIMITS)}
    assert sorted(first) == ["ward/a.npy", "ward/m.hea", "ward/rec.hea", "ward/rec.txt"]
    data = bytearray((folder / "rec.dat").read_bytes())
    data[0] ^= 1
    (folder / "rec.dat").write_bytes(data)
    (folder / "a.json").write_text(json.dumps({"sampling_rate_hz": 500, "leads": ["II", "V1"], "units": "mV"}))
    (folder.parent.parent / "a.zip").unlink()
    then = {member.name: member for member in members(packed(folder, "zip"), "a.zip", LIMITS)}
    changed = {name for name in first if first[name].stamp != then[name].stamp}
    assert changed == {"ward/rec.hea", "ward/a.npy"}


def test_a_header_in_an_archive_can_not_reach_out_and_leaves_nothing_behind(folder):
    before = rooms()
    for line in ("../secret.dat 16 200 16 0 0 0 0 I", "/etc/passwd 16 200 16 0 0 0 0 I", "x.dat 16 200 16 0 0 0 0 I"):
        path = folder / "bad.zip"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("in/bad.hea", f"bad 1 250 500\n{line}\n")
            archive.writestr("secret.dat", b"\0" * 1000)
        path.write_bytes(buffer.getvalue())
        with pytest.raises(UnreadableFile, match=r"does not lie beside it|x\.dat is missing"):
            read_file(path, LIMITS)
    assert rooms() == before
