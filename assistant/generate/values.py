"""Which measured values of the study itself a question is after."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.records import Evidence, SignalPlace, ValuePlace
from assistant.retrieve.question import points_at_study

# A question's words, and the measured values (by the start of their name) that answer it; "rhythm" also
# takes statements about a stretch of the signal.
_ASKED: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), names)
    for words, names in (
        (
            r"\brhythm|\barrhythm|\b(ir)?regular|\bsinus\b|\bfibrillat|\bflutter|\bafi?b?\b|\bpauses?\b",
            ("rhythm", "rr", "heart_rate"),
        ),
        (r"\brate\b|\bfast\b|\bslow\b|tachycard|bradycard|\bbpm\b|\bpulse\b", ("heart_rate",)),
        (r"\bqtc?\b|\brepolari[sz]ation|\bbazett|\bfridericia", ("qt",)),
        (r"\bp[rq]\b|\bav[- ]?(block|conduction)|\batrioventricular|first[- ]degree", ("pr", "pq")),
        (r"\bqrs\b|\bbundle\b|\bwide\b|\bnarrow\b|\b[lr]bbb\b|\bconduction", ("qrs",)),
        (r"\baxis\b|\bdeviat|\bfascicular", ("axis",)),
        (r"\bst\b|\bischa?emi|\binfarct|\bstemi\b|\belevat|\bdepress", ("st",)),
        (r"\bintervals\b|\bdurations\b|\btimings\b", ("pr", "qrs", "qt", "rr")),
        (r"\bvoltage|\bamplitude|\bhypertroph|\blvh\b", ("amplitude", "sokolow", "cornell", "voltage")),
        (
            r"\bquality\b|\bnois[ey]|\bart[ei]fact|\bsharp|\bexpos|\bclipp|\breadable",
            ("quality", "noise", "sharp", "clip", "expos", "contrast", "saturat", "usable"),
        ),
    )
)


_ASKS_OF_OTHERS = re.compile(r"\b(similar|other|alike|comparable)\b", re.IGNORECASE)
_DESCRIBES_UPLOAD = re.compile(r"uploaded\b", re.IGNORECASE)


def is_measured(piece: Evidence) -> bool:
    """Whether the evidence is a value or a statement measured on the study itself, not the upload as a whole."""
    measured = piece.relation == "own" and isinstance(piece.place, ValuePlace | SignalPlace)
    return measured and bool(piece.text.strip()) and not _DESCRIBES_UPLOAD.match(piece.text)


def measured_for(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The measured values that answer the question, the one named first in it first.

    All of them where the question is about the study but names none ("what does it show?"); none where it
    is about something else.
    """
    measured = [piece for piece in evidence if is_measured(piece)]
    named = sorted((hit.start(), names) for words, names in _ASKED if (hit := words.search(question)))
    found: list[Evidence] = []
    for name in (name for _, names in named for name in names):
        found += [piece for piece in measured if piece not in found and _is_called(piece, name)]
    if named:
        return found
    return measured if points_at_study(question) and not _ASKS_OF_OTHERS.search(question) else []


def _is_called(piece: Evidence, name: str) -> bool:
    """Whether a value's name, or a statement's first words ("Rhythm: …", "ST level …"), say what was asked for."""
    if isinstance(piece.place, ValuePlace):
        return piece.place.name.lower().startswith(name)
    return any(word.startswith(name) for word in piece.text.lower().partition(":")[0].split()[:4])
