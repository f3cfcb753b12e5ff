"""Selection: what a search returns, what of it a model would be given, and why the rest is not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from assistant.records import (
    BoxPlace,
    Evidence,
    FoundBy,
    Kind,
    Passage,
    Place,
    Record,
    Relation,
    SignalPlace,
    TextPlace,
    evidence_id,
)
from assistant.retrieve.composed import Wish
from assistant.retrieve.copies import Copies
from assistant.retrieve.query import Query
from assistant.retrieve.rank import BLOCK, Hit
from assistant.retrieve.wall import Own
from assistant.retrieve.weigh import Turns, in_turns
from assistant.settings import RetrieveSettings
from assistant.store.working import VectorKind
from assistant.wording import joined, worded

_WORD = re.compile(r"\w+")


def select(
    query: Query,
    own: Sequence[Evidence],
    likeness: Sequence[Hit],
    text: Iterable[Hit],
    owned: Mapping[str, Own],
    copies: Copies,
    turns: Turns,
    settings: RetrieveSettings,
) -> tuple[tuple[Evidence, ...], bool, str]:
    """The evidence list, best first and at most `query.k` long; whether nothing was good enough; and the reason.

    `owned` says, by the name of an index, which of its records are the query's own, `copies` which are an upload again:
    these are shown, and are no study of another patient. Own passages come first; what is
    like the uploads, with its reports, and text hits then take `turns`. Dropped evidence stays in the list
    with `kept=False` and its reason, so that a reader can see what was nearest.
    """
    choice = _Choice(
        owned, copies, bool(query.studies), settings, wishes=bool(Wish.of(query.text)), whole=query.whole
    )  # fmt: skip
    told = {evidence.id for evidence in own}
    mixed = in_turns(choice.of_likeness(likeness), choice.of_text(text), turns)
    found = (evidence for evidence in mixed if evidence.id not in told)
    chosen = list(islice(chain(own, found), query.k))  # what is beyond is not read from the catalogue
    if any(evidence.kept for evidence in chosen):
        return tuple(chosen), False, ""
    if chosen and all(evidence.id in told for evidence in chosen):
        return tuple(chosen), True, "No line was found in the uploaded text that answers the question."
    asked_of_text = any(upload.record.kind == "text" for upload in query.uploads)
    return tuple(chosen), True, choice.why_nothing(asked_of_text=asked_of_text) if chosen else "Nothing was found."


class _Choice:
    """Walks down a ranking and decides on each hit."""

    def __init__(
        self,
        owned: Mapping[str, Own],
        copies: Copies,
        chosen: bool,
        settings: RetrieveSettings,
        *,
        wishes: bool = False,
        whole: bool = False,
    ) -> None:
        self._owned = owned
        self._copies = copies
        self._chosen = chosen  # whether the studies were picked by hand: then each of them counts
        self._settings = settings
        self._whole = whole  # whether short texts of general knowledge come whole
        self._wishes = wishes  # whether words say which of the studies like the uploads are wanted
        self._floors = {
            "image": settings.image_floor, "signal": settings.signal_floor, "text": settings.text_floor,
            "joint": settings.joint_floor,
        }  # fmt: skip
        self._best: float | None = None  # the best passage's chance to answer, where there is one
        self._apart = False  # whether texts of a chosen patient were among the first
        self._copied = False  # whether what was found is an upload again, or lies with it

    def why_nothing(self, *, asked_of_text: bool) -> str:
        """Why nothing is kept; where an uploaded text was asked, of that first."""
        if self._apart:
            if self._chosen:
                return "The chosen studies hold nothing that is near enough to the question."
            return "The records of the chosen patient hold nothing that is near enough to the question."
        if self._copied:
            return (
                "The archive holds a copy of the upload and what lies with it, and no other study that is near enough."
            )
        if asked_of_text:
            return (
                "No line was found in the uploaded text that answers the question, and nothing near enough in the "
                "archive."
            )
        return "The archive holds nothing that is near enough to the question."

    def of_likeness(self, hits: Sequence[Hit]) -> Iterator[Evidence]:
        """One picture or signal for each study and one study for each patient, so that counts count patients; of
        nearly the same picture or signal one."""
        studies: dict[tuple[str, str], str] = {}  # the reason a study was dropped, "" where it is kept
        patients: set[str] = set()
        kept: list[tuple[str, list[NDArray[np.float32]], str]] = []  # kind, vectors and id of what is kept
        similar = 0
        for hit in hits:
            record = hit.stored.record
            study = (hit.index.name, str(record.study_id))
            is_new = study not in studies
            if reason := self._no_other(hit):
                studies.setdefault(study, reason)
            elif not is_new:
                reason = studies[study]
                if not reason and record.kind != "text":
                    reason = "another recording of the same study ranks higher"
            else:
                reason = self._why_not(hit, patients, similar) or ("" if self._chosen else self._copy_of(hit, kept))
                studies[study] = reason
                if not reason:
                    similar += self._relation(hit) == "similar"
                    patients |= {record.patient_id} if record.patient_id else set()
            found = self._evidence(hit, not reason, joined([hit.why, reason]))
            if is_new and found.kept and (vectors := _vectors(hit)):
                kept.append((record.kind, vectors, found.id))
            yield found

    def _why_not(self, hit: Hit, patients: set[str], similar: int) -> str:
        """Why a similar study is not looked at; empty if it is."""
        if reason := self._too_far(hit):
            return reason
        if self._chosen:
            return ""
        if hit.stored.record.patient_id in patients:
            return "another study of the same patient ranks higher"
        if similar >= self._settings.max_similar:
            return worded("beyond the {count} most similar studies", count=self._settings.max_similar)
        return ""

    def _copy_of(self, hit: Hit, kept: Sequence[tuple[str, list[NDArray[np.float32]], str]]) -> str:
        vectors = _vectors(hit) if kept else []
        kind, settings = hit.stored.record.kind, self._settings
        cuts = [settings.image_copy, settings.thumbnail_copy] if kind == "image" else [settings.signal_copy]
        for of_kind, others, name in kept:
            pairs = zip(vectors, others, cuts, strict=False)
            if of_kind == kind and any(len(a) == len(b) and abs(float(a @ b)) >= cut for a, b, cut in pairs):
                same = "nearly the same picture as {name}" if kind == "image" else "nearly the same signal as {name}"
                return worded(same, name=name)
        return ""

    def of_text(self, hits: Iterable[Hit]) -> Iterator[Evidence]:
        """Passages, several of a long document and one of a short one, each text once, while they are to the point.

        A passage is handed on while the best one's chance to answer is at most `chance_ratio` times its own (MMed-RAG's
        adaptive choice, Xia et al. 2024, on calibrated scores), and none where the best falls short of `answer_chance`.
        Those of a chosen patient come with their own judgement (`of_chosen`).
        """
        ranking = iter(hits)
        first = list(islice(ranking, BLOCK))
        wanted = (hit.chance for hit in first if hit.chance is not None and not hit.unwanted)
        self._best = max(wanted, default=None)
        self._apart = any(hit.apart is not None for hit in first)
        cited: Counter[tuple[str, int]] = Counter()
        kept: list[tuple[str, _Words]] = []
        for hit in chain(first, ranking):
            record_key = (hit.index.name, hit.stored.pk)
            long = hit.stored.chars > self._settings.long_document_chars
            whole = long or hit.apart == ""  # of a chosen patient's report the findings and the impression
            if cited[record_key] >= (self._settings.passages_per_document if whole else 1):
                continue  # a better passage of the same document stands for it
            cited[record_key] += 1
            reason = self._no_other(hit) or self._too_far(hit)
            if not reason:  # of what is dropped the passage says best why it was near
                hit = self._whole_if_short(hit)
            words = _Words.of(hit.passage.text) if hit.passage else None
            if not reason and words:
                same = (name for name, other in kept if words.repeats(other, self._settings.same_share))
                reason = worded("says the same as {name}", name=name) if (name := next(same, "")) else ""
            if not reason and len(kept) >= self._settings.max_contexts:
                reason = worded("beyond the {count} pieces handed on", count=self._settings.max_contexts)
            found = self._evidence(hit, not reason, joined([hit.why, reason]))
            if found.kept:
                kept.append((found.id, words or _Words.of("")))
            yield found

    def _whole_if_short(self, hit: Hit) -> Hit:
        """The hit with all of its text, where that is short and of general knowledge: of an abstract the passage that
        is nearest to a question often is the background, and what was found stands in another."""
        found, chars = hit.passage, hit.stored.chars
        if not self._whole or found is None or found.is_caption or chars > self._settings.whole_text_chars:
            return hit
        if self._relation(hit) != "knowledge" or found.passage.page is not None:
            return hit
        text = hit.index.stretch(found.record_pk, 0, chars)
        return replace(hit, passage=replace(found, passage=Passage(0, chars), text=text))

    def _too_far(self, hit: Hit) -> str:
        if hit.apart is not None:
            return hit.apart
        if hit.unwanted:
            return "not what the words ask for"
        if hit.chance is not None:
            least, ratio = self._settings.answer_chance, self._settings.chance_ratio
            if hit.chance < least:
                return worded("unlikely to answer the question (at least {least:.0%} is asked for)", least=least)
            if self._best is not None and self._best > ratio * hit.chance:
                return worded("far less to the point than the best passage ({best:.0%})", best=self._best)
            return ""
        floor = self._floors[hit.by]
        if floor is None:
            return "no relevance floor is set for pictures found by words (retrieve.joint_floor)"
        if hit.closeness >= floor or hit.all_words:
            return ""
        return worded("below the relevance floor {floor:.2f}", floor=floor)

    def _no_other(self, hit: Hit) -> str:
        """Why a hit that is not the query's own is nobody else's either: it is an upload again, or lies with it."""
        reason = "" if self._relation(hit) == "own" else self._copies.why_no_other(hit)
        self._copied |= bool(reason)
        return reason

    def _relation(self, hit: Hit) -> Relation:
        record = hit.stored.record
        if self._owned[hit.index.name].holds(record.patient_id, record.study_id):
            return "own"
        return "similar" if hit.stored.is_case else "knowledge"

    def _found_by(self, hit: Hit) -> FoundBy:
        if hit.by in ("text", "joint"):
            return "words"
        return "both" if self._wishes else "likeness"

    def _evidence(self, hit: Hit, kept: bool, why: str) -> Evidence:
        record = hit.stored.record
        place, text = _place_and_text(hit)
        return Evidence(
            id=evidence_id(record.record_id, place), record_id=record.record_id, kind=record.kind,
            found_by=self._found_by(hit),
            modality=record.modality, relation=self._relation(hit), text=text, place=place, score=hit.score,
            kept=kept, why=why, patient_id=record.patient_id, study_id=record.study_id,
            external_id=record.external_id, labels=record.labels, title=record.title, url=record.url,
            section=hit.passage.passage.section if hit.passage else None, taken_at=record.taken_at,
            copy_of=self._copies.of(hit), chosen=self._chosen, dates_moved=record.dates_moved,
        )  # fmt: skip


def _place_and_text(hit: Hit) -> tuple[Place | None, str]:
    """Where a hit lies in its record, and what a reader sees of it: of a picture or signal, its title and labels."""
    passage = hit.passage
    if passage and not passage.is_caption:
        return TextPlace(passage.passage.start, passage.passage.end, passage.passage.page), passage.text
    return whole(hit.stored.record)


def whole(record: Record) -> tuple[Place | None, str]:
    """A record as a whole: its place, if it is a picture or signal, its title and labels."""
    labels = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in record.labels.items() if value)
    text = ". ".join(part for part in (record.title, labels) if part)
    if record.kind == "image":
        width, height = record.fields.get("width"), record.fields.get("height")
        return (BoxPlace((0, 0, int(width), int(height)), record.frame) if width and height else None), text
    if record.kind == "signal":
        duration = record.fields.get("duration_s")
        return (SignalPlace("all", 0.0, float(duration)) if duration else None), text
    return None, text


@dataclass(frozen=True, slots=True)
class _Words:
    """A text's words in order, and its runs of three words."""

    words: tuple[str, ...]
    runs: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> _Words:
        words = tuple(_WORD.findall(text.lower()))
        return cls(words, frozenset(zip(words, words[1:], words[2:], strict=False)))

    def repeats(self, other: _Words, share: float) -> bool:
        """Whether one is the other again, or at least so large a share of the shorter one's runs stands in the other
        (containment of shingles: Broder, "On the resemblance and containment of documents", 1997)."""
        if self.words == other.words:
            return True
        shorter = min(len(self.runs), len(other.runs))
        return shorter > 0 and len(self.runs & other.runs) >= share * shorter


def _vectors(hit: Hit) -> list[NDArray[np.float32]]:
    """The vector of a picture or signal as its encoder gave it, and a picture's thumbnail; nothing of a text."""
    kind: Kind = hit.stored.record.kind
    kinds: dict[Kind, list[VectorKind]] = {"image": ["image", "thumbnail"], "signal": ["signal"], "text": []}
    indexes = [hit.index.vectors(of_kind) for of_kind in kinds[kind]]
    return [vectors.vector(hit.stored.pk) for vectors in indexes if vectors is not None]
