"""Words of clinical text, brought to one spelling: number, British and American, hyphens and case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# A classification of diseases is one word, no defibrillator: "ICD-10", "ICD code".
_CODES = r"\b[Ii][Cc][Dd](?:[- ]?(?:9|10|11)\b(?:-(?:CM|GM|PCS)\b)?|[ ]codes?\b)"
_WORD = re.compile(rf"{_CODES}|n['’]t\b|[^\W\d_]+?(?=n['’]t\b)|[^\W_]+(?:\.\d+)*|[^\w\s]")
_IRREGULAR = {
    "thoraces": "thorax", "pneumothoraces": "pneumothorax", "apices": "apex", "bases": "base", "hila": "hilum",
    "vertebrae": "vertebra", "diagnoses": "diagnosis", "metastases": "metastasis", "emboli": "embolus",
    "diaphragms": "diaphragm", "atelectases": "atelectasis", "bronchi": "bronchus", "children": "child",
    "women": "woman", "men": "man", "feet": "foot", "teeth": "tooth", "sulci": "sulcus", "foci": "focus",
    "bullae": "bulla", "pleurae": "pleura", "aortae": "aorta", "electrocardiograms": "ecg", "electrocardiogram": "ecg",
    "electrocardiographic": "ecg", "ekg": "ecg", "xrays": "xray", "xray": "xray", "radiographs": "radiograph",
    "biopsies": "biopsy", "labelled": "labeled", "coloured": "colored", "can't": "cannot", "stenoses": "stenosis",
}  # fmt: skip
_BRITISH = (
    ("aemia", "emia"), ("haem", "hem"), ("oedema", "edema"), ("oesoph", "esoph"), ("tumour", "tumor"),
    ("ischaem", "ischem"), ("fibre", "fiber"), ("centre", "center"), ("litre", "liter"), ("metre", "meter"),
    ("paediatr", "pediatr"), ("anaesth", "anesth"), ("diarrhoea", "diarrhea"), ("dyspnoea", "dyspnea"),
    ("apnoea", "apnea"), ("leukaem", "leukem"), ("caes", "ces"), ("colour", "color"), ("behaviour", "behavior"),
    ("ionis", "ioniz"), ("alis", "aliz"), ("oestr", "estr"), ("foetus", "fetus"), ("foetal", "fetal"),
    ("faec", "fec"), ("gynaec", "gynec"), ("orthopaed", "orthoped"), ("calibre", "caliber"), ("grey", "gray"),
)  # fmt: skip
_NOT_ALIZE = ("alist", "alism", "alisk", "oalis", "nalis", "talis", "ralis", "dialis", "palis", "malis")


@dataclass(frozen=True, slots=True)
class Word:
    """One word or mark of a text: as written, in the common spelling, and where (`start`, `end`)."""

    raw: str
    norm: str
    start: int
    end: int


@lru_cache(maxsize=50_000)
def common_spelling(raw: str) -> str:
    """Lower case, singular, American: "Oedemas" → "edema", "ECGs" → "ecg"."""
    word = raw.lower().replace("’", "'")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for british, american in _BRITISH:
        if british in word and not (british == "alis" and any(kept in word for kept in _NOT_ALIZE)):
            word = word.replace(british, american)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "shes", "ches")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and word.isalpha():
        return word[:-1]
    return word


def words(text: str) -> list[Word]:
    """Words, numbers and marks in order; hyphens inside words vanish ("air-space" is two words)."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        raw = match.group()
        if raw in "-‐‑" and match.start() and not text[match.start() - 1].isspace():
            continue
        found.append(Word(raw, "n't" if raw.lower() in ("n't", "n’t") else common_spelling(raw), *match.span()))
    return found
