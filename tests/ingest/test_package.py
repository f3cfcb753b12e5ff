"""The ZIP of a study, read as one upload: what belongs together stays together, and traps are refused."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image as Picture
from series_files import ct_slice

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, is_package, read_package
from assistant.ingest.archive import _open
from assistant.pseudonyms import Pseudonyms
from assistant.settings import IngestSettings, Settings, UiSettings

HEADER = b"ecg 1 250 1000\necg.dat 16 200/mV 16 0 0 0 0 II\n"


@pytest.fixture(scope="module")
def deidentifier(tmp_path_factory):
    return Deidentifier(Pseudonyms.of(tmp_path_factory.mktemp("keys")), Settings().deid)


@pytest.fixture
def zipped(tmp_path):
    def write(name="study.zip", **members):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for member, data in members.items():
                file.writestr(member, data)
        return path

    return write


def picture(seed):
    out = io.BytesIO()
    Picture.fromarray(np.random.default_rng(seed).integers(0, 255, (200, 200), np.uint8)).save(out, "PNG")
    return out.getvalue()


def signal():
    beats = np.sin(np.arange(1000) / 250 * 2 * np.pi * 1.2) ** 31
    return (200 * beats).astype("<i2").tobytes()


def test_a_study_is_read_as_one_with_its_series_and_its_ecg(zipped, deidentifier):
    path = zipped(
        **{f"IMG/{number:03}.dcm": ct_slice(number) for number in range(8)},
        **{"ECG/ecg.hea": HEADER, "ECG/ecg.dat": signal(), "report.txt": b"FINDINGS: No pleural effusion is seen."},
        **{"broken.dcm": b"\0" * 128 + b"DICM" + b"\xff" * 40, "__MACOSX/._report.txt": b"x"},
    )
    assert is_package(path)
    reading = read_package(path, IngestSettings(), UiSettings(), deidentifier)
    kinds = [record.kind for record in reading.records]
    assert kinds.count("image") == 3 and kinds.count("signal") == 1 and kinds.count("text") == 1
    images = [record for record in reading.records if record.kind == "image"]
    assert all(record.part.startswith("slice ") for record in images)
    assert {record.patient_id for record in images} == {"P-1"}
    text = next(record for record in reading.records if record.kind == "text")
    assert text.study_id is None
    assert [name for name, _ in reading.aside] == ["broken.dcm"]


def test_an_archive_is_not_kept_open(zipped, deidentifier):
    path = zipped(**{"a.png": picture(1)})
    read_package(path, IngestSettings(), UiSettings(), deidentifier)
    assert _open.cache_info().currsize == 0


def test_what_packs_too_well_is_refused_before_it_is_unpacked(zipped, deidentifier):
    path = zipped(**{"zeros.txt": b"0" * 40_000_000})
    with pytest.raises(UnreadableFile, match=r"times its size, more than the limit of 100 \(ui\.max_archive_ratio\)"):
        read_package(path, IngestSettings(), UiSettings(), deidentifier)


def test_limits_of_size_and_number_name_the_option_of_uploads(zipped, deidentifier, tmp_path):
    noise = np.random.default_rng(0).bytes(1_500_000)
    with pytest.raises(UnreadableFile, match=r"limit of 1 MB \(ui\.max_archive_mb\)"):
        read_package(zipped(**{"a.bin": noise}), IngestSettings(), UiSettings(max_archive_mb=1), deidentifier)
    many = zipped(**{f"{n}.txt": f"Note {n}." for n in range(12)})
    with pytest.raises(UnreadableFile, match=r"limit of 10 \(ui\.max_archive_files\)"):
        read_package(many, IngestSettings(), UiSettings(max_archive_files=10), deidentifier)
    with pytest.raises(UnreadableFile, match=r"12 files that do not make up a series, .* of 5 \(ui\.max_uploads\)"):
        read_package(many, IngestSettings(), UiSettings(max_uploads=5), deidentifier)
    packed = tmp_path / "zeros.tar.gz"
    with tarfile.open(packed, "w:gz") as file:
        info = tarfile.TarInfo("zeros.txt")
        info.size = 3_000_000
        file.addfile(info, io.BytesIO(b"0" * info.size))
    with pytest.raises(UnreadableFile, match=r"limit of 1 MB \(ui\.max_archive_mb\)"):
        read_package(packed, IngestSettings(), UiSettings(max_archive_mb=1), deidentifier)


def test_a_name_that_leads_out_is_set_aside_and_nothing_is_written(zipped, deidentifier, tmp_path):
    path = zipped("inner.zip", **{"../../out.txt": b"Escaped.", "/etc/out.txt": b"Escaped.", "in.txt": b"No effusion."})
    before = sorted(tmp_path.parent.rglob("*"))
    reading = read_package(path, IngestSettings(), UiSettings(), deidentifier)
    assert [record.text for record in reading.records] == ["No effusion."]
    assert all("leads out of the archive" in reason for _, reason in reading.aside) and len(reading.aside) == 2
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_one_without_anything_to_read_says_why(zipped, deidentifier, tmp_path):
    with pytest.raises(UnreadableFile, match="without a readable file"):
        read_package(zipped(), IngestSettings(), UiSettings(), deidentifier)
    inner = zipped("inner.zip", **{"a.txt": b"text"}).read_bytes()
    with pytest.raises(UnreadableFile, match="an archive inside an archive"):
        read_package(zipped(**{"inner.zip": inner}), IngestSettings(), UiSettings(), deidentifier)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(inner[:-30])
    with pytest.raises(UnreadableFile, match="damaged"):
        read_package(damaged, IngestSettings(), UiSettings(), deidentifier)
