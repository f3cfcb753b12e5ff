from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
import simple_icd_10_cm

from assistant.findings import entities, extract_findings
from assistant.findings.codes import code_title, coded_entities, codes_of, ecg_diagnosis, is_concept_id
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


def _challenge() -> dict[str, str]:
    """The names of the Challenge's tables by their codes."""
    names: dict[str, str] = {}
    for table in ("scored", "unscored"):
        path = Path(os.environ["WARDROUND_DATA"]) / f"challenge2021_ecg/dx_mapping_{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            names |= {row["SNOMEDCTCode"]: row["Dx"] for row in csv.DictReader(file)}
    return names


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
    names = _challenge()
    for entity, code in SNOMED:
        said = {finding.entity for finding in extract_findings(names[code])}
        assert entity in said or _stems(_terms(entity)) & _stems(names[code]), f"{entity!r} has {code}: {names[code]}"


def test_snomed_codes_are_built_as_concept_ids() -> None:
    for entity, code in SNOMED:
        assert is_concept_id(code), f"{entity!r} has {code}"


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        ("426783006", True),  # sinus rhythm
        ("67741000119109", True),  # left atrial enlargement, of an extension: partition 10
        ("100005", True),  # the shortest
        ("426783007", False),  # another check digit
        ("426738006", False),  # two digits changed places
        ("84729163", False),  # a record number
        ("0426783006", False),
        ("42678300６", False),
        ("", False),
    ],
)
def test_a_concept_id_is_known_by_partition_and_check_digit(number: str, is_one: bool) -> None:
    assert is_concept_id(number) is is_one


def test_diagnoses_of_ecgs_have_the_names_of_entities_or_of_the_challenge() -> None:
    assert ecg_diagnosis("426783006") == "sinus rhythm"
    assert ecg_diagnosis("164867002") == "old myocardial infarction"
    assert ecg_diagnosis("22298006") is None  # myocardial infarction of SNOMED CT itself, which the Challenge lacks


@pytest.mark.skipif("WARDROUND_DATA" not in os.environ, reason="WARDROUND_DATA: the folder with challenge2021_ecg")
def test_every_diagnosis_of_the_challenge_has_a_name() -> None:
    for code, said in _challenge().items():
        name = ecg_diagnosis(code)
        assert is_concept_id(code) and name is not None, f"{code} ({said})"
        alike = {f.entity for f in extract_findings(name)} == {f.entity for f in extract_findings(said)}
        assert alike or _stems(_terms(name) if name in entities() else name) & _stems(said), f"{name}, not {said}"


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
