"""The ECG encoder on LUDB (PhysioNet), from signals only: `python benchmarks/ecg_encoder.py`.

Reads `ludb_ecg` below WARDROUND_DATA. Precision at 5 for the same rhythm family (sinus rhythm, sinus bradycardia,
atrial fibrillation or flutter), averaged over the families, and the share of neighbours with a common diagnostic
statement. Every other record is the gallery. Weights were chosen with the odd-numbered records as queries; the
even-numbered ones are the report. The header's comments, which name the rhythm, are never read.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from assistant.embed.ecg import EcgShapeEncoder
from assistant.records import Signal

FAMILIES = {
    "Sinus rhythm": "sinus",
    "Sinus bradycardia": "bradycardia",
    "Atrial fibrillation": "fibrillation or flutter",
    "Atrial flutter, typical": "fibrillation or flutter",
}
K = 5


def load(folder: Path) -> tuple[list[str], list[Signal], list[str], list[set[str]]]:
    import wfdb

    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    signals = []
    for row in rows:
        record = wfdb.rdrecord(str(folder / "data" / row["record"]))
        signals.append(Signal(record.p_signal.astype(np.float32), tuple(record.sig_name), float(record.fs)))
    families = [FAMILIES.get(row["rhythm"], f"other ({row['rhythm']})") for row in rows]
    said = [{s.strip() for s in row["statements"].split("|") if s.strip()} for row in rows]
    return [row["record"] for row in rows], signals, families, said


def neighbours(vectors: np.ndarray) -> np.ndarray:
    similar = vectors.astype(np.float64) @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    return np.argsort(-similar, axis=1)[:, :K]


def by_family(hits: np.ndarray, families: np.ndarray, queries: np.ndarray) -> dict[str, float]:
    """Mean share of hits of the query's own family, per family."""
    names = sorted(set(FAMILIES.values()))
    return {name: float(hits[queries[families[queries] == name]].mean()) for name in names}


def bootstrap(hits: np.ndarray, families: np.ndarray, queries: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of the mean over families; queries are drawn again within each family."""
    rng = np.random.default_rng(0)
    totals = []
    groups = [queries[families[queries] == name] for name in sorted(set(FAMILIES.values()))]
    for _ in range(draws):
        totals.append(np.mean([hits[rng.choice(group, len(group))].mean() for group in groups]))
    return float(np.percentile(totals, 2.5)), float(np.percentile(totals, 97.5))


def main() -> None:
    root = os.environ.get("WARDROUND_DATA")
    if not root:
        sys.exit("set WARDROUND_DATA to the folder that holds ludb_ecg")
    names, signals, listed, said = load(Path(root) / "ludb_ecg")
    families = np.array(listed)
    encoder = EcgShapeEncoder()
    encoder.encode(signals[:1])
    started = time.process_time()
    vectors = encoder.encode(signals)
    print(f"{1000 * (time.process_time() - started) / len(signals):.0f} ms of CPU a record, {encoder.dim} dimensions\n")
    top = neighbours(vectors)
    hits = (families[top] == families[:, None]).mean(axis=1)
    shares = np.array([np.mean([bool(said[i] & said[j]) for j in top[i]]) for i in range(len(names))])
    pairs = np.array([np.mean([bool(a & b) for j, b in enumerate(said) if j != i]) for i, a in enumerate(said)])
    overlap = np.array([[len(a & b) / max(1, len(a | b)) for b in said] for a in said])
    odd = np.array([int(name) % 2 == 1 for name in names])
    print(
        "| queries | P@5 same family (95 %) | by family | P@5 a common statement (95 %) | chance "
        "| overlap of statements | chance |"
    )
    print("|---|---|---|---|---|---|---|")
    for title, chosen in (("odd (chosen on)", odd), ("even (reported)", ~odd)):
        queries = np.flatnonzero(chosen)
        each = by_family(hits, families, queries)
        low, high = bootstrap(hits, families, queries)
        some = queries[[bool(said[i]) for i in queries]]
        rng = np.random.default_rng(0)
        draws = shares[rng.choice(some, (2000, len(some)))].mean(axis=1)
        rows = np.arange(len(names))[:, None]
        others = (overlap.sum(axis=1) - 1) / (len(names) - 1)
        print(
            f"| {title} | {np.mean(list(each.values())):.3f} ({low:.3f}–{high:.3f}) | "
            + ", ".join(f"{name} {value:.2f}" for name, value in each.items())
            + f" | {shares[some].mean():.3f} ({np.percentile(draws, 2.5):.3f}–{np.percentile(draws, 97.5):.3f}) | "
            f"{pairs[some].mean():.3f} | {overlap[rows, top].mean(axis=1)[some].mean():.3f} "
            f"| {others[some].mean():.3f} |"
        )
    similar = vectors.astype(np.float64) @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    best = similar.max(axis=1)
    least, fifth, middle = np.percentile(best, [0, 5, 50])
    print(f"\nTop-1 cosine: least {least:.3f}, 5th percentile {fifth:.3f}, median {middle:.3f}")


if __name__ == "__main__":
    main()
