"""Whatever the bytes, a reader gives records or a reason: no exception, no hang."""

import io
import random
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.errors import UnreadableFile
from assistant.ingest import describe_file, read_file
from assistant.ingest.dates import parse_date
from assistant.ingest.signal.leads import lead_name, millivolts_per
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
MUTATIONS = 40  # of each seed file; `make bench` fuzzes at full length


def seeds():
    picture = io.BytesIO()
    Pillow.fromarray(np.arange(900, dtype=np.uint8).reshape(30, 30)).save(picture, "PNG")
    jpeg = io.BytesIO()
    Pillow.new("RGB", (30, 30), (200, 10, 10)).save(jpeg, "JPEG")
    tiff = io.BytesIO()
    Pillow.new("L", (30, 30), 9).save(tiff, "TIFF")
    yield from {"png": picture.getvalue(), "jpeg": jpeg.getvalue(), "tiff": tiff.getvalue()}.items()
    from pydicom.data import get_testdata_file

    for name in ("MR_small.dcm", "SC_rgb_rle.dcm", "test-SR.dcm", "SC_rgb_jpeg_dcmtk.dcm", "waveform_ecg.dcm"):
        data = Path(get_testdata_file(name)).read_bytes()
        yield name, data
    yield "hea", b"a 2 250 500\na.dat 16 200 16 0 0 0 0 I\na.dat 16 200 16 0 0 0 0 II\n# Dx: 426783006\n"
    yield "xml", b"<eCitation><uId id='1'/><AbstractText Label='FINDINGS'>Clear lungs.</AbstractText></eCitation>"
    yield "jsonl", b'{"text": "Some words to read."}\n{"text": "Others."}\n'
    yield "text", "FINDINGS: Größe unverändert.\nIMPRESSION: Clear.\n".encode()


SEEDS = list(seeds())


def mutated(data, random_):
    changed = bytearray(data)
    for _ in range(random_.choice((1, 2, 8, 40))):
        at = random_.randrange(len(changed))
        match random_.randrange(4):
            case 0:
                changed[at] = random_.randrange(256)
            case 1:
                del changed[at : at + random_.randrange(1, 40)]
            case 2:
                changed[at:at] = random_.randbytes(random_.randrange(1, 20))
            case 3:
                changed[at : at + 4] = random_.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize(("name", "data"), SEEDS, ids=[name for name, _ in SEEDS])
def test_mutated_files_give_records_or_a_reason(tmp_path, name, data):
    random_ = random.Random(name)
    (tmp_path / "a.dat").write_bytes(np.zeros(1000, dtype="<i2").tobytes())
    path = tmp_path / "a.hea"
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(data, random_))
        begin = time.monotonic()
        described = describe_file(path, LIMITS)
        assert bool(described["records"]) != bool(described["reason"])
        assert time.monotonic() - begin < 10


def test_folders_missing_and_forbidden_files_have_reasons(tmp_path):
    for path, reason in ((tmp_path, "a folder"), (tmp_path / "none", "there is no such file")):
        with pytest.raises(UnreadableFile, match=reason):
            read_file(path, LIMITS)
    (tmp_path / "big").write_bytes(b"x" * 2_000_001)
    with pytest.raises(UnreadableFile, match=r"ingest\.max_file_mb"):
        read_file(tmp_path / "big", IngestSettings(max_file_mb=2))


def test_a_description_has_the_contracts_shape(tmp_path):
    (tmp_path / "a.txt").write_text("Some words to read.")
    good = describe_file(tmp_path / "a.txt", LIMITS)
    assert good["path"] == str(tmp_path / "a.txt")
    assert good["reason"] is None
    assert {"kind": "text", "modality": "DOC", "patient_id": None}.items() <= good["records"][0].items()
    bad = describe_file(tmp_path / "none", LIMITS)
    assert (bad["records"], bad["reason"]) == ([], "there is no such file")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-03-04", "2020-03-04T00:00:00"), ("20200304", "2020-03-04T00:00:00"), ("2020", "2020-01-01T00:00:00"),
        ("2020.0", "2020-01-01T00:00:00"), ("January 25, 2020", "2020-01-25T00:00:00"),
        ("20200304101112", "2020-03-04T10:11:12"), ("2020-03-04T10:11:12Z", "2020-03-04T10:11:12"),
        ("29-Sep-1990", "1990-09-29T00:00:00"), ("25/12/2019", "2019-12-25T00:00:00"),
        ("12/25/2019", "2019-12-25T00:00:00"), ("2019-02", "2019-02-01T00:00:00"),
        ("04/05/2019", None), ("", None), (None, None), ("soon", None), ("99999999", None), ("0000", None),
    ],
)  # fmt: skip
def test_dates(text, expected):
    found = parse_date(text)
    assert (found.isoformat() if found else None) == expected


def test_lead_names_and_units():
    given = ["avr", "AVF", "Lead I", "MDC_ECG_LEAD_V6", "v3", "MLII", "ECG II", "vx"]
    assert [lead_name(name) for name in given] == ["aVR", "aVF", "I", "V6", "V3", "MLII", "II", "vx"]
    assert [millivolts_per(unit) for unit in ("mV", "uV", "µV", "V", "mmHg")] == [1.0, 1e-3, 1e-3, 1e3, None]
