"""An index whose source is a PACS: a real Orthanc, asked again and again."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from orthanc import remove, running_orthanc, store
from pydicom.data import get_testdata_file

from assistant.assistant import Assistant
from assistant.errors import RecipeError

SLICES = 7


def ct_slice(number, of=SLICES):
    """One slice of a made scan: a disc whose size tells the slice."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.5.{number}"
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.4", "1.2.826.0.1.3680043.8.498.3"
    dataset.PatientID, dataset.PatientName, dataset.InstanceNumber = "CT-77120", "Zuckerberg^Anna", number
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5.0 * number]
    y, x = np.mgrid[:128, :128] - 64
    dataset.PixelData = np.where(x**2 + y**2 < (5 * number + 10) ** 2, 1064, 24).astype(np.int16).tobytes()
    return written(dataset)


def written(dataset):
    whole = io.BytesIO()
    dataset.save_as(whole, enforce_file_format=True)
    return whole.getvalue()


@pytest.fixture
def pacs(tmp_path):
    folder = tmp_path / "orthanc"
    folder.mkdir()
    with running_orthanc(folder) as address:
        yield address


@pytest.fixture
def recipe(tmp_path, pacs):
    path = tmp_path / "workspace" / "indexes" / "pacs.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'name = "pacs"\n[[source]]\ndicomweb = {{ url = "{pacs}/dicom-web" }}\n')
    return path


def test_a_pacs_is_indexed_kept_up_with_and_looked_at(pacs, recipe):
    ecg = store(pacs, Path(get_testdata_file("waveform_ecg.dcm")).read_bytes())
    for number in range(1, SLICES + 1):
        store(pacs, ct_slice(number))
    first = Assistant.build(recipe)
    assert (first.added, first.set_aside) == (2, ())
    assert first.records == {"image": 3, "signal": 1, "text": first.records["text"]}
    assert Assistant.build(recipe).unchanged == 2

    workspace = recipe.parent.parent
    assistant = Assistant.open(workspace)
    found = assistant.search("CT", kinds=["image"], patient="CT-77120").evidence
    shown = [assistant.record(piece.record_id).image.pixels for piece in found]
    sizes = sorted(int((pixels > 127).sum()) for pixels in shown)
    assert len(sizes) == 3 and sizes[0] < sizes[1] < sizes[2]

    remove(pacs, ecg)
    store(pacs, ct_slice(SLICES + 1))
    second = Assistant.build(recipe)
    assert (second.updated, second.removed, second.records["signal"]) == (1, 1, 0)


def test_a_pacs_that_is_away_empties_nothing(recipe, pacs):
    store(pacs, ct_slice(1))
    assert Assistant.build(recipe).records["image"] == 1
    recipe.write_text(recipe.read_text().replace(pacs, "http://127.0.0.1:9"))
    away = Assistant.build(recipe)
    assert away.records["image"] == 1
    assert "can't be reached" in dict(away.set_aside)["http://127.0.0.1:9/dicom-web"]


def test_a_damaged_object_is_set_aside_and_the_rest_goes_on(recipe, pacs):
    dataset = pydicom.dcmread(get_testdata_file("MR_small.dcm"))
    dataset.PixelData = dataset.PixelData[:1000]
    store(pacs, written(dataset))
    store(pacs, ct_slice(1))
    report = Assistant.build(recipe)
    assert report.records["image"] == 1
    assert ["cut off" in reason for _, reason in report.set_aside] == [True]


def test_a_secret_that_is_not_there_stops_the_build(recipe, pacs, monkeypatch):
    monkeypatch.delenv("PACS_TOKEN", raising=False)
    recipe.write_text(f'[[source]]\ndicomweb = {{ url = "{pacs}/dicom-web", token = "${{PACS_TOKEN}}" }}\n')
    with pytest.raises(RecipeError, match="PACS_TOKEN is not set"):
        Assistant.build(recipe)
