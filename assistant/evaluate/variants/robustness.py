"""Robustness conditions: the same cases with what is uploaded or handed over disturbed in one way.

Changed files are made before a run under a variant and removed after it; the same file always changes in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from assistant.evaluate.case import TASKS, Case
from assistant.evaluate.perturb import pictures, signals
from assistant.evaluate.perturb.sentences import damages
from assistant.evaluate.perturb.uploads import change_pictures, change_signals
from assistant.evaluate.score.planted import PLANTED
from assistant.evaluate.variants.interface import CaseChange, EvidenceChange, QueryChange, Variant
from assistant.findings.sentences import sentences
from assistant.records import KINDS, Evidence, Kind, Relation, SearchResult, TextPlace
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluate.dataset import Dataset
    from assistant.records import Signal
    from assistant.retrieve.query import Query

IRRELEVANT = 3  # pieces mixed in
LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_TURNED = ("negation", "laterality")  # damages that make a sentence contradict what it was
_UNRELATED = (
    "Fluoride varnish applied twice a year lowered the rate of new caries in children's first molars.",
    "Patients after cataract surgery were asked not to lift heavy weights for one week.",
    "Handwashing audits on surgical wards were repeated every quarter by the infection control nurses.",
)


def without_kind(kind: Kind) -> QueryChange:
    """Nothing of one kind, neither uploaded nor of the archive."""

    def change(query: Query) -> Query:
        uploads = tuple(upload for upload in query.uploads if upload.record.kind != kind)
        return replace(query, uploads=uploads, kinds=(query.kinds or frozenset(KINDS)) - {kind})

    return change


def irrelevant_mixed_in(_: Query, found: SearchResult, __: Settings) -> SearchResult:
    """The least relevant pieces that selection dropped handed over as well, made-up ones on other subjects if too few.

    Nothing is mixed into an abstention: there is nothing to mix it with.
    """
    if found.abstained:
        return found
    dropped = [piece for piece in found.evidence if not piece.kept][-IRRELEVANT:]
    taken = {piece.id for piece in dropped}
    evidence = [
        replace(piece, kept=True, why=f"{piece.why}; mixed in") if piece.id in taken else piece
        for piece in found.evidence
    ]
    made_up = _UNRELATED[: IRRELEVANT - len(dropped)]
    planted = [_planted(number, text, "knowledge") for number, text in enumerate(made_up, start=1)]
    return replace(found, evidence=(*evidence, *planted))


def contradiction_planted(relation: Relation) -> EvidenceChange:
    """Beside the first text handed over of which a sentence can be turned round, a piece that says the contrary."""

    def change(_: Query, found: SearchResult, __: Settings) -> SearchResult:
        for place, piece in enumerate(found.evidence):
            turned = contrary(piece.text) if piece.kept and piece.kind == "text" else None
            if turned is not None:
                planted = replace(_planted(1, turned, relation), modality=piece.modality, score=piece.score)
                return replace(found, evidence=(*found.evidence[:place], planted, *found.evidence[place:]))
        return found

    return change


def contrary(text: str) -> str | None:
    """The first sentence of a text that can be denied, affirmed or moved to the other side for certain, turned so."""
    for sentence in sentences(text):
        for kind, damaged in damages(sentence.strip()):
            if kind in _TURNED:
                return damaged
    return None


def reversed_order(_: Query, found: SearchResult, __: Settings) -> SearchResult:
    """What is handed over, the last first."""
    kept = iter([piece for piece in reversed(found.evidence) if piece.kept])
    return replace(found, evidence=tuple(next(kept) if piece.kept else piece for piece in found.evidence))


def _planted(number: int, text: str, relation: Relation) -> Evidence:
    return Evidence(
        id=f"{PLANTED}{number}",
        record_id=f"{PLANTED}{number}",
        kind="text",
        modality="DOC",
        relation=relation,
        text=text,
        place=TextPlace(0, len(text)),
        score=0.0,
        kept=True,
        why="planted",
        study_id=f"{PLANTED}{number}",
    )


def _signals(change: Callable[[Signal, int], Signal | None]) -> CaseChange:
    def changed(case: Case, dataset: Dataset, folder: Path) -> Case | None:
        return change_signals(case, dataset, folder, change)

    return changed


def _pictures(change: Callable[[Image.Image, int], Image.Image]) -> CaseChange:
    def changed(case: Case, dataset: Dataset, folder: Path) -> Case | None:
        return change_pictures(case, dataset, folder, change)

    return changed


def _without(kind: Kind, name: str, words: str) -> Variant:
    return Variant(
        name,
        words,
        "robustness",
        tasks=frozenset({"ask", "search", "choose"}),
        applies=lambda case: bool(case.question.strip()),
        query=without_kind(kind),
    )


def _leads(name: str, kept: tuple[str, ...]) -> Variant:
    return Variant(
        name,
        f"Of every uploaded ECG leads {', '.join(kept)} alone.",
        "robustness",
        case=_signals(lambda signal, _: signals.keep_leads(signal, kept)),
    )


def _noise(name: str, kind: signals.Noise, snr_db: float, words: str) -> Variant:
    return Variant(
        name,
        f"{words} on every uploaded ECG, at {snr_db:g} dB.",
        "robustness",
        case=_signals(lambda signal, seed: signals.add_noise(signal, kind, snr_db, seed)),
    )


def _picture(name: str, words: str, change: Callable[[Image.Image, int], Image.Image]) -> Variant:
    return Variant(name, words, "robustness", case=_pictures(change))


def _context(name: str, words: str, change: EvidenceChange) -> Variant:
    tasks = TASKS if name == "reversed-context" else ("ask", "choose", "draft")
    return Variant(name, words, "robustness", tasks=frozenset(tasks) - {"check", "measure"}, evidence=change)


ROBUSTNESS: tuple[Variant, ...] = (
    _without("image", "no-pictures", "No picture, neither uploaded nor of the archive."),
    _without("signal", "no-signals", "No signal, neither uploaded nor of the archive."),
    _without("text", "no-texts", "No text, neither uploaded nor of the archive; the question stays."),
    _leads("leads-limb", LIMB),
    _leads("leads-five", ("I", "II", "V1", "V2", "V3")),
    _leads("lead-two", ("II",)),
    _noise("ecg-wander", "wander", 0.0, "Baseline wander"),
    _noise("ecg-muscle", "muscle", 6.0, "Muscle noise"),
    _noise("ecg-mains", "mains", 6.0, "Hum of the power line"),
    Variant(
        "ecg-arms-swapped",
        "Every uploaded ECG as recorded with the arm electrodes interchanged.",
        "robustness",
        case=_signals(lambda signal, _: signals.swap_arms(signal)),
    ),
    _picture(
        "picture-blur", "Uploaded pictures blurred (1 % of the shorter side).", lambda p, _: pictures.blur(p, 0.01)
    ),
    _picture(
        "picture-noise",
        "Noise on uploaded pictures (standard deviation 10 % of white).",
        lambda picture, seed: pictures.add_noise(picture, 0.1, seed),
    ),
    _picture(
        "picture-contrast",
        "Uploaded pictures with a third of their contrast.",
        lambda picture, _: pictures.lower_contrast(picture, 1 / 3),
    ),
    _picture("picture-mirrored", "Uploaded pictures mirrored.", lambda picture, _: pictures.mirror(picture)),
    _picture("picture-turned", "Uploaded pictures upside down.", lambda picture, _: pictures.upside_down(picture)),
    _context(
        "irrelevant-context",
        f"{IRRELEVANT} pieces that selection dropped as the least relevant, or unrelated ones, handed over as well.",
        irrelevant_mixed_in,
    ),
    _context(
        "contrary-similar",
        "A piece planted, as of a similar study, that says the contrary of a sentence handed over.",
        contradiction_planted("similar"),
    ),
    _context(
        "contrary-knowledge",
        "A piece planted, as of the literature, that says the contrary of a sentence handed over.",
        contradiction_planted("knowledge"),
    ),
    _context("reversed-context", "What is handed over in reversed order.", reversed_order),
)
