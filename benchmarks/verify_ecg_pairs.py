"""Pairs of claim and evidence from LUDB's recordings: what Wardround measures and what the cardiologists wrote.

Evidence is the sentences on the recording's measured values with the cardiologists' statements; claims are made by
program, damaged or of the same meaning.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ecg_measure import signal

from assistant.measure import measure_signal
from assistant.measure.words import statements

RHYTHMS = ("Sinus rhythm", "Atrial fibrillation", "Atrial flutter", "Ventricular tachycardia")
TURNED = {
    "Complete right bundle branch block": "Left bundle branch block",
    "Complete left bundle branch block": "Right bundle branch block",
    "Incomplete right bundle branch block": "Incomplete left bundle branch block",
    "Incomplete left bundle branch block": "Incomplete right bundle branch block",
}
SHORT = {
    "Left ventricular hypertrophy": "LVH",
    "Left atrial hypertrophy": "Left atrial enlargement",
    "Complete right bundle branch block": "RBBB",
    "Complete left bundle branch block": "LBBB",
    "Incomplete right bundle branch block": "Incomplete RBBB",
    "Left anterior hemiblock": "Left anterior fascicular block",
    "I degree AV block": "First degree AV block",
}


def recordings(data: Path) -> Iterator[tuple[str, dict[str, float], list[str], str, list[str]]]:
    """Number, measured values, the sentences on them, rhythm and statements of each recording."""
    with (data / "ludb_ecg/labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            measured = measure_signal(signal(data / "ludb_ecg/data" / row["record"]))
            told = [text for _, text in statements(measured)]
            said = [part for part in row["statements"].split(" | ") if part]
            yield row["record"], dict(measured.values), told, row["rhythm"], said


def claims(values: dict[str, float], rhythm: str, said: list[str]) -> Iterator[tuple[bool, str, str]]:
    """(harmless, kind, claim) for one recording."""
    rate, pr, qrs = values.get("heart_rate_bpm"), values.get("pr_ms"), values.get("qrs_ms")
    qt, qtc = values.get("qt_ms"), max(values.get("qtc_bazett_ms", 0), values.get("qtc_fridericia_ms", 0))
    if rate:
        yield False, "number", f"The heart rate is {rate + 15:.0f} bpm."
        yield True, "measured value", f"The ventricular rate is {rate:.0f} bpm."
        if 65 < rate < 95:
            yield False, "number", "There is tachycardia." if int(rate) % 2 else "There is bradycardia."
            yield True, "measured value", "The heart rate is normal."
    if qrs:
        yield False, "number", f"QRS duration is {qrs + 40:.0f} ms."
        yield True, "measured value", f"The QRS duration measures {round(qrs) / 1000:g} s."
    if qt:
        yield True, "measured value", f"The QT interval is {qt:.0f} milliseconds."
    if pr:
        yield False, "unit", f"The PR interval is {pr:.0f} s."
        if 130 < pr < 180:
            yield False, "number", "The PR interval is prolonged."
            yield True, "measured value", "The PR interval is normal."
    if qtc and qtc < 440:
        yield False, "number", "The QTc is prolonged."
        yield True, "measured value", "There is no QT prolongation."
    base = rhythm if rhythm in RHYTHMS else "Sinus rhythm"
    if "irregular" not in rhythm.lower():
        yield False, "fabrication", f"{RHYTHMS[(RHYTHMS.index(base) + 1) % len(RHYTHMS)]} is present."
    for statement in said:
        if statement in SHORT:
            yield True, "synonym", f"{SHORT[statement]} is seen."
            yield False, "negation", f"There is no {SHORT[statement]}."
        if statement in TURNED:
            yield False, "laterality", f"{TURNED[statement]}."
