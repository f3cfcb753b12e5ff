"""Expert models: a classifier of your own whose findings stand beside an uploaded picture or signal, as opinions.

An expert is any object with a `name` and two methods (`Expert`). It is registered by a call, or by an entry point of an
installed package:

    [project.entry-points."wardround.experts"]
    my-classifier = "my_package:MyClassifier"      # called without arguments when the first upload comes

What it finds becomes evidence of the patient's own, worded as an opinion with its probability: it lets an answer say
what the expert model considers possible, and never that it is so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Protocol

from assistant.errors import WardroundError
from assistant.records import BoxPlace, Evidence, Record, evidence_id
from assistant.settings import ExpertSettings

log = logging.getLogger(__name__)

GROUP = "wardround.experts"
OPINION = "opinion of the expert model"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A finding in a report's words ("pleural effusion", "left bundle branch block") and its probability, 0 to 1."""

    finding: str
    probability: float


class Expert(Protocol):
    """A model that looks at one picture or signal."""

    name: str

    def takes(self, record: Record) -> bool:
        """Whether it was made for such a record (`kind`, `modality`, `fields`)."""
        ...

    def opinions(self, record: Record) -> Sequence[Opinion]:
        """What it finds in `record.image` (uint8) or `record.signal` (float32), in any order."""
        ...


_registered: dict[str, Expert] = {}
_lock = threading.Lock()


def register_expert(expert: Expert) -> None:
    """From now on let `expert` look at every upload that it takes; one of the same name is replaced."""
    with _lock:
        _registered[expert.name] = expert


def unregister_expert(name: str) -> None:
    """Let the expert of that name look at nothing any more; harmless where there is none."""
    with _lock:
        _registered.pop(name, None)


def registered_experts(settings: ExpertSettings) -> list[Expert]:
    """The experts that the settings let look, installed ones first, then by name.

    Raises WardroundError naming an expert that the settings ask for and that is not there.
    """
    with _lock:
        known = {**_installed(), **_registered}
    if settings.use is None:
        return list(known.values())
    if missing := [name for name in settings.use if name not in known]:
        there = ", ".join(known) or "none"
        raise WardroundError(
            "experts.use names {missing!r}, and no such expert model is registered ({there})",
            missing=missing[0],
            there=there,
        )
    return [known[name] for name in settings.use]


@lru_cache(maxsize=1)
def _installed() -> dict[str, Expert]:
    found: dict[str, Expert] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            expert: Expert = entry.load()()
        except Exception as error:
            raise WardroundError(
                "expert model {entry!r} ({value}) can't be opened: {error}",
                entry=entry.name,
                value=entry.value,
                error=error,
            ) from error
        found[expert.name] = expert
    return found


def expert_evidence(record: Record, settings: ExpertSettings) -> list[Evidence]:
    """The opinions on an uploaded picture or signal, the likeliest first, as evidence of the patient's own.

    An expert that fails is named in a piece that is not kept; the rest goes on.
    """
    found: list[Evidence] = []
    for expert in registered_experts(settings):
        try:
            if not expert.takes(record):
                continue
            opinions = sorted(expert.opinions(record), key=lambda opinion: -opinion.probability)
            if wrong := [opinion for opinion in opinions if not 0 <= opinion.probability <= 1]:
                raise ValueError(f"{wrong[0].finding}: {wrong[0].probability} is no probability")
        except Exception as error:  # of somebody else's code: whatever it is, the question is still answered
            log.exception("the expert model %s failed", expert.name)
            found.append(_evidence(record, "", f"{OPINION} {expert.name}: it failed ({error})", kept=False))
            continue
        likely = [opinion for opinion in opinions if opinion.probability >= settings.least][: settings.top]
        found += [
            _evidence(record, _worded(expert.name, opinion), f"{OPINION} {expert.name}", score=opinion.probability)
            for opinion in likely
        ]
    return found


def _worded(name: str, opinion: Opinion) -> str:
    return f"The expert model {name} considers possible: {opinion.finding}, probability {opinion.probability:.2f}."


def _evidence(record: Record, text: str, why: str, *, kept: bool = True, score: float = 0.0) -> Evidence:
    place = None
    if record.image is not None:
        height, width = record.image.pixels.shape[:2]
        place = BoxPlace((0, 0, width, height), record.frame)
    return Evidence(
        id=evidence_id(record.record_id, place, text or why), record_id=record.record_id, kind=record.kind,
        modality=record.modality, relation="own", text=text, place=place, score=score, kept=kept, why=why,
        patient_id=record.patient_id, study_id=record.study_id, title=record.title, taken_at=record.taken_at,
        external_id=record.external_id,
    )  # fmt: skip
