"""SCP-ECG: a real record, and what it does not show, written here."""

import struct
import time

import numpy as np
import pytest
from ecg_writers import (
    TWELVE,
    heart,
    scp,
    scp_file,
    scp_leads,
    scp_statements,
    scp_tags,
    scp_with_beats,
    section,
)

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import format_of, read_content
from assistant.measure import measure_signal
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def read(data):
    return read_content(Content("a.scp", data), LIMITS)


def refused(data):
    begin = time.process_time()
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    assert time.process_time() - begin < 1
    return caught.value.reason


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("huffman", ["none", "default", "own"])
def test_all_leads_come_back_to_the_last_bit(order, huffman):
    leads = heart(seconds=3)
    record = read(scp(leads, 500, order, huffman))[0]
    assert record.signal.leads == TWELVE
    assert record.signal.sampling_rate_hz == 500
    for name, lead in leads.items():
        assert np.array_equal(record.signal.lead(name), lead.astype(np.float32)), name


@pytest.mark.parametrize("huffman", ["none", "default"])
def test_subtracted_reference_beats_are_added_again(huffman):
    leads = heart()
    record = read(scp_with_beats(leads, 500, 72, huffman=huffman))[0]
    assert "reference beats subtracted" in record.fields["compression"]
    for name, lead in leads.items():
        assert np.array_equal(record.signal.lead(name), lead.astype(np.float32)), name


@pytest.mark.parametrize("factor", [2, 4])
def test_bimodal_leads_are_whole_in_protected_zones_and_close_outside(factor):
    leads = heart()
    record = read(scp_with_beats(leads, 500, 72, factor=factor))[0]
    assert record.signal.sampling_rate_hz == 500
    assert record.fields["compression"].endswith("bimodal")
    every, length, fiducial = round(500 * 60 / 72), 300, 100
    for name, lead in leads.items():
        found = record.signal.lead(name)
        assert len(found) == len(lead)
        for first in range(every // 2, len(lead) - length, every):
            zone = slice(first + fiducial - 25, first + fiducial + 25)
            assert np.array_equal(found[zone], lead[zone].astype(np.float32)), name
        assert np.sqrt(np.mean((found - lead) ** 2)) < 0.01  # of a QRS complex of 1 mV


def test_who_when_and_which_device_are_kept_and_no_name_is():
    records = read(scp(heart(seconds=2), 500))
    signal = records[0]
    assert (signal.patient_id, signal.taken_at.isoformat()) == ("P-77", "2011-12-01T07:27:34")
    assert (signal.fields["age"], signal.fields["sex"], signal.fields["device"]) == (60, "F", "MC-12")
    assert (signal.fields["high_pass_hz"], signal.fields["low_pass_hz"], signal.fields["notch_hz"]) == (0.05, 150, 50)
    assert signal.fields["resolution_uv"] == 5
    everything = " ".join(f"{record.fields} {record.title} {record.text}" for record in records)
    assert "FAMILY-NAME" not in everything
    assert "SERIAL-9" not in everything


def test_statements_measurements_and_comments_are_texts():
    leads = heart(seconds=2)
    _, machine, comments = read(scp(leads, 500))
    assert machine.text == (
        "Sinus rhythm\nNormal ECG\n\nRR interval: 833 ms\nP duration: 100 ms\nPR interval: 161 ms\n"
        "QRS duration: 88 ms\nQT interval: 368 ms\nP axis: 50 degrees\nQRS axis: 20 degrees\nHeart rate: 72 bpm\n"
        "QTc interval (Bazett): 405 ms"
    )
    assert (machine.part, machine.fields["author"]) == ("annotations", "machine")
    assert (comments.part, comments.text, comments.fields["author"]) == ("comments", "Müde seit heute", "header")
    codes = scp_statements(["NSR"], kind=b"\1")
    confirmed = read(scp(leads, 500, section_8=scp_statements(["Sinusrhythmus"], confirmed=1), section_11=codes))[1:3]
    assert [(r.part, r.fields["author"]) for r in confirmed] == [
        ("confirmed annotations", "person"), ("annotations", "machine"),
    ]  # fmt: skip
    assert confirmed[0].text == "Sinusrhythmus"
    assert confirmed[1].text.startswith("Statement code: NSR\n\nRR interval")


def test_leads_recorded_one_after_the_other_keep_their_time():
    leads = heart(seconds=2)
    one = np.round(leads["I"] * 200).astype(int)
    lengths = struct.pack("<IIB", 1, 1000, 1) + struct.pack("<IIB", 1001, 2000, 3)
    record = read(scp({"I": leads["I"]}, 500, section_3=b"\2\x08" + lengths, section_6=scp_leads(
        [one, one], 2000, 2, "default")))[0]  # fmt: skip
    assert record.signal.samples.shape == (2000, 2)
    assert np.isnan(record.signal.lead("I")[1000:]).all()
    assert np.isnan(record.signal.lead("V1")[:1000]).all()
    assert np.array_equal(record.signal.lead("V1")[1000:], record.signal.lead("I")[:1000])


def test_a_record_of_before_2000_without_the_letters_is_known_by_its_structure():
    data = bytearray(scp(heart(seconds=2), 500))
    data[16:22] = bytes(6)
    assert format_of(Content("a", bytes(data))) == "scp"


def wrong(**bodies):
    return scp(heart(seconds=2), 500, **bodies)


LONG = struct.pack("<IIB", 1, 2_000_000_000, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: wrong()[:-100], "cut off"),
        (lambda: wrong()[:-1] + b"\x55", "checksum of the SCP-ECG record"),
        (lambda: wrong(section_6=b""), "without rhythm data"),
        (lambda: wrong(section_3=b"\1\0" + LONG), "hours are more than the limit"),
        (lambda: wrong(section_3=b"\1\0" + struct.pack("<IIB", 1, 2_900_000, 1)), "would hold 2,900,000 samples"),
        (lambda: wrong(section_3=b"\1\0" + struct.pack("<IIB", 1, 15_000_000, 1)), "15,000,000 Huffman-coded samples"),
        (lambda: wrong(section_3=b"\1\0" + struct.pack("<IIB", 5, 4, 1)), "from sample 5 to 4"),
        (lambda: wrong(section_3=b"\xff\0" + LONG), "section 3 are cut off"),
        (lambda: wrong(section_6=struct.pack("<HHBB", 5000, 0, 0, 0) + bytes(100)), "0 µs"),
        (lambda: wrong(section_6=struct.pack("<HHBB", 5000, 2000, 7, 0) + bytes(100)), "differences of order 7"),
        (lambda: wrong(section_6=struct.pack("<HHBB", 5000, 2000, 0, 1) + bytes(100)), "section 4 or 5 is missing"),
        (lambda: wrong(section_6=struct.pack("<HHBB", 5000, 2000, 0, 0) + b"\xff" * 100), "section 6 are cut off"),
        (lambda: wrong(section_2=struct.pack("<H", 300)), "300 Huffman tables"),
        (lambda: wrong(section_2=struct.pack("<HHBBBhI", 1, 1, 30, 31, 1, 0, 0)), "codes of 30 in 31 bits"),
        (lambda: wrong(section_2=struct.pack("<HHBBBhI", 1, 1, 2, 2, 1, 0, 3)), "code of no Huffman table"),
        (lambda: wrong(section_2=struct.pack("<HHBBBhI", 1, 900, 2, 2, 1, 0, 3)), "Huffman table 1 is cut off"),
        (lambda: wrong(section_1=b"\2\xff\xffP"), "tag 2 of section 1 is cut off"),
    ],
)
def test_what_can_not_be_right_has_a_reason(data, reason):
    assert reason in refused(data())


