"""The metric that an index learns on its labels: kept with the generation, carried over, fitted anew, refused."""

import csv
import json
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from PIL import Image as Picture

from assistant.assistant import Assistant
from assistant.embed import registry
from assistant.embed.registry import Entry
from assistant.settings import Settings
from assistant.store.doctor import examine
from assistant.store.index import OpenIndex
from assistant.store.learned import folder_of, learned_report

PATIENTS, RECORDS, DIM = 45, 2, 24
LABELS = ("Effusion", "Nodule", "No Finding")


class BlocksEncoder:
    """Pictures of 4 × 6 grey blocks to the blocks' brightness."""

    name, kind, dim, fingerprint = "blocks", "image", DIM, "blocks-1"

    def __init__(self, settings):
        pass

    def encode(self, items):
        made = [item.pixels.reshape(4, 8, 6, 8).mean(axis=(1, 3)).ravel() - 128.0 for item in items]
        return np.stack([v / np.linalg.norm(v) for v in made]).astype(np.float32)


@pytest.fixture(autouse=True, scope="module")
def blocks():
    with pytest.MonkeyPatch.context() as patch:
        module = ModuleType("assistant.embed.blocks")
        module.BlocksEncoder = BlocksEncoder
        patch.setitem(sys.modules, module.__name__, module)
        patch.setattr(registry, "ENTRIES", (*registry.ENTRIES, Entry("blocks", ("image",), "blocks", "BlocksEncoder")))
        yield


def draw(label, random, patient):
    """A label shows in one of three blocks; in the others each patient looks different, more than labels do."""
    values = patient + random.normal(0, 10, DIM)
    values[:3] = random.normal(0, 8, 3)
    values[label] += 40
    return np.kron(np.clip(values + 128, 0, 255).reshape(4, 6), np.ones((8, 8))).astype(np.uint8)


def build(workspace, *, noise=False, more=0, without=(), heads=""):
    """The archive with 45 patients and `more`, less some; `noise` draws the labels."""
    data = workspace / "data"
    data.mkdir(parents=True, exist_ok=True)
    (workspace / "indexes").mkdir(exist_ok=True)
    rows = []
    for patient in range(PATIENTS + more):
        random = np.random.default_rng(patient)
        label, look = patient % 3, random.normal(0, 45, DIM)
        for record in range(RECORDS):
            name = f"{patient}-{record}.png"
            if not (data / name).exists():
                Picture.fromarray(draw(label, random, look)).save(data / name)
            told = LABELS[int(np.random.default_rng([patient, record, 9]).integers(3))] if noise else LABELS[label]
            rows.append([name, patient, told])
    with (data / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "patient", "finding"], *(r for r in rows if r[1] not in without)])
    recipe = workspace / "indexes" / "films.toml"
    recipe.write_text(
        '[[source]]\npath = "../data"\nmanifest = "rows.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "file"\npath = "{file}"\npatient_id = "patient"\n'
        '[source.labels]\nfinding = "finding"\n[source.defaults]\nmodality = "CR"\n'
        f'[encoders]\nimage = "blocks"\n{heads}'
    )
    Assistant.build(recipe)
    return OpenIndex(workspace, "films")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("learned")
    build(workspace)
    return workspace


def test_what_was_tried_and_why_it_was_taken_is_kept_with_the_generation(workspace):
    index = OpenIndex(workspace, "films")
    report = learned_report(index.path, "image")
    finding = report["groups"]["finding"]
    assert report["taken"]
    assert report["why"].startswith("gain for unseen patients +")
    assert (report["records"], report["patients"], finding["values"]) == (90, 45, 3)
    assert finding["after"] - finding["before"] == pytest.approx(finding["gain"]["value"], abs=2e-4)
    files = json.loads((index.path / "manifest.json").read_text())["files"]
    assert {"learned/image/report.json", "learned/image/map.npz"} <= files.keys()
    learned = index.learned("image")
    assert len(learned.vectors) == 90
    key = int(index.vectors("image").ids[7])
    mapped = learned.head.apply(index.vectors("image").vectors([key]))
    assert learned.vectors.vectors([key]) == pytest.approx(mapped, abs=1e-6)


def test_the_doctor_maps_the_vectors_again(workspace):
    (check,) = [c for c in examine(workspace, "films").checks if c.name == "image learned metric"]
    assert (check.ok, check.found) == (True, "90 of 90 vectors mapped by it")


