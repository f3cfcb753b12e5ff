"""What an archive holds of an upload again: the same file, the same pixels or signal saved anew, the same words.

A copy is no other patient's study that happens to be alike: it says nothing that the upload does not, and neither do
the report beside it and other studies of whoever lies with it. Whose a copy is, it does not tell: one that is nearly
the same makes nobody's record the query's own (`assistant.retrieve.wall`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.measure.thumbnail import thumbnail
from assistant.records import Kind
from assistant.retrieve.own import vectors_of
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.rank import Hit, encoder_of
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.words import query_words

COPY_WORDS = 12  # content words; a shorter passage ("No acute finding.") is many patients' own
NEAREST_COPIES = 50  # of each vector: so many are looked at


@dataclass(frozen=True, slots=True)
class Copies:
    """Of a query's uploads: the upload that a record is a copy of (its record id), by index and key and by SHA-256; the
    studies (with their index) that hold one, and the patients (pseudonyms) of those that hold a picture or signal."""

    records: Mapping[tuple[str, int], str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    studies: frozenset[tuple[str, str]] = frozenset()
    patients: frozenset[str] = frozenset()

    def of(self, hit: Hit) -> str | None:
        """The record id of the upload that a hit is a copy of; None where it is none."""
        nearly = self.records.get((hit.index.name, hit.stored.pk))
        return self.files.get(hit.stored.record.sha256) if nearly is None else nearly

    def why_no_other(self, hit: Hit) -> str:
        """Why a hit is no study of another patient, independent of the uploads; empty where it may well be."""
        record = hit.stored.record
        if self.of(hit) is not None:
            return "a copy of the upload, in the archive"
        if (hit.index.name, str(record.study_id)) in self.studies:
            return "of a study that holds a copy of the upload"
        if record.patient_id in self.patients:
            return "of a patient with whom a copy of the upload lies"
        return ""


def copies_of(indexes: Sequence[OpenIndex], query: Query, settings: Settings) -> Copies:
    """The copies of what was uploaded; none of a record of the archive that others like it are sought for, and none
    where they are left out of the search anyway."""
    uploads = [up for up in query.uploads if up.record.study_id not in query.leave_out_studies]
    if query.leave_out_own or not uploads:
        return Copies()
    records: dict[tuple[str, int], str] = {}
    studies: set[tuple[str, str]] = set()
    patients: set[str] = set()
    for index in indexes:
        for upload in uploads:
            held = index.holders([upload.record.sha256]).get(upload.record.sha256, ())
            studies |= {(index.name, study) for study, _ in held}
            found = index.records(copies_in(index, upload, settings))
            records |= {(index.name, key): upload.record.record_id for key in found}
            studies |= {(index.name, str(copy.record.study_id)) for copy in found.values()}
            if upload.record.kind != "text":  # "No acute finding." is many patients' report
                patients |= {person for _, persons in held for person in persons}
                patients |= {copy.record.patient_id for copy in found.values() if copy.record.patient_id}
    files = {upload.record.sha256: upload.record.record_id for upload in uploads if upload.record.sha256}
    return Copies(records, files, frozenset(studies), frozenset(patients))


def copies_in(index: OpenIndex, upload: Upload, settings: Settings) -> frozenset[int]:
    """The keys of an index's records that are an upload again: re-encoded, in another format, the same words."""
    kind: Kind = upload.record.kind
    if index.vectors(kind) is None or not upload.record.is_encoded:
        return frozenset()
    vectors = vectors_of(upload, encoder_of(index, kind, settings.embed))
    if kind == "text":
        text = upload.record.text
        long = [len(query_words(text[p.start : p.end])) >= COPY_WORDS for p in upload.record.passages]
        vectors = vectors[np.array(long, bool)]
    cosine = {
        "image": settings.retrieve.image_copy, "signal": settings.retrieve.signal_copy,
        "text": settings.retrieve.text_copy,
    }[kind]  # fmt: skip
    found = index.nearest(kind, vectors, [Filter()] * len(vectors), NEAREST_COPIES)
    copies = _above(cosine, found)
    if kind == "text":
        return frozenset(passage.record_pk for passage in index.passages(sorted(copies)).values())
    thumbnails = index.vectors("thumbnail")  # None: an index that was built before they were kept
    if upload.record.image is None or thumbnails is None:
        return copies
    small = thumbnail(upload.record.image)
    alike = index.nearest(kind, np.stack([small, -small]), [Filter()] * 2, NEAREST_COPIES, within=thumbnails)
    return copies | _above(settings.retrieve.thumbnail_copy, alike)


def _above(floor: float, found: Iterable[tuple[NDArray[np.float32], NDArray[np.int64]]]) -> frozenset[int]:
    return frozenset(int(key) for scores, keys in found for key in keys[scores >= floor])
