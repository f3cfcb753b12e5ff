"""DICOM headers after PS3.15, on pydicom's own files and on one that holds everything at once."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from assistant.cli import main
from assistant.errors import UnreadableFile
from assistant.ingest.deid.export import deidentify_file
from assistant.ingest.deid.header_known import known_of
from assistant.ingest.deid.headers import clean_header, profile
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings

PSEUDONYMS = Pseudonyms(bytes(range(32)))
SETTINGS = DeidSettings()


def full() -> Dataset:
    """A value in every attribute of the table that can hold a text, beside sequences and private elements."""
    dataset = Dataset()
    for tag in profile():
        vr = pydicom.datadict.dictionary_VR(tag) if pydicom.datadict.dictionary_has_tag(tag) else "UN"
        if vr in ("LO", "LT", "SH", "ST", "UC", "UT", "PN", "AE"):
            dataset.add_new(tag, vr, "Zyxwv^Quentin" if vr == "PN" else "Quentin Zyxwv")
    dataset.PatientID, dataset.PatientName = "MR471108", "Zyxwv^Quentin"
    dataset.StudyInstanceUID, dataset.SOPInstanceUID = "1.2.3.4.5", "1.2.3.4.6"
    dataset.SOPClassUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.7", "OT"
    dataset.PatientBirthDate, dataset.StudyDate, dataset.StudyTime = "19310203", "20200301", "101500"
    dataset.AcquisitionDateTime, dataset.PatientAge, dataset.PatientSex = "20200301101500.000", "093Y", "F"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4.6"
    dataset.ReferencedImageSequence = Sequence([item])
    text = Dataset()
    text.ValueType, text.TextValue, text.PersonName = "TEXT", "Seen by Dr. Quentin Zyxwv on 2020-03-01.", "Zyxwv^Q"
    dataset.ContentSequence = Sequence([text])
    block = dataset.private_block(0x0029, "ZYXWV SYSTEMS", create=True)
    block.add_new(0x10, "LO", "Quentin Zyxwv")
    dataset.add_new(0x60003000, "OW", b"\1\0")
    dataset.add_new(0x50003000, "OW", b"\1\0")
    return dataset


def test_the_table_is_that_of_the_edition():
    table = profile()
    assert len(table) == 652 and set(table.values()) == {"D", "Z", "X", "U", "Z/D", "X/Z", "X/D", "X/Z/D", "X/Z/U*"}
    assert table[0x00100010] == "Z" and table[0x00100020] == "Z/D" and table[0x0020000D] == "U"


def test_nothing_that_names_the_patient_is_left():
    cleaned = clean_header(full(), PSEUDONYMS, SETTINGS)
    said = str(cleaned.dataset).lower()
    for secret in ("zyxwv", "quentin", "mr471108", "19310203", "20200301", "1.2.3.4.5", "1.2.3.4.6"):
        assert secret not in said, secret
    assert not any(element.tag.is_private for element in cleaned.dataset.iterall())
    assert not any(element.tag.group in (0x5000, 0x6000) for element in cleaned.dataset)
    assert cleaned.changes["PatientName: replaced"] == 1 and cleaned.changes["private elements: removed"] == 2
    assert cleaned.changes["overlays: removed"] == 1


def test_pseudonyms_uids_and_dates_are_the_same_in_every_file():
    one, two = (clean_header(full(), PSEUDONYMS, SETTINGS).dataset for _ in range(2))
    assert one.PatientID == one.PatientName == PSEUDONYMS.patient("MR471108", "")
    assert one.StudyInstanceUID == two.StudyInstanceUID and re.fullmatch(r"2\.25\.\d{36,39}", one.StudyInstanceUID)
    assert one.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert one.ReferencedImageSequence[0].ReferencedSOPClassUID == one.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert one.AcquisitionDateTime[:8] == one.StudyDate and one.StudyTime == "101500"
    assert one.PatientBirthDate == "" and one.PatientAge == "090Y" and one.PatientSex == "F"
    other = clean_header(full(), Pseudonyms(bytes(32)), SETTINGS).dataset
    assert other.StudyInstanceUID != one.StudyInstanceUID and other.PatientID != one.PatientID


def test_the_method_is_told_where_the_standard_wants_it():
    dataset = clean_header(full(), PSEUDONYMS, SETTINGS).dataset
    assert dataset.PatientIdentityRemoved == "YES" and "DICOM PS3.15 2026c" in dataset.DeidentificationMethod
    codes = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113103", "113104", "113105", "113108", "113107"]
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"
    kept = clean_header(full(), PSEUDONYMS, DeidSettings(dates="keep")).dataset
    assert kept.StudyDate == "20200301" and kept.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert kept.PatientBirthDate == "", "a birth date is no date of an examination"


def test_what_the_header_knows_is_handed_over():
    known = known_of(full())
    assert "Zyxwv^Quentin" in known.names and known.ids[0] == "MR471108"
    assert known.birth_date.isoformat() == "1931-02-03"


def test_every_file_that_comes_with_pydicom_is_cleaned_and_can_be_read_again():
    done = 0
    for path in sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                dataset = pydicom.dcmread(path, stop_before_pixels=True)
            except Exception:
                continue
            if "PatientID" not in dataset:
                continue
            cleaned = clean_header(dataset, PSEUDONYMS, SETTINGS).dataset
            cleaned.file_meta = FileMetaDataset()
            cleaned.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            again = io.BytesIO()
            pydicom.dcmwrite(again, cleaned)
            said = str(pydicom.dcmread(io.BytesIO(again.getvalue()), force=True))
            for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID", "StudyDate"):
                value = str(dataset.get(keyword, "") or "")
                assert len(value) < 5 or value not in said, (path, keyword)
        done += 1
    assert done >= 60


def test_the_command_writes_a_clean_copy_and_says_what_it_did(tmp_path, capsys):
    source = get_testdata_file("examples_palette.dcm")
    out = tmp_path / "out.dcm"
    assert main(["deidentify", str(source), "--out", str(out), "--workspace", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "StudyInstanceUID: replaced" in printed and "places blackened" in printed
    copy, original = pydicom.dcmread(out), pydicom.dcmread(source)
    assert copy.file_meta.MediaStorageSOPInstanceUID == copy.SOPInstanceUID != original.SOPInstanceUID
    assert copy.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]
    before, after = original.pixel_array, copy.pixel_array
    inside = np.zeros(before.shape[:2], bool)
    for region in original.SequenceOfUltrasoundRegions:
        inside[region.RegionLocationMinY0 : region.RegionLocationMaxY1 + 1,
               region.RegionLocationMinX0 : region.RegionLocationMaxX1 + 1] = True  # fmt: skip
    assert (after[inside] == before[inside]).all()
    assert len(np.unique(after[~inside])) == 1
    assert main(["deidentify", str(source), "--out", str(out), "--workspace", str(tmp_path)]) == 2, "no overwriting"


def test_what_can_t_be_cleaned_is_refused_and_leaves_no_file(tmp_path):
    (tmp_path / "a.txt").write_text("no DICOM")
    document = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    del document.PixelData
    document.EncapsulatedDocument = b"%PDF-1.4"
    document.save_as(tmp_path / "doc.dcm")
    for name, reason in (("a.txt", "no DICOM file"), ("doc.dcm", "whole document"), ("none.dcm", "No such file")):
        with pytest.raises(UnreadableFile, match=reason):
            deidentify_file(tmp_path / name, tmp_path / "out.dcm", PSEUDONYMS, SETTINGS)
    assert not (tmp_path / "out.dcm").exists()
