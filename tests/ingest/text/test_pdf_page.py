"""A page of a PDF drawn: the cited words lit where they stand, and nothing shown that the record's text lacks."""

import io
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.again import document_again
from assistant.ingest.text import pdf_page
from assistant.ingest.text.pdf_page import draw_page, hidden, matched, pages_of
from assistant.settings import IngestSettings

LINES = ("Patient: Marge Blackwood", "The loading dose of amiodarone", "is 300 mg over 60 minutes.", "Page 7")


def keep(text):
    return text


def pdf_of(lines, extra=b""):
    """One page, 400 × 200 points: a line of Helvetica every 40 points, after what `extra` draws."""
    stream = extra + b"".join(
        b"BT /F1 12 Tf 20 %d Td (%s) Tj ET " % (160 - 40 * n, line.encode("latin-1")) for n, line in enumerate(lines)
    )
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 5 0 R "
        b"/Resources << /Font << /F1 3 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]  # fmt: skip
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def record_of(tmp_path, data, **changes):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return replace(read_file(path, IngestSettings())[0], **changes)


def grey(drawing):
    return np.asarray(Pillow.open(io.BytesIO(drawing.png)).convert("L"))


def share_of_black(drawing, line):
    """Of the band in which a line of `pdf_of` stands, from its left to two thirds of its width."""
    band = grey(drawing)[int((30 + 40 * line) / 200 * drawing.height) : int((42 + 40 * line) / 200 * drawing.height)]
    return (band[:, int(0.05 * drawing.width) : int(0.3 * drawing.width)] < 40).mean()


@pytest.fixture
def drawn():
    pytest.importorskip("pypdfium2", reason="draws pages: pip install 'wardround[ocr]'")


def test_the_cited_words_are_lit_line_by_line(tmp_path, drawn):
    data = pdf_of(LINES)
    record = record_of(tmp_path, data)
    start, end = record.text.index("loading"), record.text.index("300") + len("300 mg")
    drawing = draw_page(data, record, 1, keep, (start, end), width=800)
    assert (drawing.width, drawing.height, drawing.hidden) == (800, 400, 0)
    first, second = drawing.lit
    assert 35 < first[1] + first[3] / 2 < 42 and 55 < second[1] + second[3] / 2 < 62  # the second and the third line
    assert 9 < first[0] < 14 and first[0] + first[2] < 60  # begins after "The "
    assert 5 <= second[0] < 6.5 and second[2] < 25  # "is 300 mg", not the whole line
    assert draw_page(data, record, 1, keep, width=800).lit == ()


def test_on_a_patient_s_page_what_the_text_lacks_is_black_and_all_but_text_is_left_out(tmp_path, drawn):
    data = pdf_of(LINES, extra=b"0 0 0 rg 300 20 80 160 re f ")  # a black box on the right, as a picture of a name
    text = "The loading dose of amiodarone\nis 300 mg over 60 minutes."
    clean = record_of(tmp_path, data)
    passage = replace(clean.passages[0], start=0, end=len(text))
    of_patient = replace(clean, text=text, passages=(passage,), patient_id="p-1")
    drawing = draw_page(data, of_patient, 1, keep, width=800)
    assert share_of_black(drawing, 0) > 0.6 and share_of_black(drawing, 1) < 0.4  # "Patient: Marge Blackwood"
    assert drawing.hidden == 5  # with "Page 7"
    assert (grey(drawing)[100:300, 620:740] > 200).all()
    as_it_is = draw_page(data, clean, 1, keep, width=800)
    assert share_of_black(as_it_is, 0) < 0.4 and (grey(as_it_is)[100:300, 620:740] < 40).all()


def test_of_another_document_only_headers_that_identify_somebody_are_black(tmp_path, drawn):
    data = pdf_of(LINES)
    read = record_of(tmp_path, data)
    text = "The loading dose of amiodarone\nis 300 mg over 60 minutes."
    guide = replace(read, text=text, passages=(replace(read.passages[0], start=0, end=len(text)),))
    drawing = draw_page(data, guide, 1, lambda said: said.replace("Marge Blackwood", "[name]"), width=800)
    assert drawing.hidden == 3 and share_of_black(drawing, 0) > 0.6 and share_of_black(drawing, 3) < 0.4


@pytest.mark.parametrize("data", [b"%PDF-1.4 nothing", b"%PDF-1.4\n" + bytes(range(256)) * 40])
def test_a_damaged_file_is_told(tmp_path, drawn, data):
    record = record_of(tmp_path, pdf_of(LINES))
    with pytest.raises(UnreadableFile, match="can't be drawn"):
        draw_page(data, record, 1, keep)


