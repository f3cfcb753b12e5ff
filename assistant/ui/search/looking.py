"""One tab of the search page: what is looked for, within which filters, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from assistant.errors import BadQuery
from assistant.records import Kind, Record, SearchResult
from assistant.ui.language import say
from assistant.ui.language.figures import day

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.retrieve.query import Query

LENGTHS = (10, 20, 50, 200)
_MODEL_TEXT = 600  # characters of a passage that others like it are sought by


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search may return. Patients are the archive's own ids."""

    kinds: frozenset[Kind] = frozenset()
    modalities: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()
    findings: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    patient: str | None = None
    exclude_patient: str | None = None
    length: int = LENGTHS[0]

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Filters:
        """From the form's fields, each a text or a list of texts. Raises BadQuery for a date that is none."""
        length = str(form.get("length", ""))
        return cls(
            kinds=frozenset(kind for kind in get_args(Kind) if kind in _several(form, "kind")),
            modalities=frozenset(_several(form, "modality")),
            indexes=frozenset(_several(form, "index")),
            findings=tuple(filter(None, (part.strip() for part in str(form.get("findings") or "").split(",")))),
            since=_date(form, "since"),
            until=_date(form, "until"),
            patient=str(form.get("patient") or "").strip() or None,
            exclude_patient=str(form.get("exclude_patient") or "").strip() or None,
            length=int(length) if length.isdecimal() and int(length) in LENGTHS else LENGTHS[0],
        )

    def check(self, assistant: Assistant) -> None:
        """Raises BadQuery for filters that nothing can pass, in place of a list without results."""
        if self.since and self.until and self.since > self.until:
            raise BadQuery(say("search.no_span", since=day(self.since), until=day(self.until)))
        people = assistant.people()
        for patient in filter(None, (self.patient, self.exclude_patient)):
            if people.known(patient) is None:
                assistant.refuse_patient(patient)
                raise BadQuery(say("search.no_patient", patient=patient))

    def loosened(self) -> dict[str, Filters]:
        """By the name of each filter that is set: the others alone."""
        free = Filters(length=self.length)
        names = [one.name for one in fields(self) if getattr(self, one.name) != getattr(free, one.name)]
        return {name: replace(self, **{name: getattr(free, name)}) for name in names}

    def options(self) -> dict[str, Any]:
        """As `Assistant.query` takes them."""
        return {
            "k": self.length, "kinds": self.kinds, "modalities": self.modalities, "indexes": self.indexes,
            "findings": self.findings, "patient": self.patient, "exclude_patient": self.exclude_patient,
            "since": datetime.combine(self.since, time.min) if self.since else None,
            "until": datetime.combine(self.until, time.max) if self.until else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """A record that others like it are sought for; of a text the passage from `start` to `end`."""

    record: Record
    start: int = 0
    end: int = 0

    @property
    def words(self) -> str:
        """What stands for it in a search by words; "" for a picture or signal that has a vector."""
        if self.record.kind != "text":
            return ""
        return (self.record.text[self.start : self.end] or self.record.text)[:_MODEL_TEXT]


@dataclass
class Looking:
    """What a tab looks for: words, files and a record that others are to be like, in any mix."""

    text: str = ""
    like: Model | None = None
    filters: Filters = field(default_factory=Filters)
    found: SearchResult | None = None
    error: str = ""
    without: Mapping[str, int] = field(default_factory=dict)
    """Where nothing was found: how many there would be without one of the filters, by its name."""

    def search(self, assistant: Assistant, files: Sequence[Path]) -> None:
        """Look for it now. Raises WardroundError for what can't be looked for."""
        self.found, self.without = None, {}
        text = " ".join(filter(None, (self.text.strip(), self.like.words if self.like else "")))
        listed = bool(self.filters.patient) and not text and not files and self.like is None
        if not (text or files or self.like or self.filters.findings or listed):
            raise BadQuery(say("search.nothing_asked"))
        self.filters.check(assistant)

        def query(filters: Filters) -> Query:
            like = [self.like.record] if self.like else ()
            return assistant.query(text, files=files, like=like, history=listed, **filters.options())

        self.found = assistant.search_batch([query(self.filters)])[0]
        if not self.found.evidence:
            asks_by = text or files or self.like
            loose = {name: f for name, f in self.filters.loosened().items() if asks_by or f.findings or f.patient}
            counts = assistant.count_found([query(filters) for filters in loose.values()])
            self.without = {name: count for name, count in zip(loose, counts, strict=True) if count}


def _several(form: Mapping[str, Any], name: str) -> list[str]:
    found = form.get(name) or []
    return [str(value) for value in found] if isinstance(found, list) else [str(found)]


def _date(form: Mapping[str, Any], name: str) -> date | None:
    written = str(form.get(name) or "").strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadQuery(say("search.no_date", written=written)) from None
