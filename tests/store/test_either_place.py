"""What an index promises holds wherever its catalogue lies: in a SQLite file or in a schema of a PostgreSQL server."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime

import pytest
from small_archive import build_small_archive
from sqlalchemy import select

from assistant.assistant import Assistant
from assistant.errors import WorkspaceBusy
from assistant.forget import forget_patient
from assistant.pseudonyms import Pseudonyms
from assistant.settings import StoreSettings, load_settings
from assistant.store.catalogue import ItemRow, PassageRow, RecordRow, reading
from assistant.store.doctor import examine
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex

NOTES = [
    {"id": "n1", "who": "A-100-X", "on": "2019-03-01", "text": "Large left pleural effusion. No pneumothorax."},
    {"id": "n2", "who": "A-100-X", "on": "2021-07-15", "text": "The pleural effusion has resolved after drainage."},
    {
        "id": "n3",
        "who": "B-200-X",
        "on": "2020-01-05",
        "text": "Small right pneumothorax. The heart is of normal size.",
    },
    {"id": "n4", "who": "B-200-X", "on": "", "text": "No pleural effusion. Known aortic stenosis."},
    {"id": "n5", "who": "Ä-300-X", "on": "2022-12-31", "text": "Œdème pulmonaire, 37 °C; ambiguous: 肺炎 und Ödem."},
    {"id": "n6", "who": "", "on": "", "text": "A pleural effusion is drained with a needle; a chest tube may follow."},
]


def write_rows(workspace, rows, name="notes"):
    (workspace / "data").mkdir(exist_ok=True)
    lines = [json.dumps(row) for row in rows]
    (workspace / "data" / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    recipe = workspace / "indexes" / f"{name}.toml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(
        f'name = "{name}"\n[[source]]\npath = "../data"\nmanifest = "{name}.jsonl"\n[source.columns]\nid = "id"\n'
        'text = "text"\npatient_id = "who"\ntaken_at = "on"\n[source.defaults]\nmodality = "SR"\n'
    )
    return recipe


def files_of(archive, numbers):
    archive.mkdir(exist_ok=True)
    for n in numbers:
        (archive / f"note{n}.txt").write_text(f"Visit {n}. The patient reports cough number {n} and takes drug{n}.")


def start_build(archive, workspace, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "index", str(archive), "--workspace", str(workspace)],
        env=os.environ | {"WARDROUND_STORE__BATCH_FILES": "3", "OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip


def rows_of(workspace, name, *columns):
    index = OpenIndex(workspace, name)
    with reading(index.catalogue) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(columns[0]))]


def test_only_what_changed_is_read_again(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(4))
    (archive / "empty.txt").write_text("")
    first = Assistant.build(archive, workspace=tmp_path)
    assert (first.generation, first.added, first.unchanged, first.removed) == (1, 4, 0, 0)
    assert [path for path, _ in first.set_aside] == ["empty.txt"]
    second = Assistant.build(archive, workspace=tmp_path)
    assert (second.generation, second.added, second.unchanged) == (1, 0, 4)
    assert second.set_aside == first.set_aside
    (archive / "note1.txt").write_text("A pneumothorax is air around the lung.")
    (archive / "note3.txt").unlink()
    files_of(archive, [7])
    third = Assistant.build(archive, workspace=tmp_path)
    assert (third.generation, third.added, third.updated, third.unchanged, third.removed) == (2, 1, 1, 2, 1)
    texts = {e.text for e in Assistant.open(tmp_path).search("pneumothorax cough drug3 drug7", k=10).evidence}
    assert any("air around the lung" in text for text in texts)
    assert any("drug7" in text for text in texts)
    assert not any("drug3" in text or "drug1 " in text for text in texts)
    assert examine(tmp_path, "notes").sound


def test_an_item_that_can_not_be_read_any_more_is_aside_and_its_texts_are_gone(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(2))
    Assistant.build(archive, workspace=tmp_path)
    (archive / "note1.txt").write_bytes(b"")
    report = Assistant.build(archive, workspace=tmp_path)
    assert [path for path, _ in report.set_aside] == ["note1.txt"]
    assert rows_of(tmp_path, "notes", ItemRow.is_aside).count((True,)) == 1
    assert len(rows_of(tmp_path, "notes", RecordRow.pk)) == 1


def test_filters_and_findings(either, tmp_path):
    Assistant.build(write_rows(tmp_path, NOTES))
    assistant = Assistant.open(tmp_path)

    def found(**filters):
        return {e.external_id for e in assistant.search("pleural effusion", k=20, kinds=["text"], **filters).evidence}

    assert found() == {"n1", "n2", "n3", "n4", "n5", "n6"}
    assert found(patient="A-100-X") == {"n1", "n2"}
    assert found(exclude_patient="A-100-X") == {"n3", "n4", "n5", "n6"}
    assert found(since=datetime(2020, 1, 5), until=datetime(2021, 7, 15)) == {"n2", "n3"}
    assert found(findings=["left pleural effusion"]) == {"n1"}
    assert found(findings=["no pneumothorax"]) == {"n1"}
    assert found(modalities=["CT"]) == set()
    assert found(patient="a-100-x") == set()  # ids are not words: their case counts


def test_keys_are_never_given_twice(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(3))
    Assistant.build(archive, workspace=tmp_path)
    highest = max(pk for (pk,) in rows_of(tmp_path, "notes", PassageRow.pk))
    for n in range(3):  # the highest keys are the removed ones'
        (archive / f"note{n}.txt").unlink()
    files_of(archive, [9])
    Assistant.build(archive, workspace=tmp_path)
    assert min(pk for (pk,) in rows_of(tmp_path, "notes", PassageRow.pk)) > highest


def test_text_that_a_database_refuses_is_kept_with_its_offsets(either, tmp_path):
    rows = [
        {"id": "a", "who": "P-\u0000-1", "on": "", "text": "Before\u0000after: a pneumothorax. Half a pair: \ud83d."}
    ]
    Assistant.build(write_rows(tmp_path, rows))
    (evidence,) = Assistant.open(tmp_path).search("pneumothorax").evidence
    assert "\0" not in evidence.text
    assert "Before after: a pneumothorax." in evidence.text
    assert examine(tmp_path, "notes").sound


def test_forgetting_leaves_nothing_and_no_build_brings_them_back(either, tmp_path, request):
    recipe = write_rows(tmp_path, NOTES)
    Assistant.build(recipe)
    write_rows(tmp_path, [*NOTES, {"id": "n7", "who": "B-200-X", "on": "", "text": "Gout."}])
    Assistant.build(recipe)  # so that an older generation holds them too
    assistant = Assistant.open(tmp_path)
    asked = assistant.ask("Is there a pleural effusion?", patient="A-100-X")
    assistant.db.add_turn("c", "Is there a pleural effusion?", [], asked.to_json())
    report = forget_patient(tmp_path, "A-100-X")
    assert report.indexes == [{"index": "notes", "generation": 3, "records": 2, "studies": 2}]
    assert report.turns == 1
    for _ in range(2):
        assert Assistant.build(recipe).records["text"] == 5
    pseudonym = Pseudonyms.of(tmp_path).patient("A-100-X", "")
    assert pseudonym not in {patient for (patient,) in rows_of(tmp_path, "notes", RecordRow.patient_id)}
    assert len(IndexFolder.of(tmp_path, "notes").generations()) <= 2
    if either == "postgresql":
        server, url = request.getfixturevalue("postgres"), request.getfixturevalue("on_postgres")
        dump = subprocess.run(
            [server.bin / "pg_dump", url.replace("ward@", "admin@")], capture_output=True, text=True, check=True
        ).stdout
        assert "Known aortic stenosis" in dump
        assert pseudonym not in dump
        assert "has resolved after drainage" not in dump


def test_a_killed_build_goes_on_after_its_last_batch(either, tmp_path, monkeypatch):
    from assistant.store.working import WorkingCopy

    archive = tmp_path / "notes"
    files_of(archive, range(12))
    settings = load_settings(tmp_path)
    settings = settings.model_copy(update={"store": settings.store.model_copy(update={"batch_files": 3})})
    put, batches = WorkingCopy.put, []

    def third_fails(self, items, fingerprints):
        batches.append(len(items))
        if len(batches) == 3:
            raise KeyboardInterrupt
        put(self, items, fingerprints)

    monkeypatch.setattr(WorkingCopy, "put", third_fails)
    with pytest.raises(KeyboardInterrupt):
        Assistant.build(archive, workspace=tmp_path, settings=settings)
    Assistant.build(archive, workspace=tmp_path, settings=settings)
    assert batches == [3, 3, 3, 3, 3]  # two were there, two were left
    assert Assistant.open(tmp_path).totals() == {"notes": {"text": 12}}


def test_two_builds_of_one_index_do_not_meet(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(12))
    both = [start_build(archive, tmp_path) for _ in range(2)]
    codes = [process.wait() for process in both]
    messages = [process.stderr.read() for process in both]
    assert sorted(codes) in ([0, 0], [0, 2]), messages
    assert all("is being built by another process" in m for code, m in zip(codes, messages, strict=True) if code)
    with IndexFolder.of(tmp_path, "notes").lock(), pytest.raises(WorkspaceBusy, match="another process"):
        Assistant.build(archive, workspace=tmp_path)
    assert examine(tmp_path, "notes").sound


def test_readers_go_on_while_generations_come_and_go(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(6))
    Assistant.build(archive, workspace=tmp_path)
    assistant = Assistant.open(tmp_path)
    stop, errors, seen = threading.Event(), [], set()

    def read():
        while not stop.is_set():
            try:
                found = assistant.search("cough drug5", k=50)
                seen.add(len({e.record_id for e in found.evidence}))
                time.sleep(0.05)  # leaves the builder some of the processor
            except Exception as error:
                errors.append(error)
                return

    code = (
        "import sys; from assistant.assistant import Assistant\n"
        "while not sys.stdin.closed:\n"
        "    found = Assistant.open(sys.argv[1]).search('cough drug5', k=50)\n"
        "    print(len({e.record_id for e in found.evidence}), flush=True)\n"
        "    if sys.stdin.readline() == '': break\n"
    )
    threads = [threading.Thread(target=read) for _ in range(8)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    try:
        for size in (7, 8):
            files_of(archive, range(size))
            assert Assistant.build(archive, workspace=tmp_path).records["text"] == size
            for process in processes:
                assert int(process.stdout.readline()) in (6, 7, 8)
                process.stdin.write("\n")
                process.stdin.flush()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for process in processes:
            process.communicate()
    assert errors == []
    assert seen <= {6, 7, 8}
    assert len({e.record_id for e in assistant.search("cough drug5", k=50).evidence}) == 8


def test_both_places_give_the_same(request, tmp_path):
    """One archive, one key, two workspaces: whatever is searched, with whatever filter, the answer is the same."""
    here, there = tmp_path / "file", tmp_path / "server"
    here.mkdir()
    build_small_archive(here)
    Assistant.build(write_rows(here, NOTES))
    shutil.copytree(here, there, ignore=shutil.ignore_patterns("chest", "notes", "workspace.db*"))
    request.getfixturevalue("on_postgres")
    for name in ("chest", "notes"):
        Assistant.build(there / "indexes" / f"{name}.toml")
    sqlite = load_settings(here).model_copy(update={"store": load_settings(here).store.model_copy(
        update={"catalogue": "sqlite", "database_url": None})})  # fmt: skip
    both = Assistant(here, settings=sqlite), Assistant(there)
    asked = [
        {}, {"patient": "A-100-X"}, {"exclude_patient": "A-100-X"}, {"findings": ["pleural effusion"]},
        {"findings": ["no pneumothorax"]}, {"modalities": ["CR"]}, {"kinds": ["image"]}, {"k": 2},
    ]  # fmt: skip
    texts = ["pleural effusion", "fracture of the radius", "Ödem", "heart size", "zygote"]
    for text in texts:
        for filters in asked:
            told = [assistant.search(text, **filters).to_json() for assistant in both]
            for result in told:
                del result["timing_ms"]
            assert told[0] == told[1], (text, filters)
    pictures = [assistant.search(files=[here / "data" / "a.png"]).to_json()["evidence"] for assistant in both]
    assert pictures[0] == pictures[1] != []
    assert rows_of(there, "notes", RecordRow.pk, RecordRow.record_id, RecordRow.text, RecordRow.fields) == [
        tuple(row) for row in _rows_in_file(here)
    ]


def _rows_in_file(workspace):
    index = OpenIndex(workspace, "notes", StoreSettings())
    with reading(index.catalogue) as session:
        columns = (RecordRow.pk, RecordRow.record_id, RecordRow.text, RecordRow.fields)
        return session.execute(select(*columns).order_by(RecordRow.pk)).all()
