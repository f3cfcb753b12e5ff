"""DICOM pictures, ECGs and reports, on pydicom's own files and on small ones made here."""

import io
import struct
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.dicom.display import window
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

pydicom = pytest.importorskip("pydicom")
from pydicom.data import get_testdata_file  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import ExplicitVRLittleEndian  # noqa: E402

LIMITS = IngestSettings()


def picture(values, **elements):
    """A DICOM file of one grey frame; `elements` are set on the dataset."""
    values = np.asarray(values, dtype=np.uint16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.Modality, dataset.PatientID, dataset.StudyInstanceUID = "DX", "P-1", "1.2.3"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    if values.ndim == 3:
        dataset.NumberOfFrames = len(values)
    dataset.PixelData = values.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def read_bytes(tmp_path, data, name="a.dcm"):
    (tmp_path / name).write_bytes(data)
    return read_file(tmp_path / name, LIMITS)


def test_window_follows_the_standards_formula():
    # PS3.3 C.11.2.1.2: centre 2048, width 4096 maps 0..4095 onto the whole range
    shown = window(np.array([0.0, 2047.5, 4095.0, 5000.0]), 2048, 4096)
    assert shown.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert window(np.array([9.0, 10.0, 11.0]), 10, 1).tolist() == [0.0, 1.0, 1.0]
    assert window(np.array([10.0]), 10, 5, "SIGMOID").tolist() == [0.5]
    assert window(np.array([5.0, 10.0, 15.0]), 10, 10, "LINEAR_EXACT").tolist() == [0.0, 0.5, 1.0]


def test_window_is_applied_after_the_rescale(tmp_path):
    data = picture(
        [[0, 1000, 1050, 2000]],
        RescaleSlope=1,
        RescaleIntercept=-1000,
        WindowCenter=50.5,
        WindowWidth=101,
        Modality="CT",
    )
    (record,) = read_bytes(tmp_path, data)
    assert record.image.pixels.tolist() == [[0, 0, 128, 255]]  # -1000, 0, 50 and 1000 HU in a window from 0 to 100
    assert record.fields["window"] == "centre 50.5, width 101"


def test_monochrome1_is_turned_round(tmp_path):
    data = picture([[0, 4095]], PhotometricInterpretation="MONOCHROME1", WindowCenter=2048, WindowWidth=4096)
    (record,) = read_bytes(tmp_path, data)
    assert record.image.pixels.tolist() == [[255, 0]]


def test_a_window_that_shows_nothing_gives_way_to_the_full_range(tmp_path):
    (record,) = read_bytes(tmp_path, picture([[10, 20, 31]], WindowCenter=3000, WindowWidth=10))
    assert record.image.pixels.tolist() == [[0, 121, 255]]
    assert "shows nothing" in record.fields["window"]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"PixelPaddingValue": 0},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"VOILUTFunction": "SIGMOID"},
        {"RescaleSlope": -1, "RescaleIntercept": 1500},
    ],
)
def test_a_window_seen_to_show_something_gives_the_picture_that_counting_all_values_gives(monkeypatch, signed, more):
    from assistant.ingest.dicom import display

    raw = np.random.default_rng(7).normal(0 if signed else 1500, 500, (300, 400)).clip(-4000 if signed else 0, 4000)
    raw = raw.astype(np.int16 if signed else np.uint16)
    header = Dataset()
    header.WindowCenter, header.WindowWidth = 900, 1200
    for keyword, stated in more.items():
        setattr(header, keyword, stated)
    quick, words = display.show_grey(header, raw, 0)
    monkeypatch.setattr(display, "_first_window", lambda *_: None)
    counted, same = display.show_grey(header, raw, 0)
    assert words == same and words.startswith("centre 900")
    assert np.array_equal(quick, counted) and np.ptp(quick) > 200


def test_facts_of_the_header_are_kept(tmp_path):
    data = picture(
        [[1, 2]],
        ViewPosition="PA",
        Laterality="L",
        AcquisitionDate="20200131",
        AcquisitionTime="101112.5",
        ImagerPixelSpacing=[0.143, 0.143],
        StudyDescription="Chest",
    )
    (record,) = read_bytes(tmp_path, data)
    assert (record.modality, record.patient_id, record.study_id, record.title) == ("DX", "P-1", "1.2.3", "Chest")
    assert record.taken_at.isoformat() == "2020-01-31T10:11:12"
    assert record.fields["view_position"] == "PA"
    assert record.fields["laterality"] == "L"
    assert record.fields["spacing_mm"] == "0.143 × 0.143"


