"""Scanned pages as text, through Tesseract: an extra, off unless `ingest.ocr` is "auto"."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import clean
from assistant.settings import IngestSettings
from assistant.wording import worded

INSTALL = "pip install 'wardround[ocr]' and apt-get install tesseract-ocr"
OFFER = worded(
    'a scanned page without text: text recognition reads it with ingest.ocr = "auto" ({install})', install=INSTALL
)
_DPI = 300  # what Tesseract's documentation asks for
_MAX_PIXELS = 40_000_000
_SHARE = 0.8  # of `max_seconds`, which ends the reading of the whole file


def recognised(file: Content, numbers: Sequence[int], limits: IngestSettings) -> Iterator[tuple[int, str]]:
    """The text of the pages of a PDF, counted from 1, that could be recognised; the others are set aside.

    A page may take `ingest.ocr_page_seconds`, all of them together 80 % of `ingest.max_seconds`.
    """
    try:
        import pypdfium2
        import pytesseract
    except ImportError:
        _all_aside(file, numbers, f"a scanned page without text: text recognition is not installed ({INSTALL})")
        return
    deadline = time.monotonic() + _SHARE * limits.max_seconds
    try:
        document = pypdfium2.PdfDocument(file.data)
    except pypdfium2.PdfiumError as error:
        _all_aside(file, numbers, f"a scanned page that could not be drawn ({error})")
        return
    try:
        for number in numbers:
            left = min(limits.ocr_page_seconds, deadline - time.monotonic())
            if left <= 0:
                file.set_aside(
                    worded("page {number}", number=number),
                    "a scanned page: no time was left for it (ingest.max_seconds)",
                )
                continue
            try:
                text = pytesseract.image_to_string(_drawn(document, number), lang=limits.ocr_language, timeout=left)
            except pytesseract.TesseractNotFoundError:
                file.set_aside(
                    worded("page {number}", number=number),
                    "a scanned page: Tesseract is missing (apt-get install tesseract-ocr)",
                )
            except pytesseract.TesseractError as error:
                reason = " ".join(str(error.message).split())[:160]
                file.set_aside(
                    worded("page {number}", number=number),
                    "a scanned page that Tesseract could not read ({reason})",
                    reason=reason,
                )
            except RuntimeError:  # how pytesseract says that the time was over
                limit = f"{limits.ocr_page_seconds:g} s (ingest.ocr_page_seconds)"
                file.set_aside(
                    worded("page {number}", number=number),
                    "a scanned page: Tesseract took longer than {limit}",
                    limit=limit,
                )
            except (pypdfium2.PdfiumError, ValueError, OSError) as error:
                file.set_aside(
                    worded("page {number}", number=number),
                    "a scanned page that could not be drawn ({error})",
                    error=error,
                )
            else:
                yield number, clean(text).replace("\f", "").strip()
    finally:
        document.close()


def _drawn(document: Any, number: int) -> Any:
    """The page as a grey picture at 300 dpi, or smaller where that were more than 40 megapixels."""
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(_DPI / 72, (_MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    return page.render(scale=scale, grayscale=True).to_pil()


def _all_aside(file: Content, numbers: Sequence[int], reason: str) -> None:
    for number in numbers:
        file.set_aside(worded("page {number}", number=number), reason)
