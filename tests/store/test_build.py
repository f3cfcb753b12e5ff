"""Building an index from a folder: what is read, what is left alone, what a damaged file does."""

import json
import os
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.errors import DamagedIndex, EncoderMismatch, IndexMissing, RecipeError, WorkspaceBusy
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex

TEXTS = {
    "heart.txt": "Heart failure is treated with diuretics. Loop diuretics relieve congestion.",
    "lung.txt": "A pleural effusion is fluid around the lung. Large effusions are drained with a needle.",
    "stroke.txt": "An ischaemic stroke is treated with thrombolysis within four and a half hours.",
}


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    (folder / "empty.txt").write_text("")
    return folder


def build(archive, workspace):
    return Assistant.build(archive, workspace=workspace)


def test_only_what_changed_is_read_again(archive, tmp_path):
    first = build(archive, tmp_path)
    assert (first.generation, first.added, first.updated, first.unchanged, first.removed) == (1, 3, 0, 0, 0)
    assert first.records == {"image": 0, "signal": 0, "text": 3}
    assert [path for path, _ in first.set_aside] == ["empty.txt"]

    second = build(archive, tmp_path)
    assert (second.generation, second.added, second.unchanged) == (1, 0, 3)
    assert second.set_aside == first.set_aside

    (archive / "lung.txt").write_text("A pneumothorax is air around the lung.")
    (archive / "stroke.txt").unlink()
    (archive / "kidney.txt").write_text("Kidney stones cause colic.")
    third = build(archive, tmp_path)
    assert (third.generation, third.added, third.updated, third.unchanged, third.removed) == (2, 1, 1, 1, 1)
    assert third.records["text"] == 3

    assistant = Assistant.open(tmp_path)
    texts = {e.text for e in assistant.search("pleural effusion stroke kidney lung", k=10).evidence}
    assert any("pneumothorax" in text for text in texts)
    assert not any("effusion is fluid" in text or "stroke" in text for text in texts)


def test_the_report_is_the_contracts_json(archive, tmp_path):
    report = build(archive, tmp_path).to_json()
    assert set(report) == {
        "index", "generation", "added", "updated", "unchanged", "removed", "set_aside", "records", "seconds",
        "removed_identifiers",
    }  # fmt: skip
    assert report["set_aside"][0]["path"] == "empty.txt"
    assert "empty" in report["set_aside"][0]["reason"]
    json.dumps(report)


def test_an_open_assistant_sees_the_next_generation(archive, tmp_path):
    build(archive, tmp_path)
    assistant = Assistant.open(tmp_path)
    assert assistant.generations() == {"notes": 1}
    (archive / "gout.txt").write_text("Gout is treated with colchicine.")
    build(archive, tmp_path)
    found = assistant.search("colchicine for gout")
    assert assistant.generations() == {"notes": 2}
    assert found.evidence[0].text == "Gout is treated with colchicine."


@pytest.mark.parametrize("name", ["catalogue.sqlite", "vectors/text/vectors.faiss", "manifest.json", "words/ids.npy"])
def test_a_damaged_file_is_refused_by_name_and_mended_by_building_again(archive, tmp_path, name):
    build(archive, tmp_path)
    path = tmp_path / "indexes" / "notes" / "generations" / "000001" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DamagedIndex, match=path.name):
        Assistant.open(tmp_path)
    again = build(archive, tmp_path)
    assert again.generation == 2
    assert again.added == 3
    assert Assistant.open(tmp_path).search("diuretics").evidence[0].text.startswith("Heart failure")


def test_a_missing_file_and_a_broken_pointer_are_refused(archive, tmp_path):
    build(archive, tmp_path)
    folder = tmp_path / "indexes" / "notes"
    (folder / "generations" / "000001" / "vectors/text/vectors.faiss").unlink()
    with pytest.raises(DamagedIndex, match=r"vectors\.faiss: missing"):
        Assistant.open(tmp_path)
    (folder / "CURRENT").write_text("nonsense")
    with pytest.raises(DamagedIndex, match="CURRENT"):
        Assistant.open(tmp_path)
    assert build(archive, tmp_path).added == 3


