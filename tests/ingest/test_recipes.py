"""Recipes and their items: manifests, folders, stamps, and what is set aside."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.errors import RecipeError, UnreadableFile
from assistant.ingest import folder_recipe, iter_items, load_recipe, read_item
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
RECIPES = Path(__file__).parents[2] / "benchmarks" / "recipes"
TABLE = """file,pid,day,when,note,finding
a,7,0,2020-03-04,"Fever, cough.",pneumonia
b,7,0,2020,,pneumonia
c,8,1,,,none
"""
COLUMNS = """
[source.columns]
id = "file"
path = "images/{file}.png"
patient_id = "pid"
study_id = "{pid}-{day}"
taken_at = "when"
text = "note"
[source.labels]
finding = "finding"
[source.defaults]
modality = "CR"
"""


@pytest.fixture
def archive(tmp_path):
    """A folder with three pictures and a manifest."""
    images = tmp_path / "data" / "images"
    images.mkdir(parents=True)
    for n, name in enumerate("abc"):
        Pillow.fromarray(np.diag(np.full(4, n + 1, dtype=np.uint8))).save(images / f"{name}.png")
    (tmp_path / "data" / "table.csv").write_text(TABLE)
    return tmp_path


def recipe(folder, body=COLUMNS, head='manifest = "table.csv"\n', top=""):
    path = folder / "chest.toml"
    path.write_text(f'name = "chest"\n{top}\n[[source]]\npath = "data"\n{head}{body}')
    return load_recipe(path)


def read_all(loaded):
    records, reasons = [], {}
    for item in iter_items(loaded):
        try:
            records += read_item(item, loaded, LIMITS).records
        except UnreadableFile as error:
            reasons[error.path] = error.reason
    return records, reasons


def test_rows_give_their_facts_to_pictures_and_texts(archive):
    records, reasons = read_all(recipe(archive))
    assert reasons == {}
    picture, note, second, third = records
    assert (picture.kind, picture.modality, picture.external_id, picture.patient_id) == ("image", "CR", "a", "7")
    assert (note.kind, note.modality, note.text, note.external_id) == ("text", "SR", "Fever, cough.", "a")
    assert picture.study_id == note.study_id == second.study_id == "7-0"
    assert third.study_id == "8-1"
    assert picture.taken_at.isoformat() == "2020-03-04T00:00:00"
    assert third.taken_at is None
    assert third.labels == {"finding": "none"}
    assert (picture.uri, picture.image.pixels.shape) == ("images/a.png", (4, 4))


def test_without_a_study_column_each_row_is_its_own_study(archive):
    records, _ = read_all(recipe(archive, COLUMNS.replace('study_id = "{pid}-{day}"\n', "")))
    assert records[0].study_id == records[1].study_id
    assert len({record.study_id for record in records}) == 3


def test_a_stamp_changes_with_the_file_and_with_its_row_only(archive):
    loaded = recipe(archive)
    before = {item.key: item.stamp for item in iter_items(loaded)}
    assert before == {item.key: item.stamp for item in iter_items(loaded)}
    os.utime(archive / "data" / "images" / "b.png", ns=(5, 5))
    (archive / "data" / "table.csv").write_text(TABLE.replace("8,1,,,none", "8,1,,,fracture"))
    after = {item.key: item.stamp for item in iter_items(loaded)}
    assert {key: before[key] != after[key] for key in before} == {"0/a": False, "0/b": True, "0/c": True}


def test_rows_that_can_not_be_used_are_set_aside_and_the_rest_is_read(archive):
    extra = "missing,9,0,,,none\na,9,0,,,none\n../../outside,9,0,,,none\n/etc/hostname,9,0,,,none\n"
    (archive / "data" / "table.csv").write_text(TABLE + extra)
    (archive / "outside.png").write_bytes((archive / "data" / "images" / "a.png").read_bytes())
    (archive / "data" / "images" / "link.png").symlink_to(archive / "outside.png")
    (archive / "data" / "table.csv").write_text(TABLE + extra + "link,9,0,,,none\n")
    records, reasons = read_all(recipe(archive))
    assert len(records) == 4
    assert reasons == {
        "images/missing.png": "table.csv, row 5: there is no file images/missing.png",
        "images/a.png": "table.csv, row 6: 'a' is already in row 2",
        "images/../../outside.png": "table.csv, row 7: images/../../outside.png leads out of the source's folder",
        "images//etc/hostname.png": "table.csv, row 8: there is no file images//etc/hostname.png",
        "images/link.png": "table.csv, row 9: images/link.png leads out of the source's folder",
    }
    keys = [item.key for item in iter_items(recipe(archive))]
    assert len(keys) == len(set(keys))


def test_a_missing_column_sets_the_manifest_aside_and_other_sources_go_on(archive):
    (archive / "more").mkdir()
    (archive / "more" / "a.txt").write_text("Some more words to read.")
    body = COLUMNS.replace('"pid"', '"patient"') + '[[source]]\npath = "more"\n'
    records, reasons = read_all(recipe(archive, body))
    assert [record.text for record in records] == ["Some more words to read."]
    assert reasons == {
        "table.csv": "table.csv has no column 'patient', which the recipe names in columns.patient_id; "
        "its columns are file, pid, day, when, note, finding"
    }


@pytest.mark.parametrize("content", [b"", b"\x00\x01\xff\xfe" * 50])
def test_a_manifest_that_is_no_table_is_set_aside(archive, content):
    (archive / "data" / "table.csv").write_bytes(content)
    _, reasons = read_all(recipe(archive))
    assert list(reasons) == ["table.csv"]


def test_json_lines_are_a_manifest_too(archive):
    rows = [{"id": n, "answer": f"Answer number {n} is this.", "tags": ["x", "y"]} for n in range(3)]
    (archive / "data" / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    body = '[source.columns]\nid = "id"\ntext = "answer"\n[source.labels]\ntags = "tags"\n'
    records, reasons = read_all(recipe(archive, body, head='manifest = "t.jsonl"\n'))
    assert reasons == {}
    assert [(r.external_id, r.modality, r.labels["tags"]) for r in records[:1]] == [("0", "DOC", "x | y")]
    assert len({r.study_id for r in records}) == 3


def test_a_column_may_hold_labels_of_each_row_s_own(archive):
    rows = [
        {"file": "a", "more": {"side": "left", "grade": 2, "seen": True, "empty": ""}},
        {"file": "b", "more": {}},
        {"file": "c", "more": "no object"},
    ]
    (archive / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    body = '[source.columns]\npath = "images/{file}.png"\n[source.labels]\nname = "file"\n'
    loaded = recipe(archive, body, 'manifest = "rows.jsonl"\nlabels_column = "more"\n')
    (first, second), reasons = read_all(loaded)
    assert first.labels == {"name": "a", "side": "left", "grade": "2", "seen": "true"}
    assert second.labels == {"name": "b"}
    assert list(reasons) == ["images/c.png"] and "column 'more' holds no labels" in reasons["images/c.png"]
    rows[1]["more"] = {"side": "right"}
    before = [item.stamp for item in iter_items(loaded)]
    (archive / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    after = [item.stamp for item in iter_items(loaded)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_a_second_table_adds_its_columns(archive):
    (archive / "data" / "labels.csv").write_text("file,severity\na,mild\nc,severe\n")
    body = COLUMNS.replace('finding = "finding"', 'severity = "severity"')
    head = 'manifest = "table.csv"\njoin = { manifest = "labels.csv", on = "file" }\n'
    records, _ = read_all(recipe(archive, body, head))
    assert [r.labels for r in records if r.kind == "image"] == [{"severity": "mild"}, {}, {"severity": "severe"}]


def test_a_folder_gives_every_readable_file_and_no_hidden_one(archive):
    data = archive / "data"
    (data / ".hidden").write_text("nothing to see here")
    (data / ".git").mkdir()
    (data / ".git" / "x.txt").write_text("nothing to see here")
    (data / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\1\2\3")
    (data / "leak.txt").symlink_to("/etc/hostname")
    records, reasons = read_all(recipe(archive, body="", head=""))
    assert sorted(record.uri for record in records) == ["images/a.png", "images/b.png", "images/c.png"]
    assert sorted(reasons) == ["broken.dcm", "leak.txt", "table.csv"]
    assert "leads out" in reasons["leak.txt"]


def test_include_and_exclude_choose_files(archive):
    head = 'include = ["*.png"]\nexclude = ["images/b*"]\n'
    assert [item.uri for item in iter_items(recipe(archive, "", head))] == ["images/a.png", "images/c.png"]


def test_header_comments_can_be_left_out(archive):
    wfdb = pytest.importorskip("wfdb")
    values = np.sin(np.arange(50.0))[:, None]
    wfdb.wrsamp("e", fs=50, units=["mV"], sig_name=["I"], p_signal=values, fmt=["16"],
                comments=["Rhythm: Sinus rhythm.", "Axis: normal."], write_dir=str(archive / "data"))  # fmt: skip
    head = 'include = ["*.hea"]\n'
    assert [r.kind for r in read_all(recipe(archive, "", head))[0]] == ["signal", "text"]
    assert [r.kind for r in read_all(recipe(archive, "", head + "header_comments = false\n"))[0]] == ["signal"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'x'\n", "source: is missing"),
        ("name = 'x'\nsource = []\n", "at least one"),
        ("name = 'a/b'\n[[source]]\npath='.'\n", "name: a name is letters"),
        ("name = 'x'\n[[source]]\npath='.'\ncolour='red'\n", "source.1.colour: there is no such option"),
        ("name = 'x'\n[[source]]\npath='.'\n[source.columns]\npatient='p'\n", "there is no field 'patient'"),
        ("name = \n", "not valid TOML"),
        ("name = 'x'\n[[source]]\npath='${NO_SUCH_VARIABLE}/x'\n", "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_a_recipe_that_can_not_be_understood_says_where(tmp_path, text, expected):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"r\.toml") as caught:
        load_recipe(tmp_path / "r.toml")
    assert expected in str(caught.value)


def test_a_missing_recipe_or_folder_is_an_error_before_anything_is_read(tmp_path):
    with pytest.raises(RecipeError, match="no such recipe or folder"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "r.toml").write_text("name = 'x'\n[[source]]\npath='gone'\n")
    with pytest.raises(RecipeError, match="no such folder"):
        list(iter_items(load_recipe(tmp_path / "r.toml")))


def test_a_folder_without_files_gets_no_recipe_and_one_that_has_one_keeps_it(tmp_path):
    (tmp_path / "ward" / "deeper").mkdir(parents=True)
    with pytest.raises(RecipeError, match="no file lies in it"):
        folder_recipe(tmp_path / "ward", tmp_path)
    assert not list((tmp_path / "indexes").iterdir())
    note = tmp_path / "ward" / "deeper" / "note.txt"
    note.write_text("The lungs are clear.")
    recipe = folder_recipe(tmp_path / "ward", tmp_path)
    note.unlink()
    assert folder_recipe(tmp_path / "ward", tmp_path) == recipe  # what is gone goes from the index, too


def test_a_folder_gets_a_recipe_once(tmp_path):
    workspace, folder = tmp_path / "work", tmp_path / "My scans"
    folder.mkdir()
    (folder / "a.txt").write_text("Some words to read.")
    path = folder_recipe(folder, workspace)
    assert path == workspace / "indexes" / "My-scans.toml"
    assert [item.uri for item in iter_items(load_recipe(path))] == ["a.txt"]
    path.write_text(path.read_text() + "# my own remark\n")
    assert folder_recipe(folder, workspace) == path
    assert "my own remark" in path.read_text()
    other = tmp_path / "other" / "My scans"
    other.mkdir(parents=True)
    (other / "b.txt").write_text("Other words.")
    assert folder_recipe(other, workspace).name == "My-scans-2.toml"
    assert folder_recipe(other, workspace).name == "My-scans-2.toml"


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("covid_chestxray", 119), ("nih_cxr64", 645), ("iu_xray_reports", 2955), ("ludb_ecg", 120),
        ("challenge2021_ecg", 11), ("medquad", 5588), ("medical_pdf", 5),
    ],
)  # fmt: skip
def test_the_benchmark_recipes_fit_their_data(data_dir, monkeypatch, name, items):
    monkeypatch.setenv("WARDROUND_DATA", str(data_dir))
    loaded = load_recipe(RECIPES / f"{name}.toml")
    found = list(iter_items(loaded))
    assert len(found) == items == len({item.key for item in found})
    assert [item.problem for item in found if item.problem] == []
    records = read_item(found[3], loaded, LIMITS).records
    assert all(record.study_id and record.sha256 for record in records)
