"""What is language and what is not."""

import base64
import random
import re

import pytest

from assistant.ingest.text.language import no_language

RANDOM = random.Random(3)
REPORT = "The heart is enlarged. There is a small left pleural effusion. No pneumothorax. Sternal wires are intact. "


def letters(count):
    return " ".join("".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=RANDOM.randint(3, 9))) for _ in range(count))


@pytest.mark.parametrize(
    "text",
    [
        REPORT * 3,
        "None.",
        "Kein Erguss.",
        "Herz und Mediastinum regelrecht. Keine Infiltrate, kein Pleuraerguss. Zwerchfelle glatt begrenzt.",
        "Pas d'épanchement pleural. La silhouette cardiaque est normale. Absence de foyer parenchymateux décelable.",
        "双肺纹理清晰,未见明显实质性病变。心影大小形态正常。",
        "胸水なし。",
        "Test | Result | Unit | Ref\nHb | 13.2 | g/dl | 12.0-16.0\nNa | 140 | mmol/l | 135-145\nCRP | <5 | mg/l | <5\n"
        "WBC | 7.1 | x10*9/L | 4.0-11.0\nPLT | 230 | x10*9/L | 150-450\nMCV | 88 | fL | 80-98\n",
        "Metoprolol 47.5 mg 1-0-1\nRamipril 5 mg 1-0-0\nASS 100 0-1-0\nPantoprazol 40 mg 1-0-0\nTorasemid 10 mg 1-0-0",
        "pt c/o SOB x3d, h/o CHF, HTN, DM2, s/p CABG x4 (2012). VSS, RRR, CTAB. A/P: CHF exac - IV Lasix 40mg BID",
        "XXXX-year-old XXXX with XXXX. Comparison XXXX, XXXX. Heart size XXXX normal.",
        "See /archive/radiology/2024-05/chest_pa_and_lateral_of_the_second_visit/report.txt\nLungs clear.",
        "Source: https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/figure/fig1/?report=objectonly",
    ],
)
def test_reports_tables_and_lists_of_any_language_pass(text):
    assert no_language(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (base64.encodebytes(RANDOM.randbytes(600)).decode(), "base64"),
        (RANDOM.randbytes(400).hex(), "hexadecimal"),
        (RANDOM.randbytes(400).hex(" "), "digits|hexadecimal"),
        (letters(40), "letters in no order"),
        (
            "".join(RANDOM.choice("|~^_.,;:'`{}[]<>!1lI") if RANDOM.random() < 0.5 else c for c in REPORT * 4),
            "stray|word",
        ),
        ("\n".join("\t".join(str(RANDOM.randint(0, 9999)) for _ in range(6)) for _ in range(30)), "hardly a word"),
        ("12 a 34 b", "hardly a word"),
    ],
)
def test_what_says_nothing_is_refused_with_its_reason(text, reason):
    assert re.search(reason, no_language(text) or "")
