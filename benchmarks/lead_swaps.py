"""Limb electrodes interchanged by program: how often `assistant.measure.electrodes` tells, and how often it cries wolf.

    WARDROUND_DATA=… python benchmarks/lead_swaps.py [--fit]

Recordings: LUDB and the Challenge 2021 files, taken for correctly recorded, every second one in the order of their
names for choosing (`--fit` prints the weights that this half gives), the others for reporting. Prints, for each half,
the share of recordings in which each interchange is suspected and named rightly, and of untouched ones in which any is.
Then the short cut for noise of `assistant.ingest.signal.quality` against the noise that `assistant.measure` finds, on
LUDB with white noise added to half of its recordings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.ingest import read_file
from assistant.ingest.signal.quality import NOISY, noise_shares
from assistant.measure import analyse
from assistant.measure.electrodes import BETTER, fits, steps_of, swap_of
from assistant.measure.quality import NOISE_LIMITED
from assistant.records import Signal
from assistant.settings import IngestSettings

# The recorded (I, II) of true (I, II), with the cables RA, LA, LL on other electrodes. The right leg is taken to have
# the left leg's potential.
WIRED = {
    "nothing": [[1, 0], [0, 1]],
    "right and left arm": [[-1, 0], [-1, 1]],
    "right arm and left leg": [[1, -1], [0, -1]],
    "left arm and left leg": [[0, 1], [1, 0]],
    "right arm and right leg": [[1, -1], [0, 0]],
    "left arm and right leg": [[0, 1], [0, 1]],
}
RIDGE = 1e-3  # of the mean variance of a chest lead


def main() -> None:
    data = Path(os.environ["WARDROUND_DATA"])
    ludb = sorted((data / "ludb_ecg" / "data").glob("*.hea"), key=lambda path: int(path.stem))
    headers = [*ludb, *sorted((data / "challenge2021_ecg").rglob("*.hea"))]
    products = []
    for header in headers:
        steps = steps_of(_signal(header))
        assert steps is not None, header
        products.append((header.stem, steps.T @ steps))
    halves = {"chosen on": products[1::2], "reported on": products[::2]}
    if "--fit" in sys.argv:
        print("weights:", fitted([matrix for _, matrix in halves["chosen on"]]).round(3).tolist())
    for name, half in halves.items():
        report(name, half)
    for name, some in (("chosen on", ludb[1::2]), ("reported on", ludb[::2])):
        noise(name, some)


def _signal(header: Path) -> Signal:
    signal = read_file(header, IngestSettings())[0].signal
    assert signal is not None
    return signal


def fitted(products: Sequence[np.ndarray]) -> np.ndarray:
    """Least squares of I and II on V1–V6, every recording with the same weight."""
    total = np.sum([matrix / np.trace(matrix) for matrix in products], axis=0)
    chest = total[2:, 2:]
    return np.linalg.solve(chest + RIDGE * np.trace(chest) / 6 * np.eye(6), total[2:, :2])


def report(name: str, half: Sequence[tuple[str, np.ndarray]]) -> None:
    print(f"{name}: {len(half)} recordings, limit {BETTER}")
    for wired, rows in WIRED.items():
        change = np.eye(8)
        change[:2, :2] = rows
        said = [(stem, swap_of(change @ matrix @ change.T)) for stem, matrix in half]
        right = sum(swap == wired for _, swap in said)
        wrong = [f"{stem} ({swap})" for stem, swap in said if swap not in (None, wired)]
        print(f"  {wired:24} named {right:3} ({right / len(half):6.1%}), another one named {len(wrong)}: {wrong[:5]}")
    margins = sorted(max(fits(matrix).values()) for _, matrix in half)
    print("  highest gains of untouched recordings:", [round(gain, 2) for gain in margins[-4:]])


def noise(name: str, headers: Sequence[Path]) -> None:
    """Sensitivity and false alarms of the short cut, over single leads."""
    rng = np.random.default_rng(0)
    truth, told = [], []
    for number, header in enumerate(headers):
        signal = _signal(header)
        size = rng.uniform(0, 0.2, len(signal.leads)) * np.ptp(signal.samples, axis=0) * (number % 2)
        noisy = signal.samples + rng.normal(size=signal.samples.shape) * size
        signal = replace(signal, samples=noisy.astype(np.float32))
        judged = analyse(signal).quality
        for lead, share in zip(signal.leads, noise_shares(signal), strict=True):
            if "noise_share" in judged[lead].figures:
                truth.append(judged[lead].figures["noise_share"] > NOISE_LIMITED)
                told.append(share > NOISY)
    is_noisy, is_told = np.array(truth), np.array(told)
    print(
        f"noise, {name}: {len(is_noisy)} leads, {is_noisy.mean():.0%} noisy; short cut finds "
        f"{is_told[is_noisy].mean():.1%} of them and calls {is_told[~is_noisy].mean():.1%} of the others noisy"
    )


if __name__ == "__main__":
    main()
