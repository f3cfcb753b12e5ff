"""Comparison with the prior study: the latest before this one, quoted and measured; never support for the present."""

import csv

import pytest
from PIL import Image as Picture
from small_archive import draw

from assistant.assistant import Assistant
from assistant.studies import StudyRequest

ROWS = [  # file, patient, date, note
    ("jan.png", "100", "2020-01-10", "Large right pleural effusion."),
    ("mar.png", "100", "2020-03-10", "The right pleural effusion is small. No pneumothorax."),
    ("jun.png", "100", "2020-06-10", "The lungs are clear. No pleural effusion."),
    ("other.png", "200", "2020-03-01", "Cardiomegaly."),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("prior")
    data = workspace / "data"
    data.mkdir()
    for seed, (name, *_) in enumerate(ROWS):
        Picture.fromarray(draw(seed, (160, 200))).save(data / name)
    with (data / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "patient", "date", "note"), *ROWS])
    recipe = workspace / "indexes" / "chest.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "chest"\n[[source]]\npath = "../data"\nmanifest = "rows.csv"\n'
        '[source.columns]\nid = "file"\npath = "{file}"\npatient_id = "patient"\ntaken_at = "date"\ntext = "note"\n'
        '[source.defaults]\nmodality = "CR"\n'
    )
    Assistant.build(recipe)
    return workspace


def comparison(draft):
    return [claim for section in draft.sections if section.name == "COMPARISON" for claim in section.claims]


def test_the_latest_earlier_study_is_quoted_with_its_interval(workspace):
    (draft,) = Assistant.open(workspace).draft(["jun.png"], prior=True)
    claims = comparison(draft)
    assert [claim.text for claim in claims] == [
        "Prior study, 3 months before this study: “The right pleural effusion is small.”",
        "Prior study, 3 months before this study: “No pneumothorax.”",
    ]
    assert all(claim.verdict == "supported" and claim.about == "patient" for claim in claims)
    assert draft.sections[0].name == "COMPARISON"
    cited = {e.id: e for e in draft.evidence}
    assert {cited[c.citations[0]].external_id for c in claims} == {"mar.png"}


def test_what_came_later_is_never_a_prior_study(workspace):
    (draft,) = Assistant.open(workspace).draft(["jan.png"], prior=True)
    assert comparison(draft) == []


def test_nobody_is_compared_unasked_or_with_a_study_of_unknown_date(workspace, tmp_path):
    assistant = Assistant.open(workspace)
    (draft,) = assistant.draft(["jun.png"])
    assert comparison(draft) == []
    path = tmp_path / "new.png"
    Picture.fromarray(draw(9, (160, 200))).save(path)
    (draft,) = assistant.draft([StudyRequest("new", (path,), "100")], prior=True)
    assert not any(e.external_id == "jan.png" for e in draft.evidence)


def test_the_prior_report_supports_no_sentence_about_the_present(workspace):
    (draft,) = Assistant.open(workspace).draft(["jun.png"], prior=True)
    prior = {e.id for e in draft.evidence if e.why.startswith("history")}
    assert prior
    present = [c for s in draft.sections if s.name != "COMPARISON" for c in s.claims]
    assert not any(prior & set(claim.citations) for claim in present)


def test_a_prior_recording_is_measured_and_its_values_are_told_with_the_interval(data_dir, tmp_path):
    manifest = tmp_path / "rows.csv"
    manifest.write_text("file,patient,date\n45,100,2020-01-10\n2,100,2020-03-10\n3,200,2020-03-11\n")
    recipe = tmp_path / "indexes" / "ecg.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        f'name = "ecg"\n[[source]]\npath = "{data_dir}/ludb_ecg/data"\nmanifest = "{manifest}"\n'
        "header_comments = false\n"
        '[source.columns]\nid = "file"\npath = "{file}.hea"\npatient_id = "patient"\ntaken_at = "date"\n'
    )
    Assistant.build(recipe)
    (draft,) = Assistant.open(tmp_path).draft(["2"], prior=True)
    claims = comparison(draft)
    assert claims and claims[0].text.startswith("Prior recording, 2 months before this study: Heart rate ")
    assert all(claim.verdict == "supported" for claim in claims), claims
    cited = {e.id: e for e in draft.evidence}
    assert {cited[key].external_id for claim in claims for key in claim.citations} == {"45"}
