"""HL7 annotated ECG: the example of the standard's draft, and what it does not show, written here."""

import time

import numpy as np
import pytest
from ecg_writers import TWELVE, aecg, aecg_series, aecg_set, annotation, annotation_set, heart, quantity, words

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
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


@pytest.mark.parametrize("increment", [("0.002", "s"), ("2", "ms"), ("2000", "us")])
@pytest.mark.parametrize("prefix", ["", "hl7"])
def test_all_leads_come_back_to_the_last_bit(increment, prefix):
    leads = heart(seconds=3)
    record = read(aecg(aecg_series([aecg_set(leads, increment=increment)]), prefix=prefix))[0]
    assert (record.signal.leads, record.signal.sampling_rate_hz) == (TWELVE, 500)
    for name, lead in leads.items():
        assert np.allclose(record.signal.lead(name), lead, atol=1e-6), name


def test_origin_and_scale_are_honoured():
    record = read(aecg(aecg_series([aecg_set({"II": np.array([0.0, 1.0, 0.5])}, scale=2.5, origin=100)])))[0]
    assert np.allclose(record.signal.lead("II"), [0, 1, 0.5])
    assert record.fields["resolution_uv"] == 2.5


def test_leads_beside_the_twelve_go_by_their_own_names():
    record = read(aecg(aecg_series([aecg_set({name: np.array([0.0, 1.0]) for name in ("V3R", "X", "CM5")})])))[0]
    assert record.signal.leads == ("V3R", "X", "CM5")


def test_who_when_and_which_device_are_kept_and_no_name_is():
    signal, comments = read(aecg(aecg_series([aecg_set(heart(seconds=2))])))
    assert (signal.patient_id, signal.taken_at.isoformat()) == ("P-77", "2011-12-01T07:27:34")
    assert (signal.fields["age"], signal.fields["sex"], signal.fields["device"]) == (60, "F", "Cart 7")
    assert (signal.fields["low_pass_hz"], signal.fields["notch_hz"]) == (150, 50)
    assert comments.text == "Felt dizzy"
    assert "FAMILY-NAME" not in f"{signal.fields} {signal.title} {comments.fields} {comments.text}"


def test_a_representative_beat_is_counted_and_never_a_rhythm():
    beat = aecg_set({"I": np.zeros(600)})
    derived = f'<derivation><derivedSeries><code code="REPRESENTATIVE_BEAT"/>{beat}</derivedSeries></derivation>'
    rhythm = aecg_series([aecg_set(heart(seconds=2))], after=derived)
    records = read(aecg(rhythm, aecg_series([beat], "REPRESENTATIVE_BEAT")))
    assert [r.part for r in records] == ["", "comments"]
    assert records[0].fields["representative_beats"] == 2
    assert "without a rhythm series (REPRESENTATIVE_BEAT)" in refused(aecg(aecg_series([beat], "REPRESENTATIVE_BEAT")))


def test_leads_recorded_one_after_another_lie_on_one_time_line():
    leads = heart(seconds=2)
    sets = [aecg_set({"I": leads["I"]}), aecg_set({"V1": leads["V1"]}, head="20111201072736.500")]
    signal = read(aecg(aecg_series(sets)))[0].signal
    assert signal.samples.shape == (2250, 2)
    assert np.isnan(signal.lead("I")[1000:]).all()
    assert np.isnan(signal.lead("V1")[:1250]).all()
    assert np.allclose(signal.lead("V1")[1250:], leads["V1"], atol=1e-6)


def test_recordings_far_apart_or_of_another_rate_stay_apart():
    leads = heart(seconds=2)
    far = read(aecg(aecg_series([aecg_set(leads), aecg_set(leads, head="20111203072734")])))
    rates = read(aecg(aecg_series([aecg_set(leads), aecg_set(leads, increment=("0.004", "s"))])))
    assert [r.part for r in far] == [r.part for r in rates] == ["", "rhythm 2", "comments"]
    assert [r.signal.duration_s for r in rates[:2]] == [2, 4]
    both = read(aecg(aecg_series([aecg_set(leads)]), aecg_series([aecg_set(leads)])))
    assert [r.part for r in both] == ["", "rhythm 2", "comments"]


