"""Evidence from the uploads themselves: what they show, what is measured on them, what their text says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Encoder, open_encoder
from assistant.findings import extract_findings
from assistant.ingest.signal.machine import HEADER
from assistant.measure import Measurements, Wanted, absences, measure_signal, statements
from assistant.measure.detail import details, not_measured
from assistant.measure.words import ADULT_FROM
from assistant.records import OF_SOURCE, BoxPlace, Evidence, Place, Record, SignalPlace, TextPlace, evidence_id
from assistant.retrieve.facts import facts_stated
from assistant.retrieve.passaged import passages_answering
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.question import is_section, read_question, sought
from assistant.settings import Settings
from assistant.store.indexed_text import DOCUMENT
from assistant.store.words import query_words
from assistant.wording import joined, worded

UPLOADED_PICTURE = "uploaded picture"  # the `why` of a picture as it was handed in
NOTHING_MORE = Wanted()  # but what is told of every recording
MEASURED = "measured on the upload"  # the `why` of values and of what is told of the rhythm, ST and quality
NOT_MEASURED = "not measured on the upload"  # the `why` of evidence that says for which reason a value is not there
MEASURED_IN_ARCHIVE = "measured on the archived recording"
NOT_MEASURED_IN_ARCHIVE = "not measured on the archived recording"
OF_THE_FILE = "what the uploaded recording's own file says of it"  # its recorder's statements, its header's diagnoses
STATED_FACT = "a fact that the uploaded file states"  # the `why` of the patient's age and sex and the day of recording
_ON_PAPER = "The upload is a picture of an ECG on paper, and values are measured on recordings alone."
SHARED_WORDS = 0.3  # weight of the share of the question's words that a passage holds, beside its cosine


def upload_evidence(
    upload: Record, measured: Measurements | None = None, wanted: Wanted = NOTHING_MORE
) -> list[Evidence]:
    """A picture as a whole; a signal as a whole, its header's diagnoses, every value measured on it, and why others
    could not be measured.

    Text: see `own_passages`. `measured` is what `measure_signal` gives of the signal, where it was asked already, and
    `wanted` what is told of it only where a question is after it.
    """
    if upload.kind == "image" and upload.image is not None:
        height, width = upload.image.pixels.shape[:2]
        place = BoxPlace((0, 0, width, height), upload.frame)
        if upload.is_printed_ecg:
            text = f"Uploaded picture of an ECG on paper, {width} × {height} pixels"
            return [_own(upload, place, text, UPLOADED_PICTURE), _own(upload, place, _ON_PAPER, NOT_MEASURED)]
        facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in upload.fields.items())
        text = f"Uploaded {upload.modality} image, {width} × {height} pixels" + (f" ({facts})" if facts else "")
        return [_own(upload, place, text, UPLOADED_PICTURE)]
    if upload.kind == "signal" and upload.signal is not None:
        signal = upload.signal
        whole, *said = recording_evidence(upload, measured or measure_signal(signal), wanted, is_ecg=signal.is_ecg)
        labels = [_label(name, one) for name, values in upload.labels.items() for one in values.split(" | ") if one]
        stated = replace(_own(upload, None, "\n".join(labels), OF_THE_FILE), title=HEADER)
        return [whole, *([stated] if labels else []), *said]
    return []


def _label(name: str, value: str) -> str:
    """A label as a line: a diagnosis in its own words, what says nothing by itself with its name ("age: 81")."""
    return value if extract_findings(value) else f"{name.replace('_', ' ')}: {value}"


def recording_evidence(
    record: Record,
    measured: Measurements,
    wanted: Wanted = NOTHING_MORE,
    *,
    is_ecg: bool = True,
    archived: bool = False,
) -> list[Evidence]:
    """A recording as a whole, what is `wanted` of it, every value measured on it, and why others could not be."""
    duration = measured.duration_s or 0.0
    text = (
        f"{'Archived' if archived else 'Uploaded'} {record.modality}, {duration:.0f} s at "
        f"{measured.sampling_rate_hz:g} Hz, {'leads' if is_ecg else 'channels'} {', '.join(measured.leads)}"
    )
    why = "archived signal" if archived else "uploaded signal"
    whole = _own(record, SignalPlace("all", 0.0, round(duration, 3)), text, why)
    told = statements(measured, age=_age(record), sex=_sex(record)) if is_ecg else ()
    age = _age(record)
    asked = details(measured, wanted, adult=age is None or age >= ADULT_FROM)
    there, lacking = (MEASURED_IN_ARCHIVE, NOT_MEASURED_IN_ARCHIVE) if archived else (MEASURED, NOT_MEASURED)
    return [
        whole,
        *(_own(record, whole.place, sentence, there) for sentence in asked),
        *(_own(record, place, sentence, there) for place, sentence in told),
        *(_own(record, whole.place, sentence, lacking) for sentence in not_measured(measured, wanted)),
        *(_own(record, place, sentence, lacking) for place, sentence in absences(measured)),
    ]


def unmeasured(record: Record) -> Evidence:
    """A recording of the archive whose file gives no samples any more."""
    text = "The archived ECG was not measured: its file is no longer where it was indexed, or has changed."
    return _own(record, None, text, NOT_MEASURED_IN_ARCHIVE)


def is_absence(piece: Evidence) -> bool:
    """Whether a piece says why something was not measured, on an upload or a recording of the archive."""
    return piece.why in (NOT_MEASURED, NOT_MEASURED_IN_ARCHIVE)


def _age(record: Record) -> float | None:
    age = record.fields.get("age")
    return float(age) if isinstance(age, int | float) else None


def _sex(record: Record) -> str:
    sex = str(record.fields.get("sex") or "").upper()[:1]
    return sex if sex in ("F", "M") else ""


def fact_evidence(upload: Record, question: str) -> list[Evidence]:
    """Age, sex and day that an uploaded picture or signal states, where the question asks for them."""
    if upload.kind == "text":
        return []
    return [_own(upload, None, said, STATED_FACT) for said in facts_stated(upload, question)]


def names_of(uploads: Sequence[Upload], without_identifiers: Callable[[str], str]) -> dict[str, str]:
    """What uploads are called, by record id, where there are several ECGs, pictures or texts among them.

    It is the file's name, or where that could identify the patient the upload's number in their order: an answer and
    a prompt hold it.
    """
    found: dict[str, str] = {}
    for alike in (_ecgs, _pictures):
        records = [upload for upload in uploads if alike(upload.record)]
        if len(records) > 1:
            found |= {upload.record.record_id: _name(upload, uploads, without_identifiers) for upload in records}
            of_file = {upload.record.sha256: found[upload.record.record_id] for upload in reversed(records)}
            texts = (upload.record for upload in uploads if upload.record.kind == "text")
            found |= {text.record_id: of_file[text.sha256] for text in texts if text.sha256 in of_file}
    studied = {upload.record.sha256 for upload in uploads if upload.record.kind != "text"}
    texts_alone = [u for u in uploads if u.record.kind == "text" and u.record.sha256 not in studied]
    if len({upload.record.sha256 for upload in texts_alone}) > 1:
        found |= {u.record.record_id: _name(u, uploads, without_identifiers) for u in texts_alone}
    return found


def of_upload(piece: Evidence, name: str | None) -> Evidence:
    """What is said of an upload, with the upload's name: "Heart rate 72 beats/min (upload a.hea)."."""
    if not name or not piece.text:
        return piece
    if piece.why == OF_THE_FILE or piece.kind == "text":  # quoted word for word
        return replace(piece, title=f"{piece.title or ''} (upload {name})".strip())
    return of_source(piece, f"upload {name}")


