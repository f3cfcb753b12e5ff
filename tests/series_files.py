"""Small CT volumes written as DICOM, one file a slice, for tests of series."""

from __future__ import annotations

import io

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian


def ct_slice(number: int, *, series: str = "1.2.3.4", spacing: float = 5.0, **elements: object) -> bytes:
    """Slice `number` of an axial volume: a disc of 100 × (number + 1) on a ground of 0."""
    rows, columns = np.mgrid[:64, :64]
    values = np.where((rows - 32) ** 2 + (columns - 32) ** 2 < 400, 100 * (number + 1), 0).astype(np.int16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{series}.{number + 1}"
    dataset.Modality, dataset.PatientID = "CT", "P-1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", series
    dataset.InstanceNumber = number + 1
    dataset.ImagePositionPatient = [-100, -100, number * spacing]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [0.5, 0.5], spacing
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 64, 64, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.WindowCenter, dataset.WindowWidth = 1000, 2000
    dataset.PixelData = values.tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
