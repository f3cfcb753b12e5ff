"""What a question asks about, in the vocabulary's words: findings, parts of the body, places and a side."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.findings.mentions import read_sentence
from assistant.findings.quantities import named_measures
from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words
from assistant.records import Finding

_UMBRELLA = "abnormality"
_REGIONS = {"abdomen": "abdomen", "bones": "bones", "chest": "chest", "heart": "heart", "neuro": "head"}


@dataclass(frozen=True, slots=True)
class Asked:
    """`named` are the findings as they are called, `entities` those and every kind of them and of the parts named.

    `locations` are places ("lower lobe"); `side` is "left" or "right" where just one of them is named.
    """

    named: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    side: str | None = None

    def __bool__(self) -> bool:
        return bool(self.entities or self.locations)

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding of a report is about what was asked, be it affirmed or denied."""
        if self.side and finding.side not in (None, "bilateral", self.side):
            return False
        denied = finding.status == "absent" and any(
            finding.entity in vocabulary().ancestors.get(entity, ()) for entity in self.named
        )
        placed = finding.location is not None and any(place in finding.location for place in self.locations)
        return placed or denied or finding.entity in self.entities


def asked_about(text: str) -> Asked:
    """What `text` names: "has the left effusion changed" → pleural effusion, left; "the heart" → its abnormalities,
    "is the heart enlarged" → cardiomegaly."""
    book = vocabulary()
    named: set[str] = set()
    parts: set[str] = set()
    places: set[str] = set()
    sides: set[str] = set()
    states: set[str] = set()
    tokens = words(text)
    for match in book.match(tokens):
        for label in match.labels:
            if label.kind == "entity":
                named.add(label.value)
                sides |= {label.side} if label.side else set()
                within = {token.norm for token in tokens[match.start : match.end]}  # "mass in the left breast"
                sides |= within & {"left", "right"} - set(label.value.split())
            elif label.kind == "part":
                part = book.parts[int(label.value)]
                parts |= {*part.normal, *(entity for _, entity in part.states)}
                states |= {entity for _, entity in part.states}
                parts |= {part.abnormal} if part.abnormal else set()
            elif label.kind == "location":
                places.add(label.value)
            elif label.kind == "side":
                sides.add(label.value)
    if states and not named_measures(text):  # "is the heart enlarged" names cardiomegaly; "is the QRS wide" a value
        named |= states & {mention.entity for mention in read_sentence(text).mentions}
    named.discard(_UMBRELLA)
    wanted = named | parts
    kinds = {name for name, above in book.ancestors.items() if wanted & above}
    side = next(iter(sides)) if len(sides) == 1 and sides <= {"left", "right"} else None
    return Asked(frozenset(named), frozenset(wanted | kinds), frozenset(places), side)


def region_of(entity: str) -> str | None:
    """The part of the body whose terms name an entity: chest, heart, abdomen, bones or head; None for the others."""
    return _regions().get(entity)


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    folder = files("assistant.findings").joinpath("terms")
    read = {name: tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")) for name in _REGIONS}
    return {entity: _REGIONS[name] for name, terms in read.items() for entity in terms.get("entity", ())}
