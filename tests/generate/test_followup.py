import pytest

from assistant.generate.followup import Standalone, is_follow_up, stand_alone

EFFUSION = "Is there a right pleural effusion?"
PAIRS = [
    ("Is this ECG normal?", "and the PR interval?", "What is the PR interval?"),
    ("Is there a pleural effusion?", "and the heart rate?", "What is the heart rate?"),
    (EFFUSION, "and on the left?", "Is there a left pleural effusion?"),
    (EFFUSION, "And left?", "Is there a left pleural effusion?"),
    (EFFUSION, "What about the other side?", "Is there a left pleural effusion?"),
    (EFFUSION, "and a pneumothorax?", "Is there a pneumothorax?"),
    (EFFUSION, "Any pneumothorax?", "Is there pneumothorax?"),
    (EFFUSION, "How large is it?", "How large is the right pleural effusion?"),
    (EFFUSION, "Is that new?", "Is the right pleural effusion new?"),
    (EFFUSION, "Has it changed?", "Has the right pleural effusion changed?"),
    (EFFUSION, "Why?", "Why, about the right pleural effusion?"),
    (EFFUSION, "Since when?", "Since when, about the right pleural effusion?"),
    (EFFUSION, "and in the earlier study?", "Is there a right pleural effusion, in the earlier study?"),
    ("Is there a pleural effusion?", "And on both sides?", "Is there a pleural effusion on both sides?"),
    ("Is there a small left apical pneumothorax?", "and right?", "Is there a small right apical pneumothorax?"),
    ("Is the heart enlarged?", "And the lungs?", "Is there anything abnormal in the lungs?"),
    ("Describe the mediastinum.", "And the left hilum?", "Describe the left hilum."),
    ("Is there consolidation in the left lower lobe?", "and the right lower lobe?",
     "Is there consolidation in the right lower lobe?"),
    ("What do similar studies show?", "And the heart?", "What do similar studies show, about the heart?"),
    ("How do people with cardiomegaly feel?", "And with atelectasis?", "How do people with atelectasis feel?"),
    ("What rhythm is this?", "And the rate?", "What is the rate?"),
    ("What rhythm is this?", "Is it regular?", "Is the rhythm regular?"),
    ("What are the symptoms of sarcoidosis?", "How is it treated?", "How is the sarcoidosis treated?"),
    ("What does tezepelumab do?", "What are its risks?", "What are tezepelumab's risks?"),
    ("What is the treatment of gout?", "What about sciatica?", "What is the treatment of sciatica?"),
    ("Is there a pericardial effusion?", "And a pleural one?", "Is there a pleural effusion?"),
    ("What is the dose of ticagrelor?", "For how long?", "For how long, about ticagrelor?"),
    ("What is the dose of ticagrelor?", "And of atorvastatin?", "What is the dose of atorvastatin?"),
    ("Which dose of amoxicillin is given?", "And clarithromycin?", "Which dose of clarithromycin is given?"),
    ("What is the dose of amoxicillin?", "When is it taken?", "When is amoxicillin taken?"),
    ("What is the dose of amoxicillin?", "Until when?", "Until when, about amoxicillin?"),
    ("What was the potassium?", "and sodium?", "What was the sodium?"),
    ("Is there pneumonia?", "and aspirin?", "What about aspirin?"),
    ("until when amoxicillin", "and the diagnoses?", "What about the diagnoses?"),
    ("until when amoxicillin", "and allergies?", "What about allergies?"),
    ("Which dose of amoxicillin is given?", "How long is it given?", "How long is amoxicillin given?"),
    ("What was the potassium?", "And the creatinine?", "What was the creatinine?"),
    ("Which drugs raise the INR?", "Which drugs lower it?", "Which drugs lower INR?"),
    ("When is warfarin stopped before surgery?", "What about the dose?", "What about the dose of warfarin?"),
    ("What is asthma?", "What are the symptoms?", "What are the symptoms of the asthma?"),
    ("How many were readmitted in the first group?", "And in the control group?",
     "How many were readmitted in the control group?"),
    ("Is there ST elevation in V2?", "And in V1?", "Is there ST elevation in V1?"),
    (EFFUSION, "And the left one?", "Is there a left pleural effusion?"),
    (EFFUSION, "Is it new, and how large is it?", "Is the right pleural effusion new, and how large is it?"),
    (EFFUSION, "If so, how large is it?", "If so, how large is the right pleural effusion?"),
    ("Would you thrombolyse this patient?", "Why not?", "Would you thrombolyse this patient – Why not?"),
    ("Does she smoke?", "Since when?", "Does she smoke – Since when?"),
    ("Should we give heparin?", "Why?", "Why, about heparin?"),
]  # fmt: skip
ALONE = [
    "Is there a pneumothorax?", "What rhythm is this?", "Is this X-ray normal?", "What do similar studies show?",
    "Can you see devices?", "Where is the tip of the catheter?", "How is atrial fibrillation treated?",
]  # fmt: skip