def test_nothing_built_says_how_to_build(tmp_path):
    with pytest.raises(IndexMissing, match="wardround index"):
        Assistant.open(tmp_path)
    with pytest.raises(RecipeError, match="index name"):
        IndexFolder.of(tmp_path, "../escape")


def test_two_builds_of_one_index_do_not_meet(archive, tmp_path):
    with IndexFolder.of(tmp_path, "notes").lock(), pytest.raises(WorkspaceBusy, match="another process"):
        build(archive, tmp_path)


def test_generations_hold_pseudonyms_and_no_paths(archive, tmp_path):
    (archive / "p.jsonl").write_text(json.dumps({"text": "Chest pain.", "patient_id": "MRN-998877"}) + "\n")
    recipe = tmp_path / "indexes" / "people.toml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(
        'name = "people"\n[[source]]\npath = "../notes"\nmanifest = "p.jsonl"\n'
        '[source.columns]\ntext = "text"\npatient_id = "patient_id"\n'
    )
    Assistant.build(recipe)
    folder = OpenIndex(tmp_path, "people").path
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "paths.sqlite":
            content = path.read_bytes()
            assert b"MRN-998877" not in content, path
            assert str(archive).encode() not in content, path
    assert (folder / "paths.sqlite").stat().st_mode & 0o077 == 0


def test_only_two_generations_are_kept(archive, tmp_path):
    for n in range(4):
        (archive / f"more{n}.txt").write_text(f"Note number {n} on hypertension.")
        build(archive, tmp_path)
    kept = sorted(p.name for p in (tmp_path / "indexes" / "notes" / "generations").iterdir())
    assert kept == ["000003", "000004"]


def test_vectors_of_other_weights_are_refused_and_encoded_anew(archive, tmp_path, monkeypatch):
    from assistant.embed import open_encoder
    from assistant.settings import load_settings

    build(archive, tmp_path)
    embed = load_settings(tmp_path).embed
    monkeypatch.setattr(open_encoder("text", embed.text, embed), "fingerprint", "0123456789abcdef")
    with pytest.raises(EncoderMismatch, match="build it again"):
        Assistant.open(tmp_path).search("diuretics")
    again = build(archive, tmp_path)
    assert (again.generation, again.added, again.unchanged) == (2, 3, 0)
    assert Assistant.open(tmp_path).search("diuretics").evidence[0].text.startswith("Heart failure")


def test_a_manifest_that_lost_a_column_empties_nothing(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.csv").write_text(
        "name,note\na,Asthma is treated with steroids.\nb,Gout is treated with colchicine.\n"
    )
    recipe = tmp_path / "indexes" / "rows.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "rows"\n[[source]]\npath = "../data"\nmanifest = "rows.csv"\n'
        '[source.columns]\nid = "name"\ntext = "note"\n'
    )
    assert Assistant.build(recipe).added == 2
    good = (data / "rows.csv").read_text()
    (data / "rows.csv").write_text(good.replace("note", "remark", 1))
    broken = Assistant.build(recipe)
    assert (broken.removed, broken.unchanged, broken.records["text"]) == (0, 2, 2)
    ((path, reason),) = broken.set_aside
    assert path == "rows.csv"
    assert "note" in reason
    assert "remark" in reason
    assert Assistant.open(tmp_path).search("gout").evidence[0].text == "Gout is treated with colchicine."
    (data / "rows.csv").write_text(good)
    mended = Assistant.build(recipe)
    assert (mended.removed, mended.records["text"], mended.set_aside) == (1, 2, ())


def test_a_name_that_is_no_text_is_set_aside(archive, tmp_path):
    (tmp_path / "notes" / "ok.txt").write_text("Anaemia is treated with iron.")
    Path(os.fsdecode(os.fsencode(archive) + b"/bad\xff\xfe.txt")).write_bytes(b"Measles is a virus.")
    report = build(archive, tmp_path)
    reasons = dict(report.set_aside)
    assert reasons[r"bad\xff\xfe.txt"] == "its name is not valid UTF-8: rename it"
    assert report.added == 4
    json.dumps(report.to_json()).encode()
