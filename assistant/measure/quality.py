"""Whether a lead can be trusted: flat, missing, clipped, noisy or wandering.

All limits are relative to the lead's own complexes where that makes sense, so that a recording in the wrong unit is
judged like one in the right unit. The kinds are those of the PhysioNet/CinC Challenge 2011 on ECG quality (Silva et
al., Comput Cardiol 2011;38:273).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.measure.strip import RATE_HZ, is_ecg_lead, low_pass
from assistant.wording import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.records import Signal

Grade = Literal["good", "limited", "poor"]

FLAT_SHARE = 0.01  # of the recording's usual amplitude; less is a lead that is off
MISSING_LIMITED, MISSING_POOR = 0.05, 0.5  # share of samples without a value
MOST_FOR_SPAN = 1_000  # samples of a lead that its range is told from
CLIPPED_SHARE = 0.02  # of samples lying on the lead's highest or lowest value
NOISE_LIMITED = 0.10  # high-frequency noise against the size of the QRS
WANDER_LIMITED = 1.0  # wander of the baseline against the size of the QRS


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """What is wrong with a lead, in words; `usable` says whether anything is measured in it."""

    usable: bool
    problems: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


def judge_samples(signal: Signal) -> dict[str, LeadQuality]:
    """Per lead, what its samples alone tell: no ECG channel, missing, flat, clipped.

    Of a signal that is no ECG at all, each channel is judged by itself, and flat is one that never changes.
    """
    found = {}
    foreign = not signal.is_ecg
    finite = np.isfinite(signal.samples)
    present = np.ones(len(signal.leads)) if finite.all() else finite.mean(axis=0)
    present = present if len(finite) else np.zeros(len(signal.leads))
    some = _some(signal.samples)
    ranges = _spans(signal.samples, some)
    ecg = [] if foreign else [s for s, name in zip(ranges, signal.leads, strict=True) if is_ecg_lead(name) and s > 0]
    usual = float(np.median(ecg)) if ecg else 0.0
    stuck = _may_be_clipped(some)
    for name, column, share, span, clips in zip(signal.leads, signal.samples.T, present, ranges, stuck, strict=True):
        problems: list[str] = []
        missing = 1.0 - float(share)
        figures = {"missing_share": missing} if missing > 0 else {}
        usable = True
        if not foreign and not is_ecg_lead(name):
            problems.append("no ECG channel")
            usable = False
        elif missing > MISSING_POOR:
            problems.append("missing")
            usable = False
        elif span <= FLAT_SHARE * usual or span <= (0 if foreign else 1e-6):
            problems.append("flat")
            usable = False
        else:
            if missing > MISSING_LIMITED:
                problems.append("gaps")
            if clips and _clipped(column if missing == 0 else column[np.isfinite(column)]) > CLIPPED_SHARE:
                problems.append("clipped")
        found[name] = LeadQuality(usable, tuple(problems), figures)
    return found


def spans(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The range of the middle 99 % of each lead's samples, (n_leads,), 0 for a lead without any.

    Of a long recording, told from some of its samples, spread evenly.
    """
    return _spans(samples, _some(samples))


def _some(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """At least MOST_FOR_SPAN samples of each lead (all of a shorter one), spread evenly and sorted, NaN last."""
    return np.sort(samples[:: max(1, len(samples) // MOST_FOR_SPAN)].T, axis=1)


def _spans(samples: NDArray[np.float32], some: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(samples):
        return np.zeros(samples.shape[1])
    if np.isnan(some[:, -1]).any():  # with gaps: look at all of them
        whole = (column[np.isfinite(column)] for column in samples.T)
        return np.array([float(np.ptp(np.percentile(c, [0.5, 99.5]))) if len(c) else 0.0 for c in whole])
    low, high = round(0.005 * (some.shape[1] - 1)), round(0.995 * (some.shape[1] - 1))
    return np.asarray(some[:, high] - some[:, low], dtype=np.float64)


def _may_be_clipped(some: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether enough of a lead's sorted samples are its highest or lowest for it to be clipped, (n_leads,)."""
    if not some.shape[1] or np.isnan(some[:, -1]).any():
        return np.ones(len(some), dtype=bool)
    ties = (some == some[:, :1]).sum(axis=1) + (some == some[:, -1:]).sum(axis=1)
    return np.asarray(ties > 0.25 * CLIPPED_SHARE * some.shape[1])


def _clipped(values: NDArray[np.floating]) -> float:
    """Share of samples that stay at the very highest or lowest value for at least three samples in a row.

    0 where that can't reach CLIPPED_SHARE.
    """
    stuck = 0
    values = np.ascontiguousarray(values)
    extremes = [values == limit for limit in (values.max(), values.min())]
    if sum(map(np.count_nonzero, extremes)) <= CLIPPED_SHARE * len(values):  # too few, in a row or not
        return 0.0
    for at in extremes:
        runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], at.astype(np.int8), [0]]))))[::2]
        stuck += int(runs[runs >= 3].sum())
    return stuck / max(1, len(values))


