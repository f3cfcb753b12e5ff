"""Where the beats are, and which of them look alike.

Detection follows Elgendi (PLoS ONE 2013;8:e73557: energy of the 8–20 Hz band, two moving averages) with the search-back
of Pan and Tompkins (IEEE Trans Biomed Eng 1985;32:230), on the energy of all leads together: a lead that is noisy or
has small complexes then can't lose or invent a beat by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.strip import RATE_HZ, band_pass

if TYPE_CHECKING:
    from numpy.typing import NDArray

QRS_WINDOW_S = 0.097  # Elgendi's W1: the QRS of a healthy adult
BEAT_WINDOW_S = 0.611  # Elgendi's W2: one beat
OFFSET_SHARE = 0.08  # Elgendi's beta, on the mean energy
REFRACTORY_S = 0.24  # no second beat sooner: 250 beats/min
WEAK_SHARE = 0.08  # a complex with less than this share of its neighbours' energy is a T wave or noise
SEARCH_BACK = 1.66  # Pan and Tompkins: an interval this many times the usual one is searched again
EDGE_S = 0.06  # a complex cut off by the recording's end is none that could be compared
QRS_S = (0.06, 0.1)  # before and after a fiducial point: what is compared of a complex
TWIN_S = 0.3  # of two complexes this close, one unlike all others is a pacemaker's spike or a T wave
BEFORE_MS, AFTER_MS = 450, 650  # of a beat that is kept around its fiducial point


@dataclass(frozen=True, slots=True, eq=False)
class Snippets:
    """Beats cut out of the recording.

    `at_s` (n_beats,) is each beat's fiducial time; `clean` is float64 (n_beats, n_samples, n_leads) at 500 Hz from
    450 ms before to 650 ms after it; `complete` says whether none of it lies beyond the recording's ends.
    """

    at_s: NDArray[np.float64]
    clean: NDArray[np.float64]
    complete: NDArray[np.bool_]


def moving_average(x: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(x, max(1, round(seconds * RATE_HZ)), axis=0, mode="nearest"))


def beat_energy(clean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of the leads' QRS band (n_samples,), each lead scaled by the size of its own complexes.

    A lead counts the more, the more its energy is gathered in short complexes: by the ratio of its usual maximum
    within a second to its mean, less 3, which is what noise alone has.
    """
    energy = moving_average(band_pass(clean, 8.0, 20.0) ** 2, 0.02)
    seconds = max(1, len(energy) // RATE_HZ)
    tops = np.array([part.max(axis=0) for part in np.array_split(energy, seconds)])
    top = np.median(tops, axis=0)
    scaled = np.minimum(energy / np.maximum(top, 1e-12), 4.0)
    contrast = top / np.maximum(energy.mean(axis=0), 1e-12)
    weights = np.where(top > 1e-12, np.maximum(contrast - 3.0, 0.05), 0.0)
    if weights.sum() <= 0:
        return np.zeros(len(energy))
    return np.asarray(scaled @ (weights / weights.sum()))


def detect(clean: NDArray[np.float64]) -> NDArray[np.int64]:
    """Samples of the QRS energy's peaks, ascending; empty where nothing stands out."""
    energy = beat_energy(clean)
    if len(energy) < RATE_HZ or not energy.any():
        return np.zeros(0, dtype=np.int64)
    short, long = moving_average(energy, QRS_WINDOW_S), moving_average(energy, BEAT_WINDOW_S)
    found = _peaks(short, short > long + OFFSET_SHARE * energy.mean())
    found = found[(found > EDGE_S * RATE_HZ) & (found < len(energy) - EDGE_S * RATE_HZ)]
    return _search_back(_without_weak(found, short), short)


def _peaks(energy: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The highest point of every stretch inside, those closer than the refractory time thinned to the highest."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    kept: list[int] = []
    for begin, end in edges.reshape(-1, 2):
        if end - begin < 0.5 * QRS_WINDOW_S * RATE_HZ:
            continue
        peak = int(begin + np.argmax(energy[begin:end]))
        if kept and peak - kept[-1] < REFRACTORY_S * RATE_HZ:
            if energy[peak] > energy[kept[-1]]:
                kept[-1] = peak
            continue
        kept.append(peak)
    return np.array(kept, dtype=np.int64)


def _without_weak(found: NDArray[np.int64], energy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Without complexes far weaker than those around them."""
    if len(found) < 3:
        return found
    from scipy.ndimage import median_filter

    usual = median_filter(energy[found], size=min(9, len(found)), mode="mirror")
    return found[energy[found] >= WEAK_SHARE * usual]


def _search_back(found: NDArray[np.int64], energy: NDArray[np.float64]) -> NDArray[np.int64]:
    """With the strongest point of every overlong interval added, if it is a third of what a beat usually has."""
    if len(found) < 4:
        return found
    usual_gap, usual_energy = np.median(np.diff(found)), np.median(energy[found])
    added: list[int] = []
    dead = round(REFRACTORY_S * 1.5 * RATE_HZ)  # nor the T wave of the beat before
    for left, right in pairwise(found):
        if right - left > SEARCH_BACK * usual_gap and right - left > 2 * dead + 2:
            peak = left + dead + int(np.argmax(energy[left + dead : right - dead]))
            if energy[peak] > 0.33 * usual_energy:
                added.append(peak)
    return np.sort(np.concatenate([found, np.array(added, dtype=np.int64)]))


def cut(clean: NDArray[np.float64], at: NDArray[np.int64], start_s: float) -> Snippets:
    """The beats at these samples of a block, the nearest sample repeated beyond its ends."""
    before, after = round(BEFORE_MS * RATE_HZ / 1000), round(AFTER_MS * RATE_HZ / 1000)
    index = at[:, None] + np.arange(-before, after)[None, :]
    complete = (index[:, 0] >= 0) & (index[:, -1] < len(clean)) if len(at) else np.zeros(0, dtype=bool)
    return Snippets(start_s + at / RATE_HZ, clean[np.clip(index, 0, len(clean) - 1)], complete)


def align(clean: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fiducial points moved, by at most 60 ms, to where the QRS of all leads best matches the median QRS."""
    if len(at) < 3:
        return at
    half, reach = round(0.09 * RATE_HZ), round(0.06 * RATE_HZ)
    qrs = np.pad(clean, ((half + 2 * reach, half + 2 * reach), (0, 0)), mode="edge")
    around = np.arange(-half - reach, half + reach + 1)
    moved = at + half + 2 * reach
    for _ in range(2):
        wide = qrs[np.clip(moved[:, None] + around, 0, len(qrs) - 1)]  # (n_beats, shifts + window, n_leads)
        wide = wide - wide.mean(axis=1, keepdims=True)
        template = np.median(wide[:, reach:-reach], axis=0)
        pieces = np.lib.stride_tricks.sliding_window_view(wide, 2 * half + 1, axis=1)  # (…, shifts, n_leads, window)
        scores = np.einsum("bslw,wl->bs", pieces, template, optimize=True)
        energy = np.cumsum(np.pad((wide**2).sum(axis=2), ((0, 0), (1, 0))), axis=1)
        norm = np.sqrt(np.maximum(energy[:, 2 * half + 1 :] - energy[:, : -2 * half - 1], 1e-12))
        moved = moved + np.argmax(scores / norm, axis=1) - reach
    moved = np.clip(moved - half - 2 * reach, 0, len(clean) - 1)
    # A complex of another shape may jump onto its neighbour's place; it keeps where it was found.
    return np.where(np.abs(moved - at) <= 2 * reach, moved, at)


def qrs_shapes(clean: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float32]:
    """Every beat's QRS, 60 ms before to 100 ms after its fiducial point at 125 Hz, as a unit vector (n_beats, m)."""
    offsets = np.arange(-round(QRS_S[0] * RATE_HZ), round(QRS_S[1] * RATE_HZ), 4)
    qrs = clean[np.clip(at[:, None] + offsets, 0, len(clean) - 1)]
    flat = (qrs - qrs.mean(axis=1, keepdims=True)).reshape(len(at), qrs.shape[1] * qrs.shape[2])
    return (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def like(shapes: NDArray[np.float32], usual: NDArray[np.int64], least: float = 0.75) -> NDArray[np.int64]:
    """0 for every beat whose QRS correlates with the mean of the `usual` ones by `least`, 1 for the others."""
    mean = shapes[usual].mean(axis=0)
    mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return (shapes @ mean < least).astype(np.int64)


def without_twins(at_s: NDArray[np.float64], shape: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which beats to keep: all but those of another shape right before or after one of the usual shape."""
    kept = np.ones(len(at_s), dtype=bool)
    for i in np.flatnonzero(np.diff(at_s) < TWIN_S):
        if shape[i] != shape[i + 1]:
            kept[i if shape[i] else i + 1] = False
    return kept


def alike(snippets: NDArray[np.float64], least: float = 0.75) -> NDArray[np.int64]:
    """A class for every beat by the shape of its QRS over all leads, 0 for the most frequent one.

    Beats join the first class whose running mean they correlate with by at least `least`; shapes are compared from
    60 ms before to 100 ms after the fiducial point.
    """
    before = round(BEFORE_MS * RATE_HZ / 1000)
    qrs = snippets[:, before - round(0.06 * RATE_HZ) : before + round(0.1 * RATE_HZ)]
    flat = (qrs - qrs.mean(axis=1, keepdims=True)).reshape(len(qrs), -1)
    unit = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    middle = np.median(unit, axis=0)
    order = np.argsort(-(unit @ middle), kind="stable")  # the most typical beat founds the first class
    sums: list[NDArray[np.float64]] = []
    labels = np.zeros(len(unit), dtype=np.int64)
    for beat in order:
        scores = [float(unit[beat] @ total) / max(float(np.linalg.norm(total)), 1e-12) for total in sums]
        best = int(np.argmax(scores)) if scores else -1
        if best >= 0 and scores[best] >= least:
            sums[best] = sums[best] + unit[beat]
            labels[beat] = best
        else:
            sums.append(unit[beat].copy())
            labels[beat] = len(sums) - 1
    counts = np.bincount(labels, minlength=max(1, len(sums)))
    rank = np.empty_like(counts)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.asarray(rank[labels]) if len(labels) else labels