def of_source(piece: Evidence, source: str) -> Evidence:
    """A piece whose text ends with what it is of, as `OF_SOURCE` finds it."""
    text = piece.text.removesuffix(".")
    return replace(piece, text=f"{text} ({source}){piece.text[len(text) :]}")


def named_upload(piece: Evidence) -> str:
    """Which of several uploads or recordings a piece says that it is of: "(upload a.hea)"; "" where there is one."""
    of_text = piece.why == OF_THE_FILE or piece.kind == "text"
    found = OF_SOURCE.search((piece.title or "") if of_text else piece.text)
    return found[1] if found else ""


def own_title(piece: Evidence) -> str:
    """A text's title without the upload's name."""
    return OF_SOURCE.sub("", piece.title or "").strip()


def with_upload(text: str, piece: Evidence) -> str:
    """What an uploaded text says, with which of several it is: "No effusion (upload b.txt)."."""
    name = named_upload(piece) if piece.relation == "own" and piece.kind == "text" else ""
    bare = text.removesuffix(".")
    return f"{bare} {name}{text[len(bare) :]}" if name else text


def _ecgs(record: Record) -> bool:
    return record.signal is not None and record.signal.is_ecg


def _pictures(record: Record) -> bool:
    return record.image is not None


def _name(upload: Upload, uploads: Sequence[Upload], without_identifiers: Callable[[str], str]) -> str:
    files = list(dict.fromkeys((_file_name(other), other.record.sha256) for other in uploads))
    name = _file_name(upload)
    words = re.sub(r"[_\W]+", " ", name.rpartition(".")[0] or name).strip()
    telling = upload.patient and upload.patient.casefold() in name.casefold()
    if telling or not words or [other for other, _ in files].count(name) > 1 or without_identifiers(words) != words:
        name = str(files.index((name, upload.record.sha256)) + 1)
    of_file = [
        o.record for o in uploads if o.record.sha256 == upload.record.sha256 and o.record.kind == upload.record.kind
    ]
    return f"{name}, {upload.record.part}" if len(of_file) > 1 and upload.record.part else name


