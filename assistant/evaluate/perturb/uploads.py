"""Uploads of a case, changed: files that are no picture or no signal, and what can't be read, stay as they are.

Pictures (PNG, JPEG, TIFF, BMP) are written as PNG of 8 bits, signals as WFDB records of 16 bits with the header's
comments. DICOM files stay as they are: their pixels are seldom all that a reader sees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from assistant.evaluate.case import Case
from assistant.records import Signal

if TYPE_CHECKING:
    from assistant.evaluate.dataset import Dataset

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
SIGNALS = frozenset({".hea"})
PictureChange = Callable[[Image.Image, int], Image.Image]
"""A picture and a seed, which is the same for the same file, to the changed picture."""
SignalChange = Callable[[Signal, int], Signal | None]
"""A signal and a seed to the changed signal; None: nothing to change."""


def change_pictures(case: Case, dataset: Dataset, folder: Path, change: PictureChange) -> Case | None:
    """The case with every picture changed; None without any."""
    return _changed(case, dataset, folder, PICTURES, lambda path, target: _picture(path, target, change))


def change_signals(case: Case, dataset: Dataset, folder: Path, change: SignalChange) -> Case | None:
    """The case with every signal changed; None without any, or where nothing of them changes."""
    return _changed(case, dataset, folder, SIGNALS, lambda path, target: _signal(path, target, change))


def seed_of(path: Path) -> int:
    """A seed from a file's name, so that each file gets its own noise and always the same."""
    return int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4])


def _changed(
    case: Case,
    dataset: Dataset,
    folder: Path,
    suffixes: frozenset[str],
    change: Callable[[Path, Path], Path | None],
) -> Case | None:
    files: list[str] = []
    touched = False
    for name, path in zip(case.files, dataset.files_of(case), strict=True):
        target = folder / hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
        made = change(path, target) if path.suffix.lower() in suffixes else None
        touched |= made is not None
        files.append(str(made.resolve()) if made is not None else name)
    return case.model_copy(update={"files": tuple(files)}) if touched else None


def _picture(path: Path, folder: Path, change: PictureChange) -> Path:
    target = folder / f"{path.stem}.png"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as opened:
            picture = opened.convert("L" if opened.mode in ("1", "L", "I", "I;16", "F") else "RGB")
        change(picture, seed_of(path)).save(target)
    return target


def _signal(path: Path, folder: Path, change: SignalChange) -> Path | None:
    import wfdb

    record = wfdb.rdrecord(str(path.with_suffix("")))
    samples = np.asarray(record.p_signal, dtype=np.float32)
    # A signal of another kind has no leads of these names, and is left as it is.
    leads = tuple(_standard(name) for name in record.sig_name)
    signal = change(Signal(samples, leads, float(record.fs)), seed_of(path))
    if signal is None:
        return None
    target = folder / path.name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        units = dict(zip(leads, record.units, strict=True))
        wfdb.wrsamp(
            path.stem,
            fs=record.fs,
            units=[units[name] for name in signal.leads],
            sig_name=list(signal.leads),
            p_signal=signal.samples.astype(np.float64),
            fmt=["16"] * len(signal.leads),
            adc_gain=[1000.0] * len(signal.leads),
            baseline=[0] * len(signal.leads),
            comments=list(record.comments or []),
            write_dir=str(folder),
        )
    return target


def _standard(name: str) -> str:
    from assistant.measure.strip import standard_name

    return standard_name(name)