def test_search_goes_by_the_metric_and_floors_by_the_encoder(workspace):
    """Of a patient who is not in the archive, the nearest carry the label, which the encoder alone does not see."""
    random = np.random.default_rng(999)
    Picture.fromarray(draw(1, random, random.normal(0, 45, DIM))).save(workspace / "new.png")
    settings = Settings(retrieve={"image_floor": -1.0})
    plain = Settings(retrieve={"image_floor": -1.0}, embed={"heads": "off"})
    found = Assistant.open(workspace, settings=settings).search(files=[workspace / "new.png"], kinds=["image"])
    alone = Assistant.open(workspace, settings=plain).search(files=[workspace / "new.png"], kinds=["image"])
    share = [np.mean([e.labels["finding"] == "Nodule" for e in result.evidence]) for result in (found, alone)]
    assert share[0] >= 0.8 > 0.6 >= share[1]
    assert all("the metric learned on this archive's labels" in e.why for e in found.evidence)
    assert not any("metric" in e.why for e in alone.evidence)
    assert [e.score for e in found.evidence] == sorted((e.score for e in found.evidence), reverse=True)
    strict = Assistant.open(workspace).search(files=[workspace / "new.png"], kinds=["image"])
    assert strict.abstained  # no cosine of the encoder reaches the floor, whatever the metric says


def test_a_metric_that_saw_the_own_label_is_not_asked_where_that_is_withheld(workspace):
    """For a draft, or an evaluation, a study of the archive stands as if it were not there: nor in the metric."""
    assistant = Assistant.open(workspace, settings=Settings(retrieve={"image_floor": -1.0, "image_copy": 2.0}))
    film = workspace / "data" / "4-0.png"
    open_query = assistant.query(files=[film], kinds=["image"])
    withheld = replace(open_query, leave_out_own=True)
    stranger = replace(assistant.query(files=[workspace / "new.png"], kinds=["image"]), leave_out_own=True)
    told = [{"metric" in e.why for e in found.evidence}
            for found in assistant.search_batch([open_query, withheld, stranger])]  # fmt: skip
    assert told == [{True}, {False}, {True}]
    alone = assistant.search_batch([withheld])[0]
    assert {"metric" in e.why for e in alone.evidence} == {False}


def test_a_few_new_records_are_mapped_and_many_let_it_be_fitted_anew(tmp_path):
    first = build(tmp_path)
    before = (folder_of(first.path, "image") / "map.npz").read_bytes()
    one_more = build(tmp_path, more=1)
    assert one_more.generation == 2
    assert (folder_of(one_more.path, "image") / "map.npz").read_bytes() == before
    assert len(one_more.learned("image").vectors) == 92
    many = build(tmp_path, more=6)
    assert learned_report(many.path, "image")["patients"] == 51
    assert (folder_of(many.path, "image") / "map.npz").read_bytes() != before


def test_a_forgotten_patient_leaves_the_metric(tmp_path):
    index = build(tmp_path)
    gone = {pk for pk, stored in index.records(int(k) for k in index.vectors("image").ids).items()
            if stored.record.external_id.startswith("7-")}  # fmt: skip
    assert gone <= set(learned_report(index.path, "image")["fitted_on"])
    Assistant(tmp_path).forget("7")
    after = OpenIndex(tmp_path, "films")
    report = learned_report(after.path, "image")
    assert not gone & set(report["fitted_on"])
    assert report["patients"] == 44
    assert not gone & set(after.learned("image").vectors.ids.tolist())


def test_labels_that_are_noise_leave_the_encoder_as_it_is(tmp_path):
    index = build(tmp_path, noise=True)
    report = learned_report(index.path, "image")
    assert not report["taken"]
    assert "no certain gain" in report["why"] or "harm" in report["why"]
    assert index.learned("image") is None
    assert not (folder_of(index.path, "image") / "map.npz").exists()


def test_a_recipe_can_say_no(tmp_path):
    assert build(tmp_path).learned("image") is not None
    off = build(tmp_path, heads='[heads]\nimage = "off"\n')
    assert (off.generation, off.learned("image")) == (2, None)
    assert learned_report(off.path, "image") is None
    again = build(tmp_path)
    assert again.learned("image") is not None
