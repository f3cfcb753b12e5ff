"""A WFDB header as a row, and what people marked in its leads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any


def read_header(path: Path, *, annotations: bool = False) -> dict[str, Any]:
    """`record`, `leads`, `sampling_rate_hz`, `samples`, `comments` (lines), and `comment` (those that read "name: …").

    With `annotations` also `marks`: the intervals that the wave marks of the leads give (LUDB: a file for each lead,
    named after it), see `intervals`. Raises ValueError for what is no header.
    """
    import wfdb

    try:
        header = wfdb.rdheader(str(path.with_suffix("")))
    except Exception as error:  # wfdb raises whatever its parser stumbles over
        raise ValueError(f"no WFDB header ({error})") from error
    comments = [line.strip() for line in header.comments or []]
    pairs = (line.partition(":") for line in comments)
    row: dict[str, Any] = {
        "record": header.record_name,
        "leads": list(header.sig_name or []),
        "sampling_rate_hz": header.fs,
        "samples": header.sig_len,
        "comments": comments,
        "comment": {name.strip(" <>"): value.strip() for name, colon, value in pairs if colon},
    }
    if annotations:
        marked = [_marks(path, lead) for lead in row["leads"]]
        row["marks"] = intervals([marks for marks in marked if marks], float(header.fs))
    return row


def _marks(path: Path, lead: str) -> list[tuple[int, str]]:
    """The places and kinds of a lead's marks; `wfdb.rdann` reads the header anew for each lead, which takes longer."""
    from wfdb.io.annotation import load_byte_pairs, proc_ann_bytes

    if not path.with_suffix(f".{lead}").is_file():
        return []
    places, kinds, *_ = proc_ann_bytes(load_byte_pairs(str(path.with_suffix("")), lead, None), None)
    return [(int(at), _symbols().get(kind, "")) for at, kind in zip(places, kinds, strict=True)]


@lru_cache(maxsize=1)
def _symbols() -> dict[int, str]:
    """What the codes of WFDB's marks stand for."""
    from wfdb.io.annotation import ann_label_table

    return dict(zip(ann_label_table["label_store"].tolist(), ann_label_table["symbol"].tolist(), strict=True))


def intervals(leads: Sequence[Sequence[tuple[int, str]]], sampling_rate_hz: float) -> dict[str, float]:
    """PR, QRS and QT intervals and the heart rate from wave marks, by the names of `wardround measure`.

    A lead's marks are (sample, kind): "(" an onset, "p", "N" (QRS) and "t" a peak, ")" an end. An interval is the
    median over a lead's beats, then over the leads; the rate is 60 over the mean distance of a lead's QRS peaks, the
    median over the leads. What is marked in no lead is absent.
    """
    of_leads: dict[str, list[float]] = {}
    for marks in leads:
        for name, values in _of_lead(marks, 1000 / sampling_rate_hz).items():
            if values:
                of_leads.setdefault(name, []).append(median(values))
        beats = [at for at, kind in marks if kind == "N"]
        if len(beats) > 1:
            rate = 60 * sampling_rate_hz * (len(beats) - 1) / (beats[-1] - beats[0])
            of_leads.setdefault("heart_rate_bpm", []).append(rate)
    return {name: round(float(median(values)), 3) for name, values in of_leads.items()}


def _of_lead(marks: Sequence[tuple[int, str]], ms: float) -> dict[str, list[float]]:
    waves = []
    for at, (_, kind) in enumerate(marks):
        if kind in "pNt":
            onset = marks[at - 1][0] if at and marks[at - 1][1] == "(" else None
            end = marks[at + 1][0] if at + 1 < len(marks) and marks[at + 1][1] == ")" else None
            waves.append((kind, onset, end))
    found: dict[str, list[float]] = {"pr_ms": [], "qrs_ms": [], "qt_ms": []}
    for at, (kind, onset, end) in enumerate(waves):
        if kind != "N" or onset is None:
            continue
        if end is not None:
            found["qrs_ms"].append((end - onset) * ms)
        if at and waves[at - 1][0] == "p" and (p_onset := waves[at - 1][1]) is not None:
            found["pr_ms"].append((onset - p_onset) * ms)
        if at + 1 < len(waves) and waves[at + 1][0] == "t" and (t_end := waves[at + 1][2]) is not None:
            found["qt_ms"].append((t_end - onset) * ms)
    return found
