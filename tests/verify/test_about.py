"""Whom a sentence that cites a general source is about: twenty and more of each sort, written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistant.records import About, Claim, Evidence, Relation, Statement
from assistant.verify import Verifier, check

GENERAL = [
    "Responses of the patients’ group were highlighted and analysed separately in the second round.",
    "In our study, pneumonia was confirmed by radiography in 41 of 60 cases.",
    "In this study, pleural effusion was seen in 12 of 80 patients with heart failure.",
    "All 12 patients had pleural effusion on the chest radiograph.",
    "Other patients with cardiomegaly did not respond to treatment.",
    "Similar studies of atrial fibrillation have reported a lower rate of stroke.",
    "Pleural effusion can be caused by heart failure, infection or cancer.",
    "A pneumothorax is a collection of air between the lung and the chest wall.",
    "Symptoms of pneumonia include fever, cough and shortness of breath.",
    "People with atrial fibrillation often take a drug that thins the blood.",
    "Cardiomegaly was more common in the placebo group (12 % against 7 %, p = 0.03).",
    "We enrolled adults with atrial fibrillation who had no history of stroke.",
    "Emphysema usually develops in smokers over the age of 50.",
    "If you have heart failure, weigh yourself each morning.",
    "The doctor listens to the lungs for signs of pneumonia.",
    "Pulmonary edema is treated with oxygen and drugs that remove fluid.",
    "Left ventricular hypertrophy is associated with a higher risk of death.",
    "Cirrhosis is one of the causes of pleural effusion.",
    "Pneumonia in children is most often caused by viruses.",
    "The patient should be told that atelectasis may follow an operation and how to prevent it.",
    "The authors call it “silent pneumonia” because fever is rare.",
    "Several trials compared warfarin with aspirin in atrial fibrillation.",
    "Mice that lacked the gene developed cardiomegaly within eight weeks.",
    "Taking a blood thinner helps to prevent a stroke in atrial fibrillation.",
    "Since 1953, sinus tachycardia has been defined as a heart rate in sinus rhythm of >100 beats per minute (bpm).",
    "The term cardiomegaly refers to an enlarged heart on imaging.",
]
FINDINGS = [
    "There is a large left pleural effusion.",
    "The heart is enlarged.",
    "No pneumothorax.",
    "Mild cardiomegaly.",
    "The lungs are clear.",
    "The ECG shows atrial fibrillation.",
    "Large right pneumothorax with collapse of the right lung.",
    "Bibasilar atelectasis is noted.",
    "Findings consistent with pulmonary edema.",
    "The rhythm is atrial fibrillation with a rapid ventricular response.",
    "Left lower lobe consolidation, compatible with pneumonia.",
    "Small bilateral pleural effusions, unchanged from the prior study.",
    "The cardiac silhouette is moderately enlarged.",
    "Right upper lobe opacity could represent pneumonia.",
    "A calcified granuloma can be seen in the left lung base.",
    "Heart size is normal and there is no effusion.",
    "Left bundle branch block.",
    "There are multiple rib fractures on the left.",
    "Emphysematous changes are present in both upper lobes.",
    "No evidence of acute cardiopulmonary disease.",
    "The patient has a pneumothorax.",
    "Also noted is a small hiatal hernia.",
    "Interval worsening of the right pleural effusion.",
    "Your heart is enlarged.",
]
BEFORE, AFTER = "The committee met in 1999. ", " It met again in 2004."


def given(relation: Relation, text: str) -> Mapping[str, Evidence]:
    return {
        "k": Evidence("k", "rk", "text", "DOC", relation, BEFORE + text + AFTER, None, 1.0, True, "", study_id="d"),
        "own": Evidence("own", "r0", "image", "CR", "own", "", None, 1.0, True, "", study_id="s0"),
    }


def verify(text: str, relation: Relation, about: About) -> list[Claim]:
    return Verifier().verify(Statement(text, ("k",), about), given(relation, text))


@pytest.mark.parametrize("text", GENERAL)
def test_what_an_article_says_of_people_stays_general(text: str) -> None:
    (claim,) = verify(text, "knowledge", "general")
    assert (claim.about, claim.verdict, claim.citations) == ("general", "supported", ("k",)), claim.why


@pytest.mark.parametrize("text", FINDINGS)
def test_a_bare_finding_is_about_the_patient_wherever_it_stands(text: str) -> None:
    relations: tuple[Relation, ...] = ("knowledge", "similar")
    for relation in relations:
        for claim in verify(text, relation, "general"):
            assert (claim.about, claim.verdict) == ("patient", "unsupported"), claim.why
            assert claim.error_kind == "patient"


@pytest.mark.parametrize(
    "text",
    [
        "This patient had heart failure because of pneumonia.",
        "This X-ray shows pneumonia caused by aspiration.",
        "The patient has atrial fibrillation and was treated with warfarin.",
        "He has atrial fibrillation and needs treatment.",
    ],
)
def test_this_patient_of_an_article_is_not_quoted_as_general(text: str) -> None:
    (claim,) = verify(text, "knowledge", "general")
    assert (claim.about, claim.verdict) == ("patient", "unsupported")


def test_a_sentence_broken_into_lines_is_still_word_for_word() -> None:
    text = "Various approaches may improve recruitment into studies [13,14], including the following: letters."
    broken = {
        "k": Evidence("k", "rk", "text", "DOC", "knowledge", text.replace(": ", ":\n- "), None, 1.0, True, ""),
    }
    (claim,) = Verifier().verify(Statement(text, ("k",), "general"), broken)
    assert (claim.about, claim.verdict) == ("general", "supported"), claim.why


def test_an_article_cannot_count_similar_studies() -> None:
    text = "4 of the 5 most similar studies mention pneumothorax."
    (claim,) = verify(text, "knowledge", "general")
    assert (claim.about, claim.verdict) == ("similar", "unsupported")


def test_an_uploaded_article_is_quoted_as_general() -> None:
    (claim,) = verify("Other patients with cardiomegaly did not respond to treatment.", "own", "general")
    assert (claim.about, claim.verdict) == ("general", "supported"), claim.why


@pytest.mark.parametrize(
    "lead", ["In a similar study there is", "Similar studies show", "In the most similar reports there is"]
)
def test_similar_studies_are_no_course_of_the_finding(lead):
    text = "Large right pleural effusion with compressive atelectasis."
    assert check(f"{lead} a large right pleural effusion.", text).verdict == "supported"


GUIDELINE = "Aspirin is given at once in a suspected heart attack. Oxygen should be given when the saturation is low."


@pytest.mark.parametrize(
    ("text", "citations", "declared"),
    [
        ("Aspirin is given at once in a suspected heart attack.", ("k",), "general"),
        ("Aspirin is given at once in a suspected heart attack.", ("k", "o"), "general"),
        ("In a suspected heart attack, aspirin is given at once.", ("k",), "patient"),
        ("Oxygen should be given when the saturation is low.", ("k",), "patient"),
    ],
)
def test_what_a_guideline_tells_to_do_is_about_nobody(text: str, citations: tuple[str, ...], declared: About) -> None:
    given = {
        name: Evidence(name, f"r{name}", "text", "SR", relation, said, None, 1.0, True, "", study_id=f"s{name}")
        for name, relation, said in (("k", "knowledge", GUIDELINE), ("o", "own", "The heart is normal in size."))
    }
    (claim,) = Verifier().verify(Statement(text, citations, declared), given)
    assert (claim.about, claim.verdict, claim.citations) == ("general", "supported", ("k",)), claim.why


def test_guidance_about_this_patient_needs_own_evidence() -> None:
    given = {"k": Evidence("k", "rk", "text", "DOC", "knowledge", GUIDELINE, None, 1.0, True, "", study_id="d")}
    (claim,) = Verifier().verify(Statement("This patient should be given aspirin.", ("k",), "general"), given)
    assert (claim.about, claim.verdict) == ("patient", "unsupported")
