"""Robustness conditions: what is changed is changed by as much as is said, the same way each time, and cleared away."""

import json
from dataclasses import replace

import numpy as np
import pytest
import wfdb
from PIL import Image
from small_suite import build_workspace

from assistant.evaluate import run_suite
from assistant.evaluate.perturb import pictures, signals
from assistant.evaluate.variants import find_variant
from assistant.evaluate.variants.robustness import contradiction_planted, contrary, irrelevant_mixed_in, reversed_order
from assistant.records import Evidence, SearchResult, Signal, TextPlace
from assistant.settings import Settings

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RATE = 500.0


def ecg(seconds=10):
    """A strip of beats, one a second, of another size in each lead; III = II − I, as it has to be."""
    at = np.arange(int(seconds * RATE)) / RATE
    beat = np.exp(-(((at % 1.0) - 0.5) ** 2) / (2 * 0.012**2)) - 0.2 * np.exp(-(((at % 1.0) - 0.75) ** 2) / 0.004)
    sizes = np.array([0.6, 1.0, 0.4, -0.8, 0.1, 0.7, -0.5, 0.3, 0.9, 1.4, 1.2, 0.8])
    return Signal((beat[:, None] * sizes).astype(np.float32), LEADS, RATE)


@pytest.mark.parametrize(
    ("kind", "band"), [("wander", (0.04, 0.6)), ("muscle", (19.0, 151.0)), ("mains", (49.5, 50.5))]
)
def test_noise_has_the_ratio_and_the_band_that_it_says(kind, band):
    clean = ecg()
    noise = signals.add_noise(clean, kind, 6.0, 1).samples.astype(float) - clean.samples
    ratio = 10 * np.log10(clean.samples[:, 1].var() / noise[:, 1].var())
    assert ratio == pytest.approx(6.0, abs=0.05)
    power = np.abs(np.fft.rfft(noise[:, 1])) ** 2
    at = np.fft.rfftfreq(len(noise), 1 / RATE)
    assert power[(at >= band[0]) & (at <= band[1])].sum() > 0.99 * power.sum()


