"""Search by example: with several uploads, with words beside it, and by words in a joint space."""

import csv
import sys
from types import ModuleType

import numpy as np
import pytest
from PIL import Image as Picture

from assistant.assistant import Assistant
from assistant.embed import registry
from assistant.embed.registry import Entry
from assistant.records import Image, Record
from assistant.retrieve.composed import Wish
from assistant.retrieve.likeness import joined_by_rank
from assistant.retrieve.rank import Hit
from assistant.settings import Settings
from assistant.store.rows import StoredRecord

FRONTAL, LATERAL = "frontal", "lateral"
ROWS = [  # study, patient, picture, how much it differs from the uploaded one, note, label
    ("alone", "1", FRONTAL, 0, "A dual-chamber pacemaker is in place. No pleural effusion.", ""),
    ("both", "2", FRONTAL, 2, "Small left pleural effusion. No pacemaker.", ""),
    ("both", "2", LATERAL, 2, "", ""),
    ("side", "3", LATERAL, 0, "The lungs are clear.", ""),
    ("silent", "4", FRONTAL, 1, "An old fracture of the clavicle.", ""),
    ("labelled", "5", FRONTAL, 3, "", "Effusion|Pleural_Thickening"),
]


def picture(view, off):
    """A bright disc or stripes on a slope of grey, `off` by so many steps; the two are nothing like each other."""
    y, x = np.mgrid[:120, :120]
    disc = 200.0 * ((x - 60 - 3 * off) ** 2 + (y - 60) ** 2 < (30 - off) ** 2)
    stripes = 100 + 90 * np.sign(np.sin((x + y) / (3 + 0.2 * off)))
    return (np.clip(disc if view == FRONTAL else stripes, 0, 200) + x / 3).astype(np.uint8)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("likeness")
    (workspace / "data").mkdir()
    (workspace / "indexes").mkdir()
    with (workspace / "data" / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "study", "patient", "note", "finding"])
        for n, (study, patient, view, off, note, label) in enumerate(ROWS):
            Picture.fromarray(picture(view, off)).save(workspace / "data" / f"{n}.png")
            writer.writerow([f"{n}.png", study, patient, note, label])
    Picture.fromarray(picture(FRONTAL, 0)).save(workspace / "frontal.png")
    Picture.fromarray(picture(LATERAL, 0)).save(workspace / "lateral.png")
    recipe = workspace / "indexes" / "films.toml"
    recipe.write_text(
        '[[source]]\npath = "../data"\nmanifest = "rows.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "{study}-{file}"\npath = "{file}"\npatient_id = "patient"\nstudy_id = "study"\n'
        'text = "note"\n'
        '[source.labels]\nfinding = "finding"\n[source.defaults]\nmodality = "CR"\n'
    )
    report = Assistant.build(recipe)
    assert report.records["image"] == 6
    return workspace


@pytest.fixture(scope="module")
def assistant(workspace):
    return Assistant.open(workspace)


def study_of(evidence):
    return evidence.external_id.split("-")[0]


def studies(result):
    return list(dict.fromkeys(study_of(e) for e in result.evidence))


def test_two_views_are_one_study_and_look_for_their_counterparts(assistant, workspace):
    """Each upload alone finds a study that holds that one view alone; together they find the one that holds both."""
    frontal, lateral = workspace / "frontal.png", workspace / "lateral.png"
    assert studies(assistant.search(files=[frontal], kinds=["image"]))[0] == "alone"
    assert studies(assistant.search(files=[lateral], kinds=["image"]))[0] == "side"
    found = assistant.search(files=[frontal, lateral], kinds=["image"])
    assert studies(found)[0] == "both"
    assert "the mean of" in found.evidence[0].why
    assert len(found.evidence) == 6
    assert {"alone", "side"} <= {study_of(e) for e in found.evidence if e.kept}  # near in one view is near
    of_both = [e for e in found.evidence if study_of(e) == "both"]  # its stripes are nearly the upload's
    assert not any(e.kept for e in of_both) and all("a copy of the upload" in e.why for e in of_both)


