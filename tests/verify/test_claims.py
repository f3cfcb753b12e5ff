"""Sentences of clinical text cut into the claims that they make."""

from __future__ import annotations

import pytest

from assistant.verify import split_claims

CUT = {
    "No effusion or pneumothorax.": ["No effusion.", "No pneumothorax."],
    "There is no evidence of pneumonia, CHF, or pneumothorax.": [
        "There is no evidence of pneumonia.", "There is no evidence of CHF.", "There is no evidence of pneumothorax.",
    ],
    "No pleural effusion, pneumothorax, or focal consolidation is seen.": [
        "No pleural effusion.", "No pneumothorax.", "No focal consolidation.",
    ],
    "Neither effusion nor pneumothorax is present.": ["No effusion.", "No pneumothorax."],
    "Pleural effusion and pneumothorax are absent.": ["Pleural effusion is absent.", "Pneumothorax is absent."],
    "The lungs are clear without effusion or pneumothorax.": [
        "The lungs are clear.", "No effusion.", "No pneumothorax.",
    ],
    "Lungs are clear bilaterally, no effusion.": ["Lungs are clear bilaterally.", "No effusion."],
    "Emphysema, no pneumonia.": ["Emphysema.", "No pneumonia."],
    "Old rib fractures, no acute fracture.": ["Old rib fractures.", "No acute fracture."],
    "The heart is enlarged and there is a left effusion.": ["The heart is enlarged.", "There is a left effusion."],
    "The left lung is clear but the right lung shows consolidation.": [
        "The left lung is clear.", "The right lung shows consolidation.",
    ],
    "No effusion, but there is a small pneumothorax.": ["No effusion.", "There is a small pneumothorax."],
    "Stable cardiomegaly; lungs clear.": ["Stable cardiomegaly.", "Lungs clear."],
    "Mild cardiomegaly with small left pleural effusion.": ["Mild cardiomegaly.", "Small left pleural effusion."],
    "Right lower lobe consolidation consistent with pneumonia; no effusion.": [
        "Right lower lobe consolidation consistent with pneumonia.", "No effusion.",
    ],
    "Normal heart size and pulmonary vascularity.": ["Normal heart size.", "Normal pulmonary vascularity."],
    "The PR interval, QRS duration and QT interval are normal.": [
        "The PR interval is normal.", "QRS duration is normal.", "QT interval is normal.",
    ],
    "Sinus rhythm at 72 bpm, PR 180 ms, QRS 92 ms.": ["Sinus rhythm at 72 bpm.", "PR 180 ms.", "QRS 92 ms."],
    "The heart rate is 72 bpm and the QRS duration is 92 ms.": [
        "The heart rate is 72 bpm.", "The QRS duration is 92 ms.",
    ],
    "Sinus rhythm with first degree AV block and left bundle branch block.": [
        "Sinus rhythm.", "First degree AV block.", "Left bundle branch block.",
    ],
    "Left ventricular ejection fraction is 55% with mild mitral regurgitation and trace tricuspid regurgitation.": [
        "Left ventricular ejection fraction is 55%.", "Mild mitral regurgitation.", "Trace tricuspid regurgitation.",
    ],
    "There is a 5 mm nodule in the right upper lobe and a 3 mm nodule in the left lower lobe.": [
        "There is a 5 mm nodule in the right upper lobe.", "A 3 mm nodule in the left lower lobe.",
    ],
    "The patient denies chest pain, shortness of breath, or palpitations.": [
        "The patient denies chest pain.", "The patient denies shortness of breath.", "The patient denies palpitations.",
    ],
    "He has diabetes and hypertension.": ["He has diabetes.", "He has hypertension."],
}  # fmt: skip
WHOLE = [
    "Small left and moderate right pleural effusions.",
    "Bibasilar atelectasis and small bilateral effusions, unchanged.",  # who is unchanged, a part would not say
    "Left lower lobe atelectasis or consolidation.",  # one of the two: neither part is claimed
    "Possible pneumonia or atelectasis.",
    "No change in effusion or atelectasis.",
    "Patients with heart failure often have pleural effusion and pulmonary edema.",
    "Aspirin and clopidogrel are given in acute coronary syndrome.",
    "“No effusion. No pneumothorax.”",
    "4 of the 5 most similar studies have cardiomegaly and effusion.",
]


@pytest.mark.parametrize("sentence", CUT)
def test_a_sentence_is_cut_into_its_claims(sentence: str) -> None:
    assert split_claims(sentence) == CUT[sentence]


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_cut_never_changes_what_is_said(sentence: str) -> None:
    assert split_claims(sentence) == [sentence]
