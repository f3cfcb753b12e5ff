"""FHIR files as records: resources found, references resolved inside the file, ids and times kept."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.text.attachments import attached, from_base64
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.fhir import statements
from assistant.ingest.text.fhir.values import Resource, codes, concept, items, moment, said, withdrawn
from assistant.ingest.text.passages import Stretch, cut
from assistant.records import Known, Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_MAX_DOCUMENT = 64_000_000  # bytes of one JSON document, which takes some ten times as much in memory
_MAX_OBJECTS = 3_000_000  # objects and lists, each some 140 bytes and more
_MAX_DEPTH = 6  # bundles inside bundles
_BUNDLE = re.compile(rb'"resourceType"\s*:\s*"Bundle"')  # at the end, where keys are sorted
_HEAD = re.compile(rb'^\{\s*"')
_READ = ("DiagnosticReport", "Observation", "DocumentReference", "Patient", *statements.STATEMENTS)
_MEDICAL_RECORD = "MR"  # v2-0203: identifier type codes
_UID = re.compile(r"^(?:urn:oid:)?([0-2](?:\.(?:0|[1-9]\d*)){2,})$")


def recognises(file: Content) -> bool:
    """JSON whose first object has a `resourceType`."""
    head = file.data[:100_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not _HEAD.match(head) or b'"resourceType"' not in head:
        return False
    return _own_type(head.decode("utf-8", "replace")) or bool(_BUNDLE.search(file.data[-2000:]))


def _own_type(head: str) -> bool:
    """Whether the outermost object has the key: the text may be cut off anywhere."""
    depth, at, quoted = 0, 0, re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
    for match in quoted.finditer(head, at):
        token = match.group()
        if token in "{[":
            depth += 1
        elif token in "}]":
            depth -= 1
            if depth <= 0:
                return False
        elif depth == 1 and token == '"resourceType"' and head[match.end() : match.end() + 20].lstrip()[:1] == ":":
            return True
    return False


@dataclass
class _Found:
    """A file's resources by the names under which they are referred to, and what could not be used."""

    resources: list[tuple[str, Resource]] = field(default_factory=list)  # part, resource
    by_name: dict[str, Resource] = field(default_factory=dict)
    other: Counter[str] = field(default_factory=Counter)

    def add(self, part: str, resource: Resource, *, url: str = "", depth: int = 0) -> None:
        kind = said(resource.get("resourceType"))
        if kind == "Bundle":
            if depth < _MAX_DEPTH:
                for number, entry in enumerate(items(resource.get("entry")), start=1):
                    if isinstance(inner := entry.get("resource"), dict):
                        name = f"{part}, entry {number}" if part else f"entry {number}"
                        self.add(name, inner, url=said(entry.get("fullUrl")), depth=depth + 1)
            return
        for name in (url, f"{kind}/{said(resource.get('id'))}" if said(resource.get("id")) else ""):
            if name:
                self.by_name.setdefault(name, resource)
        if kind in _READ:
            self.resources.append((part, resource))
        else:
            self.other[kind or "resource without a type"] += 1


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A text record for each report, observation, condition, document, imaging study and patient.

    Results that a report of the same file refers to are told in the report. `patient_id` is the medical record
    number where the file holds the patient with one, otherwise the identifier that the subject states, else the id
    that its reference names; `study_id` the DICOM study UID where there is one. Names and ids stay out of the records'
    facts and of `external_id`, and are told to the de-identifier.
    Resources of other kinds, bad lines and attachments that can't be read are set aside; a URL is never fetched.

    Raises UnreadableFile for damaged JSON, a document over 64 MB, or a file with nothing to read in it.
    """
    found = _Found()
    for part, resource in _documents(file):
        found.add(part, resource)
    told = _results_of_reports(found)
    records: list[Record] = []
    for part, resource in found.resources:
        if id(resource) in told:
            continue
        records += _Reader(file, limits, found.by_name, resource, part).records()
    kinds = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in found.other.most_common(12))
    if not records:
        about = f"FHIR with nothing to index ({kinds})" if kinds else "FHIR without any statement"
        first = f" ({': '.join(file.aside[0])})" if file.aside else ""
        raise file.refuse("{about}{first}; read are {read}", about=about, first=first, read=", ".join(_READ))
    if kinds:
        file.set_aside(
            worded("{count} other resources", count=found.other.total()),
            "FHIR resources of kinds that are not read: {kinds}",
            kinds=kinds,
        )
    return records


def _documents(file: Content) -> Iterator[tuple[str, Resource]]:
    """The one document of the file, or each line of NDJSON with its number; bad lines are set aside."""
    data = file.data.removeprefix(b"\xef\xbb\xbf")
    if _is_lines(data):
        for number, line in enumerate(io.BytesIO(data), start=1):
            if not line.strip():
                continue
            try:
                resource = json.loads(line)
            except (ValueError, RecursionError) as error:
                file.set_aside(worded("line {number}", number=number), "no valid JSON ({error})", error=error)
                continue
            if isinstance(resource, dict) and "resourceType" in resource:
                yield f"line {number}", resource
            else:
                file.set_aside(worded("line {number}", number=number), "no FHIR resource")
        return
    if len(data) > _MAX_DOCUMENT:
        raise file.refuse(
            "a FHIR document of {size:,.0f} MB: 64 MB are read; export it as NDJSON", size=len(data) / 1e6
        )
    if data.count(b"{") + data.count(b"[") > _MAX_OBJECTS:
        raise file.refuse(
            "a FHIR document of more than {max_objects:,} objects: export it as NDJSON", max_objects=_MAX_OBJECTS
        )
    try:
        resource = json.loads(data)
    except RecursionError:
        raise file.refuse("damaged FHIR JSON (nested without end)") from None
    except ValueError as error:
        raise file.refuse("damaged FHIR JSON ({error})", error=error) from None
    yield "", resource


def _is_lines(data: bytes) -> bool:
    """Whether the first line is a whole object and another one follows."""
    first, _, rest = data.lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return first.rstrip().endswith(b"}") and first.count(b"{") <= 1


def _results_of_reports(found: _Found) -> set[int]:
    """The observations (by identity) that a report of the same file tells, members of theirs included."""
    told: set[int] = set()
    for _, resource in found.resources:
        if resource.get("resourceType") == "DiagnosticReport" and not withdrawn(resource):
            ahead = items(resource.get("result"))
            while ahead:
                target = _target(ahead.pop(), found.by_name, resource)
                if target is not None and id(target) not in told:
                    told.add(id(target))
                    ahead += items(target.get("hasMember"))
    return told


def _target(reference: Any, by_name: Mapping[str, Resource], holder: Resource) -> Resource | None:
    name = said(reference.get("reference")) if isinstance(reference, dict) else ""
    if name.startswith("#"):
        return next((r for r in items(holder.get("contained")) if said(r.get("id")) == name[1:]), None)
    name = name.partition("/_history/")[0]
    return by_name.get(name) or by_name.get("/".join(name.rsplit("/", 2)[-2:]))


@dataclass(frozen=True)
class _Reader:
    """One resource's records."""

    file: Content
    limits: IngestSettings
    by_name: Mapping[str, Resource]
    resource: Resource
    part: str

    def resolve(self, reference: Any) -> Resource | None:
        return _target(reference, self.by_name, self.resource)

    def records(self) -> list[Record]:
        kind = self.resource["resourceType"]
        if status := withdrawn(self.resource):
            self.file.set_aside(self.where, "a FHIR {kind} marked as {status}", kind=kind, status=status)
            return []
        found: list[Record] = []
        sections = list(self._sections(kind))
        if kind == "DiagnosticReport":
            found += self._attachments(self.resource.get("presentedForm"))
        if kind == "DocumentReference":
            contents = items(self.resource.get("content"))
            found += self._attachments([content.get("attachment") for content in contents])
        if any(rows for heading, rows in sections if heading != "EXAMINATION" or not found):
            found = [self._record(sections), *found]
        elif not found and not any(part.startswith(self.where) for part, _ in self.file.aside):
            self.file.set_aside(self.where, "a FHIR {kind} that says nothing", kind=kind)
        return [self._dressed(record, kind) for record in found]

    @property
    def where(self) -> str:
        return self.part or said(self.resource.get("resourceType"))

    def _sections(self, kind: str) -> Iterator[statements.Section]:
        if kind == "DiagnosticReport":
            told = list(statements.report_sections(self.resource, self.resolve))
            more = not any(rows for heading, rows in told[1:]) and not self.resource.get("presentedForm")
            yield from told
            yield "NARRATIVE", statements.narrative(self.resource) if more else []
        elif kind == "Observation":
            yield "OBSERVATION", statements.observation_line(self.resource, self.resolve)
        elif kind == "Patient":
            yield "PATIENT", _demographics(self.resource)
        elif kind == "DocumentReference":
            yield None, []
        else:
            yield from statements.STATEMENTS[kind](self.resource, self.resolve)

    def _record(self, sections: list[statements.Section]) -> Record:
        text, stretches = "", []
        for heading, rows in sections:
            if not rows:
                continue
            block = clean("\n".join(rows))
            text += ("\n\n" if text else "") + (f"{heading}:\n" if heading else "")
            stretch: Stretch = (len(text), len(text) + len(block), heading, None)
            stretches.append(stretch)
            text += block
        return Record(
            kind="text",
            modality="SR" if self.resource["resourceType"] in ("DiagnosticReport", "Composition") else "DOC",
            uri=self.file.uri,
            sha256=self.file.sha256,
            part=self.part,
            text=text,
            passages=cut(text, self.limits.passage_words, stretches),
        )

    def _attachments(self, attachments: Any) -> list[Record]:
        found: list[Record] = []
        for number, attachment in enumerate(items(attachments), start=1):
            part = f"{self.where}, attachment {number}"
            if isinstance(data := attachment.get("data"), str):
                found += from_base64(self.file, part, data, self.limits)
            elif said(attachment.get("url")).startswith("#"):
                found += self._contained(part, said(attachment["url"]))
            elif attachment.get("url"):
                self.file.set_aside(part, "an attachment that lies at a URL, which is not fetched")
            else:
                self.file.set_aside(part, "an attachment without content")
        return found

    def _contained(self, part: str, url: str) -> list[Record]:
        """An attachment that points to a Binary inside the resource."""
        inner = self.resolve({"reference": url})
        if inner is not None and isinstance(data := inner.get("data"), str):
            return from_base64(self.file, part, data, self.limits)
        if inner is not None and (rows := statements.narrative(inner)):
            return attached(self.file, part, "\n".join(rows).encode(), self.limits)
        self.file.set_aside(part, "an attachment that points to nothing in the file")
        return []

    def _dressed(self, record: Record, kind: str) -> Record:
        key = f"{kind}/{said(self.resource.get('id'))}" if said(self.resource.get("id")) else None
        patient = self._patient()
        title = concept(self.resource.get("code")) or concept(self.resource.get("type"))
        if kind == "ImagingStudy":
            title = said(self.resource.get("description")) or title
        fields: dict[str, str | int | float] = {"fhir": kind}
        if coded := codes(self.resource.get("code")):
            fields["codes"] = coded[:500]
        return replace(
            record,
            patient_id=self._patient_id(patient),
            study_id=self._study_id() or key or (f"{self.file.sha256[:16]}:{self.part}" if self.part else None),
            taken_at=moment(self.resource) or record.taken_at,
            title=title or record.title,
            fields={**fields, **_about(patient), **record.fields},
            known=record.known | self._known(patient),
        )

    def _patient(self) -> Resource | None:
        if self.resource["resourceType"] == "Patient":
            return self.resource
        target = self.resolve(self._subject())
        return target if target is not None and target.get("resourceType") == "Patient" else None

    def _subject(self) -> Any:
        return self.resource.get("subject") or self.resource.get("patient")

    def _patient_id(self, patient: Resource | None) -> str | None:
        subject = self._subject()
        subject = subject if isinstance(subject, dict) else {}
        if patient is not None and (number := _record_number(patient.get("identifier"))):
            return number
        if stated := _record_number(subject.get("identifier")):
            return stated
        if said(subject.get("reference")).startswith("#"):
            return None  # the id of a contained resource names nobody outside of its holder
        return (said(patient.get("id")) if patient is not None else "") or _patient_key(subject)

    def _known(self, patient: Resource | None) -> Known:
        """What the resource and its patient are called, and what else of the patient must not stand in a text."""
        subject = self._subject()
        subject = subject if isinstance(subject, dict) else {}
        ids = [said(self.resource.get("id")), _patient_key(subject) or ""]
        ids += [said(i.get("value")) for holder in (self.resource, subject) for i in items(holder.get("identifier"))]
        name = said(subject.get("display"))
        own = Known((name,) if name else (), tuple(dict.fromkeys(i for i in ids if i)))
        return (_known(patient) if patient is not None else Known()) | own

    def _study_id(self) -> str | None:
        """The DICOM UID of the imaging study itself or of the one that the report is about."""
        studies = [self.resource] if self.resource["resourceType"] == "ImagingStudy" else []
        studies += [s for r in items(self.resource.get("imagingStudy")) if (s := self.resolve(r)) is not None]
        for study in studies:
            for identifier in items(study.get("identifier")):
                if match := _UID.match(said(identifier.get("value"))):
                    return match[1]
        return None


