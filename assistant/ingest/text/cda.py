"""HL7 clinical documents (CDA R2, C-CDA): the narrative of each section, or the document that the body holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.safe_xml import parse, root_name, text_of, without_prefixes
from assistant.ingest.text.attachments import attached, from_base64
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.layout import Block, lay_out
from assistant.ingest.text.passages import cut
from assistant.records import Known, Record
from assistant.settings import IngestSettings

_LINES = frozenset(("paragraph", "item", "caption", "br", "tr", "list", "table"))
_UNSEEN = frozenset(("renderMultiMedia",))


def recognises(file: Content) -> bool:
    return root_name(file) == "ClinicalDocument"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record with a section for each of the document's, or the records of an unstructured body.

    `patient_id` is the first identifier of the record target, `external_id` the document's. The coded entries, which
    say what the narrative says, are not read. Raises UnreadableFile for damaged XML and a document without text.
    """
    root = without_prefixes(parse(file))
    body = root.find("component/nonXMLBody/text")
    records = _unstructured(file, body, limits) if body is not None else []
    text, sections = lay_out(_blocks(root))
    if text:
        kept = [stretch for stretch in sections if stretch[2]] or None
        passages = cut(text, limits.passage_words, kept)
        records.append(Record("text", "SR", file.uri, file.sha256, text=text, passages=passages))
    if not records:
        first = f" ({': '.join(file.aside[0])})" if file.aside else ""
        raise UnreadableFile(file.uri, "an HL7 clinical document without text{first}", first=first)
    return [_dressed(record, root) for record in records]


def _unstructured(file: Content, body: Element, limits: IngestSettings) -> list[Record]:
    if (reference := body.find("reference")) is not None and not (body.text or "").strip():
        file.set_aside(
            "body",
            "a document that lies at {reference!r}, which is not fetched",
            reference=reference.get("value", "a URL"),
        )
        return []
    if body.get("representation") == "B64":
        return from_base64(file, "body", body.text or "", limits)
    return attached(file, "body", (body.text or "").encode(), limits)


def _blocks(root: Element) -> Iterator[Block]:
    for section in root.iterfind("component/structuredBody/component//section"):
        title = text_of(section.find("title"))
        narrative = section.find("text")
        lines = list(_lines(narrative)) if narrative is not None else []
        if lines:
            yield Block(title.upper(), heading=True) if title else Block("")
            yield Block("\n".join(lines), close=True)


def _lines(narrative: Element) -> Iterator[str]:
    """A section's text: a line for each paragraph, item and row, the cells of a row joined by " | "."""
    words: list[str] = []
    ahead: list[Element | str | None] = [narrative]
    while ahead:
        node = ahead.pop()
        if isinstance(node, Element):
            if node.tag in _LINES:
                if said := " ".join(clean("".join(words)).split()):
                    yield said
                words = ["- "] if node.tag == "item" else []
            if node.tag in _UNSEEN:
                continue
            if node.tag == "tr":
                yield " | ".join(said for cell in node if (said := text_of(cell)))
                continue
            inner: list[Element | str | None] = [node.text]
            for child in node:
                inner += [child, "\n" if child.tag in _LINES and child.tag != "br" else None, child.tail]
            ahead += reversed(inner)
        elif node == "\n":
            if said := " ".join(clean("".join(words)).split()):
                yield said
            words = []
        elif node:
            words.append(node)
    if said := " ".join(clean("".join(words)).split()):
        yield said


def _dressed(record: Record, root: Element) -> Record:
    patient = root.find("recordTarget/patientRole")
    found = patient.findall("id") if patient is not None else []
    ids = [value for element in found if (value := element.get("extension") or "")]
    names = [text_of(part) for name in root.iter("name") for part in (name, *name) if text_of(part)]
    streets = [text_of(part) for part in root.iter("streetAddressLine") if text_of(part)]
    born = parse_date(_value(root, "recordTarget/patientRole/patient/birthTime")[:8])
    document = root.find("id")
    number = (document.get("extension") or "") if document is not None else ""
    event = root.find("documentationOf/serviceEvent/effectiveTime/low")
    when = (event.get("value") if event is not None else None) or _value(root, "effectiveTime")
    code = root.find("code")
    return replace(
        record,
        patient_id=ids[0] if ids else None,
        taken_at=parse_date(when[:14].partition("+")[0].partition("-")[0]) or record.taken_at,
        title=(code.get("displayName") if code is not None else None) or record.title,
        known=record.known
        | Known(tuple(names), (*ids, *filter(None, [number])), tuple(streets), born.date() if born else None),
    )


def _value(root: Element, path: str) -> str:
    element = root.find(path)
    return (element.get("value") or "") if element is not None else ""
