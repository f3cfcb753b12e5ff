"""Slices of one series are one item, read as a volume with representative slices."""

import stat
import zipfile

import numpy as np
import pytest
from series_files import ct_slice

from assistant.errors import UnreadableFile
from assistant.ingest import iter_items, load_recipe, read_item
from assistant.ingest.series import StoredSeriesMemory
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans.toml").write_text('name = "scans"\n[[source]]\npath = "scans"\n')
    return load_recipe(tmp_path / "scans.toml")


def write_volume(folder, slices, **elements):
    folder.mkdir(exist_ok=True)
    for number in range(slices):
        name = f"IM{(number * 7) % slices:03}"  # the order of names is not the order of slices
        (folder / name).write_bytes(ct_slice(number, **elements))


def test_a_series_is_one_item_with_three_slices(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 20)
    (item,) = iter_items(recipe)
    assert len(item.parts) == 20
    records = read_item(item, recipe, LIMITS).records
    assert [record.part for record in records] == ["slice 6", "slice 11", "slice 16"]
    middle = records[1]
    assert middle.fields["slices"] == 20
    assert middle.fields["slice_spacing_mm"] == middle.fields["slice_thickness_mm"] == 5.0
    assert middle.fields["extent_mm"] == 95.0
    assert (middle.fields["orientation"], middle.fields["spacing_mm"]) == ("axial", "0.5 × 0.5")
    assert middle.image.pixels[32, 32] == round((100 * 11 - 999.5) / 1999 * 255 + 127.5)
    assert {record.study_id for record in records} == {"1.2.3"}
    assert len({record.sha256 for record in records}) == 3


def test_other_files_two_slices_and_other_planes_stay_their_own(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 4)
    write_volume(tmp_path / "scans/pair", 2, series="1.2.3.5")
    (tmp_path / "scans/ct/scout").write_bytes(ct_slice(9, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]))
    (tmp_path / "scans/ct/note.txt").write_text("The lungs are clear. No effusion is seen today.")
    items = list(iter_items(recipe))
    assert sorted(len(item.parts) for item in items) == [0, 0, 0, 0, 4]
    assert all(read_item(item, recipe, LIMITS).records for item in items)


def test_damaged_slices_are_set_aside_by_name_and_the_series_goes_on(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 9)
    cut_off = tmp_path / "scans/ct/IM000"
    cut_off.write_bytes(cut_off.read_bytes()[:-1000])
    (item,) = iter_items(recipe)
    reading = read_item(item, recipe, LIMITS)
    assert reading.aside == (("IM000", "its pixel data is cut off"),)
    assert {record.fields["slices"] for record in reading.records} == {8}
    assert len(reading.records) == 3


def test_a_series_of_nothing_but_damage_names_its_first_reason(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 3)
    for path in (tmp_path / "scans/ct").iterdir():
        path.write_bytes(path.read_bytes()[:-1000])
    (item,) = iter_items(recipe)
    with pytest.raises(UnreadableFile, match=r"none of the 3 slices .*cut off"):
        read_item(item, recipe, LIMITS)


def test_a_representative_slice_that_does_not_decode_gives_way_to_its_neighbour(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 9)
    for number in (4,):
        blank = ct_slice(number, PixelData=np.zeros((64, 64), np.int16).tobytes())
        (tmp_path / f"scans/ct/IM{(number * 7) % 9:03}").write_bytes(blank)
    (item,) = iter_items(recipe)
    reading = read_item(item, recipe, LIMITS)
    assert [record.part for record in reading.records] == ["slice 3", "slice 4", "slice 7"]
    assert [reason for _, reason in reading.aside] == ["blank: every pixel has the same value"]


def test_a_gap_is_counted_and_a_scan_over_time_is_one_volume(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 6)
    (tmp_path / "scans/ct" / f"IM{(3 * 7) % 6:03}").unlink()
    (item,) = iter_items(recipe)
    assert read_item(item, recipe, LIMITS).records[0].fields["slices_missing"] == 1
    for number in range(4):
        for moment in range(2):
            path = tmp_path / "scans" / f"t{moment}n{number}"
            path.write_bytes(ct_slice(number, series="1.2.3.9", InstanceNumber=4 * moment + number))
    over_time = next(item for item in iter_items(recipe) if len(item.parts) == 8)
    records = read_item(over_time, recipe, LIMITS).records
    assert records[0].fields["slices"] == 4
    assert records[0].fields["time_points"] == 2


def test_the_stamp_changes_with_any_slice_and_the_key_does_not(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 5)
    (before,) = iter_items(recipe)
    assert next(iter_items(recipe)) == before
    (tmp_path / "scans/ct/A").write_bytes(ct_slice(5))
    (after,) = iter_items(recipe)
    assert after.key == before.key
    assert after.stamp != before.stamp


def test_a_series_in_an_archive(recipe, tmp_path):
    with zipfile.ZipFile(tmp_path / "scans/study.zip", "w") as file:
        for number in range(5):
            file.writestr(f"ct/IM{number}", ct_slice(number))
        file.writestr("report.txt", "The lungs are clear. No effusion is seen today.")
    series, report = sorted(iter_items(recipe), key=lambda item: -len(item.parts))
    assert (len(series.parts), len(report.parts)) == (5, 0)
    records = read_item(series, recipe, LIMITS).records
    assert [record.uri for record in records] == [f"study.zip!ct/IM{n}" for n in (1, 2, 3)]


def test_the_memory_spares_opening_files_and_holds_nothing_in_clear(recipe, tmp_path, monkeypatch):
    write_volume(tmp_path / "scans/ct", 5)
    (tmp_path / "scans/note.txt").write_text("The lungs are clear. No effusion is seen today.")
    store = tmp_path / "series.sqlite"
    with StoredSeriesMemory(store) as memory:
        first = list(iter_items(recipe, LIMITS, memory))
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    content = store.read_bytes()
    assert not any(word in content for word in (b"1.2.3.4", b"IM00", b"scans", b"P-1"))

    def fail(*_):
        raise AssertionError("an unchanged file was looked at again")

    monkeypatch.setattr("assistant.ingest.series.series_mark", fail)
    with StoredSeriesMemory(store) as memory:
        assert list(iter_items(recipe, LIMITS, memory)) == first


def test_a_damaged_memory_is_started_anew(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 5)
    store = tmp_path / "series.sqlite"
    store.write_bytes(b"no database at all" * 100)
    with StoredSeriesMemory(store) as memory:
        assert len(list(iter_items(recipe, LIMITS, memory))) == 1
    with StoredSeriesMemory(store) as memory:
        assert len(list(iter_items(recipe, LIMITS, memory))) == 1


def test_a_file_that_changed_after_the_scan_is_no_crash(recipe, tmp_path):
    write_volume(tmp_path / "scans/ct", 4)
    (item,) = iter_items(recipe)
    (tmp_path / "scans/ct/IM000").write_bytes(b"something else")
    (tmp_path / "scans/ct/IM001").unlink()
    reading = read_item(item, recipe, LIMITS)
    assert {name for name, _ in reading.aside} == {"IM000", "IM001"}
    assert {record.fields["slices"] for record in reading.records} == {2}
