"""DICOM objects: pictures, waveforms, structured reports, encapsulated documents."""
