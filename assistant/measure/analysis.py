"""One pass over a recording: beats, median beats, marks. What `measure_signal` words and the ECG encoder encodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.measure import beats as beat
from assistant.measure.intervals import qrs_size
from assistant.measure.quality import LeadQuality, judge_samples, roughness_and_drift, with_noise
from assistant.measure.rhythm import Rhythm, judge
from assistant.measure.strip import BLOCK_S, RATE_HZ, Block, blocks, high_pass
from assistant.measure.waves import LENGTH, MARKS, P_ALIKE, ZERO, beat_noise, delineate, slope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.records import Signal

_EDGE_S = 2.0  # in which a recording may be filled up with a constant
MAX_SNIPPETS = 300  # beats that median beats are made of; a long recording gives a few from every minute
MIN_SECONDS = 2.0
LEAST_RATE_HZ = 50
REPEATS = 0.5  # median correlation of a QRS with the usual one below which what was found are no heartbeats
# A QRS against a pulse or breath: the least share of the median beat's slope energy that lies within 80 ms of the
# fiducial point, and of its energy that lies there above 8 Hz. On single leads of LUDB the 1st percentiles are 0.43
# and 0.025; on a pressure, a pulse and a respiration curve (PhysioNet samples) at most 0.35 and 0.003.
SHARP, FAST = 0.37, 0.006


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What was found. `leads` are those analysed, in order of the columns of `median`, `marks` and `noise`.

    `beats_s` (n_beats,) are times in the recording; `shape` (n_beats,) is 0 for beats of the usual QRS shape, `rr_ms`
    (n_beats−1,) the intervals, `joined` False for those across a gap. `median` (550, n_leads) is the usual beat at
    500 Hz, `marks` (n_leads, 7) in ms from its fiducial point (see waves.MARKS), NaN what could not be measured,
    `noise` (n_leads,).
    `strip` is the first block, cleaned, of at most a minute. `rhythm` is None with fewer than
    three beats, and then median and marks say nothing, and `why_no_beats` tells the reason.
    """

    leads: tuple[str, ...]
    quality: Mapping[str, LeadQuality]
    beats_s: NDArray[np.float64]
    shape: NDArray[np.int64]
    rr_ms: NDArray[np.float64]
    joined: NDArray[np.bool_]
    median: NDArray[np.float64]
    marks: NDArray[np.float64]
    noise: NDArray[np.float64]
    rhythm: Rhythm | None
    strip: Block | None
    why_no_beats: str = ""


@dataclass(slots=True, eq=False)
class _Found:
    """Beats as they are collected block by block.

    `at_s` and `qrs` (every beat's QRS, thinned to 125 Hz) are of all beats, `snippets` and `complete` of those chosen.
    """

    at_s: NDArray[np.float64]
    qrs: NDArray[np.float32]
    snippets: NDArray[np.float64]
    complete: NDArray[np.bool_]
    chosen: NDArray[np.int64]
    roughness: NDArray[np.float64]
    drift: NDArray[np.float64]
    strip: Block


def analyse(signal: Signal) -> Analysis:
    """Beats, median beats and marks of a recording of any length, rate (50 Hz or more) and number of leads."""
    quality = judge_samples(signal)
    columns = [i for i, name in enumerate(signal.leads) if quality[name].usable]
    leads = tuple(signal.leads[i] for i in columns)
    if why := _unfit(signal, leads):
        return _nothing(leads, quality, None, why)
    found = _collect(signal, columns)
    if len(found.at_s) < 3:
        return _nothing(
            leads, quality, found.strip, f"{'fewer than three heartbeats' if len(found.at_s) else 'no heartbeat'} found"
        )
    usual = (beat.alike(found.snippets) == 0) & found.complete
    if usual.sum() < 2:
        return _nothing(leads, quality, found.strip, "fewer than two whole heartbeats of one shape found")
    median = np.median(found.snippets[usual], axis=0)
    if not looks_like_beats(found.snippets[found.complete], median):
        return _nothing(leads, quality, found.strip, "nothing that repeats as heartbeats do was found")
    return _measured(signal, leads, columns, quality, found, usual, median)


def _unfit(signal: Signal, leads: tuple[str, ...]) -> str:
    """Why no beats can be sought in a recording of which `leads` are usable, "" where they can."""
    if not leads:
        return "no usable ECG lead"
    if signal.duration_s < MIN_SECONDS:
        return "the recording is too short"
    if signal.sampling_rate_hz < LEAST_RATE_HZ:
        return "the sampling rate is too low"
    return ""


def _nothing(leads: tuple[str, ...], quality: Mapping[str, LeadQuality], strip: Block | None, why: str) -> Analysis:
    none = np.zeros(0)
    return Analysis(
        leads, quality, none, none.astype(np.int64), none, none.astype(bool),
        np.zeros((LENGTH, len(leads))), np.full((len(leads), len(MARKS)), np.nan), np.zeros(len(leads)), None,
        strip, why,
    )  # fmt: skip


