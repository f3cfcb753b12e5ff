"""Findings that exclude one another: the left bundle branch block, not the right."""

from __future__ import annotations

from functools import lru_cache

from assistant.findings.vocabulary import vocabulary
from assistant.records import ErrorKind

# Findings of which one study has one or the other, and the error that it is to take one for the other. A finding
# stands for its kinds too: "sinus bradycardia" is a sinus rhythm.
_RHYTHMS = (
    "sinus rhythm", "atrial fibrillation", "atrial flutter", "ventricular tachycardia", "ventricular fibrillation",
    "junctional rhythm", "idioventricular rhythm", "supraventricular tachycardia",
)  # fmt: skip
_RIVALS: tuple[tuple[tuple[str, ...], ErrorKind], ...] = (
    (_RHYTHMS, "fabrication"),
    (("tachycardia", "bradycardia"), "fabrication"),
    (("right bundle branch block", "left bundle branch block"), "laterality"),
    (("incomplete right bundle branch block", "incomplete left bundle branch block"), "laterality"),
    (("right bundle branch block", "incomplete left bundle branch block"), "laterality"),
    (("left bundle branch block", "incomplete right bundle branch block"), "laterality"),
    (("left axis deviation", "right axis deviation", "extreme axis deviation"), "laterality"),
    (
        (
            "first-degree atrioventricular block",
            "second-degree atrioventricular block",
            "third-degree atrioventricular block",
        ),
        "severity",
    ),
    (("first-degree atrioventricular block", "short PR"), "fabrication"),
    (("long QT", "short QT"), "fabrication"),
    (("wide QRS", "narrow QRS"), "fabrication"),
    (("low lung volumes", "hyperinflation"), "fabrication"),
    (("hypertension", "hypotension"), "fabrication"),
    (("hyperthyroidism", "hypothyroidism"), "fabrication"),
)


@lru_cache(maxsize=4096)
def rivalry(entity: str, other: str) -> ErrorKind | None:
    """The kind of error of claiming one finding where the other is; None unless they exclude one another."""
    mine, theirs = ({name, *vocabulary().ancestors.get(name, ())} for name in (entity, other))
    for group, kind in _RIVALS:
        one, two = mine & set(group), theirs & set(group)
        if one and two and not one & two:
            return kind
    return None
