"""A record without what identifies its patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from assistant.ingest.deid.called import called
from assistant.ingest.deid.cleaned import cleaned, found_in, named_in, without
from assistant.ingest.deid.known import find_known
from assistant.ingest.deid.own_dates import own_dates
from assistant.ingest.deid.pixels import BURNED_IN, MASKED, mask_burned_in
from assistant.ingest.deid.spans import Span
from assistant.ingest.deid.stated import identity_of
from assistant.ingest.deid.text import Replaced, find
from assistant.ingest.deid.text import replace as substitute
from assistant.pseudonyms import Pseudonyms
from assistant.records import NOT_STATED, Image, Known, Passage, Record
from assistant.settings import DeidSettings

OLDEST_AGE = 89  # years; older ones are identifiers: 45 CFR 164.514(b)(2)(i)(C)
# Names of fields and labels whose values are identifiers whatever they look like.
_IDENTIFYING = re.compile(
    r"(?:(?:patient|first|last|family|given|maiden|middle|full|mother|father|physician|doctor|referr\w+|operator|"
    r"technician|nurse|user|hospital|institution|clinic|station|insurance|medical_record|social_security)_?s?_?)?"
    r"(?:name|surname|forename|mrn|ssn|birth_?(?:date|day)|date_of_birth|dob|born|geburts?(?:datum|tag)|phone\w*|telephone|"
    r"fax|e?_?mail|address|street|zip(?:_?code)?|post_?code|city|hospital|institution|clinic|physician|operator|technician|"
    r"accession(?:_?number|_no)?|serial(?:_?number|_no)?|record_?number|insurance(?:_?number|_no)?)|patient_?id",
    re.IGNORECASE,
)
# A text of nobody (no patient, no study) that is about somebody all the same: a letter, a report without a header.
_ABOUT_SOMEBODY = re.compile(
    r"\b(?:DOB|D\.O\.B\.|date of birth|born|MRN|medical record|patient(?:'s)?(?: name| id)?[ \t]*:|geb(?:oren|\.)|"
    r"Geburtsdatum|accession|admi(?:tted|ssion)|discharged?|history of present illness|year[- ]old)\b",
    re.IGNORECASE,
)
_AGE_NAMES = ("age", "patient_age", "age_years", "alter")
_NOBODY = re.compile(r"\b(?:anon\w*|unknown|unbekannt|none|test|phantom|patient|subject|case|volunteer|noname)\b", re.I)
_TELLING = re.compile(r"\d{6,}|\d+(?:\.\d+){4,}|@|[?&](?:patient|mrn|id|name|accession)\w*=", re.IGNORECASE)
_SHORTEST_ID = 5  # characters of a known id that is looked for in texts: "100" is also a pulse


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of a record: how many of each kind ("name", "date", "id", "phone", "pixels" …)."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Removed) -> Removed:
        return Removed(dict(Counter(self.counts) + Counter(other.counts)))


class Deidentifier:
    """Takes identifiers out of records. Its ids stay the archive's own: the store turns them into pseudonyms.

    It holds the workspace's key and nothing else, so that each process of a build can have its own, and all of them
    do the same. `external_id` and `uri` stay: the user's own key of a row, and what the owner's path table keeps.
    """

    def __init__(self, pseudonyms: Pseudonyms, settings: DeidSettings, case: str = "") -> None:
        """`case` names what files that name no patient belong to: their dates move together."""
        self._pseudonyms = pseudonyms
        self._settings = settings
        self._case = case

    def of_case(self, case: str) -> Deidentifier:
        """The same for the files of one case."""
        return Deidentifier(self._pseudonyms, self._settings, case)

    def words(self, text: str, *, keep_dates: bool = False) -> str:
        """A text of a user's own, such as a question, as it may be kept and sent to a model; `keep_dates` where its
        dates are moved ones."""
        return substitute(text, find(text), 0 if keep_dates else None).text if self._settings.enabled else text

    def record(self, record: Record) -> tuple[Record, Removed]:
        """The record as it may be stored and shown, and what was removed from it."""
        if not self._settings.enabled:
            of_text = found_in(record.text, _known(record)) if self._case else ()
            identity = identity_of(record, of_text, self._pseudonyms) if self._case else NOT_STATED
            return replace(record, known=Known(), identity=identity), Removed()
        stated = _known(record)
        found = found_in(record.text, stated)
        persons = named_in(record.text, found)
        known = stated | persons
        shift = self._shift(record, names_somebody=any(span.kind == "name" for span in found))
        body, removed = without(record.text, found, shift)
        kinds = Counter(removed)

        def clean(text: str) -> str:
            left, taken = cleaned(text, known, shift)
            kinds.update(taken)
            return left.text

        if record.taken_at and shift:
            kinds["date"] += 1
        masked, fields = self._masked(record, kinds)
        done = replace(
            record,
            text=body.text,
            passages=tuple(_remapped(record.passages, body, known, shift)),
            title=clean(record.title) if record.title else record.title,
            url=_kept_url(record, stated, persons, kinds),
            part=self._part(record.part, known),
            taken_at=moved_moment(record.taken_at, shift),
            labels={name: str(value) for name, value in _values(record.labels, clean, kinds).items()},
            fields=_values(fields, clean, kinds),
            image=masked,
            known=Known(),
            shift_days=shift,
            dates_moved=shift is not None,
            own_dates=own_dates(record.text, body, shift) if self._case and shift is not None else None,
            called=called((*known.names, *_named(record.text, found)), self._pseudonyms),
            identity=identity_of(record, found, self._pseudonyms) if self._case else NOT_STATED,
        )
        return done, Removed(dict(kinds))

    def _shift(self, record: Record, *, names_somebody: bool) -> int | None:
        """By how many days the record's dates are moved; None where they stay: a document that is about nobody."""
        if self._settings.dates == "keep":
            return None
        if record.patient_id:
            return self._pseudonyms.shift_days(record.patient_id)
        is_case = record.kind != "text" or record.modality == "SR" or record.known != Known()
        if is_case or names_somebody or _ABOUT_SOMEBODY.search(record.text):
            return self._pseudonyms.shift_days(self._case or record.study_id or record.sha256)
        return None

    def _masked(self, record: Record, kinds: Counter[str]) -> tuple[Image | None, Mapping[str, str | int | float]]:
        """The picture without text burned into it, and the fields with a warning where there is or may be some."""
        if record.image is None:
            return None, record.fields
        found = mask_burned_in(record.image, record.modality, record.fields)
        if not found.boxes and not found.suspect:
            return record.image, record.fields
        if not self._settings.mask_burned_in or not found.boxes:
            return record.image, {**record.fields, BURNED_IN: "possible, not masked"}
        kinds["pixels"] += len(found.boxes)
        return found.image, {**record.fields, BURNED_IN: MASKED}

    def _part(self, part: str, known: Known) -> str:
        """A part that holds an identifier is named by a keyed hash, since it tells apart the records of one file."""
        return self._pseudonyms.part(part) if cleaned(part, known, None)[1] else part


