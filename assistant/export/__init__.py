"""A draft in the forms that others read: FHIR R4, Word, PDF, preference pairs. Text is shown as text in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from assistant.export.names import file_name
from assistant.export.preferences import edited_pair, preference_pair
from assistant.records import Draft, Record, Review

Export = Literal["fhir", "docx", "pdf", "preferences"]
EXPORTS: tuple[Export, ...] = get_args(Export)

__all__ = ["EXPORTS", "Export", "edited_pair", "file_name", "preference_pair", "render"]


def render(
    draft: Draft,
    own: Sequence[Record],
    record_of: Callable[[str], Record],
    kinds: Sequence[str],
    review: Review | None = None,
) -> dict[str, bytes]:
    """The files of a draft by kind: "fhir" (JSON), "docx", "pdf".

    `own` are the study's pictures and signals; `record_of` gives a record of the archive with its content, for the
    pictures of what is cited. The FHIR report carries the PDF where both are asked for. With `review`, `draft` is the
    report after its decisions.
    """
    from assistant.export.docx import docx_of
    from assistant.export.fhir import fhir_of
    from assistant.export.layout import layout_of
    from assistant.export.pdf import pdf_of
    from assistant.export.pictures import pictures_of

    found: dict[str, bytes] = {}
    layout = layout_of(draft, review)
    if {"docx", "pdf"} & set(kinds):
        pictures = pictures_of(layout, own, record_of)
        found |= {"pdf": pdf_of(layout, pictures)} if "pdf" in kinds else {}
        found |= {"docx": docx_of(layout, pictures)} if "docx" in kinds else {}
    if "fhir" in kinds:
        found["fhir"] = fhir_of(layout, found.get("pdf"))
    return found
