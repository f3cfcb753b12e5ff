"""Measured ECG intervals against cardiologists' marks (LUDB, PhysioNet): `python benchmarks/ecg_measure.py`.

Reads `ludb_ecg` below WARDROUND_DATA. Truth: in every lead the median over its marked beats, then the median over
leads. Constants were chosen on the odd-numbered records; the even-numbered ones are the report. Also the table of
rhythm words against rhythm labels, and of how many of each label other rhythms are said not to be excluded.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from assistant.measure import Measurements, measure_signal
from assistant.measure.intervals import apart
from assistant.measure.words import reserve_sentence
from assistant.records import Signal

NAMES = {"heart_rate_bpm": "beats/min", "pr_ms": "ms", "qrs_ms": "ms", "qt_ms": "ms", "p_ms": "ms"}


def signal(path: Path) -> Signal:
    """A WFDB record as a Signal; LUDB's lead names are lower case."""
    import wfdb

    record = wfdb.rdrecord(str(path))
    return Signal(record.p_signal.astype(np.float32), tuple(record.sig_name), float(record.fs))


def marked(path: Path) -> dict[str, float]:
    """What the cardiologists' marks give: rate from lead II's QRS, intervals as medians over beats, then leads."""
    import wfdb

    leads = [_lead(wfdb.rdann(str(path), name)) for name in wfdb.rdheader(str(path)).sig_name]
    found = {}
    for name in ("pr_ms", "qrs_ms", "qt_ms", "p_ms"):
        values = [np.median(lead[name]) for lead in leads if lead[name]]
        if values:
            found[name] = float(np.median(values))
    beats = [s for s, kind in _peaks(wfdb.rdann(str(path), "ii")) if kind == "N"]
    found["heart_rate_bpm"] = 60 * 500 / float(np.mean(np.diff(beats)))
    return found


def _peaks(marks: object) -> list[tuple[int, str]]:
    return [(int(s), kind) for s, kind in zip(marks.sample, marks.symbol, strict=True) if kind in "pNt"]  # type: ignore[attr-defined]


def _lead(marks: object) -> dict[str, list[float]]:
    """Intervals of every marked beat of a lead, ms. Marks come as onset "(", peak "p", "N" or "t", end ")"."""
    at, kinds = list(marks.sample), list(marks.symbol)  # type: ignore[attr-defined]
    waves = []
    for i, kind in enumerate(kinds):
        if kind in "pNt":
            on = at[i - 1] if i and kinds[i - 1] == "(" else None
            end = at[i + 1] if i + 1 < len(kinds) and kinds[i + 1] == ")" else None
            waves.append((kind, on, end))
    found: dict[str, list[float]] = {"pr_ms": [], "qrs_ms": [], "qt_ms": [], "p_ms": []}
    for i, (kind, on, end) in enumerate(waves):
        if kind != "N" or on is None:
            continue
        if end is not None:
            found["qrs_ms"].append(2.0 * (end - on))
        if i and waves[i - 1][0] == "p" and waves[i - 1][1] is not None:
            found["pr_ms"].append(2.0 * (on - waves[i - 1][1]))
            if waves[i - 1][2] is not None:
                found["p_ms"].append(2.0 * (waves[i - 1][2] - waves[i - 1][1]))
        if i + 1 < len(waves) and waves[i + 1][0] == "t" and waves[i + 1][2] is not None:
            found["qt_ms"].append(2.0 * (waves[i + 1][2] - on))
    return found


