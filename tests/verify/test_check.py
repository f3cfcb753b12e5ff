from __future__ import annotations

import time

import pytest

from assistant.verify import check


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("No pleural effusion.", "Pleural effusion.", "contradicted", "negation"),
        ("Pleural effusion.", "No pleural effusion.", "contradicted", "negation"),
        ("Mild cardiomegaly.", "The cardiac silhouette is mildly enlarged.", "supported", None),
        ("No pneumothorax.", "The lungs are clear without pneumothorax.", "supported", None),
        ("There is an ICD.", "Permanent pacemaker implanted in 2019.", "unsupported", "fabrication"),
        ("No pacemaker.", "Single-chamber ICD in place.", "unsupported", "fabrication"),
        ("No cardiac device.", "Single-chamber ICD in place.", "contradicted", "negation"),
        ("Left effusion.", "There is a right effusion.", "contradicted", "laterality"),
        ("Left effusion.", "There is an effusion.", "unsupported", "laterality"),
        ("Left effusion.", "Bilateral effusions.", "supported", None),
        ("Bilateral effusions.", "Left effusion. Right effusion.", "supported", None),
        ("Bilateral effusions.", "Left effusion.", "unsupported", "laterality"),
        # The other side is another finding where the claim's own side is there as well.
        ("Right effusion appears smaller.", "Moderate right effusion. Small left effusion.", "unsupported", "time"),
        ("Small left effusion is unchanged.", "Moderate right effusion. Small left effusion.", "unsupported", "time"),
        ("Large right effusion.", "Small right effusion. Large left effusion.", "contradicted", "severity"),
        ("Right basilar opacity is new.", "Left basilar opacity. Right basilar opacity.", "unsupported", "time"),
        ("Effusion.", "Small left effusion.", "supported", None),
        ("Severe cardiomegaly.", "Mild cardiomegaly.", "contradicted", "severity"),
        ("Severe cardiomegaly.", "Cardiomegaly.", "unsupported", "severity"),
        ("No effusion.", "No large effusion.", "unsupported", "severity"),
        ("No large effusion.", "No effusion.", "supported", None),
        ("Right upper lobe pneumonia.", "Right lower lobe pneumonia.", "contradicted", "location"),
        ("Right lower lobe pneumonia.", "Pneumonia at the right base.", "supported", None),
        ("The heart rate is 61 bpm.", "Heart rate 61.3 beats/min.", "supported", None),
        ("The heart rate is 75 bpm.", "Heart rate 61 beats/min.", "contradicted", "number"),
        ("A 2.3 cm nodule.", "A nodule of 23 mm.", "supported", None),
        ("A 2.3 mm nodule.", "A nodule of 2.3 cm.", "contradicted", "number"),
        ("QRS duration is 0.092 s.", "QRS 92 ms.", "supported", None),
        ("Heart rate above 100 bpm.", "Heart rate 110 beats/min.", "supported", None),
        ("Pneumothorax.", "Cardiomegaly.", "unsupported", "fabrication"),
        ("Pneumonia.", "Possible pneumonia.", "unsupported", "unverifiable"),
        ("Possible pneumonia.", "Pneumonia.", "supported", None),
        ("New effusion.", "Stable effusion.", "contradicted", "time"),
        ("Congestive heart failure.", "History of CHF.", "unsupported", "time"),
        ("No consolidation.", "The lungs are clear.", "supported", None),
        ("The lungs are clear.", "Left basilar atelectasis.", "contradicted", "negation"),
        ("No left effusion.", "Right effusion.", "unsupported", "fabrication"),
        ("Opacity.", "Consolidation.", "supported", None),
        ("Consolidation.", "Opacity.", "unsupported", "fabrication"),
        ("Effusion.", "The effusion has resolved.", "contradicted", "negation"),
        ("Effusion.", "No change in the left effusion.", "supported", None),
        ("Atrial fibrillation and LBBB.", "AF. Left bundle branch block.", "supported", None),
        ("“The lungs are clear.”", "The lungs  are clear.", "supported", None),
        ("Taking aspirin reduces the risk of heart attack.",
         "Aspirin reduces the risk of myocardial infarction in adults.", "supported", None),
        ("Aspirin increases the risk of myocardial infarction in adults.",
         "Aspirin reduces the risk of myocardial infarction in adults.", "contradicted", "time"),
        ("Glaucoma is treated with eye drops that lower the pressure.",
         "Eye drops lower the pressure and are used to treat glaucoma.", "supported", None),
        ("Metformin cures pancreatic cancer in children.", "The sun rises in the east.", "unsupported", "fabrication"),
        ("", "The lungs are clear.", "unsupported", "unverifiable"),
        ("...", "The lungs are clear.", "unsupported", "unverifiable"),
        ("No effusion.", "", "unsupported", "unverifiable"),
    ],
)  # fmt: skip
def test_verdict_and_kind(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why
    assert 0.0 <= judgement.score <= 1.0
    assert judgement.why


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("Acute myocardial infarction.", "Old inferior myocardial infarction.", "contradicted", "time"),
        ("Old myocardial infarction.", "Acute inferior myocardial infarction.", "contradicted", "time"),
        ("Subacute rib fracture.", "Healed rib fracture.", "contradicted", "time"),
        ("Recent myocardial infarction.", "Previous myocardial infarction.", "contradicted", "time"),
        ("Acute myocardial infarction.", "History of myocardial infarction.", "unsupported", "time"),
        ("Acute inferior infarction.", "Inferior infarction, age undetermined.", "unsupported", "time"),
        ("Acute inferior infarction.", "Inferior infarction.", "unsupported", "time"),
        ("New left effusion.", "Chronic left effusion.", "contradicted", "time"),
        ("STEMI.", "Remote myocardial infarction.", "contradicted", "time"),
        ("Myocardial infarction, probably acute.", "Myocardial infarction, probably old.", "contradicted", "time"),
        ("The ECG shows an acute inferior myocardial infarction with ST elevation.",
         "The ECG shows an old inferior myocardial infarction.", "contradicted", "time"),
        ("Myocardial infarction.", "Old inferior myocardial infarction.", "supported", None),
        ("Prior inferior infarct.", "Old inferior infarct.", "supported", None),
        ("Recent myocardial infarction.", "Acute myocardial infarction.", "supported", None),
        ("Acute myocardial infarction.", "Old inferior infarct. Acute anterior infarct.", "supported", None),
        ("Acute infarct.", "Compared with the prior study, acute infarct.", "supported", None),
        ("Chronic obstructive pulmonary disease.", "COPD.", "supported", None),
        ("Chronic effusion.", "Stable effusion.", "supported", None),
    ],
)  # fmt: skip
def test_the_age_of_a_finding(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why


def test_a_denied_acute_one_leaves_room_for_an_old_one() -> None:
    assert check("No acute fracture.", "Old fracture.").verdict != "contradicted"
    assert check("Old fracture.", "No acute fracture.").verdict != "contradicted"
    assert check("Acute fracture.", "No acute fracture.").error_kind == "negation"


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("Right bundle branch block.", "Left bundle branch block.", "contradicted", "laterality"),
        ("LBBB.", "Incomplete right bundle branch block.", "contradicted", "laterality"),
        ("Sinus tachycardia.", "Sinus bradycardia.", "contradicted", "fabrication"),
        ("Sinus bradycardia", "sinus tachycardia", "contradicted", "fabrication"),
        ("Left bundle branch block.", "RBBB. LBBB.", "supported", None),
        ("Right bundle branch block.", "No left bundle branch block.", "unsupported", "fabrication"),
    ],
)
def test_one_or_the_other(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why


def test_no_evidence_never_supports() -> None:
    assert check("The lungs are clear.", []).verdict == "unsupported"
    assert check("The lungs are clear.", ["", "  \n"]).verdict == "unsupported"


def test_a_fragment_of_a_denial_is_no_quotation() -> None:
    assert check("Pleural effusion or pneumothorax.", "No pleural effusion or pneumothorax.").verdict == "contradicted"


def test_the_worst_sentence_decides() -> None:
    judgement = check("The lungs are clear. There is a fracture.", ["The lungs are clear."])
    assert (judgement.verdict, judgement.error_kind) == ("unsupported", "fabrication")


def test_contradiction_in_another_piece_is_not_overlooked() -> None:
    judgement = check("Pleural effusion.", ["There is a pleural effusion.", "There is no pleural effusion."])
    assert (judgement.verdict, judgement.error_kind) == ("contradicted", "negation")


def test_direct_statement_outweighs_an_umbrella() -> None:
    assert (
        check("Mild cardiomegaly.", ["No acute cardiopulmonary abnormality. Mild cardiomegaly noted."]).verdict
        == "supported"
    )
    assert check("Scoliosis.", ["No acute bony abnormality. There is mild scoliosis."]).verdict == "supported"


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict"),
    [
        ("Rest helps a lot.", "1. Rest helps a lot.", "supported"),
        ("Pneumothorax.", "Pneumothorax? Not sure.", "unsupported"),
        ("A nodule of 1.2 cm.", "A nodule of 1-2 cm.", "contradicted"),
        ("There is effusion.", "It is not known whether there is effusion.", "unsupported"),
    ],
)
def test_only_whole_sentences_stand_word_for_word(claim: str, evidence: str, verdict: str) -> None:
    judgement = check(claim, evidence)
    assert judgement.verdict == verdict, judgement.why


