"""What was sent and does not fit, told in a sentence: the place, what is wrong there, and where it is said what fits.

What was sent is never repeated: it may hold a patient's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 3  # places in the sentence; all of them are in the list


def listed(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each place that does not fit and what is wrong there, of pydantic's errors."""
    return [{"place": _place(error), "problem": _problem(error)} for error in errors]


def in_a_sentence(errors: Sequence[Mapping[str, Any]], described: str) -> str:
    """The same for a reader; `described` is where it is said what fits."""
    parts = [f"{found['place']}: {found['problem']}" for found in listed(errors)]
    left = len(parts) - _SHOWN
    return "; ".join([*parts[:_SHOWN], *([f"and {left} more"] if left > 0 else [])]) + f" ({described} says what fits)"


def _place(error: Mapping[str, Any]) -> str:
    where = [str(part) for part in error["loc"]]
    if where[:1] and where[0] in ("body", "query", "path", "header"):
        where = where[1:]
    if error["type"] == "json_invalid" or not where:
        return "the body"
    return ".".join(where)


def _problem(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is missing, and is needed"
    said = str(error["msg"])
    if "Expected UploadFile" in said:
        return "is a text, and a file is needed: send it as a part of its own with a file name"
    return said[:1].lower() + said[1:]