def _file_name(upload: Upload) -> str:
    return upload.record.uri.rpartition("!")[2].rpartition("/")[2]


def own_passages(query: Query, settings: Settings) -> list[Evidence]:
    """The passages of uploaded texts, those that hold an answer first, then the nearest to the question, kept where
    they do or clear the relevance floor.

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
    passaged = [passages_answering(upload.record, query.text) for upload in uploads]
    answers = np.array([share for of_upload in passaged for share in of_upload.shares])
    headings = [heading for of_upload in passaged for heading in of_upload.headings]
    section = read_question(query.text).section
    of_report = np.array([bool(section) and record.modality != DOCUMENT for record, _ in found])
    first = np.array([bool(section) and is_section(p.section, sought(section)) for _, p in found])
    order = np.lexsort((-(near + SHARED_WORDS * shared), -answers, ~(of_report & first), ~of_report))
    floor = settings.retrieve.text_floor
    studied = {upload.record.sha256 for upload in query.uploads if upload.record.kind != "text"}
    evidence = []
    for rank, n in enumerate(order):
        record, p = found[n]
        about_study = record.sha256 in studied  # what a recorder or a header says of the very picture or signal
        close = bool(near[n] >= floor or (words and shared[n] == 1.0) or about_study or of_report[n] or answers[n])
        kept = close and rank < settings.retrieve.max_contexts
        why = worded("passage of the upload, meaning {meaning:.2f}", meaning=near[n])
        if about_study:
            why = OF_THE_FILE
        elif of_report[n] and kept:
            why = "of the uploaded report, which is asked for"
        elif answers[n] and kept:
            why = worded("passage of the upload that holds what is asked for, meaning {meaning:.2f}", meaning=near[n])
        elif not close:
            why = joined([why, worded("below the floor {floor:.2f}", floor=floor)], ", ")
        elif not kept:
            beyond = worded("beyond the {count} passages handed on", count=settings.retrieve.max_contexts)
            why = joined([why, beyond], ", ")
        piece = _own(
            record, TextPlace(p.start, p.end, p.page), texts[n], why, score=float(near[n]), section=headings[n]
        )
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


def _own(
    upload: Record, place: Place | None, text: str, why: str, score: float = 1.0, section: str | None = None
) -> Evidence:
    saying = text if upload.kind == "signal" or why in (NOT_MEASURED, STATED_FACT) else ""
    return Evidence(
        id=evidence_id(upload.record_id, place, saying), record_id=upload.record_id, kind=upload.kind,
        modality=upload.modality, relation="own", text=text, place=place, score=score, kept=True, why=why,
        patient_id=upload.patient_id, study_id=upload.study_id, title=upload.title, section=section,
        taken_at=upload.taken_at, external_id=upload.external_id, dates_moved=upload.dates_moved,
    )  # fmt: skip
