"""A letter that names its lines ("Allergies: …", "Smoker: no") and signs with two persons: no label is lost, and none
is taken for the heading of other lines."""

import pytest

from assistant.generate import Task, open_answerer
from assistant.ingest.text.plain import text_record
from assistant.retrieve.own import own_passages
from assistant.retrieve.query import Query, Upload
from assistant.settings import IngestSettings, LlmSettings, Settings
from assistant.verify import Verifier

LETTER = """Clinic letter

Smoker: no
Number of vessels involved: 2
Infarction date (acute): 3 May 2023

Allergies: latex (hives). Ampicillin. No known allergy to iodine.
Family history: Stroke in the mother.

Imaging
Chest CT 4 May 2023: nodule of 6 mm in the left lower lobe. No effusion.
Chest CT 9 August 2023: nodule unchanged. Small pericardial effusion.
Bronchoscopy 10 May 2023: no tumour, no stenosis.
A biopsy was not taken because of bleeding.

Laboratory
                 4 May    9 August
Sodium (mmol/l)  131      138
CRP (mg/l)       64       3
HbA1c (%)        6.1

Medication
Prednisolone 10 mg 1-0-0 (reduced from 20 mg)
Pantoprazole 40 mg 1-0-0
Clopidogrel was stopped on 12 May. The patient weighed 71.5 kg in May and 66.0 kg in August.
The ejection fraction is 55 % (previously 40 %).

Recommendations
Ibuprofen must not be given.

Dr. Anna Berg, consultant pulmonologist
Dr. Paul Reed, registrar
"""
TABLE = "Laboratory (4 May 9 August)"


def said(question, text=LETTER):
    settings = Settings()
    record = text_record(text, IngestSettings(passage_words=60), uri="letter.txt", sha256="0")
    kept = tuple(piece for piece in own_passages(Query(question, (Upload(record),)), settings) if piece.kept)
    told = list(open_answerer(LlmSettings()).answer(Task(question, kept))) if kept else []
    verifier = Verifier(settings.verify)
    for statement in told:
        judged = verifier.verify(statement, {piece.id: piece for piece in kept})
        assert {claim.verdict for claim in judged} == {"supported"}, statement.text
    return [statement.text for statement in told]


ALLERGIES = [
    "Allergies: “latex (hives).”", "Allergies: “Ampicillin.”", "Allergies: “No known allergy to iodine.”",
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Is the patient allergic to anything?", ALLERGIES),
        ("Which antibiotic can I give?", []),
        ("Which drug may be used for pain?", []),
        ("What can I give for sleep?", []),
        ("Can I give ampicillin?", ["Allergies: “Ampicillin.”"]),
        ("What should be avoided?", ["Ibuprofen must not be given."]),
        ("Did the patient have a stroke?", ["Family history: “Stroke in the mother.”"]),
    ],
)
def test_what_a_label_turns_is_never_told_without_it(question, told):
    assert said(question) == told


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Does the patient smoke?", ["“Smoker: no”"]),
        ("How many vessels are involved?", ["“Number of vessels involved: 2”"]),
        ("Who is the consultant?", ["“Dr. Anna Berg, consultant pulmonologist”"]),
        ("What did the bronchoscopy show?", ["Bronchoscopy 10 May 2023: no tumour, no stenosis."]),
        ("Who stopped clopidogrel?", []),
    ],
)
def test_a_line_that_says_all_of_it_heads_no_other(question, told):
    assert said(question) == told


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What was the sodium on 9 August?", [f"{TABLE}: “Sodium (mmol/l) 131 138”"]),
        ("What was the sodium on 09.08.2023?", [f"{TABLE}: “Sodium (mmol/l) 131 138”"]),
        ("What was the sodium on 20 August?", []),
        ("How did the CRP change?", [f"{TABLE}: “CRP (mg/l) 64 3”"]),
        ("What is the HbA1c?", [f"{TABLE}: “HbA1c (%) 6.1”"]),
        ("What happened on 12 May?", ["Clopidogrel was stopped on 12 May."]),
    ],
)
def test_a_row_is_told_with_its_columns_and_a_day_is_that_day(question, told):
    assert said(question) == told


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Has the nodule changed?", ["Chest CT 9 August 2023: nodule unchanged."]),
        ("How much weight did he lose?", ["The patient weighed 71.5 kg in May and 66.0 kg in August."]),
        (
            "What is the ejection fraction and what was it before?",
            ["The ejection fraction is 55 % (previously 40 %)."],
        ),
    ],
)
def test_what_changed_is_found_in_other_words(question, told):
    assert said(question) == told


def test_a_dated_label_amid_a_paragraph_is_of_its_own_sentence():
    text = "Course\n\nHe came with fever. CT on 7 March: abscess of the liver. There was no embolism. It was drained.\n"
    assert said("What happened on 7 March?", text) == ["CT on 7 March: abscess of the liver."]
