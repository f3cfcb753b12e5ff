from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
import simple_icd_10_cm

from assistant.findings import entities, extract_findings
from assistant.findings.codes import code_title, coded_entities, codes_of
from assistant.findings.vocabulary import vocabulary

# Titles that say the same in other words than any term of the vocabulary.
SAID_OTHERWISE = {
    "metastasis": "Secondary malignant neoplasm of unspecified site",
    "neck pain": "Cervicalgia",
    "stroke": "Cerebral infarction, unspecified",
}
ICD = [
    (entity, code.code) for entity, codes in coded_entities().items() for code in codes if code.system == "ICD-10-CM"
]
SNOMED = [
    (entity, code.code) for entity, codes in coded_entities().items() for code in codes if code.system == "SNOMED CT"
]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower())} - {"unspe", "other", "disea", "diso", "disor"}


def _terms(entity: str) -> str:
    phrases = [
        " ".join(phrase)
        for entries in vocabulary().phrases.values()
        for phrase, _, labels in entries
        if any(label.kind == "entity" and label.value == entity for label in labels)
    ]
    return " ".join([entity, *phrases])


def test_codes_are_of_entities_that_exist() -> None:
    assert set(coded_entities()) <= set(entities())


@pytest.mark.parametrize(("entity", "code"), ICD)
def test_an_icd_code_exists_and_names_the_concept(entity: str, code: str) -> None:
    title = code_title(code)
    assert title is not None
    assert simple_icd_10_cm.is_leaf(code), f"{code} is a category, not a code"
    if entity in SAID_OTHERWISE:
        assert title == SAID_OTHERWISE[entity]
        return
    told = " ".join([title, *simple_icd_10_cm.get_inclusion_term(code)])
    assert _stems(_terms(entity)) & _stems(told), f"{entity!r} has {code}: {told}"


@pytest.mark.skipif("WARDROUND_DATA" not in os.environ, reason="WARDROUND_DATA: the folder with challenge2021_ecg")
def test_snomed_codes_are_those_of_the_challenge() -> None:
    names: dict[str, str] = {}
    for table in ("scored", "unscored"):
        path = Path(os.environ["WARDROUND_DATA"]) / f"challenge2021_ecg/dx_mapping_{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            names |= {row["SNOMEDCTCode"]: row["Dx"] for row in csv.DictReader(file)}
    for entity, code in SNOMED:
        said = {finding.entity for finding in extract_findings(names[code])}
        assert entity in said or _stems(_terms(entity)) & _stems(names[code]), f"{entity!r} has {code}: {names[code]}"


def test_snomed_codes_have_a_right_check_digit() -> None:
    """Verhoeff's check digit, the last of every SNOMED CT identifier."""

    def dihedral(i: int, j: int) -> int:
        if i < 5:
            return (i + j) % 5 if j < 5 else (i + j) % 5 + 5
        return (i - j) % 5 + 5 if j < 5 else (i - j) % 5

    turned = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
    while len(turned) < 8:
        turned.append([turned[-1][turned[1][i]] for i in range(10)])
    for entity, code in SNOMED:
        check = 0
        for place, digit in enumerate(reversed(code)):
            check = dihedral(check, turned[place % 8][int(digit)])
        assert check == 0, f"{entity!r} has {code}"


def test_a_finding_carries_its_code_whatever_its_status() -> None:
    (denied,) = extract_findings("No pleural effusion.")
    assert (denied.status, denied.code, denied.code_system) == ("absent", "J90", "ICD-10-CM")
    (rhythm,) = extract_findings("Sinus rhythm.")
    assert (rhythm.code, rhythm.code_system) == ("426783006", "SNOMED CT")
    (axis,) = extract_findings("The trachea is deviated.")
    assert (axis.code, axis.code_system) == (None, None)


def test_an_entity_may_have_codes_of_both_systems() -> None:
    assert [(c.system, c.code) for c in codes_of("atrial fibrillation")] == [
        ("ICD-10-CM", "I48.91"),
        ("SNOMED CT", "164889003"),
    ]


def test_codes_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "simple_icd_10_cm", None)
    assert code_title("J90") is None
    assert codes_of("pleural effusion")[0].code == "J90"
