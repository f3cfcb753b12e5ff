"""Quality of signals as fields, and limb electrodes interchanged by program."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.signal.quality import gated, noise_shares, quality_fields
from assistant.measure.electrodes import suspected_swap
from assistant.records import Record, Signal
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")


def ecg(data_dir, name="1"):
    folder = data_dir / "ludb_ecg" / "data"
    return read_file(sorted(folder.glob("*.hea"))[int(name)], LIMITS)[0].signal


def rewired(signal, electrodes):
    """The recording as it would be with the cables RA, LA, LL on the electrodes named, e.g. ("LA", "RA", "LL")."""
    one, two = signal.lead("I"), signal.lead("II")
    potential = {"RA": 0 * one, "LA": one, "LL": two, "RL": two}
    ra, la, ll = (potential[name] for name in electrodes)
    centre = (ra + la + ll) / 3
    limb = {"I": la - ra, "II": ll - ra, "III": ll - la,
            "aVR": 1.5 * (ra - centre), "aVL": 1.5 * (la - centre), "aVF": 1.5 * (ll - centre)}  # fmt: skip
    samples = signal.samples.copy()
    for name in LIMB:
        samples[:, signal.leads.index(name)] = limb[name]
    return replace(signal, samples=samples)


def with_lead(signal, name, values):
    samples = signal.samples.copy()
    samples[:, signal.leads.index(name)] = values
    return replace(signal, samples=samples)


@pytest.mark.parametrize(
    ("electrodes", "said"),
    [
        (("RA", "LA", "LL"), None),
        (("LA", "RA", "LL"), "right and left arm"),
        (("LL", "LA", "RA"), "right arm and left leg"),
        (("RL", "LA", "LL"), "right arm and right leg"),
        (("RA", "RL", "LL"), "left arm and right leg"),
    ],
)
def test_interchanged_limb_electrodes_are_suspected(data_dir, electrodes, said):
    assert suspected_swap(rewired(ecg(data_dir), electrodes)) == said
    assert quality_fields(rewired(ecg(data_dir), electrodes)).get("suspected_swap") == said


def test_without_the_chest_leads_nothing_is_suspected(data_dir):
    whole = rewired(ecg(data_dir), ("LA", "RA", "LL"))
    assert suspected_swap(replace(whole, samples=whole.samples[:, :6], leads=whole.leads[:6])) is None
    assert suspected_swap(with_lead(whole, "V4", np.nan)) is None


def test_flat_missing_clipped_and_noisy_leads_are_named(data_dir):
    whole = ecg(data_dir)
    assert quality_fields(whole) == {"quality": "good"}
    bad = with_lead(with_lead(whole, "V2", 0.25), "V3", np.nan)
    bad = with_lead(bad, "V5", np.clip(whole.lead("V5"), *np.percentile(whole.lead("V5"), [10, 90])))
    noise = np.random.default_rng(0).normal(0, 0.3 * np.ptp(whole.lead("II")), len(whole.samples))
    bad = with_lead(bad, "II", whole.lead("II") + noise)
    assert quality_fields(bad)["quality"] == "limited: lead II noisy; lead V2 flat; lead V3 missing; lead V5 clipped"


def test_noise_is_told_whatever_the_sampling_rate():
    rng = np.random.default_rng(0)
    for rate in (100.0, 250.0, 500.0, 1000.0):
        time = np.arange(int(20 * rate)) / rate
        beats = np.exp(-0.5 * (((time % 0.8) - 0.4) / 0.012) ** 2)
        for size in (0.0, 0.02, 0.2):
            values = (beats + rng.normal(0, size, len(time))).astype(np.float32)[:, None]
            (share,) = noise_shares(Signal(values, ("II",), rate))
            span = 1 + 4 * size
            assert share == pytest.approx(size / span, rel=0.35, abs=0.004)


def record(signal):
    return Record(kind="signal", modality="ECG", uri="a", signal=signal)


def test_a_flat_recording_is_set_aside_with_the_reason():
    flat = Signal(np.full((500, 2), 0.1, np.float32), ("I", "II"), 250.0)
    with pytest.raises(UnreadableFile, match="a flat recording: no lead ever changes its value"):
        gated(Content("a", b"x"), [record(flat)])
    alive = replace(flat, samples=np.random.default_rng(0).standard_normal((500, 2)).astype(np.float32))
    file = Content("a", b"x")
    assert len(gated(file, [record(alive), replace(record(flat), part="rhythm 2")])) == 1
    assert file.aside == [("rhythm 2", "a flat recording: no lead ever changes its value")]
    flat.samples[77, 1] = 0.2
    assert len(gated(Content("a", b"x"), [record(flat)])) == 1


def test_a_recording_without_samples_in_places_is_judged_by_the_rest(data_dir):
    whole = ecg(data_dir)
    samples = whole.samples.copy()
    samples[:600] = np.nan
    assert "gaps in leads I, II" in quality_fields(replace(whole, samples=samples))["quality"]
