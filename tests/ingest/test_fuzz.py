"""Damaged files of every format: records or a reason; no crash, no hang, no process over 1 GiB."""

import json

import pytest
from apart import run_apart
from corpus import seeds
from mutants import Fuzzed

from assistant.ingest.content import Content
from assistant.ingest.formats import FORMATS, format_of

SEEDS = list(seeds())


def check_damaged(count, folder, seed):
    """In a process of its own: its children's memory is measured."""
    found = json.loads(
        run_apart(
            "import dataclasses, json\nfrom pathlib import Path\nfrom corpus import seeds\nfrom mutants import fuzz\n"
            f"result = fuzz(list(seeds()), {count}, Path({str(folder)!r}), seed={seed})\n"
            "print(json.dumps(dataclasses.asdict(result)))\n"
        )
    )
    result = Fuzzed(**found)
    assert result.mutants == count
    assert result.read > count / 20
    assert result.refused > count / 4
    assert result.wrong == []
    assert result.slowest_s < 10, result.slowest
    assert 0 < result.most_mb < 1024


def test_every_format_has_a_seed():
    told = {format_of(Content(next(iter(files)), next(iter(files.values())))) for _, files in SEEDS}
    assert set(FORMATS) - {"unread"} <= told


def test_damaged_files_give_records_or_a_reason(tmp_path):
    check_damaged(2_000, tmp_path, seed=20261126)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_twenty_thousand_damaged_files_give_records_or_a_reason(tmp_path):
    check_damaged(20_000, tmp_path, seed=1)
