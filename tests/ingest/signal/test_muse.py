"""GE MUSE XML, written here after the layout of its exports."""

import time

import numpy as np
import pytest
from ecg_writers import TWELVE, heart, muse

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import format_of, read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def read(text):
    return read_content(Content("a.xml", text.encode()), LIMITS)


def refused(text):
    begin = time.process_time()
    with pytest.raises(UnreadableFile) as caught:
        read(text)
    assert time.process_time() - begin < 1
    return caught.value.reason


def test_eight_stored_leads_become_twelve():
    leads = heart()
    record = read(muse(leads, 500))[0]
    assert (record.signal.leads, record.signal.sampling_rate_hz) == (TWELVE, 500)
    assert record.fields["derived_leads"] == "III, aVR, aVL, aVF"
    for name in ("I", "II", "V1", "V6"):
        assert np.array_equal(record.signal.lead(name), leads[name].astype(np.float32)), name
    one, two = leads["I"], leads["II"]
    for name, expected in (
        ("III", two - one),
        ("aVR", -(one + two) / 2),
        ("aVL", one - two / 2),
        ("aVF", two - one / 2),
    ):
        assert np.allclose(record.signal.lead(name), expected, atol=1e-6), name


def test_the_median_is_counted_and_never_the_rhythm():
    record = read(muse(heart(), 500))[0]
    assert (record.signal.duration_s, record.fields["representative_beats"]) == (10, 1)
    assert "without a rhythm waveform (Median)" in refused(muse(heart(seconds=2), 500).replace(">Rhythm<", ">Median<"))


def test_who_when_and_which_device_are_kept_and_no_name_is():
    records = read(muse(heart(seconds=2), 500, status="CONFIRMED"))
    signal = records[0]
    assert (signal.patient_id, signal.taken_at.isoformat()) == ("P-77", "2011-12-01T07:27:34")
    assert (signal.fields["age"], signal.fields["sex"], signal.fields["device"]) == (60, "F", "MAC55")
    assert (signal.fields["high_pass_hz"], signal.fields["low_pass_hz"], signal.fields["notch_hz"]) == (0.05, 150, 50)
    assert signal.fields["resolution_uv"] == 5
    everything = " ".join(f"{record.fields} {record.title} {record.text}" for record in records)
    assert not any(name in everything for name in ("FAMILY-NAME", "SIGNING-NAME"))


def test_an_unconfirmed_diagnosis_is_the_machines():
    _, machine, comments = read(muse(heart(seconds=2), 500))
    said = "Sinus rhythm with artefacts\nBorderline ECG\n\nHeart rate: 72 bpm\nPR interval: 161 ms\nP axis: 0 degrees"
    assert (machine.text, machine.fields["author"]) == (said, "machine")
    assert comments.text == "Reason for the test: Chest pain"


def test_a_confirmed_diagnosis_is_a_persons_and_the_original_stays_the_machines():
    _, person, machine, _ = read(muse(heart(seconds=2), 500, status="CONFIRMED"))
    assert (person.part, person.fields["author"]) == ("confirmed annotations", "person")
    assert person.text.startswith("Sinus rhythm with artefacts\nBorderline ECG")
    assert (machine.part, machine.fields["author"]) == ("annotations", "machine")
    assert machine.text == "Atrial fibrillation"


def test_a_lead_with_a_wrong_checksum_is_set_aside_unless_all_are_wrong():
    leads = heart(seconds=2)
    file = Content("a.xml", muse(leads, 500, crc={"V2": 1}).encode())
    assert "V2" not in read_content(file, LIMITS)[0].signal.leads
    assert file.aside == [("lead V2", "its samples do not match their checksum (LeadDataCRC32)")]
    assert read(muse(leads, 500, crc=dict.fromkeys(leads, 7)))[0].signal.leads == TWELVE


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<SampleBase>500", "<SampleBase>0", "sampling rate of 0 Hz"),
        ("<SampleExponent>0", "<SampleExponent>6", "sampling rate of 5e+08 Hz"),
        ("<LeadSampleCountTotal>1000", "<LeadSampleCountTotal>1000000000", "holds 1,000 of 1,000,000,000 samples"),
        ("<LeadSampleSize>2", "<LeadSampleSize>3", "samples of 3 bytes"),
        ("<LeadAmplitudeUnits>MICROVOLTS", "<LeadAmplitudeUnits>KELVIN", "no step in volts (KELVIN)"),
        (">5.0<", "><", "no step in volts"),
        (">5.0<", ">1e11<", "more than 10,000 mV"),
        ("<LeadOffsetFirstSample>0", "<LeadOffsetFirstSample>1e9", "after the others"),
        ("<WaveFormData>\n", "<WaveFormData>!\n", "no Base64"),
        ("<RestingECG>", "<RestingECG>&secret;", "an entity that it does not declare"),
    ],
)
def test_what_can_not_be_right_has_a_reason(old, new, reason):
    text = muse(heart(seconds=2), 500, median=False)
    assert old in text
    assert reason in refused(text.replace(old, new))


def test_an_entity_bomb_in_the_document_type_is_refused():
    bomb = muse(heart(seconds=2), 500).replace('"restecg.dtd">', '"restecg.dtd" [<!ENTITY a "aaaaaaaaaa">]>')
    assert format_of(Content("a.xml", bomb.encode())) == "muse"
    assert "declares entities" in refused(bomb)
