"""A draft as a Word document that a physician corrects. Text goes in as runs of text, never as markup or fields."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assistant.export.layout import TITLE, Layout, Line
from assistant.export.pictures import Picture, columns_of, rows_of

_WARN, _GREY = (0xB0, 0x1E, 0x1E), (0x59, 0x59, 0x59)
_WIDTH_CM = 16.0


def docx_of(layout: Layout, pictures: Sequence[Picture]) -> bytes:
    """The document: facts, reasons to look, sections, pictures, evidence."""
    from docx import Document
    from docx.shared import Cm, Pt, RGBColor

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = TITLE, "Wardround", ""
    properties.created = properties.modified = datetime.now(UTC)

    document.add_heading(TITLE, level=0)
    _run(document.add_paragraph(), layout.notice, _GREY, italic=True)
    facts = document.add_paragraph()
    for number, (name, value) in enumerate(layout.facts):
        _run(facts, f"{name}: ", bold=True)
        _run(facts, value + ("\n" if number < len(layout.facts) - 1 else ""))
    if layout.flags:
        _run(document.add_paragraph(), "Needs a look", _WARN, bold=True)
        for flag in layout.flags:
            _run(document.add_paragraph(style="List Bullet"), flag, _WARN)
    for name, lines in layout.sections:
        document.add_heading(name, level=2)
        for line in lines:
            _line(document.add_paragraph(), line)
    if not layout.sections:
        document.add_paragraph("Nothing could be drafted.")
    if pictures:
        document.add_heading("PICTURES", level=2)
        for row in rows_of(pictures):
            _beside(document, row)
    if layout.sources:
        document.add_heading("EVIDENCE", level=2)
        for source in layout.sources:
            paragraph = document.add_paragraph()
            _run(paragraph, f"[{source.number}] {source.heading}", _GREY, bold=True, size=9)
            _run(paragraph, f"\n{source.text}" if source.text else "", size=9)
    _run(document.sections[0].footer.paragraphs[0], layout.foot, _GREY, size=8)
    document.styles["Heading 2"].font.color.rgb = RGBColor(0x1F, 0x3A, 0x5F)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _beside(document: Any, row: Sequence[Picture]) -> None:
    """Pictures side by side in a table without lines, each with its caption below."""
    from docx.shared import Cm

    room = _WIDTH_CM / columns_of(row[0])
    cells = document.add_table(rows=1, cols=len(row)).rows[0].cells
    for cell, picture in zip(cells, row, strict=True):
        cell.width = Cm(room)
        cell.paragraphs[0].add_run().add_picture(io.BytesIO(picture.png), width=Cm(room - 0.4))
        _run(cell.add_paragraph(), picture.caption, _GREY, size=9)


def _line(paragraph: Any, line: Line) -> None:
    supported = not line.mark
    _run(paragraph, line.text, None if supported else _WARN, italic=line.claim.about == "similar")
    _run(paragraph, line.cited, _GREY)
    if line.told:
        _run(paragraph, f"  ({line.told})", _WARN if line.mark else _GREY, size=9)


def _run(
    paragraph: Any,
    text: str,
    colour: tuple[int, int, int] | None = None,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float | None = None,
) -> None:
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(text)
    run.bold, run.italic = bold, italic
    if colour:
        run.font.color.rgb = RGBColor(*colour)
    if size:
        run.font.size = Pt(size)
