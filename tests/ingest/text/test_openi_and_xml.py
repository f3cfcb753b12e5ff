"""Open-i reports, and XML that means harm."""

import time

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
# A made-up report in the layout of the collection.
REPORT = """<?xml version="1.0" encoding="utf-8"?>
<eCitation>
  <meta type="rr"/>
  <uId id="CXR1"/><pmcId id="1"/><docSource>CXR</docSource>
  <articleDate>2013-08-01</articleDate>
  <MedlineCitation><Article><Abstract>
    <AbstractText Label="COMPARISON">None.</AbstractText>
    <AbstractText Label="INDICATION"/>
    <AbstractText Label="FINDINGS">The heart is large. There is a small left
      effusion.</AbstractText>
    <AbstractText Label="IMPRESSION">1. Cardiomegaly &amp; effusion.</AbstractText>
  </Abstract></Article></MedlineCitation>
  <MeSH><major>Cardiomegaly/mild</major><major>Pleural Effusion/left</major><automatic>effusion</automatic></MeSH>
  <parentImage id="CXR1_IM-0001"/>
</eCitation>
"""


def read_xml(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)
    return read_file(tmp_path / "a.xml", LIMITS)


def test_a_report_keeps_sections_terms_date_and_id(tmp_path):
    (record,) = read_xml(tmp_path, REPORT)
    said = [(p.section, record.text[p.start : p.end]) for p in record.passages]
    assert said == [
        ("COMPARISON", "None."),
        ("FINDINGS", "The heart is large. There is a small left effusion."),
        ("IMPRESSION", "1. Cardiomegaly & effusion."),
    ]
    assert record.labels == {"mesh_major": "Cardiomegaly/mild | Pleural Effusion/left", "mesh_automatic": "effusion"}
    assert (record.external_id, record.study_id, record.modality) == ("CXR1", "CXR1", "SR")
    assert record.taken_at.date().isoformat() == "2013-08-01"
    assert record.text.startswith("COMPARISON: None.\n\nFINDINGS: The heart")


def test_a_report_without_text_is_set_aside(tmp_path):
    with pytest.raises(UnreadableFile, match="without any text"):
        read_xml(tmp_path, "<eCitation><uId id='CXR2'/></eCitation>")


@pytest.mark.parametrize(
    "evil",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><eCitation>&b;</eCitation>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><eCitation>&f;</eCitation>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]><eCitation/>',
        '<!DOCTYPE x [<!ATTLIST eCitation a CDATA "a long default for every element">]><eCitation/>',
        "<!DOCTYPE x [<!ELEMENT eCitation ANY>]><eCitation/>",
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><eCitation>&from_outside;</eCitation>',
    ],
)
def test_declarations_and_entities_are_refused(tmp_path, evil):
    with pytest.raises(UnreadableFile, match=r"XML refused: it (declares|refers)"):
        read_xml(tmp_path, evil)


def test_a_document_type_that_only_names_a_file_is_passed_over(tmp_path):
    named = '<!DOCTYPE eCitation SYSTEM "http://127.0.0.1:9/x.dtd" []>' + REPORT.partition("?>")[2]
    assert read_xml(tmp_path, named)[0].text == read_xml(tmp_path, REPORT)[0].text


def test_a_bomb_of_many_small_elements_is_refused(tmp_path):
    begin = time.process_time()
    with pytest.raises(UnreadableFile, match="more than 2,000,000 elements"):
        read_xml(tmp_path, "<eCitation>" + "<a/>" * 2_100_000 + "</eCitation>")
    assert time.process_time() - begin < 10


def test_deep_nesting_and_broken_tags_are_refused_at_once(tmp_path):
    begin = time.process_time()
    with pytest.raises(UnreadableFile, match="nested more than"):
        read_xml(tmp_path, "<eCitation>" + "<a>" * 100_000)
    with pytest.raises(UnreadableFile, match="damaged XML"):
        read_xml(tmp_path, REPORT[:-20])
    assert time.process_time() - begin < 2


def test_the_whole_collection_reads(data_dir):
    from assistant.ingest.archive import member_content, members
    from assistant.ingest.formats import read_content

    archive = data_dir / "iu_xray_reports" / "ecgen-radiology.tar.gz"
    names = members(archive, "x.tar.gz", LIMITS)
    assert len(names) == 2955
    sample = names[:150]
    records = [r for m in sample for r in _read_or_nothing(read_content, member_content(archive, "x", m, LIMITS))]
    assert len(records) >= 140
    assert all(p.section for r in records for p in r.passages)


def _read_or_nothing(read_content, file):
    try:
        return read_content(file, LIMITS)
    except UnreadableFile as error:
        assert "without any text" in error.reason
        return []