def test_same_verdict_twice() -> None:
    assert check("Left effusion.", "Right effusion.") == check("Left effusion.", "Right effusion.")


def test_a_long_claim_takes_bounded_time_and_is_not_supported() -> None:
    began = time.process_time()
    assert check("no effusion and not " * 500, "No effusion.").verdict == "unsupported"
    assert check("a" * 10_000, "No effusion.").verdict == "unsupported"
    assert check("Kein Erguss. " * 100, "Kein Erguss.").verdict == "supported"
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("Pain in the right upper quadrant.", "Pain in the right lower quadrant.", "contradicted", "location"),
        ("Free air in the upper abdomen.", "Free air in the lower abdomen.", "contradicted", "location"),
        ("Lower and lower lobe opacities.", "Upper and lower lobe opacities.", "contradicted", "location"),
        ("Left and left basilar atelectasis.", "Left and right basilar atelectasis.", "contradicted", "laterality"),
        ("Small left apical scar.", "Small left basilar scar.", "contradicted", "location"),
        ("Acute prominence of the interstitial markings of both lungs.",
         "Prominence of the interstitial markings of both lungs.", "unsupported", "time"),
        ("Atrial fibrillation.", "Sinus rhythm.", "contradicted", "fabrication"),
        ("Sinus tachycardia.", "Atrial fibrillation.", "contradicted", "fabrication"),
        ("No atrial flutter.", "Sinus rhythm.", "supported", None),
        ("First degree AV block.", "Complete heart block.", "contradicted", "severity"),
        ("Left axis deviation.", "Right axis deviation.", "contradicted", "laterality"),
        ("Atrial fibrillation.", "History of sinus rhythm. Atrial fibrillation.", "supported", None),
        ("Lungs are clear.", "The heart, lungs and visualized upper abdomen are normal.", "supported", None),
        ("Lungs are clear.", "The lungs are clear without pneumothorax.", "supported", None),
        ("The heart is normal in size.", "The heart rate is normal.", "unsupported", "fabrication"),
        ("Normal cardiac size, mediastinum, and central vessels.", "The heart is normal in size.", "unsupported", None),
    ],
)  # fmt: skip
def test_places_ages_and_findings_that_exclude_one_another(
    claim: str, evidence: str, verdict: str, kind: str | None
) -> None:
    judgement = check(claim, evidence)
    assert judgement.verdict == verdict, judgement.why
    assert kind is None or judgement.error_kind == kind, judgement.why


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("No, there is no atelectasis.", "Atelectasis has cleared.", "supported", None),
        ("No, there is no atelectasis.", "The left basilar atelectasis has cleared.", "supported", None),
        ("No pneumothorax.", "Interval resolution of the left pneumothorax.", "supported", None),
        ("The effusion has resolved.", "The large left effusion has resolved.", "supported", None),
        ("The small left effusion has resolved.", "The large left effusion has resolved.", "unsupported", "severity"),
        ("No basilar atelectasis.", "The left basilar atelectasis has cleared.", "supported", None),
        (
            "No effusion.",
            "The left effusion has resolved. There is a small right effusion.",
            "contradicted",
            "negation",
        ),
        ("There is atelectasis.", "The left basilar atelectasis has cleared.", "contradicted", "negation"),
        ("There is no right effusion.", "The left effusion has cleared.", "unsupported", "laterality"),
        ("No apical atelectasis.", "The left basilar atelectasis has cleared.", "unsupported", "laterality"),
        ("No pleural effusion.", "No right pleural effusion.", "unsupported", "laterality"),
        ("No pleural effusion.", "No right pleural effusion. No left pleural effusion.", "supported", None),
        ("No pleural effusion.", "No large right effusion. No left pleural effusion.", "unsupported", "laterality"),
    ],
)
def test_what_was_on_one_side_and_is_gone_is_gone(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why
