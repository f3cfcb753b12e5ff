"""Codes of entities: ICD-10-CM, and SNOMED CT for what an ECG shows. A table written by hand, never by likeness.

A code names the concept at the level of the entity ("pneumonia" is J18.9, of unspecified organism), side and course
apart. ICD-10-CM codes are checked in the tests against simple-icd-10-cm (release of April 2026); the SNOMED CT codes
are those of the diagnoses of the PhysioNet/CinC Challenge 2021 (evaluation-2021, dx_mapping_scored.csv and
dx_mapping_unscored.csv, BSD-2-Clause).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.records import CodeSystem

_PERMUTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    system: CodeSystem


@lru_cache(maxsize=1)
def coded_entities() -> dict[str, tuple[Code, ...]]:
    """Every entity that has a code, with its codes, ICD-10-CM first."""
    raw = tomllib.loads(files("assistant.findings").joinpath("codes.toml").read_text(encoding="utf-8"))
    found: dict[str, tuple[Code, ...]] = {}
    systems: tuple[tuple[str, CodeSystem], ...] = (("icd10cm", "ICD-10-CM"), ("snomed", "SNOMED CT"))
    for key, system in systems:
        for entity, code in raw[key].items():
            found[entity] = (*found.get(entity, ()), Code(code, system))
    return found


def codes_of(entity: str) -> tuple[Code, ...]:
    """The codes of an entity: ICD-10-CM, SNOMED CT, both or none."""
    return coded_entities().get(entity, ())


def code_of(entity: str) -> Code | None:
    """The first code of an entity: ICD-10-CM where it has one."""
    codes = codes_of(entity)
    return codes[0] if codes else None


@lru_cache(maxsize=1)
def _ecg_diagnoses() -> dict[str, str]:
    """Names by SNOMED CT code: the entity's where it is one's code, else the Challenge's own."""
    text = files("assistant.findings").joinpath("ecg_diagnoses.toml").read_text(encoding="utf-8")
    coded = ((code, entity) for entity, codes in coded_entities().items() for code in codes)
    return {**tomllib.loads(text), **{code.code: entity for code, entity in coded if code.system == "SNOMED CT"}}


def ecg_diagnosis(code: str) -> str | None:
    """The name of a diagnosis of an ECG by its SNOMED CT code; None for a code that the Challenge does not use."""
    return _ecg_diagnoses().get(code)


def is_concept_id(number: str) -> bool:
    """Whether digits are built as the id of a SNOMED CT concept: 6 to 18 of them, a concept's partition, and the right
    check digit (SNOMED CT Release File Specification, 6.2 and 6.3). One of 500 other numbers is, by chance."""
    if not re.fullmatch(r"[1-9]\d{2,14}[01]0\d", number, re.ASCII):
        return False
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = _dihedral(check, _turned(place % 8, int(digit)))
    return check == 0


def _dihedral(i: int, j: int) -> int:
    """The product in the dihedral group of the pentagon, of Verhoeff's scheme."""
    if i < 5:
        return (i + j) % 5 if j < 5 else (i + j) % 5 + 5
    return (i - j) % 5 + 5 if j < 5 else (i - j) % 5


def _turned(times: int, digit: int) -> int:
    """A digit after Verhoeff's permutation was applied so many times."""
    for _ in range(times):
        digit = _PERMUTED[digit]
    return digit


def code_title(code: str) -> str | None:
    """The title of an ICD-10-CM code; None where the code does not exist or simple-icd-10-cm is not installed."""
    try:
        import simple_icd_10_cm
    except ImportError:
        return None
    return str(simple_icd_10_cm.get_description(code)) if simple_icd_10_cm.is_valid_item(code) else None
