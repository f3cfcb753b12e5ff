"""Evidence from the uploads themselves: what they show, what is measured on them, what their text says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Encoder, open_encoder
from assistant.measure import Measurements, measure_signal, statements
from assistant.records import BoxPlace, Evidence, Place, Record, SignalPlace, TextPlace, evidence_id
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.question import is_section, read_question, sought
from assistant.settings import Settings
from assistant.store.indexed_text import DOCUMENT
from assistant.store.words import query_words
from assistant.wording import joined, worded

SHARED_WORDS = 0.3  # weight of the share of the question's words that a passage holds, beside its cosine


def upload_evidence(upload: Record, measured: Measurements | None = None) -> list[Evidence]:
    """A picture as a whole; a signal as a whole and every value measured on it. Text: see `own_passages`.

    `measured` is what `measure_signal` gives of the signal, where it was asked already.
    """
    if upload.kind == "image" and upload.image is not None:
        height, width = upload.image.pixels.shape[:2]
        facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in upload.fields.items())
        text = f"Uploaded {upload.modality} image, {width} × {height} pixels" + (f" ({facts})" if facts else "")
        return [_own(upload, BoxPlace((0, 0, width, height), upload.frame), text, "uploaded picture")]
    if upload.kind == "signal" and upload.signal is not None:
        signal = upload.signal
        channels = f"{'leads' if signal.is_ecg else 'channels'} {', '.join(signal.leads)}"
        text = f"Uploaded {upload.modality}, {signal.duration_s:.0f} s at {signal.sampling_rate_hz:g} Hz, {channels}"
        whole = _own(upload, SignalPlace("all", 0.0, round(signal.duration_s, 3)), text, "uploaded signal")
        said = statements(measured or measure_signal(signal)) if signal.is_ecg else []
        return [whole] + [_own(upload, place, sentence, "measured on the upload") for place, sentence in said]
    return []


def own_passages(query: Query, settings: Settings) -> list[Evidence]:
    """The passages of uploaded texts, nearest to the question first, kept where they clear the relevance floor.

    Where a report or a section of one is asked for, all of an uploaded report is to the point, that section first.
    """
    uploads = [upload for upload in query.uploads if upload.record.kind == "text" and upload.record.passages]
    if not uploads:
        return []
    encoder = open_encoder("text", settings.embed.text, settings.embed)
    found = [(upload.record, p) for upload in uploads for p in upload.record.passages]
    texts = [record.text[p.start : p.end] for record, p in found]
    near = np.concatenate([vectors_of(upload, encoder) for upload in uploads]) @ encoder.encode([query.text])[0]
    words = query_words(query.text)
    shared = np.array([len(words & query_words(text)) / max(len(words), 1) for text in texts])
    section = read_question(query.text).section
    of_report = np.array([bool(section) and record.modality != DOCUMENT for record, _ in found])
    first = np.array([bool(section) and is_section(p.section, sought(section)) for _, p in found])
    order = np.lexsort((-(near + SHARED_WORDS * shared), ~(of_report & first), ~of_report))
    floor = settings.retrieve.text_floor
    studied = {upload.record.sha256 for upload in query.uploads if upload.record.kind != "text"}
    evidence = []
    for rank, n in enumerate(order):
        record, p = found[n]
        about_study = record.sha256 in studied  # what a recorder or a header says of the very picture or signal
        close = bool(near[n] >= floor or (words and shared[n] == 1.0) or about_study or of_report[n])
        kept = close and rank < settings.retrieve.max_contexts
        why = worded("passage of the upload, meaning {meaning:.2f}", meaning=near[n])
        if about_study:
            why = "what the uploaded recording's own file says of it"
        elif of_report[n] and kept:
            why = "of the uploaded report, which is asked for"
        elif not close:
            why = joined([why, worded("below the floor {floor:.2f}", floor=floor)], ", ")
        elif not kept:
            beyond = worded("beyond the {count} passages handed on", count=settings.retrieve.max_contexts)
            why = joined([why, beyond], ", ")
        piece = _own(record, TextPlace(p.start, p.end, p.page), texts[n], why, score=float(near[n]), section=p.section)
        evidence.append(replace(piece, kept=kept))
    return evidence


def vectors_of(upload: Upload, encoder: Encoder) -> NDArray[np.float32]:
    """The vectors of an upload, (n, dim): of a picture or signal one, of a text one for each passage."""
    if encoder.fingerprint not in upload.vectors:
        record = upload.record
        texts = [record.text[p.start : p.end] for p in record.passages]
        content: Sequence[Any] = texts if record.kind == "text" else [record.image or record.signal]
        upload.vectors[encoder.fingerprint] = encoder.encode(content)
    return upload.vectors[encoder.fingerprint]


def text_encoder(settings: Settings) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """The default text encoder as a function, for those who rank sentences."""
    return lambda texts: open_encoder("text", settings.embed.text, settings.embed).encode(list(texts))


def _own(upload: Record, place: Place, text: str, why: str, score: float = 1.0, section: str | None = None) -> Evidence:
    saying = text if upload.kind == "signal" else ""
    return Evidence(
        id=evidence_id(upload.record_id, place, saying), record_id=upload.record_id, kind=upload.kind,
        modality=upload.modality, relation="own", text=text, place=place, score=score, kept=True, why=why,
        patient_id=upload.patient_id, study_id=upload.study_id, title=upload.title, section=section,
        taken_at=upload.taken_at, external_id=upload.external_id,
    )  # fmt: skip
