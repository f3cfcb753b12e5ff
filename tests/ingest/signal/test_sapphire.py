"""GE Sapphire XML, written here as public readers of the format expect it."""

import numpy as np
import pytest
from ecg_writers import TWELVE, heart

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def group(leads, rate="500", gap=False):
    made = ""
    for name, lead in leads.items():
        values = [str(v) for v in np.round(lead * 200).astype(int)]
        if gap:
            values[10:20] = ["-32768"] * 10
        made += f'<ecgWaveform lead="{name.upper()}" INV="-32768" V="{" ".join(values)}"/>'
    filters = '<filters><highPass><frequency V="0.16" U="Hz"/></highPass></filters>'
    return f'<ecgWaveformMXG S="5" U="uV"><sampleRate V="{rate}" U="Hz"/>{filters}{made}</ecgWaveformMXG>'


def sapphire(rhythm, median=""):
    return f"""<sapphire xmlns="urn:ge:sapphire:dcar_1"><dcarRecord><patientInfo><identifier><id V="P-77"/></identifier>
<name><family V="FAMILY-NAME"/></name><gender V="FEMALE"/><visit><order><testInfo>
<acquisitionDateTime V="2011-12-01T07:27:34"/></testInfo><device><modelID V="MAC 2000"/></device><ecgResting><params>
<ecg><wav>{rhythm}</wav><num><ventricularRate V="72" U="bpm"/></num><var><medianTemplate>{median}<measurements><global>
<PR_Interval V="161" U="ms"/><QT_Interval V="-32768" U="ms"/></global></measurements></medianTemplate></var></ecg>
</params><interpretation><statement V="Sinus rhythm"><reason V="P before QRS"/></statement></interpretation>
</ecgResting></order></visit></patientInfo></dcarRecord></sapphire>"""


def read(text):
    return read_content(Content("a.xml", text.encode()), LIMITS)


def test_the_rhythm_is_read_and_the_median_counted():
    leads = heart(seconds=3)
    short = {name: lead[:600] for name, lead in leads.items()}
    signal, machine = read(sapphire(group(leads), group(short)))
    assert (signal.signal.leads, signal.signal.sampling_rate_hz, signal.signal.duration_s) == (TWELVE, 500, 3)
    for name, lead in leads.items():
        assert np.allclose(signal.signal.lead(name), lead, atol=1e-6), name
    assert (signal.patient_id, signal.taken_at.isoformat()) == ("P-77", "2011-12-01T07:27:34")
    assert {"sex": "F", "device": "MAC 2000", "high_pass_hz": 0.16, "representative_beats": 1}.items() <= (
        signal.fields.items()
    )
    assert machine.text == "Sinus rhythm (P before QRS)\n\nHeart rate: 72 bpm\nPR interval: 161 ms"
    assert "FAMILY-NAME" not in f"{signal.fields} {machine.text}"


def test_values_that_were_not_measured_are_gaps():
    signal = read(sapphire(group(heart(seconds=2), gap=True)))[0].signal
    assert np.isnan(signal.samples[10:20]).all()
    assert not np.isnan(signal.samples[20:]).any()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (sapphire("", group(heart(seconds=1))), "median beats only"),
        ("<sapphire><other/></sapphire>", "none of its known layout"),
        (sapphire(group(heart(seconds=1), rate="0")), "sampling rate of 0 Hz"),
        (sapphire(group(heart(seconds=1)).replace('U="uV"', 'U="kg"')), "no step in volts"),
        (sapphire(group(heart(seconds=1)).replace('V="', 'V="x ', 4)), "sampling rate|no numbers"),
    ],
)
def test_what_can_not_be_right_has_a_reason(text, reason):
    with pytest.raises(UnreadableFile, match=reason):
        read(text)
