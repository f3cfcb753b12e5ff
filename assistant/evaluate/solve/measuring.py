"""`measure`: numbers read off a signal; what `wardround measure` does."""

from __future__ import annotations

from dataclasses import replace

from assistant.errors import WardroundError
from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.solve.interface import Means
from assistant.ingest import read_file
from assistant.measure import measure_signal


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    (path,) = means.dataset.files_of(case)
    signals = [record.signal for record in read_file(path, means.settings.ingest) if record.signal is not None]
    if not signals:
        raise WardroundError(f"{path}: holds no signal; only signals are measured in an evaluation")
    return replace(sample, measured=dict(measure_signal(signals[0]).values))
