"""A draft as PDF, set with ReportLab. Every text is escaped: markup that stands in a report is shown as it stands."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache, partial
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.export.layout import TITLE, Layout, Line
from assistant.export.pictures import Picture, columns_of, rows_of

_WARN, _GREY, _BLUE = "#B01E1E", "#595959", "#1F3A5F"
_MARGIN_CM = 2.2
_WIDTH_CM = 16.6
_HIGHEST_CM = 11.0
_LONGEST = 6_000  # characters of one paragraph; a longer one is set as several


def pdf_of(layout: Layout, pictures: Sequence[Picture]) -> bytes:
    """The document: facts, reasons to look, sections, pictures, evidence; A4, pages numbered."""
    from reportlab import rl_config
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import cm
    from reportlab.platypus import HRFlowable, KeepTogether, SimpleDocTemplate, Spacer

    rl_config.useA85 = 0  # binary streams: a fifth smaller, and no time is lost on encoding them
    styles = _styles()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN_CM * cm, rightMargin=_MARGIN_CM * cm, topMargin=2 * cm,
        bottomMargin=2 * cm, title=TITLE, author="Wardround", invariant=1,
    )  # fmt: skip
    story: list[Any] = [*_set(TITLE, styles["title"]), *_set(layout.notice, styles["notice"]), Spacer(1, 0.2 * cm)]
    for name, value in layout.facts:
        story += _set(value, styles["body"], before=f"<b>{escape(name)}:</b> ")
    if layout.flags:
        story += [Spacer(1, 0.2 * cm), *_set("Needs a look", styles["warning"], wrap="<b>{}</b>")]
        for flag in layout.flags:
            story += _set(f"• {flag}", styles["warning"])
    story.append(HRFlowable(width="100%", color=_GREY, spaceBefore=8, spaceAfter=2))
    for name, lines in layout.sections:
        story += _set(name, styles["heading"])
        for line in lines:
            story += _line(line, styles)
    if not layout.sections:
        story += _set("Nothing could be drafted.", styles["body"])
    rows = [_beside(row, styles["small"]) for row in rows_of(pictures)]
    if rows:
        story += [KeepTogether([*_set("PICTURES", styles["heading"]), rows[0]]), *rows[1:]]
    if layout.sources:
        story += _set("EVIDENCE", styles["heading"])
        for source in layout.sources:
            story += _set(f"[{source.number}] {source.heading}", styles["source"], wrap="<b>{}</b>")
            story += _set(source.text, styles["quoted"]) if source.text else []
    foot = partial(_foot, layout.foot)
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _line(line: Line, styles: dict[str, Any]) -> list[Any]:
    wrap = "<i>{}</i>" if line.claim.about == "similar" else "{}"
    after = f'<font color="{_GREY}">{escape(line.cited)}</font>'
    if line.mark:
        wrap = f'<font color="{_WARN}">{wrap}</font>'
    if line.told:
        after += f'<font color="{_WARN if line.mark else _GREY}" size="8">  ({escape(line.told)})</font>'
    return _set(line.text, styles["body"], wrap=wrap, after=after)


def _set(text: str, style: Any, *, wrap: str = "{}", before: str = "", after: str = "") -> list[Any]:
    """Paragraphs of escaped text; line breaks stay. `wrap`, `before` and `after` are markup of ours."""
    from reportlab.platypus import Paragraph

    pieces = [text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST)] or [""]
    shown = [wrap.format(escape(piece).replace("\n", "<br/>")) for piece in pieces]
    shown[0] = before + shown[0]
    shown[-1] += after
    return [Paragraph(piece, style) for piece in shown]


def _beside(row: Sequence[Picture], style: Any) -> Any:
    """Pictures side by side, each with its caption below."""
    from reportlab.lib.units import cm
    from reportlab.platypus import Image, Table

    room = _WIDTH_CM / columns_of(row[0])
    cells = []
    for picture in row:
        width = min(room - 0.3, _HIGHEST_CM * picture.width / picture.height)
        image = Image(io.BytesIO(picture.png), width * cm, width * cm * picture.height / picture.width)
        image.hAlign = "LEFT"
        cells.append([image, *_set(picture.caption, style)])
    top = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    return Table([cells], colWidths=[room * cm] * len(row), style=top, hAlign="LEFT")


def _foot(told: str, canvas: Any, document: Any) -> None:
    from reportlab.lib.units import cm

    canvas.saveState()
    canvas.setFont(_fonts()[0], 7.5)
    canvas.setFillColor(_GREY)
    canvas.drawString(_MARGIN_CM * cm, 1.1 * cm, told)
    canvas.drawRightString(document.pagesize[0] - _MARGIN_CM * cm, 1.1 * cm, f"page {document.page}")
    canvas.restoreState()


@cache
def _fonts() -> tuple[str, str]:
    """The names of the upright and the bold face: DejaVu Sans, which matplotlib brings, knows Latin, Greek, Cyrillic,
    Arabic and mathematical signs."""
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return "Helvetica", "Helvetica-Bold"
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"):
        registerFont(TTFont(name, folder / f"{name}.ttf"))
    registerFontFamily("DejaVuSans", "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique")
    return "DejaVuSans", "DejaVuSans-Bold"


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    font, bold = _fonts()
    body = ParagraphStyle("body", fontName=font, fontSize=9.5, leading=13.5, spaceAfter=2)
    return {
        "body": body,
        "title": ParagraphStyle("title", body, fontName=bold, fontSize=17, leading=22, textColor=_BLUE, spaceAfter=4),
        "notice": ParagraphStyle("notice", body, fontSize=8, leading=11, textColor=_GREY),
        "warning": ParagraphStyle("warning", body, textColor=_WARN, leftIndent=6),
        "heading": ParagraphStyle(
            "heading", body, fontName=bold, fontSize=11, textColor=_BLUE, spaceBefore=9, spaceAfter=4, keepWithNext=1
        ),
        "small": ParagraphStyle("small", body, fontSize=7.5, leading=10.5, textColor=_GREY, spaceAfter=4),
        "source": ParagraphStyle("source", body, fontSize=7.5, leading=10.5, textColor=_GREY, keepWithNext=1),
        "quoted": ParagraphStyle("quoted", body, fontSize=7.5, leading=10.5, leftIndent=14, spaceAfter=5),
    }
