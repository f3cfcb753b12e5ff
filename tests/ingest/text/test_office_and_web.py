"""HTML, RTF and DOCX: what a reader sees, in order; what means harm is refused."""

import io
import time
import zipfile

import pytest
from docx import Document
from docx.oxml import OxmlElement

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.formats import format_of, read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>Über Aspirin</title><style>p {{}}</style></head>
<body><!-- no comment --><h1>Aspirin</h1><p>Es hemmt die <b>Gerinnung</b>.<br>Größe 5 µm<script>alert("x")</script></p>
<p hidden>unsichtbar</p><div style="display: none">verborgen</div><ul><li>eins</li><li>zwei</li></ul>
<table><tr><th>Test</th><th>Wert</th></tr><tr><td>Hb</td><td>13,2 <i>g/dl</i></td></tr></table>
<h2>Dosis</h2><pre>100 mg
  täglich</pre><img src="http://127.0.0.1:9/x.png"></body></html>"""
SEEN = """Aspirin

Es hemmt die Gerinnung.
Größe 5 µm
- eins
- zwei
Test | Wert
Hb | 13,2 g/dl

Dosis

100 mg
  täglich"""


def read(data, name="a"):
    return read_content(Content(name, data), LIMITS)


def reason(data):
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    return caught.value.reason


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("utf-8", "utf-8"), ("iso-8859-1", "cp1252"), ("windows-1252", "cp1252"), ("utf-8", "cp1252"), ("x-y", "utf-16")],
)
def test_a_page_reads_as_it_is_seen(charset, encoding):
    (record,) = read(PAGE.format(charset=charset).encode(encoding))
    assert record.text == SEEN
    assert record.title == "Über Aspirin"
    assert [p.section for p in record.passages] == ["Aspirin", "Dosis"]


def test_a_report_as_a_page_has_sections_and_no_title():
    page = "<html><head><title>Jane Doe</title></head><body><p>FINDINGS: Clear.</p><p>IMPRESSION: Normal.</p></body>"
    (record,) = read(page.encode())
    assert (record.modality, record.title) == ("SR", None)
    assert [(p.section, record.text[p.start : p.end]) for p in record.passages] == [
        ("FINDINGS", "Clear."),
        ("IMPRESSION", "Normal."),
    ]


def test_tables_inside_tables_lose_nothing():
    page = "<html><body><table><tr><td>left words<table><tr><td>a</td><td>b</td></tr></table></td></tr></table></body>"
    assert read(page.encode())[0].text == "left words\na | b"


def test_a_piece_of_a_page_is_read_as_one_and_its_scripts_are_dropped():
    piece = b"<script>alert(1)</script><b>Diagnosis</b>: Pneumonia &amp; effusion.<br>Amoxicillin 1 g.<p>Home on Friday"
    assert read(piece)[0].text == "Diagnosis: Pneumonia & effusion.\nAmoxicillin 1 g.\n\nHome on Friday"
    assert read(b"<!-- x --><b>Diagnosis</b>:\nPneumonia.\nEffusion.")[0].text == "Diagnosis:\nPneumonia.\nEffusion."
    assert read(b"<b 3 mmol/l is low.")[0].text == "<b 3 mmol/l is low."
    assert "root element <report>: not read yet" in reason(b"<report><p>Clear.</p></report>")


def test_a_page_nested_without_end_is_read_in_time():
    begin = time.process_time()
    assert read(b"<html><body>" + b"<div>" * 100_000 + b"words at the bottom")[0].text == "words at the bottom"
    assert time.process_time() - begin < 10
    assert "no text" in reason(b"<html><body><script>only()</script></body></html>")
    assert "120,000 that are read" in reason(b"<html><body>" + b"<b>x</b>" * 700_000)


RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}"
    rb"{\info{\author Dr. Secret}{\title Jane Doe}}\f0\pard FINDINGS: Gr\'f6\'dfe normal, \u8805?5 mm.\par"
    rb"{\deleted what was deleted}{\v what is hidden}\par IMPRESSION: Kein Erguss.{\pict\wmetafile8 %b}\par"
    rb"\trowd Hb\cell 13\cell\row {\field{\*\fldinst{HYPERLINK http://x.org}}{\fldrslt link}}\par"
    rb"{\f1\'cb\'b8\'e3\'ea\'e8\'e5}\par}"
) % (b"00ff" * 400)


def test_rich_text_reads_with_its_code_pages():
    (record,) = read(RTF)
    assert record.text == "FINDINGS: Größe normal, ≥5 mm.\n\nIMPRESSION: Kein Erguss.\nHb | 13\nlink\nЛёгкие"
    assert [p.section for p in record.passages] == ["FINDINGS", "IMPRESSION"]
    assert "Secret" not in repr(record)
    assert "Jane" not in repr(record)


def test_rich_text_with_raw_bytes_of_a_picture_goes_on_behind_them():
    data = rb"{\rtf1 Before it.{\pict\bin12 }}{{\\\\\x00}\par After the picture.}"
    assert "After the picture." in read(data)[0].text


@pytest.mark.parametrize(
    "evil",
    [
        b"{\\rtf1 " + b"{\\field{\\*\\fldinst{ " * 50_000,
        b"{\\rtf1 {\\fonttbl " + b"{\\f1 " * 50_000 + b"}" * 50_001 + b" ",
        b"{\\rtf1 " + b"{" * 500_000,
        b"{\\rtf1 \\bin999999999 ",
    ],
)
def test_rich_text_that_means_harm_ends_at_once(evil):
    begin = time.process_time()
    assert "no text" in reason(evil)
    assert time.process_time() - begin < 5


def letter():
    document = Document()
    document.core_properties.author = "Dr. Secret"
    document.sections[0].header.paragraphs[0].text = "General Hospital"
    document.sections[0].footer.paragraphs[0].text = "Page one"
    document.add_heading("Diagnosis", 1)
    paragraph = document.add_paragraph("The patient has ")
    for tag, text_tag, word in (("w:del", "w:delText", "cancer"), ("w:ins", "w:t", "influenza")):
        change, run, text = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(text_tag)
        text.text = word
        run.append(text)
        change.append(run)
        paragraph._p.append(change)
    paragraph.add_run(" hidden words").font.hidden = True
    table = document.add_table(2, 2)
    for row, cells in enumerate((("Hb", "13"), ("Na", "140"))):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    document.add_heading("Treatment", 1)
    document.add_paragraph("Rest and tea.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_word_document_reads_in_order_without_what_was_deleted():
    (record,) = read(letter())
    assert record.text == (
        "General Hospital\n\nDiagnosis\n\nThe patient has influenza\nHb | 13\nNa | 140\n\nTreatment\n\n"
        "Rest and tea.\n\nPage one"
    )
    assert [p.section for p in record.passages] == [None, "Diagnosis", "Treatment"]
    assert "Secret" not in repr(record)


def test_a_word_document_in_a_folder_and_in_an_archive_is_no_archive(tmp_path):
    (tmp_path / "a.docx").write_bytes(letter())
    assert read_file(tmp_path / "a.docx", LIMITS)[0].kind == "text"
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.write(tmp_path / "a.docx", "a.docx")
    assert "influenza" in read_file(tmp_path / "b.zip", LIMITS)[0].text


def office(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_other_office_documents_are_told_by_name():
    types = {"[Content_Types].xml": "<Types/>"}
    assert "Excel workbook (XLSX)" in reason(office(**types, **{"xl/workbook.xml": "<a/>"}))
    assert "PowerPoint presentation (PPTX)" in reason(office(**types, **{"ppt/presentation.xml": "<a/>"}))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert "OpenDocument text (ODT)" in reason(out.getvalue())


def test_damaged_and_swollen_word_documents_are_refused():
    types = {"[Content_Types].xml": "<Types/>"}
    assert "damaged DOCX" in reason(letter()[:3000])
    assert "damaged DOCX" in reason(office(**types, **{"word/document.xml": "<a/>"}))
    assert "unpacks to" in reason(office(**types, **{"word/document.xml": b"<a/>" * 10_000_000}))
    assert "2,000,000 elements" in reason(office(**types, **{"word/document.xml": b"<a/>" * 2_100_000}))
    assert format_of(Content("x", letter()[:300])) == "docx"
