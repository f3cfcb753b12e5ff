"""A note in a ward's shorthand is read as the words that it stands for; what it does not hold it does not answer."""

import pytest
from test_letter_labels import said

from assistant.retrieve.shorthand import read_out

NOTE = """DISCHARGE SUMMARY - SURGICAL WARD

PC: abdo pain 3/7, vomiting.
PMH: T2DM, AF on apixaban. Nil else.
ALL: NKDA. Intolerance: erythromycin -> diarrhoea.
O/E: T 37.9, HR 104, SpO2 93% RA.
CXR: clear. AXR: dilated small bowel.
Micro: urine E. coli, trim-R, nitro-S.
Rx: IV cefuroxime, switched to oral nitrofurantoin after urine result.

TTO:
- nitrofurantoin 100 mg bd 5/7
- Fostair 2 puffs bd
- apixaban 5 mg bd (unchanged)

F/U: rpt U&E 2/52 with GP. Surgical clinic 6/52.
Pending: histology.
"""


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Is the patient allergic to anything?", ["ALL: NKDA.", "“Intolerance: erythromycin -> diarrhoea.”"]),
        ("Does she tolerate erythromycin?", ["“Intolerance: erythromycin -> diarrhoea.”"]),
        ("Are any results pending?", ["Pending: histology."]),
        ("Which organism was grown?", ["Micro: urine E. coli, trim-R, nitro-S."]),
        ("What was the saturation on room air?", ["O/E: T 37.9, HR 104, SpO2 93% RA."]),
        ("Which inhaler does she use?", ["TTO: “Fostair 2 puffs bd”"]),
        ("Does she tolerate penicillin?", []),
        ("Is a CT pending?", []),
    ],
)
def test_shorthand_is_read_as_what_it_stands_for(question, told):
    assert said(question, NOTE) == told


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("rpt CXR 6/52", "rpt CXR 6/52 (repeat; chest x-ray; weeks)"),
        ("dilated RA and RV", "dilated RA and RV"),
        ("seen on 6/12/2023", "seen on 6/12/2023"),
        ("All: of these", "All: of these"),
    ],
)
def test_what_is_short_for_several_things_counts_where_its_place_tells(written, read):
    assert read_out(written) == read


LIST = """Medication
Torasemide 10 mg in the morning (increased because of oedema of the legs)
Candesartan 8 mg once daily (reduced because of hyperkalaemia)
Spironolactone stopped. Naproxen stopped (do not restart).

Follow-up
In two weeks.
"""


def test_a_long_item_of_a_list_does_not_run_on_into_the_next():
    assert said("Which drugs were stopped?", LIST) == [
        "Spironolactone stopped.", "Naproxen stopped (do not restart).",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["On which side is the effusion?", "Which side is the effusion on?"])
def test_a_side_is_asked_for(text):
    assert said(text, "Letter\n\nThe CT showed a small left pleural effusion. The heart is normal.") == [
        "The CT showed a small left pleural effusion."
    ]


def test_side_effects_are_no_side():
    text = "Letter\n\nThe left knee was replaced. As a side effect nausea occurred."
    assert said("Which side effects occurred?", text) == ["As a side effect nausea occurred."]