def _collect(signal: Signal, columns: list[int]) -> _Found:
    """Every beat's time, and the whole of about MAX_SNIPPETS beats spread over the recording."""
    parts = max(1, round(signal.duration_s / BLOCK_S))
    quota = max(2, -(-MAX_SNIPPETS // parts))
    few = slice(None) if parts <= 10 else slice(0, 3)  # of a long recording, shapes are told from three leads
    times, shapes, snippets, complete, chosen = [], [], [], [], []
    rough: list[NDArray[np.float64]] = []
    drift: list[NDArray[np.float64]] = []
    strip, total = None, 0
    for block in blocks(signal, columns):
        strip = strip or block
        at = beat.align(block.clean, beat.detect(block.clean))
        at_s = block.start_s + at / RATE_HZ
        at = at[(at_s >= block.keep[0]) & (at_s < block.keep[1])]
        cut = beat.cut(block.clean, at[:: max(1, len(at) // quota)][:quota] if len(at) > quota else at, block.start_s)
        times.append(block.start_s + at / RATE_HZ)
        shapes.append(beat.qrs_shapes(block.clean[:, few], at))
        snippets.append(cut.clean)
        complete.append(cut.complete)
        chosen.append(total + np.searchsorted(times[-1], cut.at_s))
        total += len(at)
        for collected, figure in zip((rough, drift), roughness_and_drift(block.raw, block.clean), strict=True):
            collected.append(figure)
    assert strip is not None
    return _Found(
        np.concatenate(times), np.concatenate(shapes), np.concatenate(snippets), np.concatenate(complete),
        np.concatenate(chosen), np.median(rough, axis=0), np.median(drift, axis=0), strip,
    )  # fmt: skip


def looks_like_beats(snippets: NDArray[np.float64], median: NDArray[np.float64]) -> bool:
    """Whether what was found repeats and is short and sharp, as a QRS is and noise, pulse or breath are not."""
    if len(snippets) < 2:
        return False
    window = slice(ZERO - 30, ZERO + 50)
    pieces = snippets[:, window] - snippets[:, window].mean(axis=1, keepdims=True)
    others = pieces.sum(axis=0, keepdims=True) - pieces
    norm = np.sqrt((pieces**2).sum(axis=(1, 2)) * (others**2).sum(axis=(1, 2)))
    repeats = float(np.median((pieces * others).sum(axis=(1, 2)) / np.maximum(norm, 1e-12)))
    slopes, fast = sharpness(median)
    return repeats >= REPEATS and slopes >= SHARP and fast >= FAST


def sharpness(median: NDArray[np.float64]) -> tuple[float, float]:
    """Shares of the median beat's slope energy near the fiducial point, and of its energy there above 8 Hz.

    Near is within 80 ms; both are medians over the leads.
    """
    near = slice(ZERO - 40, ZERO + 41)
    steep = slope(median, 2)[:-2] ** 2
    fast = high_pass(median, 8.0)[near] ** 2
    whole = (median - median.mean(axis=0)) ** 2
    return (
        float(np.median(steep[near].sum(axis=0) / np.maximum(steep.sum(axis=0), 1e-12))),
        float(np.median(fast.sum(axis=0) / np.maximum(whole.sum(axis=0), 1e-12))),
    )


def _measured(
    signal: Signal, leads: tuple[str, ...], columns: list[int], quality: Mapping[str, LeadQuality],
    found: _Found, usual: NDArray[np.bool_], median: NDArray[np.float64],
) -> Analysis:  # fmt: skip
    shape = beat.like(found.qrs, found.chosen[usual])
    kept = beat.without_twins(found.at_s, shape) & ((shape == 0) | _is_whole(signal, columns, found.at_s))
    at_s, shape = found.at_s[kept], shape[kept]
    rr_ms = np.diff(at_s) * 1000
    marks, alike = delineate(found.snippets[usual], float(np.median(rr_ms)))
    enough = len(alike) >= 4
    p_share = float((alike >= P_ALIKE).mean()) if enough else float("nan")
    p_alike = float(np.median(alike)) if enough else float("nan")
    joined = ~_spans_gap(signal, columns, at_s)
    rhythm = judge(rr_ms, joined, shape > 0, p_share, p_alike) if joined.sum() >= 2 else None
    size = np.maximum(qrs_size(median), 1e-9)
    judged = dict(quality)
    for i, name in enumerate(leads):
        judged[name] = with_noise(quality[name], float(found.roughness[i] / size[i]), float(found.drift[i] / size[i]))
    return Analysis(
        leads, judged, at_s, shape, rr_ms, joined, median, marks,
        beat_noise(found.snippets[usual], median), rhythm, found.strip,
        "" if rhythm else "fewer than two intervals between heartbeats without a gap between them",
    )  # fmt: skip


def _is_whole(signal: Signal, columns: list[int], at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each beat, whether its QRS lies within what was recorded, less a constant beginning or end that fills up."""
    edge = round(_EDGE_S * signal.sampling_rate_hz)
    first, last = _constant(signal.samples[:edge, columns]), _constant(signal.samples[-edge:, columns][::-1])
    begins, ends = first / signal.sampling_rate_hz, signal.duration_s - last / signal.sampling_rate_hz
    before, after = beat.QRS_S
    return np.asarray((at_s - before >= begins) & (at_s + after <= ends))


def _constant(samples: NDArray[np.float32]) -> int:
    """After how many samples something begins to change."""
    steps = np.diff(samples, axis=0)
    changes = (np.isfinite(steps) & (steps != 0)).any(axis=1)
    return int(np.argmax(changes)) if changes.any() else len(changes)


def _spans_gap(signal: Signal, columns: list[int], at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each interval, whether every usable lead is missing for more than 0.1 s within it."""
    missing = np.cumsum(~np.isfinite(signal.samples[:, columns]).any(axis=1))
    at = np.clip((at_s * signal.sampling_rate_hz).astype(np.int64), 0, len(missing) - 1)
    return np.asarray(np.diff(missing[at]) > 0.1 * signal.sampling_rate_hz)
