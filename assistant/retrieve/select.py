"""Selection: what a search returns, what of it a model would be given, and why the rest is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from assistant.records import BoxPlace, Evidence, Place, Record, Relation, SignalPlace, TextPlace, evidence_id
from assistant.retrieve.query import Query
from assistant.retrieve.rank import Hit
from assistant.retrieve.wall import Own
from assistant.settings import RetrieveSettings


def select(
    query: Query,
    own: Sequence[Evidence],
    likeness: Sequence[Hit],
    text: Iterable[Hit],
    owned: Mapping[str, Own],
    settings: RetrieveSettings,
) -> tuple[tuple[Evidence, ...], bool, str]:
    """The evidence list, best first and at most `query.k` long; whether nothing was good enough; and the reason.

    `owned` says, by the name of an index, which of its records are the query's own. Own passages come first, then what
    is like the uploads with its reports, then text hits. Dropped evidence stays in the list with `kept=False` and its
    reason, so that a reader can see what was nearest.
    """
    choice = _Choice(owned, settings)
    told = {evidence.id for evidence in own}
    found = (e for e in chain(choice.of_likeness(likeness), choice.of_text(text)) if e.id not in told)
    chosen = list(islice(chain(own, found), query.k))  # what is beyond is not read from the catalogue
    if any(evidence.kept for evidence in chosen):
        return tuple(chosen), False, ""
    reason = "The archive holds nothing that is near enough to the question." if chosen else "Nothing was found."
    return tuple(chosen), True, reason


class _Choice:
    """Walks down a ranking and decides on each hit."""

    def __init__(self, owned: Mapping[str, Own], settings: RetrieveSettings) -> None:
        self._owned = owned
        self._settings = settings
        self._floors = {
            "image": settings.image_floor, "signal": settings.signal_floor, "text": settings.text_floor,
            "joint": settings.joint_floor,
        }  # fmt: skip

    def of_likeness(self, hits: Sequence[Hit]) -> list[Evidence]:
        """One picture or signal for each study and one study for each patient, so that counts count patients."""
        evidence: list[Evidence] = []
        studies: dict[tuple[str, str], str] = {}  # the reason a study was dropped, "" where it is kept
        patients: set[str] = set()
        similar = 0
        for hit in hits:
            record = hit.stored.record
            study = (hit.index.name, str(record.study_id))
            if study in studies:
                reason = studies[study]
                if not reason and record.kind != "text":
                    reason = "another recording of the same study ranks higher"
            else:
                reason = studies[study] = self._why_not(hit, patients, similar)
                if not reason:
                    similar += self._relation(hit) == "similar"
                    patients |= {record.patient_id} if record.patient_id else set()
            evidence.append(self._evidence(hit, not reason, f"{hit.why}; {reason}" if reason else hit.why))
        return evidence

    def _why_not(self, hit: Hit, patients: set[str], similar: int) -> str:
        """Why a similar study is not looked at; empty if it is."""
        if reason := self._too_far(hit):
            return reason
        if hit.stored.record.patient_id in patients:
            return "another study of the same patient ranks higher"
        if similar >= self._settings.max_similar:
            return f"beyond the {self._settings.max_similar} most similar studies"
        return ""

    def of_text(self, hits: Iterable[Hit]) -> Iterator[Evidence]:
        """Passages, several of a long document and one of a short one, each text once."""
        seen: dict[str, str] = {}
        cited: Counter[tuple[str, int]] = Counter()
        kept = 0
        for hit in hits:
            record_key = (hit.index.name, hit.stored.pk)
            long = hit.stored.chars > self._settings.long_document_chars
            if cited[record_key] >= (self._settings.passages_per_document if long else 1):
                continue  # a better passage of the same document stands for it
            cited[record_key] += 1
            reason = self._too_far(hit)
            words = " ".join((hit.passage.text if hit.passage else "").lower().split())
            if not reason and words in seen:
                reason = f"the same text as {seen[words]}"
            elif not reason and kept >= self._settings.max_contexts:
                reason = f"beyond the {self._settings.max_contexts} pieces handed on"
            found = self._evidence(hit, not reason, f"{hit.why}; {reason}" if reason else hit.why)
            if words:
                seen.setdefault(words, found.id)
            kept += found.kept
            yield found

    def _too_far(self, hit: Hit) -> str:
        floor = self._floors[hit.by]
        if floor is None:
            return "no relevance floor is set for pictures found by words (retrieve.joint_floor)"
        if hit.closeness >= floor or hit.all_words:
            return ""
        return f"below the relevance floor {floor:.2f}"

    def _relation(self, hit: Hit) -> Relation:
        record = hit.stored.record
        if self._owned[hit.index.name].holds(record.patient_id, record.study_id):
            return "own"
        return "similar" if hit.stored.is_case else "knowledge"

    def _evidence(self, hit: Hit, kept: bool, why: str) -> Evidence:
        record = hit.stored.record
        place, text = _place_and_text(hit)
        return Evidence(
            id=evidence_id(record.record_id, place), record_id=record.record_id, kind=record.kind,
            modality=record.modality, relation=self._relation(hit), text=text, place=place, score=hit.score,
            kept=kept, why=why, patient_id=record.patient_id, study_id=record.study_id,
            external_id=record.external_id, labels=record.labels, title=record.title, url=record.url,
            section=hit.passage.passage.section if hit.passage else None, taken_at=record.taken_at,
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
