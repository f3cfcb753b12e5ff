"""Archives made of vectors instead of files, so that hundreds of them can be built and searched in a minute.

A piece of content (a picture, a recording, a text) is a number; its vector is drawn from that number, and a copy of it
(another file of the same content) lies close by. The encoders of these archives read the number back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from assistant.ingest import Item
from assistant.pseudonyms import Pseudonyms
from assistant.records import Image, Kind, Passage, Record, Signal
from assistant.retrieve.query import Upload
from assistant.store.build import LAYOUT
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex
from assistant.store.indexed_text import indexed_texts
from assistant.store.stated import STATED_BY
from assistant.store.working import EncodedItem, WorkingCopy

DIM = 16
FIRST_DAY = datetime(2020, 1, 1, 9, 30)
REPORTS = (  # each long enough to be told from a phrase that many reports share
    "There is a large left pleural effusion with compressive atelectasis of the lower lobe, new since the prior film; "
    "drainage was discussed with the referring surgeon.",
    "The heart is enlarged and the pulmonary vessels are congested; small bilateral pleural effusions are unchanged "
    "while the interstitial markings have become more prominent.",
    "No pneumothorax after removal of the right chest tube. The lungs are clear and the cardiomediastinal silhouette "
    "is normal in size, with an old healed rib fracture.",
    "Right lower lobe consolidation consistent with pneumonia, with a small parapneumonic effusion on that side and "
    "mild bronchial wall thickening; follow-up in six weeks.",
    "Sinus rhythm with first-degree atrioventricular block and left axis deviation, no acute ischaemic change seen, "
    "the intervals otherwise comparable with the earlier tracing.",
    "Atrial fibrillation with a rapid ventricular response and nonspecific changes of the ST segment laterally, "
    "probably rate related; repeat recording after rate control advised.",
)


@dataclass(frozen=True, slots=True)
class Made:
    """One record of a made archive, with what is true of it. `copy` tells apart files of the same content."""

    index: str
    patient: str | None
    study: str
    kind: Kind
    content: int
    copy: int = 0
    day: int | None = None

    @property
    def sha256(self) -> str:
        return f"{self.kind}-{self.content}-{self.copy}"


class NumberEncoder:
    """Reads a content's number off a picture's corner, a signal's first sample or a report's words."""

    dim = DIM
    fingerprint = "number"

    def __init__(self, kind: Kind) -> None:
        self.name: str = kind
        self.kind = kind

    def encode(self, items: Sequence[str | Image | Signal]) -> np.ndarray:
        return np.stack([self._vector(item) for item in items]) if items else np.empty((0, DIM), np.float32)

    def _vector(self, item: str | Image | Signal) -> np.ndarray:
        if isinstance(item, Image):
            return vector("image", int(item.pixels[0, 0]), int(item.pixels[0, 1]))
        if isinstance(item, Signal):
            return vector("signal", int(item.samples[0, 0]), int(item.samples[1, 0]))
        number = next((n for n, report in enumerate(REPORTS) if item in report), 100 + len(item))
        return vector("text", number, 0)


def open_number_encoder(kind: Kind, *_: object) -> NumberEncoder:
    """In place of `assistant.embed.open_encoder`."""
    return NumberEncoder(kind)


def vector(kind: Kind, content: int, copy: int) -> np.ndarray:
    """A unit vector (DIM,); copies of one content have a cosine above 0.999, other contents one around 0."""
    base = np.random.default_rng([len(kind), content]).normal(size=DIM)
    noise = np.random.default_rng([len(kind), content, copy]).normal(size=DIM) if copy else np.zeros(DIM)
    mixed = base / np.linalg.norm(base) + 0.005 * noise / max(np.linalg.norm(noise), 1e-9)
    return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def record_of(made: Made) -> Record:
    """The record as a reader would give it: with the archive's own ids, its content, and its key as external id."""
    image = signal = None
    text, passages = "", ()
    if made.kind == "image":
        pixels = np.zeros((4, 4), np.uint8)
        pixels[0, :2] = made.content, made.copy
        image = Image(pixels)
    elif made.kind == "signal":
        samples = np.zeros((10, 1), np.float32)
        samples[:2, 0] = made.content, made.copy
        signal = Signal(samples, ("I",), 10.0)
    else:
        text = REPORTS[made.content]
        passages = (Passage(0, len(text)),)
    return Record(
        kind=made.kind,
        modality={"image": "CR", "signal": "ECG", "text": "SR"}[made.kind],
        uri="",
        sha256=made.sha256,
        patient_id=made.patient,
        study_id=made.study,
        taken_at=FIRST_DAY + timedelta(days=made.day) if made.day is not None else None,
        text=text,
        passages=passages,
        image=image,
        signal=signal,
    )


def upload_of(made: Made, *, names_patient: bool, names_study: bool) -> Upload:
    """A file of an archive as it is uploaded: it may or may not name its patient and study."""
    record = record_of(made)
    return Upload(record, made.patient if names_patient else None, made.study if names_study else None)


def build_made(workspace: Path, records: Sequence[Made], namespaces: dict[str, str]) -> list[OpenIndex]:
    """An index for each name in `namespaces` with its records, whose external id is their place in `records`."""
    pseudonyms = Pseudonyms.of(workspace)
    opened = []
    for name, namespace in namespaces.items():
        meta = {
            "index": name, "layout": LAYOUT, STATED_BY: "test", "namespace": namespace, "recipe": name, "base": 0,
            "encoders": {kind: kind for kind in ("image", "signal", "text")}, "fingerprints": {}, "heads": {},
        }  # fmt: skip
        folder = IndexFolder.of(workspace, name)
        work = WorkingCopy.open(folder, None, meta, namespace, pseudonyms)
        items = [_encoded(n, made) for n, made in enumerate(records) if made.index == name]
        work.put(items, {"image": "number", "signal": "number", "text": "number"})
        work.commit(None, 1)
        opened.append(OpenIndex(workspace, name))
    return opened


def _encoded(number: int, made: Made) -> EncodedItem:
    record = replace(record_of(made), external_id=str(number))
    encoder = NumberEncoder(made.kind)
    own = encoder.encode([record.image or record.signal])[0] if made.kind != "text" else None
    texts = indexed_texts(record)
    passages = tuple(NumberEncoder("text").encode(texts)) if texts else ()
    item = Item(key=f"{made.index}/{number}", uri="", path=None, row=None, source=0, stamp="1")
    return EncodedItem(item, (record,), None, (own,), (passages,))
