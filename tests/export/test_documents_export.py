"""Word and PDF: they open, hold the pictures, and show hostile text as the text it is."""

import io
from dataclasses import replace

import pypdfium2
import pytest
from docx import Document
from made_draft import HOSTILE, made_draft, record
from pypdf import PdfReader

from assistant.errors import UnreadableFile
from assistant.export import file_name, render
from assistant.export.layout import layout_of
from assistant.export.names import modality_name, plain


def squeezed(text):
    """Without spaces and the marks of line breaks, which setting moves."""
    return "".join(text.split())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_shown_as_text(text):
    files = render(made_draft([text]), [record("r0")], record, ("docx", "pdf"))
    document = Document(io.BytesIO(files["docx"]))
    paragraphs = [paragraph.text for paragraph in document.paragraphs]
    assert f"In a similar study: “{plain(text)}” [2, 3]" in paragraphs
    assert not document.element.findall(".//{*}hyperlink") and not document.element.findall(".//{*}instrText")
    pages = PdfReader(io.BytesIO(files["pdf"])).pages
    shown = squeezed("".join(page.extract_text() for page in pages).replace("Preliminaryreport,notchecked", ""))
    first = squeezed(plain(text))[:40]
    if first.isascii():
        assert first in shown
    assert not any("/Annots" in page for page in pages)  # no links


def test_pictures_of_the_study_and_of_what_it_cites_are_in_both():
    files = render(made_draft(["No effusion."]), [record("r0")], lambda name: record(name, 1), ("docx", "pdf"))
    assert len(Document(io.BytesIO(files["docx"])).inline_shapes) == 2
    images = [image for page in PdfReader(io.BytesIO(files["pdf"])).pages for image in page.images]
    assert len(images) == 2
    page = pypdfium2.PdfDocument(files["pdf"])[0].render(scale=1).to_numpy()
    assert page.shape[:2] == (842, 596)  # A4
    assert (page < 128).mean() > 0.01  # something is printed


def test_a_similar_study_whose_file_is_gone_leaves_its_picture_out():
    def gone(name):
        raise UnreadableFile("x.png", "the file is no longer where it was indexed")

    files = render(made_draft(["No effusion."]), [record("r0")], gone, ("docx", "pdf"))
    assert len(Document(io.BytesIO(files["docx"])).inline_shapes) == 1


def test_what_is_not_supported_is_marked_and_reasons_to_look_stand_in_front():
    files = render(made_draft(["No effusion."]), [], record, ("docx",))
    text = [paragraph.text for paragraph in Document(io.BytesIO(files["docx"])).paragraphs]
    assert "There is no effusion. [3]  (contradicted, negation: the evidence says effusion)" in text
    assert text.index("Needs a look") < text.index("MEASUREMENTS")


def test_the_head_names_the_study_as_its_user_does_and_its_patient():
    made = made_draft(["No effusion."], study_id="S-UD6T")
    own = (replace(made.evidence[0], external_id="cpsc-A0003"), *made.evidence[1:])
    for draft, named in ((replace(made, evidence=own), "cpsc-A0003 (S-UD6T)"), (made, "S-UD6T")):
        facts = dict(layout_of(draft).facts)
        assert (facts["Study"], facts["Patient"]) == (named, "P-1")
    nobodys = replace(made, evidence=tuple(replace(piece, patient_id=None) for piece in made.evidence))
    assert "Patient" not in dict(layout_of(nobodys).facts)


def test_no_code_of_a_standard_stands_for_a_word():
    made = made_draft(["No effusion."])
    of_reports = tuple(replace(piece, modality="SR") if piece.kind == "text" else piece for piece in made.evidence)
    headings = [source.heading for source in layout_of(replace(made, evidence=of_reports)).sources]
    assert headings == [
        "this study · ECG · measured", "similar study · report · FINDINGS · S-0", "similar study · X-ray · S-2"
    ]  # fmt: skip
    assert modality_name("OT", "image") == "picture" and modality_name("CT", "image") == "CT"


def test_the_same_draft_gives_the_same_documents():
    first, second = (render(made_draft(["a"]), [record("r0")], record, ("docx", "pdf")) for _ in range(2))
    assert first["pdf"] == second["pdf"]
    assert [p.text for p in Document(io.BytesIO(first["docx"])).paragraphs] == [
        p.text for p in Document(io.BytesIO(second["docx"])).paragraphs
    ]


def test_any_id_gives_one_safe_file_name():
    ids = [
        "s1", "a/b", "a%2Fb", "../../etc/passwd", "..", ".", ".hidden", "-rf", "a b", "x" * 300, "x" * 301, "ä" * 80,
        "ä" * 81, "C:\\x", "nul\0", "\ud800",
    ]  # fmt: skip
    names = [file_name(name) for name in ids]
    assert len(set(names)) == len(ids)
    for name in names:
        assert "/" not in name and "\\" not in name and "\0" not in name
        assert name.strip(".") and not name.startswith((".", "-")) and len(name.encode()) <= 200
    assert names[0] == "s1"
