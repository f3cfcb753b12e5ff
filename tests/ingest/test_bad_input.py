"""Folders, missing, empty and too large files; dates, lead names and units as they come."""

from types import SimpleNamespace

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, describe_file, formats, read_file
from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.signal.leads import lead_name, millivolts_per
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings, IngestSettings

LIMITS = IngestSettings()
DEIDENTIFIER = Deidentifier(Pseudonyms(bytes(32)), DeidSettings())


def test_folders_missing_and_forbidden_files_have_reasons(tmp_path):
    for path, reason in ((tmp_path, "a folder"), (tmp_path / "none", "there is no such file")):
        with pytest.raises(UnreadableFile, match=reason):
            read_file(path, LIMITS)
    (tmp_path / "big").write_bytes(b"x" * 2_000_001)
    with pytest.raises(UnreadableFile, match=r"ingest\.max_file_mb"):
        read_file(tmp_path / "big", IngestSettings(max_file_mb=2))


def test_a_description_has_the_contracts_shape(tmp_path):
    (tmp_path / "a.txt").write_text("Some words to read.")
    good = describe_file(tmp_path / "a.txt", LIMITS, DEIDENTIFIER)
    assert good["path"] == str(tmp_path / "a.txt")
    assert good["reason"] is None
    assert {"kind": "text", "modality": "DOC", "patient_id": None}.items() <= good["records"][0].items()
    bad = describe_file(tmp_path / "none", LIMITS, DEIDENTIFIER)
    assert (bad["records"], bad["reason"]) == ([], "there is no such file")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-03-04", "2020-03-04T00:00:00"), ("20200304", "2020-03-04T00:00:00"), ("2020", "2020-01-01T00:00:00"),
        ("2020.0", "2020-01-01T00:00:00"), ("January 25, 2020", "2020-01-25T00:00:00"),
        ("20200304101112", "2020-03-04T10:11:12"), ("2020-03-04T10:11:12Z", "2020-03-04T10:11:12"),
        ("29-Sep-1990", "1990-09-29T00:00:00"), ("25/12/2019", "2019-12-25T00:00:00"),
        ("12/25/2019", "2019-12-25T00:00:00"), ("2019-02", "2019-02-01T00:00:00"),
        ("20111201", "2011-12-01T00:00:00"), ("19991231", "1999-12-31T00:00:00"), ("201112", "2011-12-01T00:00:00"),
        ("200211220910", "2002-11-22T09:10:00"), ("20111", None),
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


@pytest.mark.parametrize(
    ("error", "reason"),
    [(AttributeError("no x"), "an error inside Wardround (AttributeError: no x)"),
     (ValueError("no y"), "damaged file (ValueError: no y)")],
)  # fmt: skip
def test_a_mistake_of_a_reader_is_not_laid_to_the_file(monkeypatch, error, reason):
    def read(file, limits):
        raise error

    monkeypatch.setitem(formats.FORMATS, "plain", SimpleNamespace(recognises=lambda file: True, read=read))
    monkeypatch.setattr(formats, "format_of", lambda file: "plain")
    with pytest.raises(UnreadableFile) as refused:
        formats.read_content(Content("note.txt", b"A note."), LIMITS)
    assert refused.value.reason == reason
