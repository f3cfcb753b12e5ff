"""Philips Sierra XML: two real files, and what they do not show, written here."""

import struct
import time

import numpy as np
import pytest
from ecg_writers import TWELVE, heart, lzw, sierra

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.ingest.signal import xli
from assistant.measure import measure_signal
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def read(text, encoding="utf-8"):
    return read_content(Content("a.xml", text.encode(encoding)), LIMITS)


def refused(text):
    begin = time.process_time()
    with pytest.raises(UnreadableFile) as caught:
        read(text)
    assert time.process_time() - begin < 1
    return caught.value.reason


@pytest.mark.parametrize("version", ["1.03", "1.04"])
@pytest.mark.parametrize("form", ["Plain", "Base64", "XLI"])
def test_all_leads_come_back_to_the_last_bit(version, form):
    leads = heart(seconds=3)
    record = read(sierra(leads, 500, version, form))[0]
    assert record.signal.leads == TWELVE
    assert record.signal.sampling_rate_hz == 500
    for name, lead in leads.items():
        assert np.array_equal(record.signal.lead(name), lead.astype(np.float32)), name


def test_who_and_when_are_kept_and_no_name_is():
    signal, text = read(sierra(heart(seconds=2), 500))
    assert (signal.patient_id, signal.taken_at.isoformat()) == ("P-77", "2011-12-01T07:27:34")
    assert signal.fields["age"] == 60  # a day before the 61st birthday
    assert (signal.fields["sex"], signal.fields["device"]) == ("F", "PageWriter Touch")
    assert (signal.fields["high_pass_hz"], signal.fields["low_pass_hz"]) == (0.05, 150.0)
    for record in (signal, text):
        everything = f"{record.fields} {record.title} {record.text} {record.labels}"
        assert not any(name in everything for name in ("FAMILY-NAME", "OPERATOR-NAME", "SIGNING-NAME"))


@pytest.mark.parametrize(
    ("status", "part", "author"),
    [("Await confirm", "annotations", "machine"), ("Confirmed", "confirmed annotations", "person")],
)
def test_the_interpretation_is_the_machines_until_a_person_confirms_it(status, part, author):
    text = read(sierra(heart(seconds=2), 500, status=status))[1]
    assert text.text == "NORMAL ECG\nSINUS RHYTHM (normal P axis)\n\nHeart rate: 72 bpm\nPR interval: 161 ms"
    assert (text.part, text.fields["author"], text.patient_id) == (part, author, "P-77")


def test_the_calibration_mark_at_the_end_is_no_heartbeat():
    leads = heart(seconds=4)
    mark = np.concatenate((np.zeros(50), np.ones(100), np.zeros(50)))
    record = read(sierra({name: np.concatenate((lead, mark)) for name, lead in leads.items()}, 500))[0]
    assert len(record.signal.samples) == 2000
    assert record.fields["calibration_mark_cut_s"] == 0.4


def test_a_file_may_be_utf_16_or_only_say_so():
    text = sierra(heart(seconds=2), 500, encoding="UTF-16")
    assert len(read(text, "utf-16")) == len(read(text, "utf-8")) == 2


def test_eight_leads_are_completed_to_twelve():
    leads = {name: lead for name, lead in heart(seconds=2).items() if name not in ("III", "aVR", "aVL", "aVF")}
    record = read(sierra(leads, 500))[0]
    assert record.signal.leads == TWELVE
    assert record.fields["derived_leads"] == "III, aVR, aVL, aVF"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('compression="XLI"', 'compression="ZIP9"', "compression 'ZIP9'"),
        ('samplespersecond="500"', 'samplespersecond="0"', "sampling rate of 0 Hz"),
        ('samplespersecond="500"', 'samplespersecond="nan"', "sampling rate of 0 Hz"),
        ('durationperchannel="2000"', 'durationperchannel="2000000000"', "hours are more than the limit"),
        ('durationperchannel="2000"', 'durationperchannel="99999999"', "ingest.max_signal_samples"),
        ('durationperchannel="2000"', 'durationperchannel="9999999"', "12 leads of 5,000,000 samples"),
        ('durationperchannel="2000"', 'durationperchannel="2500"', "holds 1000 of 1250 samples"),
        ('durationperchannel="2000"', 'durationperchannel="400"', "unpacks to more than the 200 samples"),
        ('resolution="5"', 'resolution="0"', "resolution"),
        ("parsedwaveforms", "otherwaveforms", "without the waveforms"),
        ('dataencoding="Base64" durationperchannel', 'dataencoding="Base85" durationperchannel', "encoding 'Base85'"),
    ],
)
def test_what_can_not_be_right_has_a_reason(old, new, reason):
    text = sierra(heart(seconds=2), 500)
    assert old in text
    assert reason in refused(text.replace(old, new))


def test_garbage_instead_of_base64_has_a_reason():
    assert "no Base64" in refused(sierra(heart(seconds=2), 500).replace("\n</parsed", "====!</parsed").replace(
        "</parsedwaveforms>", "*</parsedwaveforms>"))  # fmt: skip


def test_an_lzw_bomb_is_stopped_at_twice_the_stated_length():
    packed = lzw(bytes(2_000_000))
    chunk = struct.pack("<iHh", len(packed), 0, 0) + packed
    assert len(chunk) < 20_000
    begin = time.process_time()
    with pytest.raises(UnreadableFile, match="unpacks to more than the 5000 samples"):
        xli.decode(Content("a.xml", b""), chunk, 1, 5000)
    assert time.process_time() - begin < 0.5


@pytest.mark.parametrize(
    ("name", "bpm"), [("philips_sierra_1_03_129DYPRG.xml", 41), ("philips_sierra_1_04_ZZDEMOPTONLY.xml", 84)]
)
def test_real_files_obey_einthoven_and_beat_as_the_cart_counted(data_dir, name, bpm):
    signal, text = read_content(Content(name, (data_dir / "ecg_formats" / name).read_bytes()), LIMITS)
    lead = signal.signal.lead
    assert signal.signal.leads == TWELVE
    assert np.abs(lead("I") + lead("III") - lead("II")).max() <= 0.010001  # two steps of 5 µV
    assert np.abs(lead("aVR") + (lead("I") + lead("II")) / 2).max() <= 0.0101
    assert np.abs(lead("aVL") + lead("aVR") + lead("aVF")).max() <= 0.0151
    assert np.abs(signal.signal.samples).max() < 5
    assert f"Heart rate: {bpm} bpm" in text.text
    assert abs(measure_signal(signal.signal).values["heart_rate_bpm"] - bpm) < 3
