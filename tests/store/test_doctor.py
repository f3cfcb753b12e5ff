"""Every kind of damage: planted, found, and mended or honestly left."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.store.doctor import examine
from assistant.store.files import sha256_of
from assistant.store.generations import IndexFolder
from assistant.store.repair import mend
from assistant.store.vectors import Choice, FaissIndex
from assistant.store.vectors.structures import Hnsw
from assistant.store.words import WordIndex

NOTES = {
    "heart.txt": "Heart failure is treated with diuretics.",
    "gout.txt": "Gout is treated with colchicine.",
    "asthma.txt": "Asthma is treated with inhaled steroids.",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A workspace with an index of three notes."""
    workspace = tmp_path_factory.mktemp("built")
    folder = workspace / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    recipe = workspace / "indexes" / "notes.toml"
    recipe.parent.mkdir()
    recipe.write_text('name = "notes"\n[[source]]\npath = "../notes"\n')
    Assistant.build(recipe)
    return workspace


@pytest.fixture
def workspace(built, tmp_path):
    """A copy of it to be damaged."""
    shutil.copytree(built, tmp_path / "workspace")
    return tmp_path / "workspace"


def generation(workspace):
    return IndexFolder.of(workspace, "notes").open_current(verify=False)


def seal(folder):
    """Make what was changed look as if it had been committed so: the damage of a program, not of a disk."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        entry.update(bytes=(folder / name).stat().st_size, sha256=sha256_of(folder / name))
    text = json.dumps(manifest)
    (folder / "manifest.json").write_text(text)
    pointer = folder.parent.parent / "CURRENT"
    digest = hashlib.sha256(text.encode()).hexdigest()
    pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "manifest_sha256": digest}))


def failed(workspace):
    return {check.name for check in examine(workspace, "notes").checks if not check.ok}


def mended(workspace):
    """Mend the index; the repair."""
    return mend(workspace, examine(workspace, "notes"))


def answers(workspace):
    found = Assistant.open(workspace).search("what is gout treated with")
    return found.evidence[0].text == NOTES["gout.txt"]


def spoil(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def rewrite(workspace, change):
    """Write the text vectors anew after `change` (of keys and a matrix), sealed."""
    path = generation(workspace) / "vectors/text"
    index = FaissIndex.load(path, mapped=False)
    keys, matrix = change(index.ids.copy(), index.vectors(index.ids))
    fresh = FaissIndex.empty(index.dim)
    fresh.add(keys, matrix)
    fresh.search_with(None, index.choice)
    fresh.save(path)
    seal(generation(workspace))


def execute(workspace, *statements):
    connection = sqlite3.connect(generation(workspace) / "catalogue.sqlite")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    seal(generation(workspace))


def test_a_sound_index_is_left_alone(workspace):
    report = examine(workspace, "notes")
    assert report.sound, report.checks
    assert {"files", "orphans", "offsets", "text ids", "text norms", "text recall", "text structure", "words"} <= {
        check.name for check in report.checks
    }
    assert main(["doctor", "--repair", "--workspace", str(workspace)]) == 0
    assert generation(workspace).name == "000001"


@pytest.mark.parametrize("name", ["words/ids.npy", "words/data.csc.index.npy", "vectors/text/choice.json"])
@pytest.mark.parametrize("how", ["spoilt", "missing"])
def test_a_damaged_derived_file_is_made_again(workspace, name, how, capsys):
    path = generation(workspace) / name
    spoil(path) if how == "spoilt" else path.unlink()
    report = examine(workspace, "notes")
    assert not report.sound
    assert name in report.checks[0].found
    assert main(["doctor", "--workspace", str(workspace)]) == 1
    capsys.readouterr()
    assert main(["doctor", "--repair", "--json", "--workspace", str(workspace)]) == 0
    (told,) = json.loads(capsys.readouterr().out)["indexes"]
    assert told["sound"] and told["repair"]["generation"] == 2 and told["repair"]["left"] == []
    assert generation(workspace).name == "000002"
    assert examine(workspace, "notes").sound
    assert answers(workspace)


@pytest.mark.parametrize(
    "name", ["catalogue.sqlite", "paths.sqlite", "vectors/text/vectors.faiss", "vectors/text/keys.npy", "manifest.json"]
)
def test_what_nothing_else_holds_is_named_and_left_for_the_index_command(workspace, name):
    spoil(generation(workspace) / name)
    assert failed(workspace) == {"files"}
    done = mended(workspace)
    assert done.generation is None and not done.done
    assert name in done.left[0] and "wardround index" in done.left[0]
    assert generation(workspace).name == "000001"
    assert main(["doctor", "--repair", "--workspace", str(workspace)]) == 1
    Assistant.build(workspace / "indexes/notes.toml")
    assert examine(workspace, "notes").sound


def test_a_broken_pointer_is_told(workspace):
    (workspace / "indexes/notes/CURRENT").write_text("nonsense")
    assert failed(workspace) == {"files"}


def test_rows_without_an_owner_are_removed(workspace):
    execute(
        workspace,
        "delete from item where item_id = (select item_id from record where text like 'Asthma%')",
        "insert into passage (record_pk, start, end) values (999, 0, 5)",
    )
    assert failed(workspace) == {"orphans", "text ids", "words"}
    done = mended(workspace)
    assert any("2 rows without an owner" in line for line in done.done)
    assert not done.left
    assert examine(workspace, "notes").sound
    assert answers(workspace)
    assert Assistant.build(workspace / "indexes/notes.toml").added == 1  # the file itself is still there


def test_a_vector_without_a_row_goes(workspace):
    rewrite(workspace, lambda keys, matrix: (np.append(keys, 777), np.concatenate([matrix, matrix[:1]])))
    assert failed(workspace) == {"text ids"}
    assert not mended(workspace).left
    assert examine(workspace, "notes").sound


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 0.3])
def test_of_an_unusable_vector_the_file_is_read_again(workspace, value):
    def change(keys, matrix):
        matrix[1] = value if not np.isfinite(value) else matrix[1] * value
        return keys, matrix

    rewrite(workspace, change)
    assert "text norms" in failed(workspace)
    done = mended(workspace)
    assert len(done.left) == 1 and done.left[0].startswith("1 items")
    assert examine(workspace, "notes").sound
    assert Assistant.build(workspace / "indexes/notes.toml").added == 1
    assert examine(workspace, "notes").sound
    assert answers(workspace)


def test_of_a_missing_vector_the_file_is_read_again(workspace):
    rewrite(workspace, lambda keys, matrix: (keys[1:], matrix[1:]))
    assert failed(workspace) == {"text ids"}
    assert mended(workspace).left
    report = Assistant.build(workspace / "indexes/notes.toml")
    assert (report.added, report.unchanged) == (1, 2)
    assert answers(workspace)


def test_a_passage_beyond_its_text_is_read_again(workspace):
    execute(workspace, "update passage set end = 5000 where pk = 1")
    assert "offsets" in failed(workspace)
    assert mended(workspace).left
    Assistant.build(workspace / "indexes/notes.toml")
    assert examine(workspace, "notes").sound


def test_a_word_index_of_other_texts_is_made_again(workspace):
    folder = generation(workspace) / "words"
    keys = WordIndex.load(folder).ids.copy()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    WordIndex.build(keys, ["other words"] * len(keys)).save(folder)
    seal(generation(workspace))
    assert failed(workspace) == {"words"}
    assert not mended(workspace).left
    assert examine(workspace, "notes").sound


def test_a_structure_that_is_not_the_recorded_one_is_built_anew(workspace):
    path = generation(workspace) / "vectors/text"
    index = FaissIndex.load(path, mapped=False)
    choice = Choice("hnsw", 16, 0.99, 0.98, "hnsw", len(index), "planted")
    index.search_with(Hnsw.build(index.flat), choice)
    index.save(path)  # sealed with its file, but the catalogue still names the scan
    manifest = json.loads((generation(workspace) / "manifest.json").read_text())
    manifest["files"]["vectors/text/search.faiss"] = {}
    (generation(workspace) / "manifest.json").write_text(json.dumps(manifest))
    seal(generation(workspace))
    assert failed(workspace) == {"text structure"}
    done = mended(workspace)
    assert "the search structure of the text vectors was chosen and built anew" in done.done
    assert examine(workspace, "notes").sound
    assert not (generation(workspace) / "vectors/text/search.faiss").exists()


def test_another_encoder_is_left_for_the_index_command(workspace):
    execute(workspace, """update meta set value = '{"text": "0123456789abcdef"}' where key = 'fingerprints'""")
    assert failed(workspace) == {"text encoder"}
    done = mended(workspace)
    assert done.generation is None
    assert "text encoder" in done.left[0] and "wardround index" in done.left[0]


def test_an_index_that_was_never_built_is_an_error(workspace):
    assert main(["doctor", "--index", "nothing", "--workspace", str(workspace)]) == 2