@pytest.mark.parametrize(("before", "asked", "alone"), PAIRS)
def test_rules_put_in_what_a_follow_up_leaves_out(before, asked, alone):
    found = stand_alone(asked, [before])
    assert (found.text, found.how) == (alone, "rules")


@pytest.mark.parametrize("asked", ALONE)
def test_a_question_that_stands_alone_stays_as_it_is(asked):
    assert stand_alone(asked, [EFFUSION]).text == asked and not is_follow_up(asked)


def test_an_and_before_a_whole_question_says_nothing():
    assert stand_alone("And is there a pneumothorax?", [EFFUSION]).text == "Is there a pneumothorax?"


def test_the_first_question_of_a_conversation_is_never_rewritten():
    assert stand_alone("And on the left?", []).text == "And on the left?"


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ("What was the potassium?", "What are the symptoms?"),  # no symptoms of potassium
        ("What was the ejection fraction?", "Which allergy does the patient have?"),
        ("What is asthma?", "What are the symptoms of gout?"),
        ("How large is the mass?", "What is recommended?"),
        ("What is the mean gradient?", "What does the report recommend?"),
        ("Is there cardiomegaly?", "Until when amoxicillin?"),
        ("Is there cardiomegaly?", "For how long amoxicillin?"),
        ("until when amoxicillin", "Any allergies?"),
        ("What is the dose of amoxicillin?", "Any pneumothorax?"),
        ("Is there pneumonia?", "When was it taken?"),
        ("Is there pneumonia?", "Which projection is it?"),
    ],
)
def test_no_subject_is_carried_into_a_question_that_is_complete(before, asked):
    assert stand_alone(asked, [before]) == Standalone(asked, "as asked")


@pytest.mark.parametrize("before", [EFFUSION, "What rhythm is this?", "Which drugs does she take?", "Is this normal?"])
@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("What is this?", "What is this?"),
        ("And what is that?", "What is that?"),
        ("What’s this?", "What’s this?"),
        ("this?", "This?"),
        ("and this one?", "And this one?"),
        ("How about that?", "How about that?"),
        ("And?", "And?"),
        ("so?", "So?"),
        ("Is it?", "Is it?"),
        ("What are those", "What are those"),
        ("And the other one?", "And the other one?"),
        ("What about the other?", "What about the other?"),
    ],
)
def test_a_question_that_names_nothing_stands_for_itself(before, asked, read):
    """ "This" may be the file that lies there, "the other one" another file: no reading is better than a wrong one."""
    assert stand_alone(asked, [before]) == Standalone(read, "as asked")


@pytest.mark.parametrize(
    "asked",
    [
        "What is the LVEF and what was it before?",
        "And what is the creatinine, and how was it at admission?",
        "Was ramipril stopped and when was it?",
        "When was amiodarone started and why was it stopped?",
    ],
)
def test_it_is_what_the_question_itself_named_before_it(asked):
    read = asked.removeprefix("And ")
    assert stand_alone(asked, ["Is there a pneumothorax?"]) == Standalone(read[:1].upper() + read[1:], "as asked")


def test_an_effusion_is_in_no_lead():
    assert stand_alone("And in V1?", [EFFUSION]) == Standalone("And in V1?", "as asked")


def test_where_the_question_names_nothing_the_answer_tells_what_is_spoken_of():
    said = ["There is a spiculated mass in the right upper lobe."]
    assert stand_alone("How large is it?", ["What is seen?"], said=["A small pleural effusion."]).text == (
        "How large is the small pleural effusion?"
    )
    assert stand_alone("How large is it?", [EFFUSION], said=said).text == "How large is the right pleural effusion?"


def test_the_topic_may_lie_some_turns_back():
    assert stand_alone("How large is it?", [EFFUSION, "Which one?"]).text == "How large is the right pleural effusion?"