def test_an_example_with_words_prefers_what_is_stated_and_puts_a_denial_last(assistant, workspace):
    files = [workspace / "frontal.png"]
    found = assistant.search("like this one, but with a pacemaker", files=files, kinds=["image"])
    assert studies(found)[0] == "alone"
    assert "its study states pacemaker" in found.evidence[0].why
    assert any("what the words ask for (with pacemaker)" in words for words in found.route)
    denied = next(e for e in found.evidence if study_of(e) == "both")
    assert "its study denies pacemaker" in denied.why
    assert denied.score < min(e.score for e in found.evidence if study_of(e) not in ("both", "side"))


def test_what_states_the_wish_is_handed_on_though_it_is_unlike_and_what_does_not_is_not(assistant, workspace):
    """A lateral film is far from the frontal ones; asked for a pacemaker, the nearest that states one still counts."""
    found = assistant.search("like this one, but with a pacemaker", files=[workspace / "lateral.png"], kinds=["image"])
    best, *others = found.evidence
    assert (study_of(best), best.kept) == ("alone", True)
    assert float(best.why.split()[1].rstrip(",;")) < 0.93
    assert not any(e.kept for e in others if study_of(e) in ("silent", "labelled"))


def test_without_prefers_a_denial_then_silence_and_labels_count_as_statements(assistant, workspace):
    found = assistant.search("similar, without effusion", files=[workspace / "frontal.png"], kinds=["image"])
    told = {study_of(e): e.why for e in found.evidence}
    assert studies(found)[:3] == ["alone", "silent", "side"]
    against = [e for e in found.evidence if study_of(e) in ("both", "labelled")]
    assert len(against) == 3
    assert not any(e.kept for e in against)
    assert "not what the words ask for" in against[0].why
    assert "its study denies pleural effusion" in told["alone"]
    assert "its study does not mention pleural effusion" in told["silent"]
    assert "its study states pleural effusion" in told["both"]
    assert "its study states pleural effusion" in told["labelled"]


def test_words_that_compare_are_nothing_to_search_texts_by(assistant, workspace):
    """Else the very texts that state what is wished away would come up as the nearest to the words."""
    found = assistant.search("the same without effusion", files=[workspace / "frontal.png"])
    assert any("text: not searched" in words for words in found.route)
    assert not any("effusion" in e.text and "No pleural effusion" not in e.text for e in found.evidence if e.kept)


def test_words_that_name_no_finding_count_by_the_text_of_the_studies(assistant, workspace):
    found = assistant.search(
        "like this, after a broken collar bone", files=[workspace / "frontal.png"], kinds=["image"]
    )
    assert studies(found)[0] == "silent"
    assert "text is near the words by" in found.evidence[0].why


def test_a_question_about_the_upload_does_not_pick_the_cases_that_answer_it(assistant, workspace):
    files = [workspace / "frontal.png"]
    plain = assistant.search(files=files, kinds=["image"])
    asked = assistant.search("Is there a pleural effusion?", files=files, kinds=["image"])
    assert studies(asked) == studies(plain)
    assert [e.score for e in asked.evidence] == [e.score for e in plain.evidence]


def test_composed_queries_in_a_batch_are_what_they_are_alone(assistant, workspace):
    files = [workspace / "frontal.png"]
    queries = [
        assistant.query("like this one, but with a pacemaker", files=files),
        assistant.query(files=[*files, workspace / "lateral.png"]),
        assistant.query("similar, without effusion", files=files, exclude_patient="1"),
        assistant.query("pleural effusion"),
    ]
    together = assistant.search_batch(queries)
    alone = [assistant.search_batch([query])[0] for query in queries]
    assert [[(e.id, e.why) for e in r.evidence] for r in together] == [
        [(e.id, e.why) for e in r.evidence] for r in alone
    ]
    assert "alone" not in studies(together[2])  # the study that would be the best of all is behind the wall


@pytest.mark.parametrize(
    ("text", "wished"),
    [
        ("like this one, but with a pacemaker", {"pacemaker": "present"}),
        ("without effusion or pneumothorax", {"pleural effusion": "absent", "pneumothorax": "absent"}),
        ("right pleural effusion", {"pleural effusion": "present"}),
        ("Are there similar cases with cardiomegaly?", {"cardiomegaly": "present"}),
    ],
)
def test_what_words_wish_for(text, wished):
    assert {c.name: c.wanted.status for c in Wish.of(text).contrasts} == wished