def roughness_and_drift(
    raw: NDArray[np.float64], clean: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """High-frequency noise and baseline wander of a block in the signal's unit, (n_leads,) each.

    Noise: median, over tenths of a second, of the root mean square above 40 Hz; the median leaves out the complexes
    themselves. Wander: the 5th to 95th percentile of what the 0.5 Hz high-pass took away.
    """
    rough = clean - low_pass(clean, 40.0)
    tenth = RATE_HZ // 10
    usable = max(tenth, len(rough) // tenth * tenth)
    pieces = rough[:usable].reshape(-1, tenth, clean.shape[1])
    noise = np.median(np.sqrt((pieces**2).mean(axis=1)), axis=0)
    drift = raw - clean
    return noise, np.percentile(drift, 95, axis=0) - np.percentile(drift, 5, axis=0)


def with_noise(lead: LeadQuality, noise: float, wander: float) -> LeadQuality:
    """A lead's quality with its noise and wander (shares of the QRS) added."""
    problems = list(lead.problems)
    if noise > NOISE_LIMITED:
        problems.append("noisy")
    if wander > WANDER_LIMITED:
        problems.append("baseline wander")
    figures = {**lead.figures, "noise_share": noise, "wander_share": wander}
    return LeadQuality(lead.usable, tuple(problems), figures)


def grade_samples(channels: Mapping[str, LeadQuality], noun: str = "channel") -> tuple[Grade, tuple[str, ...]]:
    """The quality that samples alone tell, before any beat is sought: poor if no channel is usable."""
    reasons = _reasons(channels, noun)
    if not any(channel.usable for channel in channels.values()):
        return "poor", ("no usable lead" if noun == "lead" else "no usable channel", *reasons)
    return ("limited" if reasons else "good"), tuple(reasons)


_NAMED = {"lead": ("lead {names}", "leads {names}"), "channel": ("channel {names}", "channels {names}")}


def _reasons(leads: Mapping[str, LeadQuality], noun: str) -> list[str]:
    by_problem: dict[str, list[str]] = {}
    for name, lead in leads.items():
        for problem in lead.problems:
            by_problem.setdefault(problem, []).append(name)
    reasons = []
    for problem, names in by_problem.items():
        if problem == "no ECG channel":
            continue
        one, several = _NAMED[noun]
        which = worded(one if len(names) == 1 else several, names=", ".join(names))
        if problem == "gaps":
            reasons.append(worded("gaps in {where}", where=which))
        else:
            reasons.append(worded("{where} {problem}", where=which, problem=problem))
    return reasons


def grade(leads: Mapping[str, LeadQuality], beats: int, seconds: float) -> tuple[Grade, tuple[str, ...]]:
    """The recording's quality and the reasons for anything but "good".

    Poor: no lead usable, or fewer than three beats found. Limited: a lead is flat, missing, noisy …, or the recording
    is shorter than five seconds.
    """
    reasons = _reasons(leads, "lead")
    if seconds < 5.0:
        reasons.append(worded("only {seconds:.1f} s long", seconds=seconds))
    if not any(lead.usable for lead in leads.values()):
        return "poor", ("no usable ECG lead", *reasons)
    if beats < 3:
        return "poor", ("no heartbeat found" if beats == 0 else "fewer than three heartbeats found", *reasons)
    noisy = sum("noisy" in lead.problems for lead in leads.values() if lead.usable)
    if noisy * 2 > sum(lead.usable for lead in leads.values()):
        return "poor", tuple(reasons)
    return ("limited" if reasons else "good"), tuple(reasons)