def interval(values: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the median."""
    rng = np.random.default_rng(0)
    medians = np.median(values[rng.integers(0, len(values), (draws, len(values)))], axis=1)
    return float(np.percentile(medians, 2.5)), float(np.percentile(medians, 97.5))


def table(truth: dict[str, dict[str, float]], found: dict[str, Measurements]) -> None:
    print(
        "| value | records with truth | measured | measured without truth | median absolute error (95 %) | bias | p90 |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, unit in NAMES.items():
        have = [n for n in truth if name in truth[n]]
        both = [n for n in have if name in found[n].values]
        extra = sum(name in found[n].values for n in truth if name not in truth[n])
        error = np.array([found[n].values[name] - truth[n][name] for n in both])
        low, high = interval(np.abs(error))
        print(
            f"| {name} | {len(have)} | {len(both)} | {extra} | {np.median(np.abs(error)):.2f} {unit} "
            f"({low:.2f}–{high:.2f}) | {np.median(error):+.2f} | {np.percentile(np.abs(error), 90):.1f} |"
        )


def apart_table(folder: Path, found: dict[str, Measurements]) -> None:
    """Each lead's own interval against its own marks, for leads that `apart` names and for the others."""
    import wfdb

    print("| value | leads | n | median absolute error | p90 | median over leads without them: error, bias |")
    print("|---|---|---|---|---|---|")
    errors: dict[tuple[str, bool], list[float]] = {}
    without: dict[str, list[float]] = {}
    for record, m in found.items():
        far = apart(m.per_lead)
        truth = marked(folder / record)
        marks = {lead: _lead(wfdb.rdann(str(folder / record), lead)) for lead in m.per_lead}
        for name in ("pr_ms", "qrs_ms", "qt_ms"):
            seen = {lead: values[name] for lead, values in m.per_lead.items() if name in values}
            for lead, value in seen.items():
                if marks[lead][name]:
                    error = abs(value - float(np.median(marks[lead][name])))
                    errors.setdefault((name, lead in far.get(name, {})), []).append(error)
            near = [value for lead, value in seen.items() if lead not in far.get(name, {})]
            if near and name in truth:
                without.setdefault(name, []).append(float(np.median(near)) - truth[name])
    for (name, is_far), error in sorted(errors.items()):
        change = np.array(without[name])
        print(
            f"| {name} | {'apart' if is_far else 'others'} | {len(error)} | {np.median(error):.1f} | "
            f"{np.percentile(error, 90):.0f} | {np.median(np.abs(change)):.1f}, {np.median(change):+.1f} |"
        )


def rhythm_table(labels: dict[str, str], found: dict[str, Measurements]) -> None:
    def words(m: Measurements) -> str:
        if m.rhythm is None:
            return "not measured"
        if m.rhythm.irregularly_irregular:
            return "irregularly irregular, no P wave"
        slow = ", below 60/min" if round(m.rhythm.rate_bpm) < 60 else ""
        p = "" if m.rhythm.p_wave else ", no P wave"
        return f"{m.rhythm.regularity}{slow}{p}"

    counts = Counter((labels[n], words(m)) for n, m in found.items())
    columns = sorted({c for _, c in counts})
    print("| label | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    for label in sorted({r for r, _ in counts}):
        print(f"| {label} | " + " | ".join(str(counts[label, c] or "") for c in columns) + " |")


def main() -> None:
    root = os.environ.get("WARDROUND_DATA")
    if not root:
        sys.exit("set WARDROUND_DATA to the folder that holds ludb_ecg")
    folder = Path(root) / "ludb_ecg"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        labels = {row["record"]: row["rhythm"] for row in csv.DictReader(file)}
    signals = {n: signal(folder / "data" / n) for n in labels}
    started = time.process_time()
    found = {n: measure_signal(s) for n, s in signals.items()}
    print(f"{1000 * (time.process_time() - started) / len(found):.0f} ms of CPU a record (12 leads, 10 s)\n")
    truth = {n: marked(folder / "data" / n) for n in labels}
    for title, rest in (("Odd-numbered (chosen on)", 1), ("Even-numbered (reported)", 0)):
        print(f"\n{title}\n")
        table({n: t for n, t in truth.items() if int(n) % 2 == rest}, found)
        print()
        apart_table(folder / "data", {n: m for n, m in found.items() if int(n) % 2 == rest})
    print("\nRhythm in words against the label, all records\n")
    rhythm_table(labels, found)
    print("\nOther rhythms said not to be excluded, all records\n")
    for label, n in sorted(Counter(labels.values()).items()):
        told = sum(bool(m.rhythm and reserve_sentence(m)) for r, m in found.items() if labels[r] == label)
        print(f"{label}: {told} of {n}")


if __name__ == "__main__":
    main()
