"""HL7 v2 results and clinical documents (CDA). The patients are made up."""

import base64

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.deid import Deidentifier
from assistant.ingest.formats import format_of, read_content
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings, IngestSettings

LIMITS = IngestSettings()
LETTER = base64.b64encode(b"A small report about the lungs.").decode()
MESSAGE = "\r".join((
    r"MSH|^~\&|LAB|H|EHR|H|20200102030405||ORU^R01|1|P|2.5||||||8859/1",
    "PID|1||999^^^SS^SS~12345^^^H^MR||Müller^Anna||19740102|F|||Weg 5^^Köln",
    "OBR|1|PL1|FI1|CXR^Chest X-ray^L|||20200102030000|||||||||77^Doktor^Adam|||||||||F",
    r"OBX|1|FT|GDT^Report||FINDINGS:\.br\Heart normal \T\ lungs clear \H\today\N\, 5 \XB5\m.\.br\IMPRESSION:\.br\No pneumonia.~Second line.||||||F",  # noqa: E501
    "OBR|2|PL2|FI2|CBC^Blood count|||20200103",
    "OBX|1|NM|718-7^Haemoglobin^LN||7.2|g/dl|7.5-10|L|||F",
    "OBX|2|CE|1^Culture||EC^E. coli^L||||||F",
    "OBX|3|SN|2^CRP||<^5|mg/l|<5||||F",
    "OBX|4|NM|3^Wrong||9|x|||||W",
    "NTE|1||Sample haemolysed.",
    f"OBX|5|ED|PDF^Letter||^TEXT^^Base64^{LETTER}||||||F",
    "OBX|6|RP|IMG^Picture||http://127.0.0.1:9/x^^||||||F",
    "",
))  # fmt: skip


def read(data):
    file = Content("a.hl7", data)
    return read_content(file, LIMITS), file.aside


def reason(data):
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    return caught.value.reason


def as_latin_1(end):
    return MESSAGE.replace("\r", end).encode("latin-1")


@pytest.mark.parametrize(
    "data",
    [
        as_latin_1("\r"),
        as_latin_1("\n"),
        as_latin_1("\r\n"),
        b"\x0b" + as_latin_1("\r") + b"\x1c\r",
        MESSAGE.replace("8859/1", "UNICODE UTF-8").encode(),
        MESSAGE.replace("8859/1", "").encode(),
        b"FHS|^~\\&|A\rBHS|^~\\&|B\r" + as_latin_1("\r") + b"BTS|1\rFTS|1\r",
    ],
    ids=["CR", "LF", "CRLF", "MLLP", "UTF-8", "no charset", "batch"],
)
def test_a_result_message_gives_a_record_for_each_order(data):
    (xray, blood, letter), aside = read(data)
    assert xray.text == "FINDINGS:\nHeart normal & lungs clear today, 5 µm.\nIMPRESSION:\nNo pneumonia.\nSecond line."
    assert [p.section for p in xray.passages] == ["FINDINGS", "IMPRESSION"]
    assert (xray.patient_id, xray.study_id, xray.title, xray.part) == ("12345", "FI1", "Chest X-ray", "order 1")
    assert xray.taken_at.isoformat() == "2020-01-02T03:00:00"
    assert blood.text == (
        "EXAMINATION:\nBlood count\n\nRESULTS:\nHaemoglobin: 7.2 g/dl (low; reference 7.5-10)\nCulture: E. coli\n"
        "CRP: <5 mg/l (reference <5)\n\nREPORT:\nSample haemolysed."
    )
    assert (letter.text, letter.study_id) == ("A small report about the lungs.", "FI2")
    assert aside == [("order 2, Picture 2", "a reference to a document elsewhere, which is not fetched")]


def test_names_are_told_to_the_deidentifier_and_to_nobody_else():
    (xray, *_), _ = read(as_latin_1("\r"))
    assert set(xray.known.names) == {"Müller", "Anna", "Doktor", "Adam"}
    assert xray.known.ids == ("999", "12345", "PL1", "FI1")
    assert xray.external_id is None
    assert "Müller" not in repr((xray.text, xray.title, dict(xray.fields)))
    assert xray.fields == {"hl7": "ORU", "sex": "F", "procedure_code": "CXR", "result_status": "F",
                           "report_type": "radiology"}  # fmt: skip