def test_of_many_frames_three_are_shown_evenly_in_time(tmp_path):
    frames = np.stack([np.full((2, 2), n * 100) for n in range(30)])
    frames[:, 0, 0] = 4095
    records = read_bytes(tmp_path, picture(frames, WindowCenter=2048, WindowWidth=4096))
    assert [record.part for record in records] == ["frame 6", "frame 16", "frame 26"]
    assert [(r.fields["frame"], r.fields["frames"]) for r in records] == [(6, 30), (16, 30), (26, 30)]
    assert [r.image.pixels[1, 1] for r in records] == [round(100 * n / 4095 * 255) for n in (5, 15, 25)]


def test_too_many_frames_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match=r"513 frames .*ingest\.max_frames"):
        read_bytes(tmp_path, picture(np.zeros((513, 1, 1))))


def test_a_file_without_preamble_is_known_by_its_elements(tmp_path):
    data = picture([[1, 2, 3]])
    bare = data[132:]
    (record,) = read_bytes(tmp_path, bare, name="no extension")
    assert record.image.pixels.shape == (1, 3)


def test_cut_off_pixel_data_says_so(tmp_path):
    data = picture(np.zeros((64, 64)))
    with pytest.raises(UnreadableFile, match=r"cut off \(7192 of 8192 bytes\)"):
        read_bytes(tmp_path, data[:-1000])


def test_a_picture_cut_off_before_its_pixels_says_so(tmp_path):
    data = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    for size in (1_000, 3_000, 5_000):
        with pytest.raises(UnreadableFile, match="cut off"):
            read_bytes(tmp_path, data[:size])


def test_a_text_that_is_named_as_dicom_is_pointed_out(tmp_path):
    for name, said in (("scan.dcm", 1), ("scan.txt", 0)):
        file = Content(name, b"hello, this is no picture", tmp_path / name)
        assert [record.kind for record in read_content(file, LIMITS)] == ["text"]
        assert [reason for _, reason in file.aside] == ["named as DICOM, but a text: probably a damaged export"] * said


def test_cut_off_header_says_so(tmp_path):
    data = picture(np.zeros((4, 4)))
    for size in (133, 140, 200, 260):
        with pytest.raises(UnreadableFile, match="DICOM"):
            read_bytes(tmp_path, data[:size])


def test_a_preamble_with_junk_behind_it_is_refused(tmp_path):
    junk = bytes(128) + b"DICM" + np.random.default_rng(1).bytes(3000)
    with pytest.raises(UnreadableFile, match="DICOM"):
        read_bytes(tmp_path, junk)


