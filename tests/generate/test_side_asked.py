"""A question that names a side is answered with what is of that side; what is of the other one is told as that."""

import pytest

from assistant.findings.asked import asked_about
from assistant.findings.sides import side_asked, stands
from assistant.generate import Task, open_answerer
from assistant.records import Evidence, TextPlace
from assistant.settings import LlmSettings

QUOTE = open_answerer(LlmSettings())
FOUND = "In a study found for these words"


def text(key, words, relation="similar", **more):
    more = {"modality": "SR", "found_by": "words" if relation == "similar" else None, **more}
    return Evidence(key, f"r-{key}", "text", relation=relation, text=words, place=TextPlace(0, len(words)), score=1.0,
                    kept=True, why="", **more)  # fmt: skip


def letter(words, heading=None):
    return text("letter", words, "own", modality="DOC", section=heading)


def said(question, *evidence):
    return [statement.text for statement in QUOTE.answer(Task(question, evidence))]


LEFT, RIGHT = text("l", "Small left pleural effusion."), text("r", "Moderate right pleural effusion.")
UNSAID, NONE = text("u", "Pleural effusion."), text("n", "No pleural effusion.")


def test_studies_of_the_side_that_is_asked_for_are_quoted_before_those_of_none_and_without_the_other():
    told = said("Is there a right pleural effusion?", LEFT, UNSAID, RIGHT, NONE)
    assert told == [f"{FOUND}: “{words}”" for words in (RIGHT.text, NONE.text, UNSAID.text)]
    assert said("Is there a left pleural effusion?", RIGHT, LEFT) == [f"{FOUND}: “{LEFT.text}”"]
    assert len(said("Is there a pleural effusion?", LEFT, RIGHT)) == 2


def test_a_study_of_the_other_side_is_told_as_that_where_there_is_no_other():
    assert said("Is there a right pleural effusion?", LEFT) == [f"{FOUND}, of the other side: “{LEFT.text}”"]
    both = text("b", "Small left pleural effusion. Large right pleural effusion.")
    assert said("Is there a right pleural effusion?", both) == [f"{FOUND}: “Large right pleural effusion.”"]


KNEES = (
    "The right knee is swollen and warm. The left knee is stable. She has pain in the right arm.\n"
    "Swelling of the right ankle."
)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Is the left knee swollen?",
         ["The left knee is stable.", "Of the other side: “The right knee is swollen and warm.”"]),
        ("Is the right knee swollen?", ["The right knee is swollen and warm."]),
        ("Is there pain in the left arm?", ["Of the other side: “She has pain in the right arm.”"]),
        ("Is there pain in the right arm?", ["She has pain in the right arm."]),
        ("Is there pain in the arm?", ["She has pain in the right arm."]),
    ],
)  # fmt: skip
def test_a_letter_is_quoted_on_the_side_that_is_asked_for(question, told):
    assert said(question, letter(KNEES)) == told


def test_the_heading_tells_the_side_of_what_names_none():
    left, right = "Left knee:\nThere is a swelling of the knee.\n", "Right knee:\nNo swelling of the knee.\n"
    asked = "Is there a swelling of the right knee?"
    assert said(asked, letter(f"{left}\n{right}")) == ["No swelling of the knee."]
    assert said(asked, letter(left)) == ["Of the other side: “There is a swelling of the knee.”"]


def test_a_report_of_the_patient_s_own_is_quoted_on_the_side_that_is_asked_for():
    report = text("own", "Moderate right pleural effusion. Small left pleural effusion.", "own", section="FINDINGS")
    assert said("Is there a left pleural effusion?", report) == [
        "Small left pleural effusion.",
        "Of the other side: “Moderate right pleural effusion.”",
    ]


def test_a_letter_s_history_tells_what_the_patient_has_and_a_reason_for_a_study_does_not():
    assert said("Is there pain?", letter("She reported pain in the knee.", "HISTORY")) == [
        "She reported pain in the knee."
    ]
    assert said("Is there a nodule?", letter("Followup of pulmonary nodule.", "INDICATION")) == []
    under = "Chest X-ray:\nThere is a nodule in the left lung.\n"
    assert said("Is there a nodule?", letter(under, "HISTORY")) == ["There is a nodule in the left lung."]


@pytest.mark.parametrize(
    ("question", "sentence", "where"),
    [
        ("Is there a right effusion?", "Bilateral pleural effusions.", "of the side"),
        ("Is there a right effusion?", "Small left and moderate right pleural effusions.", "of the side"),
        ("Is there a right effusion?", "No left effusion.", "of the other side"),
        ("Is there a right effusion?", "Right lung clear, small left effusion.", "of the other side"),
        ("Is there a right effusion?", "The heart is normal in size.", "of no side"),
        ("Is the right atrium enlarged?", "Left atrial enlargement.", "of the other side"),
        ("Is there a mass in the left breast?", "There is a mass in the right breast.", "of the other side"),
        ("Is this the right dose?", "The left knee is swollen.", "of the side"),
        ("There is an effusion, right?", "Left pleural effusion.", "of the side"),
        ("Is there a left bundle branch block?", "Sinus rhythm.", "of the side"),
        ("Is the left knee or the right one swollen?", "The left knee is swollen.", "of the side"),
    ],
)
def test_where_a_sentence_stands(question, sentence, where):
    assert stands(side_asked(question), sentence) == where


def test_the_side_within_the_words_of_a_finding_is_asked_for():
    assert asked_about("Is there a mass in the left breast?").side == "left"
    assert asked_about("Is there a left bundle branch block?").side is None


def test_the_most_similar_study_is_quoted_on_the_side_that_is_asked_for():
    def alike(key, words):
        return text(key, words, study_id="s1", found_by="likeness")

    picture = Evidence("p", "rp", "image", "CR", "similar", "", None, 1.0, True, "", study_id="s1")
    told = said("Is there a right pleural effusion?", picture, alike("a", LEFT.text), alike("b", RIGHT.text))
    assert told[-1] == f"In the most similar study: “{RIGHT.text}”"
    told = said("Is there a right pleural effusion?", picture, alike("a", LEFT.text))
    assert told[-1] == f"In the most similar study, of the other side: “{LEFT.text}”"
