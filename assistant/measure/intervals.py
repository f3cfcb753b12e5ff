"""From marks and median beats to the numbers a cardiologist reads: intervals, axis, amplitudes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.limits import TOLERANCES
from assistant.measure.strip import standard_name
from assistant.measure.waves import P_END, P_ON, P_PEAK, QRS_END, QRS_ON, T_END, T_PEAK, ZERO, sample_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Outside these a mark was misplaced; the value is left out rather than shown.
PLAUSIBLE_MS = {"p_ms": (30.0, 220.0), "pr_ms": (60.0, 480.0), "qrs_ms": (30.0, 260.0), "qt_ms": (180.0, 720.0)}

# Frontal leads and their directions in Einthoven's and Goldberger's system, degrees.
FRONTAL_DEG = {"I": 0.0, "II": 60.0, "III": 120.0, "aVF": 90.0, "aVL": -30.0, "aVR": -150.0}
LEAST_LEADS = 4  # of an interval, with fewer of which none can be said to lie apart
FITS = 0.3  # share of lead III that Einthoven's law may leave unexplained (noise, rounding)
SAME_GAIN = 0.1
GOLDBERGER = 2 / math.sqrt(3)  # augmented leads see the same vector at √3/2 of a limb lead's size


def widths_ms(mark: NDArray[np.float64]) -> dict[str, float]:
    """P, PR, QRS and QT of one lead (ms) as its marks bound them, NaN where a mark is missing."""
    return {
        "p_ms": float(mark[P_END] - mark[P_ON]),
        "pr_ms": float(mark[QRS_ON] - mark[P_ON]),
        "qrs_ms": float(mark[QRS_END] - mark[QRS_ON]),
        "qt_ms": float(mark[T_END] - mark[QRS_ON]),
    }


def lead_values(mark: NDArray[np.float64], median: NDArray[np.float64]) -> dict[str, float]:
    """Intervals (ms) and amplitudes (the samples' unit, mV) of one lead; what could not be measured is absent.

    Amplitudes are taken from the level just before the QRS: `r_mv` its highest and `s_mv` its lowest point, `st_mv`
    60 ms after its end, `t_mv` and `p_mv` the waves' peaks.
    """
    values = {k: v for k, v in widths_ms(mark).items() if PLAUSIBLE_MS[k][0] <= v <= PLAUSIBLE_MS[k][1]}
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


def medians(per_lead: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The median, over the leads that have it, of each interval."""
    found = {}
    for name in PLAUSIBLE_MS:
        seen = [values[name] for values in per_lead.values() if name in values]
        if seen:
            found[name] = float(np.median(seen))
    return found


def apart(per_lead: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """By interval, the leads whose value lies farther than its tolerance (`TOLERANCES`) from the median over the leads.

    Most were measured wrongly (docs/ecg.md). They stay in that median: what is far on either side hardly moves it, and
    without them it came no nearer to the cardiologists' on LUDB.
    """
    found: dict[str, dict[str, float]] = {}
    for name, _, most, _ in TOLERANCES.values():
        seen = {lead: values[name] for lead, values in per_lead.items() if name in values}
        if name not in PLAUSIBLE_MS or len(seen) < LEAST_LEADS:
            continue
        middle = float(np.median(list(seen.values())))
        if far := {lead: value for lead, value in seen.items() if abs(value - middle) > most}:
            found[name] = far
    return found


def corrected_qt(qt_ms: float, rr_ms: float) -> dict[str, float]:
    """QTc by Bazett (QT/√RR) and by Fridericia (QT/∛RR), RR in seconds, QT and QTc in ms."""
    rr_s = rr_ms / 1000
    return {"qtc_bazett_ms": qt_ms / math.sqrt(rr_s), "qtc_fridericia_ms": qt_ms / rr_s ** (1 / 3)}


@dataclass(frozen=True, slots=True)
class Limbs:
    """How leads I, II and III fit together.

    Einthoven's law, III = II − I, holds for leads on one scale. `gain` are the factors (for I, II, III) that make it
    hold, `misfit` the share of lead III that then still does not fit. Unit gains and a small misfit: one scale.
    """

    gain: tuple[float, float, float]
    misfit: float

    @property
    def one_scale(self) -> bool:
        return self.misfit > FITS or all(abs(g - 1.0) <= SAME_GAIN for g in self.gain)

    @property
    def consistent(self) -> bool:
        return self.misfit <= FITS


def limb_gains(median: NDArray[np.float64], leads: tuple[str, ...]) -> Limbs | None:
    """Least-squares gains of leads I and II against III over the median beat; None unless all three are there."""
    where = {standard_name(name): i for i, name in enumerate(leads)}
    if not {"I", "II", "III"} <= where.keys():
        return None
    one, two, three = (median[:, where[name]] - median[:, where[name]].mean() for name in ("I", "II", "III"))
    a = np.stack([-one, two], axis=1)
    gains, *_ = np.linalg.lstsq(a, three, rcond=None)
    misfit = float(np.linalg.norm(three - a @ gains) / max(float(np.linalg.norm(three)), 1e-12))
    if np.linalg.norm(three - (two - one)) <= FITS * np.linalg.norm(three) or (gains <= 0).any():
        plain = float(np.linalg.norm(three - (two - one)) / max(float(np.linalg.norm(three)), 1e-12))
        return Limbs((1.0, 1.0, 1.0), plain)
    return Limbs((float(gains[0]), float(gains[1]), 1.0), misfit)


def frontal_axis(per_lead: Mapping[str, Mapping[str, float]], limbs: Limbs | None) -> float | None:
    """Direction of the QRS in the frontal plane, degrees in (−180, 180]; None without two limb leads.

    As it is read by hand: the net deflection (R + S) of each limb lead is the vector's projection on that lead; the
    least-squares vector, so any two or more limb leads do. Leads I, II and III that were recorded on scales of their
    own are brought back to one by Einthoven's law, and the augmented leads then left out; where I, II and III
    contradict one another, no axis is given.
    """
    if limbs is not None and not limbs.consistent:
        return None
    gain = dict(zip(("I", "II", "III"), limbs.gain, strict=True)) if limbs is not None and not limbs.one_scale else {}
    rows: list[tuple[float, float]] = []
    for name, values in per_lead.items():
        lead = standard_name(name)
        if lead in FRONTAL_DEG and "r_mv" in values and (not gain or lead in gain):
            factor = gain.get(lead, GOLDBERGER if lead.startswith("a") else 1.0)
            rows.append((math.radians(FRONTAL_DEG[lead]), factor * (values["r_mv"] + values["s_mv"])))
    if len(rows) < 2:
        return None
    a = np.array([[math.cos(angle), math.sin(angle)] for angle, _ in rows])
    net = np.array([deflection for _, deflection in rows])
    (x, y), *_ = np.linalg.lstsq(a, net, rcond=None)
    largest = max(v["r_mv"] - v["s_mv"] for v in per_lead.values() if "r_mv" in v)
    if math.hypot(x, y) < 0.05 * largest:
        return None  # as much up as down in every limb lead: no direction
    return math.degrees(math.atan2(y, x))


def qrs_size(median: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak-to-peak of each lead's QRS (n_leads,)."""
    return np.asarray(np.ptp(median[ZERO - 40 : ZERO + 50], axis=0))
