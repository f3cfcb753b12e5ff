"""PDF documents: pages, passages, and PDFs without text."""

import pytest

from assistant.errors import UnreadableFile
from assistant.findings import sentences
from assistant.ingest import read_file
from assistant.ingest.text.pdf import unwrap, without_running_lines
from assistant.settings import IngestSettings

pypdf = pytest.importorskip("pypdf")
LIMITS = IngestSettings()


def write_pdf(path, pages, **options):
    """A PDF with a line of Helvetica for each line of each page's text, built object by object."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for text in pages:
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n") if line)
        stream = f"BT /F1 11 Tf 50 750 Td {lines}ET" if text else ""
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    path.write_bytes(out.encode("latin-1"))
    return path


def reason(path, limits=LIMITS):
    with pytest.raises(UnreadableFile) as caught:
        read_file(path, limits)
    return caught.value.reason


def test_each_passage_lies_on_its_page(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Aspirin thins the blood.", "", "Warfarin needs monitoring of the INR."])
    (record,) = read_file(path, LIMITS)
    assert [(p.page, record.text[p.start : p.end]) for p in record.passages] == [
        (1, "Aspirin thins the blood."),
        (3, "Warfarin needs monitoring of the INR."),
    ]
    assert record.fields == {"pages": 3, "pages_without_text": "2"}
    assert record.modality == "DOC"


def test_a_section_goes_on_over_a_page_and_one_may_begin_at_its_end(tmp_path):
    first = "Allergies: Latex \\(hives\\).\nHospital course\nShe was treated with oxygen.\nShe felt better.\n"
    pages = [
        first + "Discharge medications",
        "Ramipril 5 mg once daily.",
        "Torasemide 10 mg once daily.\nFollow-up\nIn two weeks.",
    ]
    (record,) = read_file(write_pdf(tmp_path / "a.pdf", pages), LIMITS)
    told = [(p.page, p.section, record.text[p.start : p.end]) for p in record.passages]
    assert [section for _, section, _ in told] == [
        "ALLERGIES", "HOSPITAL COURSE", *["DISCHARGE MEDICATIONS"] * 2, "FOLLOW-UP",
    ]  # fmt: skip
    assert [page for page, _, _ in told] == [1, 1, 2, 3, 3]
    assert told[2][2] == "Ramipril 5 mg once daily."


def test_blank_pages_give_no_text(tmp_path):
    assert reason(write_pdf(tmp_path / "a.pdf", ["", ""])) == "a PDF without text (2 pages)"


def test_too_many_pages_are_refused(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Some words on it."] * 5)
    assert "ingest.max_pdf_pages" in reason(path, IngestSettings(max_pdf_pages=4))


def test_a_protected_pdf_asks_for_a_copy_without_password(tmp_path):
    plain = write_pdf(tmp_path / "a.pdf", ["Some words on it."])
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "b.pdf")
    assert "password" in reason(tmp_path / "b.pdf")


def test_damaged_pdfs_say_so(tmp_path):
    whole = write_pdf(tmp_path / "a.pdf", ["Some words on it."] * 3).read_bytes()
    for name, data in {"cut": whole[:200], "junk": b"%PDF-1.7\n" + b"\x9a" * 500}.items():
        (tmp_path / name).write_bytes(data)
        assert "PDF" in reason(tmp_path / name)


def test_wrapped_lines_are_joined_and_headings_are_not():
    page = (
        "M E T H O D S\nPatients with heart failure were recruited from three\nhospitals and followed for one "
        "year after their dis-\ncharge. None was lost.\nResults\nMortality was 12% in the group that was treated with\n"
        "Digoxin alone."
    )
    assert unwrap(page) == (
        "METHODS\nPatients with heart failure were recruited from three hospitals and followed for one year after "
        "their discharge. None was lost.\nResults\nMortality was 12% in the group that was treated with Digoxin alone."
    )


def test_items_of_lists_and_named_lines_are_not_joined_however_long_they_are():
    page = (
        "Patient: born 1951, ward 4 of the clinic\nAdmitted: 2 October 2026, discharged: 9 October 2026\nDiagnoses:\n"
        "1. Acute non-ST-elevation myocardial infarction\n2. Arterial hypertension\nMedication at discharge:\n"
        "Ticagrelor 90 mg twice daily for 12 months\nBisoprolol 2.5 mg once daily"
    )
    assert unwrap(page) == page
    assert sentences(page)[1:4] == [
        "Admitted: 2 October 2026, discharged: 9 October 2026",
        "Diagnoses:",
        "1. Acute non-ST-elevation myocardial infarction",
    ]


def test_headers_and_footers_of_most_pages_are_left_out():
    words = ["Walking", "Swimming", "Sleep", "Laughter", "Fish"]
    pages = [
        f"Trials 2015, page {n} of 9\n{word} is good for the heart.\nwww.trials.org" for n, word in enumerate(words)
    ]
    assert without_running_lines(pages) == [f"{word} is good for the heart." for word in words]


def test_an_article_reads_as_it_is_printed(data_dir):
    (record,) = read_file(data_dir / "medical_pdf" / "trials_16_1_2.pdf", LIMITS)
    assert record.fields["pages"] == 7
    assert {p.page for p in record.passages} == set(range(1, 8))
    assert record.title.startswith("Effectiveness of a computerized drug-monitoring program")
    assert all(record.text[p.start : p.end].strip() == record.text[p.start : p.end] for p in record.passages)
