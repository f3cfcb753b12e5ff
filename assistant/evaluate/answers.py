"""Answers that other runs of the workspace have: what shapes a case is hashed, and the same hash is not asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from assistant.errors import WardroundError
from assistant.evaluate.log import Sample, read_log


def earlier_answers(runs: Path, keys: Mapping[str, str], own: Path) -> dict[str, Sample]:
    """By case id, what a run in `runs` other than `own` made of the very same case, its marks left out.

    `keys` are the wanted cases' (`Plan.keys`). Cases that ended in an error are not taken over. A run whose files can't
    be read is passed over: its cases are asked again.
    """
    found: dict[str, Sample] = {}
    for manifest in sorted(runs.glob("*/run.json")):
        if manifest.parent == own:
            continue
        try:
            known = json.loads(manifest.read_text(encoding="utf-8")).get("keys", {})
            wanted = {case for case, key in keys.items() if case not in found and known.get(case) == key}
            samples = read_log(manifest.parent) if wanted else {}
        except (ValueError, AttributeError, OSError, WardroundError):
            continue
        for case in wanted & samples.keys():
            sample = samples[case]
            if sample.error is None and sample.key == keys[case]:
                found[case] = replace(sample, scores={}, observations={}, citations={})
    return found
