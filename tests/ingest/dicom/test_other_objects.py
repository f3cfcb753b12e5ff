"""DICOM objects that are no picture: structured reports, key objects, presentation states, documents, models."""

import io

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def coded(meaning, value="1"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99TEST", meaning
    return [item]


def node(kind, name="", relation="CONTAINS", children=(), code="1", **values):
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    if name:
        item.ConceptNameCodeSequence = coded(name, code)
    for keyword, value in values.items():
        setattr(item, keyword, value)
    if children:
        item.ContentSequence = list(children)
    return item


def number(value, unit):
    item = Dataset()
    item.NumericValue = value
    item.MeasurementUnitsCodeSequence = coded(unit, unit)
    return [item]


def read(modality, sop_class, **elements):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.Modality, dataset.StudyInstanceUID = modality, "1.2.3"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return read_content(Content("a.dcm", stream.getvalue()), LIMITS)


SR, KO, PR = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.11.1"
PDF, CDA, STL = (f"1.2.840.10008.5.1.4.1.1.104.{n}" for n in (1, 2, 3))


def test_a_structured_report_is_a_readable_tree_without_names():
    side = node("CODE", "Laterality", "HAS CONCEPT MOD", ConceptCodeSequence=coded("Left"))
    size = node("NUM", "Diameter", "HAS PROPERTIES", MeasuredValueSequence=number("3.5", "cm"))
    ratio = node("NUM", "Ratio", MeasuredValueSequence=number("0.6", "1"))
    nodule = node("CODE", "Finding", children=[side, size], ConceptCodeSequence=coded("Nodule"))
    (record,) = read(
        "SR",
        SR,
        ConceptNameCodeSequence=coded("Chest report"),
        CompletionFlag="PARTIAL",
        VerificationFlag="UNVERIFIED",
        ContentSequence=[
            node("PNAME", "Observer", "HAS OBS CONTEXT", PersonName="Roe^Jane"),
            node("TEXT", "Person Observer Name", TextValue="Jane Roe", code="121008"),
            node("CONTAINER", "Findings", children=[nodule, ratio]),
            node("CONTAINER", "Impression", children=[node("TEXT", TextValue="Follow-up in six months.")]),
        ],
    )
    assert record.text == (
        "Findings:\nFinding: Nodule (Laterality: Left)\n  Diameter: 3.5 cm\nRatio: 0.6\n\n"
        "Impression:\nFollow-up in six months."
    )
    assert record.title == "Chest report"
    assert [passage.section for passage in record.passages] == ["Findings", "Impression"]
    assert (record.fields["completion"], record.fields["verification"]) == ("partial", "unverified")


def test_a_key_object_selection_says_what_it_is_for():
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.9"
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = "1.2.3.8", [image, image]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = "1.2.3", [series]
    (record,) = read(
        "KO",
        KO,
        ConceptNameCodeSequence=coded("For Referring Provider"),
        CurrentRequestedProcedureEvidenceSequence=[study],
        ContentSequence=[node("TEXT", "Key Object Description", TextValue="The fracture line.")],
    )
    assert record.text.startswith("Key objects: For Referring Provider; 2 objects are marked")
    assert "Key Object Description: The fracture line." in record.text


def test_words_on_a_presentation_state_are_kept():
    text, annotation = Dataset(), Dataset()
    text.UnformattedTextValue = "suspicious nodule"
    annotation.TextObjectSequence = [text]
    (record,) = read("PR", PR, ContentLabel="MARKED", GraphicAnnotationSequence=[annotation])
    assert (record.kind, record.modality) == ("text", "PR")
    assert "Annotation: suspicious nodule" in record.text
    with pytest.raises(UnreadableFile, match="presentation state"):
        read("PR", PR, ContentLabel="EMPTY")


def test_encapsulated_documents_are_read_as_what_they_are():
    page = b"<html><body><h1>Report</h1><p>No pleural effusion. The heart is of normal size.</p></body></html>"
    (record,) = read("DOC", CDA, MIMETypeOfEncapsulatedDocument="text/html", EncapsulatedDocument=page)
    assert "No pleural effusion." in record.text
    assert record.study_id == "1.2.3"
    with pytest.raises(UnreadableFile, match=r"three-dimensional model \(STL\)"):
        read("M3D", STL, MIMETypeOfEncapsulatedDocument="model/stl", EncapsulatedDocument=b"solid x\n")
    with pytest.raises(UnreadableFile, match="document of type application/pdf"):
        read("DOC", PDF, MIMETypeOfEncapsulatedDocument="application/pdf", EncapsulatedDocument=bytes(range(200)))


def test_other_objects_are_named():
    with pytest.raises(UnreadableFile, match="Raw Data Storage"):
        read("MR", "1.2.840.10008.5.1.4.1.1.66")
    with pytest.raises(UnreadableFile, match="private or unknown SOP class"):
        read("MR", "1.3.12.2.1107.5.9.1")
