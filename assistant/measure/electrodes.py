"""Limb electrodes that were probably interchanged, told from how the limb leads fit the chest leads.

After Kors and van Herpen (Am J Cardiol 2001;88:396): leads I and II as they would follow from V1–V6 are compared with
those recorded, as they stand and with the electrodes put back; the interchange that fits much better is suspected. An
arm's cable on the right leg leaves lead II or III almost flat (Batchvarov et al., Europace 2007;9:1081). Left arm
against left leg changes too little to be told this way, and no rule for it is used.

benchmarks/lead_swaps.py fits the weights, chooses the limit and measures both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.records import Signal

CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
# Steps of I and II (columns) from those of V1–V6, fitted on the odd-numbered half of LUDB and the Challenge 2021 files.
FROM_CHEST = np.array(
    [[-0.538, -0.127], [0.244, -0.163], [0.189, 0.117], [-0.192, -0.102], [0.374, 0.408], [0.251, 0.344]]
)
# The recorded (I, II) as (I, II) with the electrodes in their places, for each interchange.
PUT_BACK = {
    "right and left arm": np.array([[-1.0, 0.0], [-1.0, 1.0]]),
    "right arm and left leg": np.array([[1.0, -1.0], [0.0, -1.0]]),
}
BETTER = 0.3  # by how much the correlation has to rise; chosen on the same half
FLAT = 0.1  # of the largest of I, II and III; the least of any recording of that half is 0.25 (III)
STEP_S = 0.008
MOST_S = 60.0  # of a long recording that are looked at


def suspected_swap(signal: Signal) -> str | None:
    """Which limb electrodes seem interchanged ("right and left arm"), None where nothing speaks for it.

    Needs leads I, II and V1–V6, sampled together; a recording with any of them missing is not judged.
    """
    if not {"I", "II", *CHEST} <= set(signal.leads) or signal.duration_s < 2:
        return None
    steps = steps_of(signal)
    if steps is None:
        return None
    return swap_of(steps.T @ steps)


def steps_of(signal: Signal) -> NDArray[np.float64] | None:
    """Changes of I, II and V1–V6 from one 8 ms to the next, (n, 8): the QRS counts and the baseline does not."""
    size = max(1, round(signal.sampling_rate_hz * STEP_S))
    columns = [signal.leads.index(name) for name in ("I", "II", *CHEST)]
    count = min(len(signal.samples), round(MOST_S * signal.sampling_rate_hz)) // size
    samples = signal.samples[: count * size, columns]
    total = samples[::size].astype(np.float64)
    for nth in range(1, size):
        total += samples[nth::size]
    steps = (total[1:] - total[:-1]) / size
    whole = np.isfinite(steps)
    steps = steps if whole.all() else steps[whole.all(axis=1)]
    return steps if len(steps) * STEP_S >= 1.0 else None


def swap_of(products: NDArray[np.float64], weights: NDArray[np.float64] = FROM_CHEST) -> str | None:
    """As `suspected_swap`, from the sums of products of the steps, (8, 8)."""
    limb = products[:2, :2]
    sizes = np.sqrt([limb[0, 0], limb[1, 1], limb[0, 0] + limb[1, 1] - 2 * limb[0, 1]])
    if not sizes.max() > 0:
        return None
    for lead, name in ((1, "right arm and right leg"), (2, "left arm and right leg")):
        if sizes[lead] < FLAT * sizes.max():
            return name
    gains = {name: gain for name, gain in fits(products, weights).items() if gain > BETTER}
    return max(gains, key=lambda name: gains[name]) if gains else None


def fits(products: NDArray[np.float64], weights: NDArray[np.float64] = FROM_CHEST) -> dict[str, float]:
    """By how much each interchange, put back, raises the correlation of I and II with what the chest leads say."""
    expected = float(np.sqrt(np.trace(weights.T @ products[2:, 2:] @ weights)))
    shared = weights.T @ products[2:, :2]

    def correlation(back: NDArray[np.float64]) -> float:
        size = float(np.sqrt(np.trace(back @ products[:2, :2] @ back.T)))
        return float(np.trace(shared @ back.T)) / max(expected * size, 1e-30)

    as_it_stands = correlation(np.eye(2))
    return {name: correlation(back) - as_it_stands for name, back in PUT_BACK.items()}
