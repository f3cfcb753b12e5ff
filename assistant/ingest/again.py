"""The content of a record that was indexed before, read again to be looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest import archive, pacs
from assistant.ingest.content import Content, load
from assistant.ingest.deid.pixels import BURNED_IN, MASKED, mask_burned_in
from assistant.ingest.dicom.web import PacsSource
from assistant.ingest.formats import read_content
from assistant.ingest.series import is_slice
from assistant.pseudonyms import Pseudonyms
from assistant.records import Image, Record
from assistant.settings import IngestSettings


def read_again(record: Record, path: Path, uri: str, limits: IngestSettings, pseudonyms: Pseudonyms) -> Record:
    """The same record with its picture or signal, from the file at `path`, or its member that `uri` names.

    Text burned into the picture is blackened as it was when it was indexed. Raises UnreadableFile where the file can't
    be read any more, and where it has changed.
    """
    return _the_same(record, _records(path, uri, limits), uri, pseudonyms)


def fetch_again(record: Record, source: PacsSource, uri: str, limits: IngestSettings, pseudonyms: Pseudonyms) -> Record:
    """As `read_again`, from a PACS."""
    return _the_same(record, pacs.read(source, uri, limits)[0], uri, pseudonyms)


def document_again(record: Record, path: Path, uri: str, limits: IngestSettings) -> bytes:
    """The PDF that a text record was read from: the file itself, the member of an archive, or what a DICOM holds.

    Raises UnreadableFile where it can't be read any more, has changed, or is no PDF.
    """
    from assistant.ingest.dicom.objects import document_of
    from assistant.ingest.text import pdf

    file = content_again(path, uri, limits)
    if file.sha256 != record.sha256:
        raise UnreadableFile(uri, "the file has changed since it was indexed; update the index")
    file = document_of(file, limits) or file
    if not pdf.recognises(file):
        raise UnreadableFile(uri, "its pages can't be drawn: no PDF")
    return file.data


def _the_same(record: Record, found: list[Record], uri: str, pseudonyms: Pseudonyms) -> Record:
    for read in found:
        same_part = record.part in (read.part, pseudonyms.part(read.part)) or (is_slice(record) and not read.part)
        if same_part and (read.kind, read.sha256) == (record.kind, record.sha256):
            return replace(record, image=_as_indexed(read.image, record), signal=read.signal)
    raise UnreadableFile(uri, "the file has changed since it was indexed; update the index")


def _as_indexed(image: Image | None, record: Record) -> Image | None:
    if image is None or record.fields.get(BURNED_IN) != MASKED:
        return image
    return mask_burned_in(image, record.modality, record.fields).image


def _records(path: Path, uri: str, limits: IngestSettings) -> list[Record]:
    return read_content(content_again(path, uri, limits), limits)


def content_again(path: Path, uri: str, limits: IngestSettings) -> Content:
    """A file, or the member of an archive that `uri` names."""
    file = load(path, limits, uri)
    if "!" not in uri or not archive.recognises(file):  # also a single compressed file, such as a volume's
        return file
    whole, _, name = uri.partition("!")
    for member in archive.members(path, whole, limits):
        if member.name == name:
            return archive.member_content(path, whole, member, limits)
    return file
