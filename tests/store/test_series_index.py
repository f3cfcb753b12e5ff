"""A series of slices in an index: one item, whose slices can be looked at, incrementally updated."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from series_files import ct_slice

from assistant import Assistant


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "scans" / "ct"
    folder.mkdir(parents=True)
    for number in range(8):
        (folder / f"IM{7 - number}").write_bytes(ct_slice(number))
    with zipfile.ZipFile(tmp_path / "scans" / "other.zip", "w") as file:
        for number in range(4):
            file.writestr(f"b/IM{number}", ct_slice(number, series="1.2.9", StudyInstanceUID="1.2.8"))
    (tmp_path / "indexes").mkdir()
    path = tmp_path / "indexes" / "scans.toml"
    path.write_text('name = "scans"\n[[source]]\npath = "../scans"\n')
    return path


def test_slices_of_a_series_are_found_and_shown(recipe: Path) -> None:
    report = Assistant.build(recipe)
    assert (report.added, report.records["image"], report.set_aside) == (2, 6, ())
    memory = recipe.parent / "scans" / "series.sqlite"
    assert memory.stat().st_mode & 0o777 == 0o600
    assistant = Assistant.open(recipe)
    for study in ("1.2.3", "1.2.8"):
        records = [assistant.record(record.record_id) for record in assistant.study(study)]
        shown = [record.image.pixels[32, 32] for record in records if record.image is not None]
        assert len(shown) == 3
        assert np.all(np.diff(shown) > 0)  # the discs grow brighter from slice to slice


def test_a_second_run_changes_nothing_and_a_new_slice_is_an_update(recipe: Path) -> None:
    Assistant.build(recipe)
    again = Assistant.build(recipe)
    assert (again.added, again.updated, again.unchanged, again.generation) == (0, 0, 2, 1)
    (recipe.parent.parent / "scans" / "ct" / "IM8").write_bytes(ct_slice(8))
    updated = Assistant.build(recipe)
    assert (updated.added, updated.updated, updated.unchanged, updated.removed) == (0, 1, 1, 0)
