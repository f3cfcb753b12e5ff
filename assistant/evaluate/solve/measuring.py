"""`measure`: numbers read off a signal or a picture, and what is said against it; what `wardround measure` does."""

from __future__ import annotations

from dataclasses import replace

from assistant.errors import WardroundError
from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.score.doubts import SWAPPED
from assistant.evaluate.solve.interface import Means
from assistant.ingest import read_file
from assistant.measure import measure_image, measure_signal
from assistant.measure.electrodes import suspected_swap


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    (path,) = means.dataset.files_of(case)
    for record in read_file(path, means.settings.ingest):
        if record.signal is not None:
            found = measure_signal(record.signal)
            swap = suspected_swap(record.signal) if record.signal.is_ecg else None
        elif record.image is not None:
            found, swap = measure_image(record.image), None
        else:
            continue
        doubts = [str(found.quality.get("reasons") or "")] if found.quality.get("overall") != "good" else []
        if swap is not None:
            doubts.append(f"{SWAPPED}{swap}")
        return replace(sample, measured=dict(found.values), doubts=tuple(doubts))
    raise WardroundError(f"{path}: holds neither a signal nor a picture; nothing can be measured")
