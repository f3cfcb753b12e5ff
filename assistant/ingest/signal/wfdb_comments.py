"""What a WFDB header's comments say: facts, labels, and the rest as text."""

from __future__ import annotations

import re

from assistant.findings.codes import ecg_diagnosis, is_concept_id
from assistant.ingest.signal.wfdb_header import Header
from assistant.ingest.text.passages import Stretch

_FACT = re.compile(r"^<?(?P<name>[A-Za-z][^:<>]{0,80}?)>?\s*:\s*(?P<value>.*)$")
_MIT_BIH = re.compile(r"^(?P<age>\d{1,3}) (?P<sex>[MF]) [\d. ]+x\d")
_UNKNOWN = {"", "n/a", "na", "unknown", "none", "nan", "-", "?", "-1"}
_FACT_NAMES = {"age", "sex", "gender", "ecg date", "date"}

Facts = dict[str, str | int | float]


def understood(header: Header) -> tuple[Facts, dict[str, str], tuple[str, list[Stretch]]]:
    """Facts, labels and what remains as text, in the header's own words; lines without a value are left out.

    A line that ends in a colon ("Hemodynamics:") is the heading of the lines below it.
    """
    facts: Facts = {}
    labels: dict[str, str] = {}
    stretches: list[Stretch] = []
    section: str | None = None
    text, begin = "", 0
    for comment in header.comments:
        if match := _MIT_BIH.match(comment):
            facts |= {"age": int(match["age"]), "sex": match["sex"]}
            continue
        fact = _FACT.match(comment)
        value = fact["value"].strip() if fact else comment
        name = fact["name"].strip().lower() if fact else ""
        if fact and not value:
            if text[begin:].strip():
                stretches.append((begin, len(text), section, None))
            section, begin = fact["name"].strip().strip("<>").capitalize(), len(text)
        elif value.lower() in _UNKNOWN:
            continue
        elif name in _FACT_NAMES:
            facts["sex" if name == "gender" else name.replace(" ", "_")] = _fact(value)
        elif name == "dx" and re.fullmatch(r"[\d,; ]+", value):
            labels["diagnosis"] = " | ".join(dict.fromkeys(_diagnosis(code) for code in re.findall(r"\d+", value)))
        else:
            begin = len(text) + 1 if text and begin == len(text) else begin
            text += ("\n" if text else "") + comment
    if text[begin:].strip():
        stretches.append((begin, len(text), section, None))
    return facts, labels, (text, stretches)


def _diagnosis(code: str) -> str:
    """What a number behind "Dx:" says: its name, the code of another concept, or the number, which may be an id."""
    return ecg_diagnosis(code) or (f"SNOMED CT {code}" if is_concept_id(code) else code)


def _fact(value: str) -> str | int:
    return int(value) if value.isdigit() else {"female": "F", "male": "M"}.get(value.lower(), value)