def test_the_same_seed_gives_the_same_noise_and_every_lead_its_own():
    first, again, other = (signals.add_noise(ecg(), "muscle", 0.0, seed).samples for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    noise = first - ecg().samples
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.1


def test_gaps_stay_gaps():
    clean = ecg()
    samples = clean.samples.copy()
    samples[100:200, 0] = np.nan
    noisy = signals.add_noise(replace(clean, samples=samples), "wander", 0.0, 1).samples
    assert np.isnan(noisy[100:200, 0]).all()
    assert np.isfinite(noisy[200:]).all()


def test_leads_are_kept_in_their_order_and_nothing_happens_where_none_is_there():
    assert signals.keep_leads(ecg(), ("V1", "II")).leads == ("II", "V1")
    assert signals.keep_leads(ecg(), LEADS) is None
    assert signals.keep_leads(Signal(np.zeros((10, 1), np.float32), ("PLETH",), 100.0), ("II",)) is None


def test_arms_swapped_is_einthoven_turned_over():
    swapped = signals.swap_arms(ecg())
    assert np.allclose(swapped.lead("I"), -ecg().lead("I"))
    assert np.allclose(swapped.lead("II"), ecg().lead("III"))
    assert np.allclose(swapped.lead("aVL"), ecg().lead("aVR"))
    assert np.allclose(swapped.lead("V2"), ecg().lead("V2"))
    assert np.allclose(swapped.lead("III"), swapped.lead("II") - swapped.lead("I"), atol=1e-6)
    assert np.allclose(signals.swap_arms(swapped).samples, ecg().samples)


def test_pictures_by_hand():
    picture = Image.fromarray(np.array([[0, 100], [200, 100]], np.uint8))
    assert np.asarray(pictures.mirror(picture)).tolist() == [[100, 0], [100, 200]]
    assert np.asarray(pictures.upside_down(picture)).tolist() == [[100, 200], [100, 0]]
    assert np.asarray(pictures.lower_contrast(picture, 0.5)).tolist() == [[50, 100], [150, 100]]
    grey = Image.fromarray(np.full((64, 64), 128, np.uint8))
    assert np.asarray(pictures.add_noise(grey, 0.1, 3)).std() == pytest.approx(25.5, rel=0.1)
    assert np.asarray(pictures.blur(grey, 0.01)).std() == 0
    assert pictures.add_noise(Image.new("RGB", (8, 8), (0, 0, 255)), 0.1, 1).mode == "RGB"


def found(*pieces):
    evidence = tuple(
        Evidence(f"e{n}", f"r{n}", "text", "SR", "similar", text, TextPlace(0, len(text)), 1.0 - n / 10, kept, "why")
        for n, (text, kept) in enumerate(pieces)
    )
    return SearchResult("q", (), evidence, abstained=not any(kept for _, kept in pieces), reason="", timing_ms={})


def test_contrary_sentences():
    assert contrary("The chest was imaged. No pneumothorax is seen.") == "There is pneumothorax."
    assert contrary("There is a small left pleural effusion.") == "There is no small left pleural effusion."
    assert contrary("Comparison is made with the prior study.") is None


def test_a_contradiction_stands_beside_what_it_contradicts():
    before = found(("Not handed over. No effusion is seen.", False), ("No pneumothorax is seen.", True))
    after = contradiction_planted("knowledge")(None, before, Settings())
    assert [piece.text for piece in after.evidence] == [
        "Not handed over. No effusion is seen.",
        "There is pneumothorax.",
        "No pneumothorax is seen.",
    ]
    assert (after.evidence[1].relation, after.evidence[1].kept) == ("knowledge", True)
    nothing = found(("Comparison is made.", True))
    assert contradiction_planted("similar")(None, nothing, Settings()) is nothing


def test_irrelevant_pieces_are_the_last_ranked_filled_up_and_never_fill_an_abstention():
    after = irrelevant_mixed_in(None, found(("a", True), ("b", False), ("c", False)), Settings())
    assert [piece.kept for piece in after.evidence] == [True, True, True, True]
    assert after.evidence[3].id == "planted:1"
    more = irrelevant_mixed_in(None, found(("a", True), *[(t, False) for t in "bcdef"]), Settings())
    assert [piece.text for piece in more.evidence if piece.kept] == ["a", "d", "e", "f"]
    abstained = found(("a", False))
    assert irrelevant_mixed_in(None, abstained, Settings()) is abstained


def test_reversed_order_leaves_what_was_dropped_in_its_place():
    after = reversed_order(None, found(("a", True), ("x", False), ("b", True), ("c", True)), Settings())
    assert [piece.text for piece in after.evidence] == ["c", "x", "b", "a"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A suite that measures one ECG and one picture, as they are and disturbed."""
    home = build_workspace(tmp_path_factory.mktemp("workspace"))
    strip = ecg()
    wfdb.wrsamp("strip", fs=RATE, units=["mV"] * 12, sig_name=list(LEADS), p_signal=strip.samples.astype(float),
                fmt=["16"] * 12, write_dir=str(home / "eval"), comments=["Dx: kept"])  # fmt: skip
    grey = np.linspace(0, 255, 256).astype(np.uint8)
    Image.fromarray(np.tile(grey, (256, 1))).save(home / "eval" / "cxr.png")
    cases = [
        {"id": "ecg", "task": "measure", "files": ["strip.hea"], "reference": {"values": {"heart_rate_bpm": 60}}},
        {"id": "cxr", "task": "measure", "files": ["cxr.png"]},
    ]
    (home / "eval" / "strips.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (home / "eval" / "strips.toml").write_text('name = "strips"\ncases = "strips.jsonl"\n')
    names = ["lead-two", "ecg-muscle", "ecg-arms-swapped", "picture-contrast"]
    return {v.variant.name: v for v in run_suite("strips", workspace=home, vary=names).varied}, home


def test_only_touched_cases_are_run_and_compared(measured):
    by_name, _ = measured
    assert list(by_name["lead-two"].result.samples) == ["ecg"]
    assert list(by_name["picture-contrast"].result.samples) == ["cxr"]
    assert by_name["lead-two"].comparison.cases == 1


def test_what_is_measured_is_measured_on_the_changed_file(measured):
    by_name, _ = measured
    one_lead = by_name["lead-two"].result.samples["ecg"].measured
    assert one_lead["heart_rate_bpm"] == pytest.approx(60, abs=1)
    assert "axis_deg" not in one_lead
    assert by_name["picture-contrast"].result.samples["cxr"].measured["contrast"] == pytest.approx(0.33, abs=0.02)


def test_changed_files_are_cleared_away(measured):
    _, home = measured
    assert not list((home / "eval" / "runs").glob("*/files"))
    assert (home / "eval" / "strip.dat").exists()


def test_every_robustness_condition_says_what_it_does():
    variant = find_variant("ecg-wander")
    assert variant.kind == "robustness"
    assert "0 dB" in variant.words
