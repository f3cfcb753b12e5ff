"""An archive of every kind of file, a tenth of it damaged: indexed to the end, and the same after being killed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.parent / "ingest"))

from corpus import seeds

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.settings import IngestSettings
from assistant.store.doctor import examine
from assistant.store.vectors import load_vectors

COPIES = 10  # of each kind, one of them damaged
KINDS = (
    "picture-png", "picture-jpeg", "picture-tiff", "dicom-MR_small", "dicom-test-SR", "dicom-waveform_ecg", "nifti1",
    "wfdb-header", "edf", "scp", "sierra", "aecg", "muse", "sapphire", "pdf", "docx", "rtf", "html", "openi", "jsonl",
    "cda", "fhir", "hl7", "text", "zip", "tar-gz",
)  # fmt: skip
KILLS = 10
LIMITS = IngestSettings()


def own_text(data, name, number):
    """A copy that differs from the others where the format is plain text."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return data
    return text.replace("pneumothorax", f"pneumothorax number {number}").encode()


def damaged(data, path):
    """The first damage, of a list, by which the file can't be read any more."""
    for change in (
        data[: len(data) // 2], data[:40], data[: len(data) // 3] + bytes(len(data) // 3),
        data[:8] + b"\xff" * 200 + data[208:], b"\xff\x00" * 50,
    ):  # fmt: skip
        path.write_bytes(change)
        try:
            read_file(path, LIMITS)
        except UnreadableFile:
            return
    raise AssertionError(f"{path}: still readable")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The folder, and the paths in it that are damaged."""
    folder = tmp_path_factory.mktemp("mixed") / "mixed"
    known, bad = dict(seeds()), []
    for kind in KINDS:
        for number in range(COPIES):
            place = folder / kind / f"{number}"
            place.mkdir(parents=True)
            (first, data), *beside = known[kind].items()
            for name, content in beside:
                (place / name).write_bytes(content)
            if number == COPIES // 2:
                damaged(data, place / first)
                bad.append((place / first).relative_to(folder).as_posix())
            else:
                (place / first).write_bytes(own_text(data, first, number))
    return folder, sorted(bad)


def build(folder, workspace):
    environment = os.environ | {"WARDROUND_STORE__BATCH_FILES": "8", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "index", str(folder), "--workspace", str(workspace), "--json"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def result(workspace):
    """What the committed generation holds: rows without their keys, vectors by record, and what is aside."""
    (generation,) = sorted((workspace / "indexes" / "mixed" / "generations").glob("*"))[-1:]
    catalogue, paths = sqlite3.connect(generation / "catalogue.sqlite"), sqlite3.connect(generation / "paths.sqlite")
    records = catalogue.execute(
        "select item_id, record_id, kind, modality, part, sha256, patient_id, study_id, taken_at, text, labels, fields"
        " from record order by pk"
    ).fetchall()
    passages = catalogue.execute("select pk, record_pk, start, end, section, page from passage order by pk").fetchall()
    places = paths.execute("select key, uri, reason, parts, removed from path order by key").fetchall()
    vectors = {}
    for kind in ("image", "signal", "text"):
        index = load_vectors(generation / "vectors" / kind)
        vectors[kind] = index.vectors(np.sort(index.ids))
    return records, passages, places, vectors


@pytest.fixture(scope="module")
def undisturbed(archive, tmp_path_factory):
    """A copy of the workspace's key, what came of one build without kills, and how long it took."""
    workspace = tmp_path_factory.mktemp("undisturbed")
    begin = time.monotonic()
    process = build(archive[0], workspace)
    _, errors = process.communicate()
    assert process.returncode == 1, errors  # some files were set aside
    return workspace, result(workspace), time.monotonic() - begin


def test_each_damaged_file_is_set_aside_with_its_reason(archive, undisturbed):
    _, bad = archive
    _, (records, _, places, _), _ = undisturbed
    reasons = {uri.partition("!")[0]: reason for _, uri, reason, _ in [row[:4] for row in places] if reason}
    assert sorted(reasons) == bad
    assert all(len(reason) > 10 for reason in reasons.values()), reasons
    assert not [reason for reason in reasons.values() if "crashed" in reason or "ingest.max_seconds" in reason]
    assert len({row[0] for row in records}) == sum(not reason for _, _, reason, *_ in places)


@pytest.mark.slow  # a shorter one: test_kill.py
@pytest.mark.timeout(1_800)
def test_ten_kills_on_the_way_change_nothing_in_the_result(archive, undisturbed, tmp_path):
    folder, _ = archive
    workspace, expected, whole = undisturbed
    (tmp_path / ".keys").mkdir(mode=0o700)
    (tmp_path / ".keys" / "pseudonym.key").write_bytes((workspace / ".keys" / "pseudonym.key").read_bytes())
    chance = random.Random(20261126)
    for _ in range(KILLS):
        process = build(folder, tmp_path)
        time.sleep(chance.uniform(0.1, 0.3) * whole)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    last = build(folder, tmp_path)
    _, errors = last.communicate()
    assert last.returncode == 1, errors
    records, passages, places, vectors = result(tmp_path)
    assert records == expected[0]
    assert passages == expected[1]
    assert places == expected[2]
    for kind, matrix in vectors.items():
        np.testing.assert_allclose(matrix, expected[3][kind], atol=1e-5)
    assert examine(tmp_path, "mixed").sound