@pytest.mark.parametrize(
    "text", ["", "Is there an effusion?", "What does this film show?", "find similar cases", "Describe the heart"]
)
def test_what_wishes_for_nothing(text):
    assert not Wish.of(text)


class _Index:
    name = "made"


def hit(kind, patient, score):
    record = Record(kind, "CR", "", record_id=f"{kind}{patient}", patient_id=patient, study_id=f"{kind}-{patient}")
    return Hit(_Index(), StoredRecord(0, record, True, 0), kind, score, score)


def test_a_patient_near_in_two_kinds_comes_first_whatever_the_scales():
    pictures = [hit("image", "1", 0.99), hit("image", "2", 0.98), hit("image", "3", 0.97)]
    recordings = [hit("signal", "4", 0.6), hit("signal", "2", 0.5)]
    joined = joined_by_rank([(pictures, 1.0), (recordings, 1.0)])
    assert [h.stored.record.patient_id for h in joined] == ["2", "2", "1", "4", "3"]
    weighed = joined_by_rank([(pictures, 0.1), (recordings, 1.0)])
    assert [h.stored.record.patient_id for h in weighed] == ["2", "2", "4", "1", "3"]
    assert joined_by_rank([(pictures, 1.0), ([], 1.0)]) == pictures


def test_many_pictures_of_one_patient_leave_room_for_signals():
    pictures = [hit("image", "1", 0.99 - n / 100) for n in range(12)]
    joined = joined_by_rank([(pictures, 1.0), ([hit("signal", "4", 0.6), hit("signal", "2", 0.5)], 1.0)])
    assert [h.stored.record.kind for h in joined] == ["image", "signal", "signal"] + 11 * ["image"]
    assert [h.score for h in joined if h.stored.record.kind == "image"] == [h.score for h in pictures]


class BrightnessEncoder:
    """A joint space of two dimensions: dark and bright, of pictures and of the words."""

    name, kind, dim, fingerprint = "brightness", "image", 2, "brightness-1"

    def __init__(self, settings):
        pass

    def encode(self, items):
        assert all(isinstance(item, Image) for item in items)
        return self._vectors([item.pixels.mean() / 255 for item in items])

    def encode_text(self, texts):
        return self._vectors([1.0 if "bright" in text else 0.0 for text in texts])

    def _vectors(self, shares):
        angle = np.array(shares) * np.pi / 2
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def test_words_find_a_picture_without_any_text_where_the_space_is_joint(tmp_path, monkeypatch):
    module = ModuleType("assistant.embed.brightness")
    module.BrightnessEncoder = BrightnessEncoder
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = Entry("brightness", ("image",), "brightness", "BrightnessEncoder", joint=True)
    monkeypatch.setattr(registry, "ENTRIES", (*registry.ENTRIES, entry))
    (tmp_path / "data").mkdir()
    (tmp_path / "indexes").mkdir()
    pattern = np.random.default_rng(0).integers(0, 40, (64, 64))
    for name, level in (("dark", 5), ("middle", 100), ("bright", 210)):
        Picture.fromarray((pattern + level).astype(np.uint8)).save(tmp_path / "data" / f"{name}.png")
    (tmp_path / "data" / "note.txt").write_text("Aspirin is given after a myocardial infarction.")
    recipe = tmp_path / "indexes" / "lamps.toml"
    recipe.write_text('[[source]]\npath = "../data"\n[encoders]\nimage = "brightness"\n')
    Assistant.build(recipe)
    shown = Assistant.open(tmp_path).search("something bright", kinds=["image"])
    assert len(shown.evidence) == 3
    assert shown.evidence[0].score == pytest.approx(np.cos((1 - (210 + pattern.mean()) / 255) * np.pi / 2), abs=0.01)
    assert shown.abstained
    assert "retrieve.joint_floor" in shown.evidence[0].why
    settings = Settings(retrieve={"joint_floor": 0.9})
    kept = Assistant.open(tmp_path, settings=settings).search("something bright", kinds=["image"])
    assert [e.kept for e in kept.evidence] == [True, False, False]
    beside = Assistant.open(tmp_path, settings=settings).search("aspirin after infarction")
    assert {e.kind for e in beside.evidence} == {"text", "image"}
