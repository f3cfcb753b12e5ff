"""Files that state two persons in words of their own are not answered together; a letter names its file."""

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from assistant.assistant import Assistant
from assistant.errors import BadQuery, MixedPatients

SMITH = "Discharge summary\n\nName: Smith, Anna    DOB: 02/05/1962    MRN: 9900123\n\nCreatinine 0.9 mg/dL.\n"
WHITMORE = "Patient: Harold Whitmore   Date of birth: 14.03.1951\nPatient ID: 4471902\n\nCreatinine 2.1 mg/dL.\n"
AGAIN = "RE: Mr H. Whitmore, DOB 14/03/1951\n\nThe creatinine was 1.7 mg/dL.\n"


def letters(folder, **texts):
    return [written(folder / f"{name}.txt", text) for name, text in texts.items()]


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def film(path, **header):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = generate_uid(), generate_uid(), "DX"
    data.Rows, data.Columns, data.SamplesPerPixel = 64, 64, 1
    data.PhotometricInterpretation, data.BitsAllocated, data.BitsStored = "MONOCHROME2", 8, 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8).tobytes()
    for name, value in header.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture(scope="module")
def assistant(chest_workspace):
    return Assistant.open(chest_workspace)


def test_letters_of_two_persons_are_refused_everywhere(assistant, tmp_path):
    smith, whitmore = letters(tmp_path, smith=SMITH, whitmore=WHITMORE)
    talk = assistant.converse()
    assert talk.strangers([smith, whitmore]) == (whitmore,)
    with pytest.raises(MixedPatients, match="more than one patient"):
        assistant.ask("What is the creatinine?", files=[smith, whitmore])
    with pytest.raises(MixedPatients):
        assistant.converse(files=[smith, whitmore])
    talk.ask("What is the creatinine?", files=[smith])
    talk.files = ()  # taken out again: what was said still tells of the person
    with pytest.raises(MixedPatients):
        talk.ask("And the creatinine here?", files=[whitmore])


def test_a_letter_belongs_to_the_film_that_states_its_person_and_to_no_other(assistant, tmp_path):
    smith, whitmore = letters(tmp_path, smith=SMITH, whitmore=WHITMORE)
    of_whitmore = film(tmp_path / "a.dcm", PatientID="4471902", PatientName="Whitmore^Harold")
    other_house = film(tmp_path / "b.dcm", PatientID="H-77", PatientName="WHITMORE^HAROLD", PatientBirthDate="19510314")
    anonymous = film(tmp_path / "c.dcm", PatientID="SUBJ-12", PatientName="Anonymous")
    strangers = assistant.converse().strangers
    assert strangers([of_whitmore, smith, whitmore]) == (smith,)
    assert strangers([other_house, smith, whitmore]) == (smith,)
    assert strangers([anonymous, smith]) == ()


def test_what_a_file_states_of_its_person_is_kept_in_no_index_and_in_no_clear_word(assistant, tmp_path):
    (record,) = (upload.record for upload in assistant.uploads.read(letters(tmp_path, smith=SMITH)))
    told = repr(record.identity)
    assert record.identity.names_somebody
    assert not any(word in told.casefold() for word in ("smith", "anna", "9900123", "1962"))


def test_headers_that_differ_in_sex_are_of_two(assistant, tmp_path):
    man = film(tmp_path / "m.dcm", PatientID="", PatientName="", PatientSex="M", PatientAge="029Y")
    woman = film(tmp_path / "f.dcm", PatientID="", PatientName="", PatientSex="F", PatientAge="046Y")
    older = film(tmp_path / "o.dcm", PatientID="", PatientName="", PatientSex="M", PatientAge="031Y")
    strangers = assistant.converse().strangers
    assert strangers([man, woman]) == (woman,) and strangers([man, older]) == ()


def test_a_chosen_patient_is_compared_with_the_number_that_a_letter_states(assistant, tmp_path):
    """A letter without a header was answered from as if it were the chosen patient's, whatever number it stated."""
    smith, nobody = letters(tmp_path, smith=SMITH, nobody="Creatinine 1.1 mg/dL.\n")
    with pytest.raises(BadQuery, match="names another patient than the one chosen"):
        assistant.ask("What is the creatinine?", files=[smith], patient="4471902")
    with pytest.raises(MixedPatients):
        assistant.converse(files=[smith], patient="4471902")
    assert assistant.converse(patient="4471902").strangers([smith, nobody]) == (smith,)
    for file, patient in ((smith, "9900123"), (smith, "009900123"), (smith, "PAT-7"), (nobody, "4471902")):
        assert assistant.query("creatinine", files=[file], patient=patient).patient == patient
        assert assistant.converse(patient=patient).strangers([file]) == ()
