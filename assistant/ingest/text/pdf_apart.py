"""Draw one page of a PDF with PDFium in a process of its own: damaged files can abort the process that draws them.

The caller sends one line of JSON (`{"size", "page", "width", "text_only"}`) and the file; it is answered by one line
with the words of the page and where they stand on the picture, says in one line which of them to blacken
(`{"hide": [numbers]}`), and gets one line `{"size"}` and a PNG. `{"error"}` may come instead of either answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import sys
from typing import IO, Any

MEMORY_BYTES = 2 << 30  # address space of the process
MAX_PIXELS = 16_000_000
_MARGIN = 1.5  # pixels by which a blackened word is covered beyond its letters

Word = tuple[str, float, float, float, float]  # letters; left, top, right, bottom in pixels


def _words(page: Any, width: int, height: int) -> list[Word]:
    """The runs of letters and figures of a page in reading order of the file, each with its box on the picture."""
    import pypdfium2.raw as pdfium

    text = page.get_textpage()
    found: list[Word] = []
    letters = ""
    boxes: list[tuple[float, float, float, float]] = []

    def end() -> None:
        nonlocal letters, boxes
        if letters:
            left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
            right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
            found.append((letters, left, top, right, bottom))
        letters, boxes = "", []

    for number in range(text.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(text, number))
        if letter.isspace() or letter == "\0":
            end()
            continue
        box = _on_picture(page, text.get_charbox(number, loose=True), width, height)
        if boxes and (abs(box[1] - boxes[-1][1]) > (box[3] - box[1]) / 2 or box[0] - boxes[-1][2] > box[3] - box[1]):
            end()  # another line, or far away on this one
        letters += letter
        boxes.append(box)
    end()
    return found


def _on_picture(
    page: Any, box: tuple[float, float, float, float], width: int, height: int
) -> tuple[float, float, float, float]:
    """A box of the page (left, bottom, right, top in points) in pixels (left, top, right, bottom)."""
    import pypdfium2.raw as pdfium

    corners = []
    for x, y in ((box[0], box[3]), (box[2], box[1])):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, width * 8, height * 8, 0, x, y, across, down)
        corners.append((across.value / 8, down.value / 8))
    xs, ys = sorted(c[0] for c in corners), sorted(c[1] for c in corners)
    return xs[0], ys[0], xs[1], ys[1]


def _keep_text_alone(page: Any) -> None:
    import pypdfium2.raw as pdfium

    for thing in list(page.get_objects(max_depth=1)):
        if thing.type != pdfium.FPDF_PAGEOBJ_TEXT:
            page.remove_obj(thing)


def _draw(asked: dict[str, Any], data: bytes, requests: IO[bytes], answers: IO[bytes]) -> None:
    import pypdfium2
    from PIL import ImageDraw

    document = pypdfium2.PdfDocument(data)
    if not 1 <= asked["page"] <= len(document):
        raise ValueError(f"the document has {len(document)} pages")
    page = document[asked["page"] - 1]
    points = page.get_size()
    scale = min(asked["width"] / max(points[0], 1.0), (MAX_PIXELS / max(1.0, points[0] * points[1])) ** 0.5)
    if asked["text_only"]:
        _keep_text_alone(page)
    picture = page.render(scale=scale, may_draw_forms=False, draw_annots=not asked["text_only"]).to_pil().convert("RGB")
    words = _words(page, picture.width, picture.height)
    _answer(answers, {"width": picture.width, "height": picture.height, "words": words})
    hide = json.loads(requests.readline())["hide"]
    pen = ImageDraw.Draw(picture)
    for number in hide:
        _, left, top, right, bottom = words[number]
        pen.rectangle((left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN), fill="black")
    out = io.BytesIO()
    picture.quantize(64).save(out, "PNG")
    _answer(answers, {"size": out.getbuffer().nbytes})
    answers.write(out.getbuffer())
    answers.flush()


def _answer(answers: IO[bytes], told: dict[str, Any]) -> None:
    answers.write(json.dumps(told).encode() + b"\n")
    answers.flush()


def main() -> None:
    """The process: one page, then it ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        requests = sys.stdin.buffer
        asked = json.loads(requests.readline())
        try:
            _draw(asked, requests.read(asked["size"]), requests, answers)
        except Exception as error:  # told to the parent, which shows the text instead
            _answer(answers, {"error": " ".join(str(error).split())[:400] or type(error).__name__})


if __name__ == "__main__":
    main()
