"""What a second build reads again, what it keeps, and what becomes of an index of an earlier version."""

import os
import sqlite3

import pytest

from assistant.assistant import Assistant
from assistant.settings import IngestSettings, Settings
from assistant.store.doctor import examine
from assistant.store.generations import IndexFolder

NOTES = {"a.txt": "Pneumonia is treated with antibiotics.", "b.txt": "Anaemia is treated with iron.",
         "lines.jsonl": '{"text": "Gout is treated with colchicine."}\nnot JSON\n'}  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    return folder


def build(archive, workspace, **limits):
    return Assistant.build(archive, workspace=workspace, settings=Settings(ingest=IngestSettings(**limits)))


def generation(workspace):
    return IndexFolder.of(workspace, "notes").open_current()


def test_a_touched_file_keeps_its_records_and_gets_a_new_stamp(archive, tmp_path, monkeypatch):
    first = build(archive, tmp_path)
    os.utime(archive / "a.txt", ns=(1, 1))
    from assistant.ingest import pool

    started = []
    monkeypatch.setattr(pool._Pool, "_start", lambda self: started.append(1))
    second = build(archive, tmp_path)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 3)
    third = build(archive, tmp_path)
    assert (third.generation, third.unchanged) == (second.generation, 3)
    assert second.records == first.records
    assert started == []
    assert examine(tmp_path, "notes").sound


def test_a_change_of_the_same_length_is_read_though_its_time_says_little(archive, tmp_path):
    build(archive, tmp_path)
    (archive / "b.txt").write_text("Anaemia is treated with beer.")
    report = build(archive, tmp_path)
    assert (report.updated, report.unchanged) == (1, 2)
    assert "beer" in Assistant.open(tmp_path).search("anaemia treated").evidence[0].text


def test_parts_that_could_not_be_read_are_reported_and_the_rest_counts_as_read(archive, tmp_path):
    report = build(archive, tmp_path)
    assert (report.added, report.records["text"]) == (3, 3)
    ((path, reason),) = report.set_aside
    assert path.startswith("lines.jsonl, line 2")
    assert "JSON" in reason
    assert build(archive, tmp_path).set_aside == report.set_aside


def test_reasons_stand_in_the_owners_table_alone(archive, tmp_path):
    (archive / "Jane Doe.bin").write_bytes(bytes(100))
    report = build(archive, tmp_path)
    assert "Jane Doe.bin" in dict(report.set_aside)
    folder = generation(tmp_path)
    assert (folder / "paths.sqlite").stat().st_mode & 0o077 == 0
    assert b"Jane Doe" not in (folder / "catalogue.sqlite").read_bytes()
    columns = [row[1] for row in sqlite3.connect(folder / "catalogue.sqlite").execute("pragma table_info(item)")]
    assert columns == ["item_id", "stamp", "digest", "is_aside"]


def test_what_was_set_aside_is_tried_again_under_other_limits(archive, tmp_path):
    (archive / "long.txt").write_text("The patient has no cough and no fever today. " * 50_000)
    assert dict(build(archive, tmp_path, max_file_mb=2).set_aside)["long.txt"].endswith("(ingest.max_file_mb)")
    assert "long.txt" in dict(build(archive, tmp_path, max_file_mb=2).set_aside)
    report = build(archive, tmp_path, max_file_mb=512)
    assert (report.added + report.updated, report.unchanged) == (1, 3)
    assert "long.txt" not in dict(report.set_aside)


def test_removed_identifiers_are_counted(archive, tmp_path):
    (archive / "letter.txt").write_text("Patient name: Jane Miller, phone 030 1234567. She has no fever.")
    report = build(archive, tmp_path)
    assert sum(report.removed_identifiers.values()) >= 2
    assert report.to_json()["removed_identifiers"] == report.removed_identifiers
    assert build(archive, tmp_path).removed_identifiers == report.removed_identifiers


def test_an_index_of_an_earlier_version_is_read_and_then_built_anew(archive, tmp_path):
    """Generations of version 1 keep the reasons with the items, and paths without parts."""
    build(archive, tmp_path)
    folder = generation(tmp_path)
    with sqlite3.connect(folder / "catalogue.sqlite") as catalogue:
        catalogue.execute("alter table item add column reason text")
        catalogue.execute("alter table item drop column digest")
        catalogue.execute("alter table item drop column is_aside")
        catalogue.execute("delete from meta where key in ('layout', 'limits', 'deid')")
    with sqlite3.connect(folder / "paths.sqlite") as paths:
        for column in ("reason", "parts", "removed"):
            paths.execute(f"alter table path drop column {column}")
    index = IndexFolder.of(tmp_path, "notes")
    folder.rename(index.building)
    (index.building / "manifest.json").unlink()
    index.commit(1)

    assistant = Assistant.open(tmp_path)
    (best, *_) = assistant.search("gout").evidence
    assert "colchicine" in best.text
    assert examine(tmp_path, "notes").sound
    report = build(archive, tmp_path)
    assert (report.generation, report.added, report.records["text"]) == (2, 3, 3)
    assert examine(tmp_path, "notes").sound


def test_the_generation_does_not_depend_on_the_number_of_workers(archive, tmp_path):
    for n in range(12):
        (archive / f"note{n}.txt").write_text(f"Visit {n}. The patient takes drug{n} daily for the cough.")
    held = {}
    (tmp_path / "1").mkdir()
    for workers in (1, 2, 4):
        workspace = tmp_path / str(workers)
        if workers > 1:
            (workspace / ".keys").mkdir(parents=True, mode=0o700)
            (workspace / ".keys" / "pseudonym.key").write_bytes((tmp_path / "1/.keys/pseudonym.key").read_bytes())
        build(archive, workspace, workers=workers)
        folder = generation(workspace)
        catalogue = sqlite3.connect(folder / "catalogue.sqlite")
        held[workers] = [
            catalogue.execute(f"select * from {table} order by 1").fetchall() for table in ("item", "record", "passage")
        ] + [(folder / "vectors/text" / name).read_bytes() for name in ("vectors.faiss", "keys.npy", "choice.json")]
    assert len(held[1][1]) == 15
    assert held[1] == held[2] == held[4]