def test_colour_is_given_as_rgb():
    (record,) = read_file(get_testdata_file("SC_rgb_dcmtk_+eb+cy+np.dcm"), LIMITS)  # stored as YBR
    assert record.image.pixels.shape == (100, 100, 3)
    red, green, blue = record.image.pixels[5, 50].tolist()  # the first stripe of that test picture is red
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize(
    "name", ["MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "MR_small_implicit.dcm"]
)
def test_transfer_syntaxes_give_the_same_picture(name):
    expected = read_file(get_testdata_file("MR_small.dcm"), LIMITS)[0].image.pixels
    assert np.array_equal(read_file(get_testdata_file(name), LIMITS)[0].image.pixels, expected)


def test_no_warning_of_a_library_reaches_the_user(capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_file(get_testdata_file("badVR.dcm"), LIMITS)
        for name in ("MR_truncated.dcm", "nested_priv_SQ.dcm", "meta_missing_tsyntax.dcm"):
            with pytest.raises(UnreadableFile):
                read_file(get_testdata_file(name), LIMITS)
    sys.stderr.flush()
    assert caught == []
    assert capfd.readouterr().err == ""


def test_segmentations_and_plans_are_told_in_words():
    (mask,) = read_file(get_testdata_file("liver_1frame.dcm"), LIMITS)
    assert (mask.kind, mask.modality, mask.fields["segments"]) == ("text", "SEG", 1)
    assert "Segment 1: Liver" in mask.text
    (plan,) = read_file(get_testdata_file("rtplan.dcm"), LIMITS)
    assert "Fractions planned: 30" in plan.text
    (structures,) = read_file(get_testdata_file("rtstruct.dcm"), LIMITS)
    assert structures.fields["structures"] == 3
    with pytest.raises(UnreadableFile, match="RT Ion Plan Storage"):
        read_file(get_testdata_file("ExplVR_LitEndNoMeta.dcm"), LIMITS)


def test_structured_report_is_text():
    (record,) = read_file(get_testdata_file("test-SR.dcm"), LIMITS)
    assert (record.kind, record.modality) == ("text", "SR")
    assert "Diameter: 3 cm" in record.text
    assert all(record.text[p.start : p.end].strip() for p in record.passages)


# --- the ECG that comes with pydicom: 12 leads, rhythm at 1 kHz and a median beat -------------------------


@pytest.fixture(scope="module")
def ecg():
    return read_file(get_testdata_file("waveform_ecg.dcm"), LIMITS)


def test_the_rhythm_is_read_and_not_the_median_beat(ecg):
    signal = ecg[0].signal
    assert signal.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    assert (signal.sampling_rate_hz, signal.samples.shape) == (1000.0, (10_000, 12))


def test_millivolts_follow_sensitivity_and_baseline(ecg):
    dataset = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm"))
    group = dataset.WaveformSequence[0]
    channel = group.ChannelDefinitionSequence[1]
    stored = np.frombuffer(group.WaveformData, dtype="<i2").reshape(-1, 12)[:, 1]
    microvolts = stored * float(channel.ChannelSensitivity) + float(channel.ChannelBaseline)
    assert channel.ChannelSensitivityUnitsSequence[0].CodeValue == "uV"
    assert np.allclose(ecg[0].signal.lead("II"), microvolts / 1000, atol=1e-6)


def test_einthoven_holds(ecg):
    signal = ecg[0].signal
    assert np.abs(signal.lead("I") + signal.lead("III") - signal.lead("II")).max() < 0.01


def test_the_recorders_words_are_marked_as_the_machines(ecg):
    text = ecg[1]
    assert (text.kind, text.modality, text.fields["author"]) == ("text", "SR", "machine")
    assert text.text.startswith("RITMO SINUSALE\nECG NORMALE")
    assert "RR Interval: 982 ms" in text.text
    assert {p.section for p in text.passages} == {"Statements of the recorder", "Measurements of the recorder"}
    assert ecg[0].study_id == text.study_id is not None


def test_padding_and_offsets_become_gaps(tmp_path):
    dataset = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm"))
    group = dataset.WaveformSequence[0]
    stored = np.frombuffer(group.WaveformData, dtype="<i2").reshape(-1, 12).copy()
    stored[:500, 0] = -32768
    group.WaveformData = stored.tobytes()
    group.add_new("WaveformPaddingValue", "OW", struct.pack("<h", -32768))
    dataset.save_as(tmp_path / "gap.dcm")
    lead = read_file(tmp_path / "gap.dcm", LIMITS)[0].signal.lead("I")
    assert np.isnan(lead[:500]).all()
    assert np.isfinite(lead[500:]).all()


def test_an_age_in_years_is_a_number(tmp_path):
    (record,) = read_bytes(tmp_path, picture([[1, 2]], PatientAge="058Y"))
    assert record.fields["age"] == 58


def test_an_encapsulated_pdf_without_text_says_so(tmp_path):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = b"%PDF-1.4\nnothing in it\n"
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    with pytest.raises(UnreadableFile, match="PDF"):
        read_bytes(tmp_path, stream.getvalue())


def test_a_decoder_that_dies_takes_nobody_along():
    """GDCM aborts its process on some damaged JPEG streams; the reader lives on and says so."""
    from assistant.ingest.dicom.decode_apart import DecoderFailed, decode_apart

    data = bytearray(Path(get_testdata_file("SC_rgb_jpeg_gdcm.dcm")).read_bytes())
    whole = decode_apart(bytes(data), 0)
    assert whole.shape == (100, 100, 3)
    with pytest.raises(DecoderFailed):
        decode_apart(bytes(data[: len(data) // 2]), 0)
    with pytest.raises(DecoderFailed):
        decode_apart(b"no DICOM at all", 0)