def _record_number(identifiers: Any) -> str | None:
    """The identifier that is typed as the medical record number, else the usual one, else the only one."""
    stated = [identifier for identifier in items(identifiers) if said(identifier.get("value"))]
    typed = [identifier for identifier in stated if _MEDICAL_RECORD in _types(identifier)]
    usual = [identifier for identifier in stated if said(identifier.get("use")) == "usual"]
    chosen = typed or usual or (stated if len(stated) == 1 else [])
    return said(chosen[0]["value"]) if chosen else None


def _types(identifier: Resource) -> list[str]:
    return [said(c.get("code")) for t in items(identifier.get("type")) for c in items(t.get("coding"))]


def _patient_key(subject: Resource) -> str | None:
    """The logical id of the patient that a reference names."""
    name = said(subject.get("reference")).partition("/_history/")[0]
    kind, _, key = name.rpartition("/")
    return key.removeprefix("urn:uuid:") if key and (kind.endswith("Patient") or name.startswith("urn:uuid:")) else None


def _demographics(patient: Resource) -> list[str]:
    found = [f"{label}: {value}" for label, value in (("Sex", said(patient.get("gender"))),) if value]
    if (born := said(patient.get("birthDate")))[:4].isdigit():
        found.append(f"Year of birth: {born[:4]}")
    if patient.get("deceasedBoolean") is True or patient.get("deceasedDateTime"):
        found.append("Deceased")
    return found


