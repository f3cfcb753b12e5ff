"""Plain text, Markdown, JSON Lines and reports: sections, passages, encodings."""

import json

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.text import jsonl
from assistant.ingest.text.encodings import decode
from assistant.ingest.text.passages import cut
from assistant.ingest.text.sections import report_sections
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
REPORT = """EXAM: Chest radiograph

CLINICAL HISTORY: Cough.
TECHNIQUE: PA and lateral.
Findings: The heart is normal in size. There is a 2.3 cm nodule, e.g. a granuloma, in the right upper lobe.
No effusion.
IMPRESSION: 1. Nodule. 2. No pneumonia. COMPARISON: None.
"""


def read_text(tmp_path, content, name="a"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(tmp_path / name, LIMITS)


def reason(tmp_path, content, name="a"):
    with pytest.raises(UnreadableFile) as caught:
        read_text(tmp_path, content, name)
    return caught.value.reason


def test_a_report_is_cut_into_its_sections():
    found = [(section, REPORT[start:end].strip()) for start, end, section, _ in report_sections(REPORT)]
    assert found == [
        ("EXAM", "Chest radiograph"),
        ("CLINICAL HISTORY", "Cough."),
        ("TECHNIQUE", "PA and lateral."),
        (
            "FINDINGS",
            "The heart is normal in size. There is a 2.3 cm nodule, e.g. a granuloma, in the right upper lobe.\n"
            "No effusion.",
        ),
        ("IMPRESSION", "1. Nodule. 2. No pneumonia."),
        ("COMPARISON", "None."),
    ]


def test_words_of_headings_in_running_text_open_no_section():
    text = "The findings: as below. Comparison with the impression of last year is difficult. My plan is to wait."
    assert [section for _, _, section, _ in report_sections(text)] == [None]


def test_a_report_has_modality_sr_and_a_document_doc(tmp_path):
    assert read_text(tmp_path, REPORT)[0].modality == "SR"
    assert read_text(tmp_path, "Statins lower cholesterol. They are taken daily.")[0].modality == "DOC"


def test_passages_keep_sentences_whole_and_lose_none():
    sentences = [f"This is sentence number {n} of a text with 9.5 words in each." for n in range(40)]
    text = " ".join(sentences)
    passages = cut(text, 50)
    assert text[: passages[0].end].startswith("This is sentence number 0")
    assert all(text[p.start : p.end].endswith("each.") for p in passages)
    assert " ".join(text[p.start : p.end] for p in passages) == text
    assert all(30 <= len(text[p.start : p.end].split()) <= 70 for p in passages)


def test_a_text_without_full_stops_is_cut_at_spaces():
    text = "word " * 1000
    passages = cut(text, 100)
    assert all(len(text[p.start : p.end].split()) == 100 for p in passages)
    assert len(passages) == 10


def test_markdown_is_cut_at_its_headings_and_the_first_is_the_title(tmp_path):
    text = "# Aspirin\n\nIt thins the blood.\n\n## Dose\n\n- 75 mg daily\n\n```\n# no heading\n```\n"
    (record,) = read_text(tmp_path, text)
    assert record.title == "Aspirin"
    assert [p.section for p in record.passages] == ["Aspirin", "Dose"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_encodings_are_told(encoding):
    text = "Größe 5 µm, Temperatur 38,5 °C, Befund unauffällig."
    assert decode(text.encode(encoding)) == text


def test_newlines_become_one_kind():
    assert decode(b"one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_what_is_no_text_is_refused(tmp_path):
    assert "neither text nor" in reason(tmp_path, bytes(range(256)) * 20)
    assert "hardly a word" in reason(tmp_path, "12 34 56\n78 90 12\n" * 20)
    assert "blank" in reason(tmp_path, " \n\t \n")
    assert "empty" in reason(tmp_path, b"")


def test_json_lines_give_a_text_a_line(tmp_path):
    rows = [
        {"_id": 7, "title": "Flu", "text": "Influenza is caused by a virus.", "url": "https://x.org/1"},
        {"_id": 8, "title": "no text here"},
        {"_id": 9, "text": "Asthma narrows the airways.", "date": "2020-05-06"},
    ]
    records = read_text(tmp_path, "\n".join(map(json.dumps, rows)) + "\n")
    assert [(r.external_id, r.part) for r in records] == [("7", "line 1"), ("9", "line 3")]
    assert (records[0].title, records[0].url) == ("Flu", "https://x.org/1")
    assert records[1].taken_at.isoformat() == "2020-05-06T00:00:00"
    assert len({r.sha256 for r in records}) == 2


def test_json_lines_that_are_broken_or_without_text_are_set_aside_by_number():
    file = Content("a.jsonl", b'{"text": "a b c"}\n{"text": \n{"id": 3}\n{"text": "d e f"}\n[1]\n')
    records = jsonl.read(file, LIMITS)
    assert [(r.part, r.text) for r in records] == [("line 1", "a b c"), ("line 4", "d e f")]
    assert [part for part, _ in file.aside] == ["line 2", "line 5", "1 of 3 objects (line 3)"]
    assert file.aside[0][1].startswith("no valid JSON")


def test_json_without_text_names_its_keys(tmp_path):
    assert "keys are a, b" in reason(tmp_path, '{"a": 1, "b": 2}\n')
    assert "keys are a, b" in reason(tmp_path, '{\n "a": 1,\n "b": 2\n}\n')
    assert "damaged JSON" in reason(tmp_path, '{\n "a": 1,\n "b": \n')


def test_a_json_list_or_document_of_texts_is_read(tmp_path):
    listed = read_text(tmp_path, '[\n {"id": 1, "text": "Asthma narrows."},\n {"id": 2, "text": "Gout hurts."}\n]')
    assert [(r.part, r.external_id, r.text) for r in listed] == [
        ("item 1", "1", "Asthma narrows."),
        ("item 2", "2", "Gout hurts."),
    ]
    (one,) = read_text(tmp_path, '{\n "title": "Gout",\n "text": "It hurts."\n}')
    assert (one.title, one.part, one.text) == ("Gout", "", "It hurts.")
    assert len(read_text(tmp_path, '{"source": "x",\n "documents": [{"text": "One is here."}, {"text": "Two."}]}')) == 2


def test_a_name_in_json_is_no_title(tmp_path):
    assert read_text(tmp_path, '{"name": "Jane Doe", "text": "She has asthma."}\n')[0].title is None


def test_references_in_brackets_are_no_json(tmp_path):
    assert read_text(tmp_path, "[1] Smith et al. found that aspirin helps.\n[2] Others did not.\n")[0].kind == "text"


def test_halves_of_characters_and_zero_bytes_can_be_stored(tmp_path):
    (record,) = read_text(tmp_path, '{"text": "An odd \\ud800 sign and a \\u0000 zero byte."}\n')
    assert record.text.encode("utf-8").decode() == "An odd ? sign and a   zero byte."


def test_a_table_asks_for_a_recipe(tmp_path):
    assert "columns id, age, finding" in reason(tmp_path, "id,age,finding\n1,2,none\n", "a.csv")
    rows = "\n".join(f"{n},{n + 1},none" for n in range(9))
    assert "manifest" in reason(tmp_path, "id,age,finding\n" + rows)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office document"),
        (b"SQLite format 3\0" + bytes(100), "SQLite database"),
        ('<?xml version="1.0"?><note><to>nobody</to></note>', "XML with the root element <note>"),
        ("[[1, 2],\n [3, 4]]", "JSON document"),
    ],
)
def test_formats_that_are_not_read_are_named(tmp_path, content, name):
    assert reason(tmp_path, content).startswith(name)
    assert "not read yet" in reason(tmp_path, content)


def test_json_lines_are_known_by_their_first_line_however_long(tmp_path):
    rows = [{"answer": "A word of it. " * 2000}, {"answer": "The second answer is short."}]
    assert len(read_text(tmp_path, "\n".join(map(json.dumps, rows)))) == 2
