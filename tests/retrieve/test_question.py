import pytest

from assistant.retrieve.question import read_question


@pytest.mark.parametrize(
    ("text", "kind", "wants"),
    [
        ("What is atrial fibrillation?", "knowledge", "knowledge"),
        ("Is colchicine useful in acute pericarditis?", "knowledge", "knowledge"),
        ("What is the normal range of the PR interval?", "knowledge", "knowledge"),
        ("Is there an infarct?", "finding", "cases"),
        ("Is there a pleural effusion?", "finding", "cases"),
        ("Find ECGs like this one", "similar", "cases"),
        ("Has the left pleural effusion changed?", "comparison", "cases"),
        ("How many chest X-rays show a pleural effusion?", "count", "cases"),
        ("How long is the QT interval?", "value", "cases"),
        ("Which studies mention a pacemaker?", "cases", "cases"),
        ("right pleural effusion", "other", None),
    ],
)
def test_kinds(text, kind, wants):
    read = read_question(text)
    assert (read.kind, read.wants) == (kind, wants)


@pytest.mark.parametrize(
    ("text", "modalities", "region"),
    [
        ("left bundle branch block ECG", {"ECG"}, "heart"),
        ("CT abdomen appendicitis", {"CT"}, "abdomen"),
        ("the cat sat on the mat", set(), None),
        ("Radiographs of a hiatal hernia", {"CR", "DX"}, "chest"),  # the vocabulary knows where it belongs
        ("mammography screening recall rate", {"MG"}, "breast"),
    ],
)
def test_modality_and_region(text, modalities, region):
    read = read_question(text)
    assert (read.modalities, read.region) == (modalities, region)


def test_findings_and_parts_that_are_named():
    assert read_question("Has the left pleural effusion changed?").about.named == {"pleural effusion"}
    assert read_question("Has the left pleural effusion changed?").about.side == "left"
    assert "cardiomegaly" in read_question("Is the heart larger?").about.entities