def test_a_page_that_is_not_there_is_told(tmp_path, drawn):
    data = pdf_of(LINES)
    with pytest.raises(UnreadableFile, match="the document has 1 pages"):
        draw_page(data, record_of(tmp_path, data), 2, keep)


def test_without_the_library_the_way_to_it_is_told(tmp_path, monkeypatch):
    record = record_of(tmp_path, pdf_of(LINES))
    monkeypatch.setattr(pdf_page, "can_draw", lambda: False)
    with pytest.raises(UnreadableFile, match=r"pip install 'wardround\[ocr\]'"):
        draw_page(b"", record, 1, keep)


def test_a_process_that_dies_or_hangs_is_told(tmp_path, drawn, monkeypatch):
    data = pdf_of(LINES)
    record = record_of(tmp_path, data)
    monkeypatch.setattr(pdf_page, "TIMEOUT_S", 0.01)
    with pytest.raises(UnreadableFile, match="page 1 can't be drawn"):
        draw_page(data, record, 1, keep)


def test_what_cleaning_takes_is_not_counted_as_drawing(tmp_path, drawn, monkeypatch):
    data = pdf_of(LINES)
    record = record_of(tmp_path, data)
    guide = replace(record, text="Nothing of it.", passages=(replace(record.passages[0], start=0, end=14),))
    asked = []

    def slow(text):
        asked.append(text)
        time.sleep(1.5 * pdf_page.TIMEOUT_S)
        return text

    monkeypatch.setattr(pdf_page, "TIMEOUT_S", 4.0)
    assert draw_page(data, guide, 1, slow, width=400).hidden == 0
    assert len(asked) == 1 and "Marge Blackwood" in asked[0]  # all that the text lacks is looked through at once


def test_words_are_matched_in_their_order_and_over_hyphens():
    text = "The pregnancy of [name] was normal. White cells normal."
    words = ["The", "preg-", "nancy", "of", "White", "was", "normal.", "White", "cells", "–", "normal."]
    places = matched(words, text)
    assert [text[place[0] : place[1]] if place else None for place in places] == [
        "The", "pregnancy", "pregnancy", "of", None, "was", "normal", "White", "cells", None, "normal",
    ]  # fmt: skip
    assert hidden(words, places, None) == [4]  # the name "White", not the white cells, and no mere mark


def test_what_is_left_of_a_date_goes_with_it():
    words = ["seen", "on", "21", "March", "2019", "with", "300", "mg"]
    places = matched(words, "seen on 3 March 2018 with 300 mg")
    assert hidden(words, places, None) == [2, 3, 4]


def test_pages_of_a_document_by_their_passages(tmp_path):
    record = record_of(tmp_path, pdf_of(LINES))
    assert pages_of(record) == {1: (0, len(record.text))}
    assert pages_of(replace(record, passages=())) == {}


def test_the_pdf_is_found_in_its_file_in_an_archive_and_in_a_dicom(tmp_path):
    data = pdf_of(LINES)
    record = record_of(tmp_path, data)
    path, limits = tmp_path / "a.pdf", IngestSettings()
    assert document_again(record, path, "a.pdf", limits) == data
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("notes.txt", "Nothing.")
        packed.writestr("a.pdf", data)
    assert document_again(record, tmp_path / "a.zip", "a.zip!a.pdf", limits) == data
    held = save_document(tmp_path / "a.dcm", data)
    (of_dicom,) = read_file(tmp_path / "a.dcm", limits)
    assert pages_of(of_dicom) and document_again(of_dicom, tmp_path / "a.dcm", "a.dcm", limits) == held == data
    path.write_bytes(data + b"\n")
    with pytest.raises(UnreadableFile, match="has changed"):
        document_again(record, path, "a.pdf", limits)
    path.write_text("Take one tablet a day.")
    with pytest.raises(UnreadableFile, match="no PDF"):
        document_again(read_file(path, limits)[0], path, "a.pdf", limits)


def save_document(path, data):
    """A DICOM file around a PDF (Encapsulated PDF Storage), padded to an even length as DICOM wants it."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    held = Dataset()
    held.file_meta = FileMetaDataset()
    held.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    held.SOPClassUID = held.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    held.SOPInstanceUID = held.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    held.Modality, held.MIMETypeOfEncapsulatedDocument = "DOC", "application/pdf"
    held.EncapsulatedDocument, held.EncapsulatedDocumentLength = data + b"\0" * (len(data) % 2), len(data)
    held.save_as(path, enforce_file_format=True)
    return data
