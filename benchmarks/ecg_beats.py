"""Every beat's limits against the cardiologists' marks of it (LUDB, PhysioNet): `python benchmarks/ecg_beats.py`.

Reads `ludb_ecg` below WARDROUND_DATA. Truth: each mark's median over the leads in which at least four were marked. By
turns: the beat measured by itself (`measure_beats`) and the median beat's limits laid on it. The odd-numbered records
were looked at when the first was chosen; the even-numbered ones are the report.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from ecg_measure import signal

from assistant.measure.analysis import analyse
from assistant.measure.per_beat import measure_beats
from assistant.measure.waves import MARKS

LIMITS = ("p_on", "p_end", "qrs_on", "qrs_end", "t_end")
INTERVALS = {
    "p_ms": ("p_on", "p_end"),
    "pr_ms": ("p_on", "qrs_on"),
    "qrs_ms": ("qrs_on", "qrs_end"),
    "qt_ms": ("qrs_on", "t_end"),
}
NEAR_S = 0.15


def marked(path: Path) -> dict[float, dict[str, float]]:
    """Marks in seconds by the beat's time."""
    import wfdb

    beats: dict[float, list[dict[str, float]]] = {}
    for lead in wfdb.rdheader(str(path)).sig_name:
        for at_s, marks in _lead(wfdb.rdann(str(path), lead)):
            near = min(beats, key=lambda known: abs(known - at_s), default=None)
            if near is None or abs(near - at_s) > NEAR_S:
                beats[near := at_s] = []
            beats[near].append(marks)
    return {
        at_s: {
            name: float(np.median([lead[name] for lead in leads if name in lead]))
            for name in LIMITS
            if sum(name in lead for lead in leads) >= 4
        }
        for at_s, leads in beats.items()
    }


def _lead(marks: object) -> list[tuple[float, dict[str, float]]]:
    at, kinds = [s / 500 for s in marks.sample], list(marks.symbol)  # type: ignore[attr-defined]
    waves = []
    for i, kind in enumerate(kinds):
        if kind in "pNt":
            on = at[i - 1] if i and kinds[i - 1] == "(" else None
            end = at[i + 1] if i + 1 < len(kinds) and kinds[i + 1] == ")" else None
            waves.append((kind, on, at[i], end))
    beats = []
    for i, (kind, on, peak, end) in enumerate(waves):
        if kind != "N":
            continue
        found = {"qrs_on": on, "qrs_end": end}
        if i and waves[i - 1][0] == "p":
            found |= {"p_on": waves[i - 1][1], "p_end": waves[i - 1][3]}
        if i + 1 < len(waves) and waves[i + 1][0] == "t":
            found["t_end"] = waves[i + 1][3]
        beats.append((peak, {name: s for name, s in found.items() if s is not None}))
    return beats


def main() -> None:
    root = os.environ.get("WARDROUND_DATA")
    if not root:
        sys.exit("set WARDROUND_DATA to the folder that holds ludb_ecg")
    folder = Path(root) / "ludb_ecg"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        names = [row["record"] for row in csv.DictReader(file)]
    errors: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for name in names:
        analysis = analyse(signal(folder / "data" / name))
        truth = marked(folder / "data" / name)
        median = {mark: np.nanmedian(column) for mark, column in zip(MARKS, analysis.marks.T, strict=True)
                  if np.isfinite(column).any()}  # fmt: skip
        for beat in measure_beats(analysis):
            at_s = min(truth, key=lambda known: abs(known - beat.at_s))
            if not beat.usual or abs(at_s - beat.at_s) > NEAR_S:
                continue
            laid = {mark: beat.at_s + ms / 1000 for mark, ms in median.items()}
            for way, found in (("measured", beat.marks), ("laid on", laid)):
                true = truth[at_s]
                key = int(name) % 2, way
                for mark in LIMITS:
                    if mark in found and mark in true:
                        errors[*key, mark].append(1000 * (found[mark] - true[mark]))
                for interval, (first, last) in INTERVALS.items():
                    if all(mark in found and mark in true for mark in (first, last)):
                        error = found[last] - found[first] - true[last] + true[first]
                        errors[*key, interval].append(1000 * error)
    for title, rest in (("Odd-numbered (chosen on)", 1), ("Even-numbered (reported)", 0)):
        print(f"\n{title}: median absolute error, bias, 90th percentile in ms (beats)\n")
        print("| mark | beat by itself | median beat laid on |\n|---|---|---|")
        for name in (*LIMITS, *INTERVALS):
            cells = []
            for way in ("measured", "laid on"):
                e = np.array(errors[rest, way, name])
                cells.append(
                    f"{np.median(np.abs(e)):.1f}, {np.median(e):+.1f}, {np.percentile(np.abs(e), 90):.0f} ({len(e)})"
                )
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
