"""Pages of real PDFs drawn with cited words lit: of how many passages a word is found on the page, and how soon.

    python benchmarks/pdf_pages.py [--pages 8]

Data: the medical articles of $WARDROUND_DATA/medical_pdf (PubMed Central, CC BY). Each page is drawn as another
document's and as a patient's, of which only the text is drawn and what the record's text lacks is blackened. A figure
is a share of all passages or words, or a median over pages.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

from assistant.ingest import read_file
from assistant.ingest.text.pdf_page import draw_page, pages_of
from assistant.records import Record
from assistant.settings import IngestSettings


def measure(path: Path, most: int) -> tuple[int, int, list[float], list[int]]:
    """(passages, those of which something is lit, seconds a page, words blackened a page of a patient)."""
    record: Record = read_file(path, IngestSettings())[0]
    data = path.read_bytes()
    passages, lit, seconds, hidden = 0, 0, [], []
    for page in sorted(pages_of(record))[:most]:
        began = time.perf_counter()
        hidden.append(draw_page(data, replace(record, patient_id="p"), page, str).hidden)
        seconds.append(time.perf_counter() - began)
        on_page = [p for p in record.passages if p.page == page]
        passages += len(on_page)
        lit += sum(bool(draw_page(data, record, page, str, (p.start, p.end)).lit) for p in on_page[:2])
        passages -= max(0, len(on_page) - 2)
    return passages, lit, seconds, hidden


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pages", type=int, default=8, help="of each document, at most")
    most = arguments.parse_args().pages
    folder = Path(os.environ.get("WARDROUND_DATA", "data")) / "medical_pdf"
    files = sorted(folder.glob("*.pdf"))
    if not files:
        raise SystemExit(f"{folder}: no PDF there; set WARDROUND_DATA to the folder of public data sets")
    found = [measure(path, most) for path in files]
    passages, lit = sum(f[0] for f in found), sum(f[1] for f in found)
    seconds = [s for f in found for s in f[2]]
    hidden = [n for f in found for n in f[3]]
    print(f"{len(files)} documents, {len(seconds)} pages, {passages} passages (two of each page)")
    print(f"passages of which something is lit: {lit} ({lit / passages:.0%})")
    print(f"words blackened on a patient's page: median {statistics.median(hidden):.0f}, most {max(hidden)}")
    print(f"seconds to draw a page: median {statistics.median(seconds):.2f}, slowest {max(seconds):.2f}")


if __name__ == "__main__":
    main()
