"""Which side a sentence speaks of, where a question names one: the right effusion, the left knee."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from assistant.findings.asked import Asked, asked_about
from assistant.findings.extract import extract_findings
from assistant.findings.mentions import read_sentence
from assistant.records import Finding

# "the right" and "left" that are no sides
_NO_SIDE = re.compile(
    r"\bright (?:now|away|after|before|dose|dosage|drug|medicine|medication|treatment|therapy|diagnosis|time|choice"
    r"|decision|thing|way|patient|file|report|question|answer)\b|\b(?:all right|is (?:it|this|that) right)\b"
    r"|\bright\W*$(?<=, right\?)|\b(?:has|have|had|is|was|anything|nothing|he|she|they|who) left\b"
    r"|\bleft (?:the|untreated|over|out|against|behind)\b",
    re.IGNORECASE,
)

Stands = Literal["of the side", "of no side", "of the other side"]


def side_asked(question: str) -> Asked:
    """What a question asks about; its `side` is None where "right" or "left" says something else ("the right dose")."""
    return asked_about(_NO_SIDE.sub(" ", question))


def stands(asked: Asked, sentence: str, heading: str = "") -> Stands:
    """Whether a sentence speaks of the side that is asked for, of none, or of the other one alone.

    What it states of the findings asked for decides, else the sides that it names, else those of its heading. What is
    on both sides, and what is denied without a side, is of the side asked for. Where no side is asked for, all is.
    """
    if asked.side is None:
        return "of the side"
    findings = extract_findings(sentence)
    anywhere = replace(asked, side=None)
    on_it = [f for f in findings if f.entity in asked.named] or [f for f in findings if anywhere.concerns(f)]
    sides = frozenset(_side_of(finding, asked.side) for finding in on_it)
    told = sides if on_it else _named(sentence) | {_in_name(finding) for finding in findings} - {""}
    return _stand(told if any(told) else _named(heading), asked.side)


def _side_of(finding: Finding, asked: str) -> str:
    return finding.side or _in_name(finding) or (asked if finding.status == "absent" else "")


def _in_name(finding: Finding) -> str:
    """The side that a finding's name holds: "left atrial enlargement"; an axis has none."""
    words = finding.entity.split()
    return "" if "axis" in words else next((side for side in ("left", "right") if side in words), "")


def _named(text: str) -> frozenset[str]:
    return read_sentence(text).attributes.sides


def _stand(told: frozenset[str], asked: str) -> Stands:
    if told & {asked, "bilateral"}:
        return "of the side"
    return "of the other side" if told and "" not in told else "of no side"
