"""Probes made by program: what is asked, what is never asked, the same from the same seed; written, read, run."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_suite import build_workspace

from assistant.cli import main
from assistant.errors import RecipeError
from assistant.evaluate import run_suite
from assistant.evaluate.dataset import load_suite
from assistant.evaluate.probe import Subject, make_pairs, subjects_of
from assistant.evaluate.probe.subjects import label_names, of_text
from assistant.evaluate.probe.write import one_group_a_patient
from assistant.settings import Settings


def subject(name, present, patient=None):
    return Subject(name, (Path(f"{name}.png"),), "", frozenset(present), frozenset(), (), patient or name)


def no_encoder(_):
    raise AssertionError("nothing has to be encoded for this kind")


def pairs_of(cases):
    by_pair = {}
    for case in cases:
        by_pair.setdefault(case.pair, []).append(case)
    return by_pair


def test_a_true_attribute_and_an_invented_one():
    subjects = [subject(f"s{n}", ["effusion"] if n % 2 else ["cardiomegaly", "edema"]) for n in range(20)]
    cases = make_pairs("attribute", subjects, 50, 0, no_encoder)
    by_name = {s.name: s for s in subjects}
    assert len(pairs_of(cases)) == 20
    for pair, (true, false) in pairs_of(cases).items():
        present = by_name[pair.partition(":")[2]].present
        assert true.question.removeprefix("Is there ").rstrip("?") in present
        assert false.question.removeprefix("Is there ").rstrip("?") not in present
        assert (true.reference.answer, false.reference.answer) == ("yes", "no")
        assert true.exclude_patient == true.group == by_name[pair.partition(":")[2]].patient


def test_what_implies_or_is_implied_is_never_invented():
    """Pleural effusion is a pleural abnormality in a wider sense; a lung opacity is what a consolidation is."""
    subjects = [subject("a", ["consolidation"]), subject("b", ["lung opacity"]), subject("c", ["pneumothorax"])]
    cases = make_pairs("attribute", subjects, 50, 0, no_encoder)
    invented = {c.pair: c.question for c in cases if c.reference.answer == "no"}
    assert invented["attribute:a"] == "Is there pneumothorax?"
    assert invented["attribute:b"] == "Is there pneumothorax?"


def test_common_findings_are_invented_more_often():
    subjects = [subject(f"s{n}", ["effusion"]) for n in range(30)] + [subject("rare", ["hernia"])]
    subjects += [subject(f"q{n}", ["nodule"]) for n in range(60)]
    asked = Counter(
        case.question
        for case in make_pairs("attribute", subjects, 200, 0, no_encoder)
        if case.reference.answer == "no" and case.pair.startswith("attribute:q")
    )
    assert asked["Is there effusion?"] > 50


def test_the_same_seed_makes_the_same_probes_and_fewer_are_some_of_them():
    subjects = [subject(f"s{n}", ["effusion"] if n % 2 else ["edema"]) for n in range(20)]
    first, again, fewer, other = (
        make_pairs("attribute", subjects, count, seed, no_encoder) for count, seed in ((9, 1), (9, 1), (4, 1), (9, 2))
    )
    assert first == again
    assert fewer == first[:8]
    assert other != first


def test_a_report_is_asked_of_what_it_states_and_denies_alone():
    report = of_text("r", "There is a small left pleural effusion. No pneumothorax. The heart is normal in size.", "p")
    assert report.present == {"pleural effusion"}
    assert "pneumothorax" in report.absent
    (pair,) = pairs_of(make_pairs("attribute", [report], 5, 0, no_encoder)).values()
    assert pair[0].question == "Is there pleural effusion?"
    assert pair[1].question.removeprefix("Is there ").rstrip("?") in report.absent
    assert pair[0].context == (report.text,)
    silent = of_text("s", "There is a small left pleural effusion.", "p")
    assert make_pairs("attribute", [silent], 5, 0, no_encoder) == []


def test_sides_are_asked_where_there_is_one():
    one = of_text("one", "Right pneumothorax.", None)
    both = of_text("both", "Bilateral pleural effusions.", None)
    mixed = of_text("mixed", "Small left pleural effusion. Large right pleural effusion.", None)
    (pair,) = pairs_of(make_pairs("side", [one, both, mixed], 5, 0, no_encoder)).values()
    assert [(case.question, case.reference.answer) for case in pair] == [
        ("Is there right pneumothorax?", "yes"),
        ("Is there left pneumothorax?", "no"),
    ]


def test_confusing_pairs_are_the_most_alike_with_different_answers():
    """a and b are nearly the same picture with different findings; c is like a, but has what a has."""
    subjects = [subject("a", ["edema"]), subject("b", ["nodule"]), subject("c", ["edema"]), subject("d", ["hernia"])]
    vectors = {"a": [1, 0, 0], "b": [0.99, 0.14, 0], "c": [0.999, 0.04, 0], "d": [0, 0, 1]}

    def encode(some):
        found = np.array([vectors[s.name] for s in some], dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    cases = make_pairs("confusing", subjects, 1, 0, encode)
    assert [(case.question, case.files[0], case.reference.answer) for case in cases] in (
        [("Is there nodule?", "b.png", "yes"), ("Is there nodule?", "c.png", "no")],
        [("Is there edema?", "c.png", "yes"), ("Is there edema?", "b.png", "no")],
    )
    assert cases[0].group == cases[1].group == "b + c"
    assert all("d" not in case.pair for case in make_pairs("confusing", subjects, 9, 0, encode))


def test_two_pictures_of_one_patient_are_no_confusing_pair():
    subjects = [subject("a", ["edema"], "p"), subject("b", ["nodule"], "p")]
    assert make_pairs("confusing", subjects, 5, 0, lambda some: np.ones((len(some), 1), np.float32)) == []


def test_groups_with_a_patient_in_common_are_one():
    subjects = [subject("a", ["edema"]), subject("b", ["nodule"]), subject("c", ["edema"])]
    cases = make_pairs("attribute", subjects, 5, 0, no_encoder)
    cases += make_pairs("confusing", subjects[:2], 5, 0, lambda some: np.ones((len(some), 1), np.float32))
    groups = {case.pair: case.group for case in one_group_a_patient(cases)}
    assert groups["attribute:a"] == groups["attribute:b"] == groups["confusing:a:b"] != groups["attribute:c"]


def test_labels_are_names_with_yes_and_no_or_lists_of_names():
    assert label_names([("finding", "Effusion|No Finding; Pleural_Thickening")]) == (
        {"effusion", "pleural thickening"},
        frozenset(),
    )
    assert label_names([("Edema", "1.0"), ("Pneumonia", "0"), ("Fracture", "")]) == ({"edema"}, {"pneumonia"})
    assert label_names([("dx", "COVID-19"), ("dx", "AF")]) == ({"COVID-19", "AF"}, frozenset())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Eight pictures with labels as a suite and as a recipe, and the small index of reports."""
    home = build_workspace(tmp_path_factory.mktemp("workspace"))
    folder = home / "indexes" / "pictures"
    folder.mkdir()
    rows = ["id,patient,finding"]
    cases = []
    for number in range(8):
        shade = np.full((64, 64), 20 * number + 40, np.uint8)
        shade[number * 8 : number * 8 + 8] = 255
        Image.fromarray(shade).save(folder / f"x{number}.png")
        finding = ("Effusion", "Edema")[number % 2]
        rows.append(f"x{number}.png,p{number},{finding}")
        cases.append({"id": f"x{number}", "task": "search", "files": [f"../indexes/pictures/x{number}.png"],
                      "group": f"p{number}", "reference": {"labels": [finding]}})  # fmt: skip
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    (home / "indexes" / "pictures.toml").write_text(
        'name = "pictures"\n[[source]]\npath = "pictures"\nmanifest = "rows.csv"\n[source.columns]\nid = "id"\n'
        'path = "{id}"\npatient_id = "patient"\n[source.labels]\nfinding = "finding"\n[source.defaults]\n'
        'modality = "CR"\n'
    )
    (home / "eval" / "shades.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (home / "eval" / "shades.toml").write_text('name = "shades"\ncases = "shades.jsonl"\nindex = "small"\n')
    return home


def test_probes_of_a_suite_run(workspace, capsys):
    out = workspace / "eval" / "probes.toml"
    command = ["probe", str(workspace / "eval" / "shades.toml"), "--out", str(out), "--workspace", str(workspace)]
    assert main([*command, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["pairs"]["attribute"], made["subjects"]) == (8, 8)
    assert 1 <= made["pairs"]["confusing"] <= 4
    before = out.with_suffix(".jsonl").read_bytes()
    assert main(command) == 0
    assert out.with_suffix(".jsonl").read_bytes() == before
    suite = load_suite(out, workspace)
    assert suite.suite.index == "small"
    assert all(case.pair is not None for case in suite.cases)
    result = run_suite(out, workspace=workspace, llm="quote")
    assert result.metrics["pair_accuracy"].n == len(suite.cases)
    assert result.groups[0].rule == "tags.probe"
    assert result.metrics["pair_accuracy"].value == 0.0  # nothing in the archive speaks of these pictures
    assert not result.set_aside


def test_an_archive_gives_its_own_ids(workspace):
    subjects, dataset = subjects_of(workspace / "indexes" / "pictures.toml", workspace, Settings())
    assert dataset is None
    assert {(s.name, s.patient, tuple(s.present)) for s in subjects if s.name < "x2"} == {
        ("x0.png", "p0", ("effusion",)),
        ("x1.png", "p1", ("edema",)),
    }
    reports, _ = subjects_of(workspace / "indexes" / "small.toml", workspace, Settings())
    assert {s.name for s in reports} >= {"r1-text", "r3-text"}


def test_what_can_not_be_probed_is_said(workspace, capsys, tmp_path):
    asked = ["probe", str(workspace / "eval" / "tiny.toml"), "--workspace", str(workspace)]
    assert main([*asked, "--out", str(tmp_path / "p.toml")]) == 2
    assert "nothing to make probes of" in capsys.readouterr().err
    assert main([*asked, "--out", str(tmp_path / "p.json")]) == 2
    assert "a suite is a TOML file" in capsys.readouterr().err
    with pytest.raises(RecipeError, match="there is no such"):
        subjects_of(tmp_path / "none.toml", workspace, Settings())
