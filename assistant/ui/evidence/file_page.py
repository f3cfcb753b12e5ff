"""What ingest makes of one file, as a page to look at: `wardround read --html`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from assistant.html_page import html_page
from assistant.records import Record
from assistant.ui.evidence.ecg_page import draw_ecg
from assistant.ui.evidence.picture import png_uri
from assistant.ui.evidence.traces import draw_traces, is_ecg

PICTURE_PX = 480  # longer edge of a picture on the page
SHOWN_CHARACTERS = 4_000  # of a text; its beginning is enough to see how it was read
SHOWN_RECORDS = 60  # with their content; a larger file's others are counted
_SHOWN_ALREADY = frozenset({"width", "height", "leads", "channels", "sampling_rate_hz", "duration_s", "quality"})

_NOTICE = "As it would be indexed. Patient and study are pseudonyms. Research software, no medical device."


def file_page(described: Mapping[str, Any], records: Sequence[Record]) -> str:
    """The page, self-contained; all text is escaped.

    Args:
        described: the JSON of `wardround read`.
        records: the same records with their pictures, signals and texts, in the same order.
    """
    style = Path(__file__).with_name("file_page.css").read_text(encoding="utf-8")
    parts = [f"<h1>{escape(Path(described['path']).name)}</h1>", f'<p class="soft">{_NOTICE}</p>']
    if described.get("reason"):
        parts.append(f'<section class="card warn"><h2>Not read</h2><p>{escape(described["reason"])}</p></section>')
    parts += [_aside(described.get("set_aside", ())), _removed(described.get("removed", {}))]
    shown = list(zip(described["records"], records, strict=True))[:SHOWN_RECORDS]
    parts += [_card(number, of, record) for number, (of, record) in enumerate(shown, start=1)]
    if len(records) > SHOWN_RECORDS:
        parts.append(f'<p class="soft">{len(records) - SHOWN_RECORDS:,} more records are not shown.</p>')
    return html_page(f"Read: {Path(described['path']).name}", style, "\n".join(part for part in parts if part))


def _aside(parts: Iterable[Mapping[str, str]]) -> str:
    rows = "".join(_row(part["part"], part["reason"]) for part in parts)
    return f'<section class="card warn"><h2>Parts that could not be read</h2><table>{rows}</table></section>' * bool(
        rows
    )


def _removed(counts: Mapping[str, int]) -> str:
    rows = "".join(_row(kind, count) for kind, count in counts.items())
    return f'<section class="card"><h2>Identifiers removed</h2><table>{rows}</table></section>' if rows else ""


def _card(number: int, of: Mapping[str, Any], record: Record) -> str:
    what = {"image": "Picture", "signal": "Signal", "text": "Text"}[record.kind]
    part = f", {escape(record.part)}" if record.part else ""
    title = f'<p class="soft">{escape(record.title)}</p>' if record.title else ""
    quality = of["fields"].get("quality")
    warning = f'<p class="card warn">Quality: {escape(str(quality))}</p>' if quality and quality != "good" else ""
    return (
        f'<section class="card"><h2>{number}. {what} ({escape(record.modality)}{part})</h2>{title}{warning}'
        f'<div class="row">{_content(record)}<div class="facts"><table>{_facts(of)}</table></div></div></section>'
    )


def _content(record: Record) -> str:
    if record.image is not None:
        height, width = record.image.pixels.shape[:2]
        return (
            f'<figure><img alt="{escape(record.modality)} picture" src="{png_uri(record.image, PICTURE_PX)}">'
            f"<figcaption>{width} × {height} pixels</figcaption></figure>"
        )
    if record.signal is not None:
        drawn = draw_ecg(record.signal) if is_ecg(record.signal) else draw_traces(record.signal)
        return f'<figure class="wide">{drawn}</figure>'
    text = escape(record.text[:SHOWN_CHARACTERS])
    more = f"<figcaption>the first {SHOWN_CHARACTERS:,} of {len(record.text):,} characters</figcaption>"
    return f'<figure class="wide"><pre>{text}</pre>{more if len(record.text) > SHOWN_CHARACTERS else ""}</figure>'


def _facts(of: Mapping[str, Any]) -> str:
    """The record's facts, one row each: those of every record first, then what its file says of itself."""
    rows = [_row(name.replace("_", " "), of[name]) for name in ("patient_id", "study_id", "taken_at", "external_id")]
    if "signal" in of:
        signal = of["signal"]
        named = zip(signal["leads"], signal["units"], strict=True)
        rows.append(_row("channels", ", ".join(lead if unit == "mV" else f"{lead} ({unit})" for lead, unit in named)))
        rows.append(_row("sampling rate", f"{signal['sampling_rate_hz']:g} Hz"))
        rows.append(_row("duration", f"{signal['duration_s']:g} s"))
    if "text" in of:
        text = of["text"]
        rows += [_row("sections", ", ".join(text["sections"])), _row("passages", text["passages"])]
        rows.append(_row("pages", text["pages"] or None))
    for group in ("labels", "fields"):
        facts = [(name, value) for name, value in of[group].items() if name not in _SHOWN_ALREADY]
        rows += [_row(name.replace("_", " "), value) for name, value in facts]
    return "".join(rows)


def _row(name: str, value: object) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" if value not in (None, "") else ""
