"""What similar studies show, counted over distinct studies; every study counted is cited, so anyone can recount."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from assistant.findings import extract_findings, state_count
from assistant.records import Evidence, Statement

_NOUNS = {"ECG": "ECGs", "CR": "X-rays", "DX": "X-rays", "RG": "X-rays", "CT": "scans", "MR": "scans", "US": "scans"}
_NOT_CLINICAL = re.compile(r"age|sex|gender|view|source|folder|split|file|name|url|licen[cs]e|date|year|id$|position")
_SEPARATORS = re.compile(r"\s*[|;]\s*")


def studies_of(evidence: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """Evidence by study, studies in the order in which they first appear."""
    studies: dict[str, list[Evidence]] = {}
    for piece in evidence:
        studies.setdefault(piece.study_id or piece.record_id, []).append(piece)
    return studies


def count_labels(
    evidence: Sequence[Evidence], words: Sequence[str] = (), asked: Sequence[str] = (), at_most: int = 4
) -> list[Statement]:
    """How many of the labelled similar studies carry each label, the most frequent first.

    `words` are the question's: where they name a label's key ("rhythm"), only the labels under it are counted.
    `asked` are findings named in the question: only labels that say one of them are counted then. A label of a
    single study is left out, unless none is more frequent.
    """
    pictured = studies_of(piece for piece in evidence if piece.kind != "text")
    studies = {key: pieces for key, pieces in pictured.items() if _labels(pieces)}
    labels = {key: _labels(pieces) for key, pieces in studies.items()}
    keys = {name for own in labels.values() for name, _ in own}
    named = {name for name in keys if any(word in name.lower() for word in words if len(word) > 3)}
    tally = Counter(value for own in labels.values() for value in {v for name, v in own if not named or name in named})
    if asked:
        tally = Counter({v: n for v, n in tally.items() if {f.entity for f in extract_findings(v)} & set(asked)})
    pieces = [piece for own in studies.values() for piece in own]
    cited = tuple(piece.id for piece in pieces)
    said = (
        state_count(tally[value], len(studies), _noun(pieces), "are labelled", _spoken(value))
        for value in _most_frequent(tally, at_most)
    )
    return [Statement(text, cited, "similar") for text in said]


def count_findings(evidence: Sequence[Evidence], asked: Sequence[str] = (), at_most: int = 4) -> list[Statement]:
    """How many of the similar studies' reports mention each finding, the most frequent first.

    Then come findings that at least half of the reports state to be absent. `asked` are findings named in the
    question: only these are then counted, present and absent; one that no report speaks of is said to be
    mentioned by none.
    """
    studies = studies_of(piece for piece in evidence if piece.kind == "text")
    if not studies:
        return []
    noun = "studies" if len(studies) == len(studies_of(evidence)) else "reports"
    present: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for pieces in studies.values():
        found = [finding for piece in pieces for finding in extract_findings(piece.text)]
        here = {finding.entity for finding in found if finding.status == "present"}
        present.update(here)
        absent.update({finding.entity for finding in found if finding.status == "absent"} - here)
    half = len(studies) / 2
    if asked:
        stated = [name for name in asked if present[name] or not absent[name]]
        denied = [name for name in asked if absent[name]]
    else:
        denied = sorted((name for name in absent if absent[name] >= half), key=lambda name: (-absent[name], name))
        stated = _most_frequent(present, at_most, single=not denied)
    counted = [(present[name], "mention", name) for name in stated]
    counted += [(absent[name], "state that there is no", name) for name in denied[: max(2, at_most - len(stated))]]
    cited = tuple(piece.id for pieces in studies.values() for piece in pieces)
    return [Statement(state_count(n, len(studies), noun, verb, name), cited, "similar") for n, verb, name in counted]


def _most_frequent(tally: Counter[str], at_most: int, single: bool = True) -> list[str]:
    """What more than one study has, the most frequent first; with `single` else one that a single study has."""
    ranked = sorted(tally, key=lambda value: (-tally[value], value))
    often = [value for value in ranked if tally[value] > 1]
    return (often or ranked[: int(single)])[:at_most]


def _labels(pieces: Sequence[Evidence]) -> set[tuple[str, str]]:
    return {
        (name, value)
        for piece in pieces
        for name, text in piece.labels.items()
        if not _NOT_CLINICAL.search(name.lower())
        for value in _SEPARATORS.split(text)
        if 2 <= len(value) <= 60 and not value.replace(".", "").isdigit()
    }


def _noun(pieces: Sequence[Evidence]) -> str:
    nouns = {_NOUNS.get(piece.modality, "images" if piece.kind == "image" else "recordings") for piece in pieces}
    return nouns.pop() if len(nouns) == 1 else "studies"


def _spoken(label: str) -> str:
    """A label as it stands within a sentence: "Sinus rhythm" → "sinus rhythm"; "ARDS" stays."""
    return " ".join(word.lower() if word.istitle() and word.isalpha() else word for word in label.split())