def _about(patient: Resource | None) -> dict[str, str | int | float]:
    if patient is None:
        return {}
    born = said(patient.get("birthDate"))[:4]
    found: dict[str, str | int | float] = {"sex": said(patient["gender"])} if said(patient.get("gender")) else {}
    return {**found, "birth_year": int(born)} if born.isdigit() else found


def _known(patient: Resource) -> Known:
    """Names, identifiers, addresses and birth date, so that the de-identifier can take them out of texts."""
    names, places = [], []
    for name in items(patient.get("name")) + [n for c in items(patient.get("contact")) for n in items(c.get("name"))]:
        given = name.get("given") if isinstance(name.get("given"), list) else []
        parts = [said(name.get("text")), said(name.get("family")), *(said(part) for part in given or [])]
        names += [part for part in parts if part]
    for address in items(patient.get("address")):
        street = address.get("line") if isinstance(address.get("line"), list) else []
        places += [part for part in (said(address.get("text")), *(said(line) for line in street or [])) if part]
    ids = [said(identifier.get("value")) for identifier in items(patient.get("identifier"))] + [said(patient.get("id"))]
    born = parse_date(said(patient.get("birthDate")) or None)
    return Known(tuple(names), tuple(i for i in ids if i), tuple(places), born.date() if born else None)