def test_numbers_of_an_order_vanish_from_the_text_and_are_nobodys_key():
    text = ("MSH|^~\\&|A|B|||||ORU^R01|2|P|2.3\rPID|||88371255\rOBR|1|PLC4410271|FIL9930127|CXR^Chest X-ray"
            "||||||||||||||ACC9930127\rOBX|1|TX|||ACC9930127, FIL9930127, PLC4410271: clear.\r")  # fmt: skip
    ((record,), _) = read(text.encode())
    assert (record.study_id, record.external_id) == ("ACC9930127", None)
    cleaned, removed = Deidentifier(Pseudonyms(bytes(32)), DeidSettings()).record(record)
    assert "[id], [id], [id]: clear." in cleaned.text and removed.counts["id"] == 3


def test_a_message_may_bring_its_own_separators():
    text = "MSH#*~!@#A#B#####ORU*R01#2\rPID###5*x\rOBR#1#P#F#C*Chest\rOBX#1#TX#a*b##Lungs !F! heart !S! clear\r"
    ((record,), _) = read(text.encode())
    assert record.text == "EXAMINATION:\nChest\n\nREPORT:\nLungs # heart * clear"


def test_other_messages_are_set_aside_by_number_and_type():
    other = "MSH|^~\\&|A|B|||||ADT^A01|2|P|2.3\rPID|1||7\r"
    (records, aside) = read(as_latin_1("\r") + other.encode())
    assert len(records) == 3
    assert ("message 2", "an HL7 v2 message of type ADT^A01, which holds no result") in aside
    assert "of type ADT^A01" in reason(other.encode())


def test_two_patients_in_one_file_never_share_a_study():
    one = "MSH|^~\\&|A|B|||||ORU^R01|2|P|2.3\rPID|||{}\rOBX|1|TX|||The lungs are clear.\r"
    records, _ = read((one.format(1) + one.format(2)).encode())
    assert [r.patient_id for r in records] == ["1", "2"]
    assert len({r.study_id for r in records}) == 2


@pytest.mark.parametrize("data", [b"MSH|", b"MSH|^~\\&|", b"MSH|^~\\&|A|B|||||ORU^R01", b"FHS|^~\\&|A\rFTS|1\r"])
def test_empty_and_cut_off_messages_say_so(data):
    assert reason(data).startswith("HL7 v2 without a")


def test_every_cut_of_a_message_gives_records_or_a_reason():
    data = as_latin_1("\r")
    for length in range(10, len(data), 7):
        try:
            records, _ = read(data[:length])
            assert records
        except UnreadableFile as error:
            assert error.reason


CDA = """<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2" extension="D7"/>
<code code="18842-5" displayName="Discharge summary"/><effectiveTime value="20200304120000+0100"/>
<recordTarget><patientRole><id extension="4711" root="1.3"/><patient><name><given>Erika</given><family>Muster</family>
</name><birthTime value="19640812"/></patient></patientRole></recordTarget><component>{body}</component>
</ClinicalDocument>"""
BODY = """<structuredBody><component><section><title>Allergies</title><text><list><item>Penicillin</item>
<item>Nuts</item></list></text></section></component><component><section><title>Results</title><text><table><tbody>
<tr><td>Hb</td><td>13 g/dl</td></tr></tbody></table><paragraph>All well.</paragraph></text></section></component>
</structuredBody>"""


def test_a_clinical_document_keeps_its_sections():
    data = CDA.format(body=BODY).encode()
    assert format_of(Content("a.xml", data)) == "cda"
    ((record,), _) = read(data)
    assert record.text == "ALLERGIES\n- Penicillin\n- Nuts\n\nRESULTS\nHb | 13 g/dl\nAll well."
    assert [p.section for p in record.passages] == ["ALLERGIES", "RESULTS"]
    assert (record.patient_id, record.external_id, record.title) == ("4711", None, "Discharge summary")
    assert record.taken_at.isoformat() == "2020-03-04T12:00:00"
    assert set(record.known.names) >= {"Erika", "Muster"}


def test_a_clinical_document_around_another_document():
    body = f'<nonXMLBody><text mediaType="text/plain" representation="B64">{LETTER}</text></nonXMLBody>'
    ((record,), _) = read(CDA.format(body=body).encode())
    assert (record.text, record.patient_id) == ("A small report about the lungs.", "4711")
    elsewhere = '<nonXMLBody><text><reference value="http://127.0.0.1:9/a.pdf"/></text></nonXMLBody>'
    assert "which is not fetched" in reason(CDA.format(body=elsewhere).encode())