def test_annotations_are_the_machines_words_with_each_beats_measurements_once():
    beats = "".join(
        annotation("MDC_ECG_BEAT", '<value xsi:type="CE" code="MDC_ECG_BEAT_NORMAL"/>', quantity(
            "MDC_ECG_TIME_PD_PR", pr) + quantity("MDC_ECG_TIME_PD_QRS", 88))
        for pr in (160, 162, 170)
    )  # fmt: skip
    nested = words("MDC_ECG_INTERPRETATION", "Interpretation of 12 leads", words(
        "MDC_ECG_INTERPRETATION_STATEMENT", "Sinus rhythm", words("MDC_ECG_INTERPRETATION_COMMENT", "with artefacts")
    ))  # fmt: skip
    coded = annotation("MDC_ECG_RHY", '<value xsi:type="CE" code="MDC_ECG_RHY_SINUS_RHY"/>')
    said = annotation_set(quantity("MDC_ECG_HEART_RATE", 72, "bpm") + nested + coded + beats)
    machine = read(aecg(aecg_series([aecg_set(heart(seconds=2))], after=said)))[1]
    assert machine.text == (
        "Interpretation of 12 leads\nSinus rhythm\nwith artefacts\nRhy: Sinus rhy\n\nHeart rate: 72 bpm\n"
        "PR interval: 162 ms (median of 3 beats, 160 to 170)\nQRS duration: 88 ms"
    )
    assert machine.fields["author"] == "machine"


def test_what_a_person_annotated_is_confirmed():
    person = annotation_set(
        words("MDC_ECG_INTERPRETATION", "Normal ECG"), "<assignedPerson><name>DR X</name></assignedPerson>"
    )
    device = annotation_set(words("MDC_ECG_INTERPRETATION", "Abnormal ECG"))
    records = read(aecg(aecg_series([aecg_set(heart(seconds=2))], after=device + person)))
    texts = {record.part: (record.text, record.fields["author"]) for record in records if record.kind == "text"}
    assert texts["confirmed annotations"] == ("Normal ECG", "person")
    assert texts["annotations"] == ("Abnormal ECG", "machine")


ONE = aecg(aecg_series([aecg_set({"I": np.array([0.0, 0.5, 0.25])})]))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('value="0.002"', 'value="0"', "no time from sample to sample"),
        ('value="0.002"', 'value="1e-9"', "sampling rate of 1e+09 Hz"),
        ('value="0.002" unit="s"', 'value="1" unit="fortnight"', "no time from sample to sample"),
        ("SLIST_PQ", "SLIST_ZZ", "'SLIST_ZZ'"),
        ('scale value="5" unit="uV"', 'scale value="5" unit="kg"', "no scale or origin in volts"),
        ('scale value="5"', 'scale value="0"', "no scale or origin in volts"),
        ('scale value="5"', 'scale value="9e11"', "more than 10,000 mV"),
        ("<digits>0 100", "<digits>0 1oo", "are no numbers"),
        ("<digits>0 100", "<digits>0 1e999", "no finite numbers"),
        ("<digits>0 100", f"<digits>0 {'1' * 5000}", "are no numbers"),
        ("<digits>0 100 50", "<digits>", "holds no samples"),
        ("MDC_ECG_LEAD_I", "MDC_PRESS_BLD", "no ECG lead"),
    ],
)  # fmt: skip
def test_what_can_not_be_right_has_a_reason(old, new, reason):
    assert old in ONE
    assert reason in refused(ONE.replace(old, new))


def test_too_many_sequence_sets_are_refused():
    assert "cut into 300 sequence sets" in refused(aecg(aecg_series([aecg_set({"I": np.zeros(3)})] * 300)))


def test_the_standards_example_is_read(data_dir):
    records = read_content(
        Content("a.xml", (data_dir / "ecg_formats" / "hl7_aecg_example.xml").read_bytes()), LIMITS
    )  # fmt: skip
    signal, machine, comments = records
    lead = signal.signal.lead
    assert (signal.signal.samples.shape, signal.signal.leads) == ((5000, 12), TWELVE)
    assert np.abs(lead("I") + lead("III") - lead("II")).max() <= 0.0025 + 1e-6
    assert machine.text.startswith("Sinus Rhythm\n\nP duration: 102 ms\nPR interval: 148 ms\nQRS duration: 120 ms")
    assert comments.text == "Subject felt dizzy 2 minutes prior to ECG collection"
    assert (signal.patient_id, signal.fields["age"], signal.fields["sex"]) == ("SBJ-123", 46, "M")
    assert signal.fields["representative_beats"] == 1


def test_the_same_recording_as_aecg_and_as_scp_is_the_same_to_the_last_bit(data_dir):
    folder = data_dir / "ecg_formats"
    xml, scp = (
        read_content(Content(name, (folder / name).read_bytes()), LIMITS)[0].signal
        for name in ("hl7_aecg_example.xml", "scp_ecg_example.scp")
    )
    assert xml.leads == scp.leads
    assert np.array_equal(xml.samples, scp.samples)