def test_sections_outside_the_file_or_on_top_of_each_other_have_a_reason():
    data = scp_file({1: scp_tags()})
    for field, number, reason in ((24, 2**31, "outside"), (28, 2**32 - 1, "outside"), (28, 9, "on top of")):
        changed = bytearray(data)
        struct.pack_into("<I", changed, 10 + field, number)
        assert reason in refused(bytes(changed))
    assert section(1, b"x")[2:4] == b"\1\0"


def test_the_real_record_obeys_einthoven_and_is_the_ecg_of_its_xml_twin(data_dir):
    signal, machine = read((data_dir / "ecg_formats" / "scp_ecg_example.scp").read_bytes())
    lead = signal.signal.lead
    assert (signal.signal.samples.shape, signal.signal.leads) == ((5000, 12), TWELVE)
    assert np.abs(lead("I") + lead("III") - lead("II")).max() <= 0.0025 + 1e-6  # one step of 2.5 µV
    assert np.abs(lead("aVR") + (lead("I") + lead("II")) / 2).max() <= 0.0025
    assert 0.5 < np.abs(signal.signal.samples).max() < 3
    measured = measure_signal(signal.signal).values
    assert "QRS duration: 120 ms\nQT interval: 420 ms" in machine.text
    assert abs(measured["qrs_ms"] - 120) <= 10
    assert abs(measured["qt_ms"] - 420) <= 20
    assert measured["beats"] == 12
