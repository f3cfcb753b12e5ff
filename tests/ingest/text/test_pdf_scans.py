"""Scanned pages: told, offered for text recognition, and read by Tesseract where it is."""

import io
import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.text import pdf
from assistant.settings import IngestSettings

pypdf = pytest.importorskip("pypdf")
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="needs Tesseract: apt-get install tesseract-ocr"
)
REPORT = [
    "FINDINGS:",
    "The heart is enlarged.",
    "There is a small left pleural effusion.",
    "IMPRESSION:",
    "Cardiomegaly.",
]


def scan(lines):
    """A page of A4 at 150 dpi with printed lines, as a picture."""
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((120, 150 + 70 * number), line, font=ImageFont.load_default(36), fill=0)
    return page


def scans(*pages):
    out = io.BytesIO()
    first, *more = [scan(lines) for lines in pages]
    first.save(out, "PDF", save_all=True, append_images=more, resolution=150)
    return out.getvalue()


def with_text_page(data):
    """The scans and, as the last page, one that was printed to PDF."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    page = writer.add_blank_page(595, 842)
    name, dictionary = pypdf.generic.NameObject, pypdf.generic.DictionaryObject
    content = pypdf.generic.DecodedStreamObject()
    content.set_data(b"BT /F1 12 Tf 50 700 Td (Aspirin thins the blood in adults.) Tj ET")
    font = dictionary(
        {name("/Type"): name("/Font"), name("/Subtype"): name("/Type1"), name("/BaseFont"): name("/Helvetica")}
    )
    page[name("/Contents")] = writer._add_object(content)
    page[name("/Resources")] = dictionary({name("/Font"): dictionary({name("/F1"): font})})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_scan_is_refused_with_the_offer_of_text_recognition():
    file = Content("scan.pdf", scans(REPORT, REPORT))
    with pytest.raises(UnreadableFile) as caught:
        pdf.read(file, IngestSettings())
    assert "a PDF without text (2 pages); page 1: a scanned page" in caught.value.reason
    assert "pip install 'wardround[ocr]'" in caught.value.reason
    assert 'ingest.ocr = "auto"' in caught.value.reason


def test_a_scanned_page_among_others_is_set_aside_by_its_number():
    file = Content("mixed.pdf", with_text_page(scans(REPORT)))
    (record,) = pdf.read(file, IngestSettings())
    assert record.text == "Aspirin thins the blood in adults."
    assert [part for part, _ in file.aside] == ["page 1"]
    assert record.fields == {"pages": 2, "pages_without_text": "1"}


@needs_tesseract
def test_text_recognition_reads_a_scan_and_keeps_its_page():
    pytest.importorskip("pytesseract")
    file = Content("scan.pdf", with_text_page(scans(REPORT)))
    (record,) = pdf.read(file, IngestSettings(ocr="auto"))
    said = [(p.page, p.section, " ".join(record.text[p.start : p.end].split())) for p in record.passages]
    assert (1, "FINDINGS", "The heart is enlarged. There is a small left pleural effusion.") in said
    assert said[-1][0] == 2
    assert record.fields["ocr_pages"] == "1"
    assert file.aside == []


@needs_tesseract
def test_text_recognition_says_what_it_lacks():
    pytest.importorskip("pytesseract")
    for settings, word in (
        ({"ocr_language": "xyz"}, "Tesseract could not read"),
        ({"ocr_page_seconds": 0.001}, "ingest.ocr_page_seconds"),
    ):
        file = Content("scan.pdf", scans(REPORT))
        with pytest.raises(UnreadableFile) as caught:
            pdf.read(file, IngestSettings(ocr="auto", **settings))
        assert word in caught.value.reason


@needs_tesseract
def test_a_picture_without_words_gives_no_text():
    pytest.importorskip("pytesseract")
    file = Content("blank.pdf", scans([]))
    with pytest.raises(UnreadableFile, match="no readable text was recognised"):
        pdf.read(file, IngestSettings(ocr="auto"))
