"""From marks and median beats to the numbers a cardiologist reads: intervals, axis, amplitudes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.waves import P_END, P_ON, P_PEAK, QRS_END, QRS_ON, T_END, T_PEAK, ZERO, sample_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Outside these a mark was misplaced; the value is left out rather than shown.
PLAUSIBLE_MS = {"p_ms": (30.0, 220.0), "pr_ms": (60.0, 480.0), "qrs_ms": (30.0, 260.0), "qt_ms": (180.0, 720.0)}

# Frontal leads and their directions in Einthoven's and Goldberger's system, degrees.
FRONTAL_DEG = {"I": 0.0, "II": 60.0, "III": 120.0, "aVF": 90.0, "aVL": -30.0, "aVR": -150.0}
GOLDBERGER = 2 / math.sqrt(3)  # augmented leads see the same vector at √3/2 of a limb lead's size


def lead_values(mark: NDArray[np.float64], median: NDArray[np.float64]) -> dict[str, float]:
    """Intervals (ms) and amplitudes (the samples' unit, mV) of one lead; what could not be measured is absent.

    Amplitudes are taken from the level just before the QRS: `r_mv` its highest and `s_mv` its lowest point, `st_mv`
    60 ms after its end, `t_mv` and `p_mv` the waves' peaks.
    """
    values = {
        "p_ms": mark[P_END] - mark[P_ON],
        "pr_ms": mark[QRS_ON] - mark[P_ON],
        "qrs_ms": mark[QRS_END] - mark[QRS_ON],
        "qt_ms": mark[T_END] - mark[QRS_ON],
    }
    values = {k: float(v) for k, v in values.items() if PLAUSIBLE_MS[k][0] <= v <= PLAUSIBLE_MS[k][1]}
    if np.isnan(mark[QRS_ON]):
        return values
    on, end = sample_at(mark[QRS_ON]), sample_at(mark[QRS_END])
    level = float(np.median(median[max(0, on - 8) : on]))
    qrs = median[on : end + 1] - level
    values["r_mv"], values["s_mv"] = max(0.0, float(qrs.max())), min(0.0, float(qrs.min()))
    st = sample_at(mark[QRS_END] + 60.0)
    values["st_mv"] = float(np.mean(median[st - 2 : st + 3])) - level
    for name, peak in (("t_mv", T_PEAK), ("p_mv", P_PEAK)):
        if np.isfinite(mark[peak]):
            values[name] = float(median[sample_at(mark[peak])]) - level
    return values


def medians(per_lead: dict[str, dict[str, float]]) -> dict[str, float]:
    """The median, over the leads that have it, of each interval."""
    found = {}
    for name in PLAUSIBLE_MS:
        seen = [values[name] for values in per_lead.values() if name in values]
        if seen:
            found[name] = float(np.median(seen))
    return found


def corrected_qt(qt_ms: float, rr_ms: float) -> dict[str, float]:
    """QTc by Bazett (QT/√RR) and by Fridericia (QT/∛RR), RR in seconds, QT and QTc in ms."""
    rr_s = rr_ms / 1000
    return {"qtc_bazett_ms": qt_ms / math.sqrt(rr_s), "qtc_fridericia_ms": qt_ms / rr_s ** (1 / 3)}


def frontal_axis(marks: NDArray[np.float64], median: NDArray[np.float64], leads: tuple[str, ...]) -> float | None:
    """Direction of the mean QRS vector in the frontal plane, degrees in (−180, 180]; None without two limb leads.

    The area under the QRS in each limb lead is its projection on that lead's direction; the vector is the least-squares
    one, so any two or more limb leads do.
    """
    rows = [(FRONTAL_DEG[name], i) for i, name in enumerate(leads) if name in FRONTAL_DEG]
    rows = [(deg, i) for deg, i in rows if np.isfinite(marks[i, QRS_ON])]
    if len(rows) < 2:
        return None
    indices = [i for _, i in rows]
    on, end = sample_at(np.nanmin(marks[indices, QRS_ON])), sample_at(np.nanmax(marks[indices, QRS_END]))
    level = np.median(median[max(0, on - 8) : max(1, on)], axis=0)
    area = (median[on : end + 1] - level).sum(axis=0)
    size = np.abs(median[on : end + 1] - level).sum(axis=0)
    a = np.array([[math.cos(math.radians(deg)), math.sin(math.radians(deg))] for deg, _ in rows])
    b = np.array([area[i] * (GOLDBERGER if leads[i].startswith("a") else 1.0) for _, i in rows])
    (x, y), *_ = np.linalg.lstsq(a, b, rcond=None)
    if math.hypot(x, y) < 0.05 * float(size[indices].max()):
        return None  # as much up as down in every limb lead: no direction
    return math.degrees(math.atan2(y, x))


def qrs_size(median: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak-to-peak of each lead's QRS (n_leads,)."""
    return np.asarray(np.ptp(median[ZERO - 40 : ZERO + 50], axis=0))
