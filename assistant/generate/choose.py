"""Which prompt a question is put with, by its words and by what lies beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.records import Evidence
from assistant.retrieve.question import points_at_study, read_question

_PLAINLY = re.compile(
    r"\b(plain|lay|layman'?s?|simple|simpler|easy|everyday)\s+(\w+\s+)?(language|words?|terms|english)\b"
    r"|\b(explain|say|put|tell)\b.*\b(simply|plainly|to (a|the|my) (patient|child|layman|layperson|mother|father))\b"
    r"|\bfor (a|the|my) (patient|layperson|layman|relatives?)\b|\blike i'?m (five|5)\b",
    re.IGNORECASE,
)


def choose_prompt(question: str, evidence: Sequence[Evidence]) -> str:
    """The name of the template for a question and the evidence kept for it.

    "plain" where plain words are asked for; "comparison" for a comparison with an earlier study that is there; "ecg"
    for a question about an uploaded ECG; "similar" for one after similar cases; else "answer".
    """
    if _PLAINLY.search(question):
        return "plain"
    kind = read_question(question).kind
    own = [piece for piece in evidence if piece.relation == "own"]
    if kind == "comparison" and any(piece.why.startswith("history") for piece in own):
        return "comparison"
    if kind == "similar" and any(piece.relation == "similar" for piece in evidence):
        return "similar"
    if any(piece.kind == "signal" and piece.modality == "ECG" for piece in own) and points_at_study(question):
        return "ecg"
    return "answer"