def moved_moment(moment: datetime | None, shift_days: int | None) -> datetime | None:
    """A moment some days later; None for one that has no such day, at the ends of the calendar."""
    if moment is None or shift_days is None:
        return moment
    try:
        return moment + timedelta(days=shift_days)
    except OverflowError:
        return None


def _named(text: str, found: Iterable[Span]) -> Iterator[str]:
    return (text[span.start : span.end] for span in found if span.kind == "name")


def _known(record: Record) -> Known:
    """What is known of the patient, with the archive's own id, less what would be found in any text."""
    known = record.known | Known(ids=(record.patient_id,) if record.patient_id else ())
    ids = tuple(i for i in known.ids if sum(c.isalnum() for c in i) >= _SHORTEST_ID and any(c.isdigit() for c in i))
    names = tuple(name for name in known.names if not _NOBODY.search(name))
    return replace(known, ids=ids, names=names)


def _remapped(passages: Iterable[Passage], body: Replaced, known: Known, shift: int | None) -> Iterator[Passage]:
    """Passages at their places in the cleaned text; one of which nothing is left is left out."""
    for passage in passages:
        start, end = body.moved(passage.start), body.moved(passage.end)
        section = cleaned(passage.section, known, shift)[0].text if passage.section else passage.section
        if start < end:
            yield Passage(start, end, section, passage.page)


def _values(
    values: Mapping[str, str] | Mapping[str, str | int | float], clean: Callable[[str], str], kinds: Counter[str]
) -> dict[str, str | int | float]:
    """Fields or labels without those that are identifiers, with the others cleaned."""
    kept: dict[str, str | int | float] = {}
    for name, value in values.items():
        plain = re.sub(r"\W+", "_", name.strip().lower())
        if _IDENTIFYING.fullmatch(plain):
            kinds["field"] += 1
        elif plain in _AGE_NAMES and (age := _years(value)) is not None and age > OLDEST_AGE:
            kept[name] = f"{OLDEST_AGE + 1}+"
            kinds["age"] += 1
        else:
            kept[name] = clean(value) if isinstance(value, str) else value
    return kept


def _years(value: str | int | float) -> float | None:
    """An age in years: 93, "93", "093Y" (a DICOM age string), "93 years"; None for anything else."""
    if not isinstance(value, str):
        return float(value)
    match = re.fullmatch(r"\s*0*(\d{1,3}(?:\.\d+)?)\s*(?:y|yrs?|years?(?: old)?|jahre)?\s*", value, re.IGNORECASE)
    return float(match[1]) if match else None


def _kept_url(record: Record, known: Known, persons: Known, kinds: Counter[str]) -> str | None:
    """A patient's record keeps its address only where neither an id nor a name nor a date stands in it, and no record
    keeps one that names a person of its text."""
    url = record.url
    if not url:
        return url
    words = re.sub(r"[/?&=+_.:%#-]+", " ", unquote(url))
    of_patient = bool(record.patient_id) or known != Known()
    if any(find_known(words, persons)) or (
        of_patient and (_TELLING.search(unquote(url)) or cleaned(words, known, 0)[1])
    ):
        kinds["url"] += 1
        return None
    return url
