"""How surely a picture of an ECG on paper is told, and how often another picture is taken for one.

    WARDROUND_DATA=… python benchmarks/ecg_paper.py [--records 60]

- *photographs*: fourteen scans and photographs of ecg-image-kit (PhysioNet). The thresholds were chosen with them in
  sight.
- *printed*: records of LUDB (Lobachevsky University, PhysioNet) drawn on paper of several colours, then photographed by
  program: turned up to 12°, seen aslant, blurred, shaded, noisy, kept as JPEG of 700 to 2,600 pixels.
- *others*: chest X-rays of the COVID-19 collection, DICOM test files of pydicom, pages of articles (PDF) at two sizes
  as they are and photographed as above, pages of monospaced text and of a table.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter

from assistant.errors import UnreadableFile
from assistant.generate.ecg_picture import ecg_picture
from assistant.ingest import read_file
from assistant.ingest.image.paper import shows
from assistant.settings import IngestSettings

PAPERS = {  # what the drawn page's white and black become
    "pink": ((255, 240, 238), (20, 20, 30)), "yellow": ((244, 236, 208), (30, 30, 60)),
    "grey": ((226, 226, 222), (40, 40, 40)), "white": ((255, 255, 255), (0, 0, 0)),
}  # fmt: skip


def photographed(page: Pillow.Image, rng: np.random.Generator) -> np.ndarray:
    """A page on a table as a camera keeps it."""
    width = int(rng.integers(700, 2600))
    page = page.convert("RGB").resize(
        (width, max(1, round(page.height * width / page.width))), Pillow.Resampling.LANCZOS
    )
    table = tuple(int(level) for level in rng.integers(90, 200, 3))
    page = page.rotate(float(rng.uniform(-12, 12)), Pillow.Resampling.BICUBIC, expand=True, fillcolor=table)
    across, down = page.size
    slant = [float(part) for part in rng.uniform(0, 0.06, 8)]
    corners = (
        slant[0] * across, slant[1] * down, slant[2] * across, (1 - slant[3]) * down,
        (1 - slant[4]) * across, (1 - slant[5]) * down, (1 - slant[6]) * across, slant[7] * down,
    )  # fmt: skip
    page = page.transform(page.size, Pillow.Transform.QUAD, corners, Pillow.Resampling.BICUBIC)
    page = page.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, across / 1800))))
    light = np.linspace(rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.05), across)[None, :, None]
    pixels = np.asarray(page, np.float32) * light + rng.normal(0, rng.uniform(1, 7), (down, across, 1))
    kept = io.BytesIO()
    Pillow.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(kept, "JPEG", quality=int(rng.integers(55, 92)))
    return np.asarray(Pillow.open(kept))


def printed(folder: Path, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    headers = sorted(folder.rglob("*.hea"))[:count]
    for number, header in enumerate(headers):
        (signal,) = (record.signal for record in read_file(header, IngestSettings()) if record.signal is not None)
        white, black = list(PAPERS.values())[number % len(PAPERS)]
        pixels = ecg_picture(signal).pixels.astype(np.float32) / 255
        tinted = np.array(black) + pixels * (np.array(white, np.float32) - np.array(black))
        yield photographed(Pillow.fromarray(tinted.astype(np.uint8)), rng)


def pages(folder: Path) -> Iterator[Pillow.Image]:
    import pypdfium2

    for path in sorted(folder.glob("*.pdf")):
        document = pypdfium2.PdfDocument(path)
        for page in document:
            for scale in (1.0, 2.0):
                yield page.render(scale=scale).to_pil().convert("RGB")


def drawn_pages() -> Iterator[Pillow.Image]:
    """Monospaced text and a table: what is most like a grid among documents."""
    for size in (12, 16, 22):
        page = Pillow.new("RGB", (1000, 1400), "white")
        drawing = ImageDraw.Draw(page)
        for line in range(1360 // (size + 4)):
            text = "".join(
                "abcdefghijklmnop 0123456789"[(line * 7 + n * n) % 27] for n in range(940 // (size // 2 + 1))
            )
            drawing.text((20, 20 + line * (size + 4)), text, fill="black", font_size=size)
        yield page
    for rows, columns in ((40, 6), (24, 12)):
        page = Pillow.new("RGB", (1000, 1400), "white")
        drawing = ImageDraw.Draw(page)
        for row in range(rows + 1):
            drawing.line([(20, 20 + row * 1360 / rows), (980, 20 + row * 1360 / rows)], fill="black")
            for column in range(columns):
                drawing.text(
                    (26 + column * 960 / columns, 24 + row * 1360 / rows), f"{row * column % 97}.{column}", fill="black"
                )
        for column in range(columns + 1):
            drawing.line([(20 + column * 960 / columns, 20), (20 + column * 960 / columns, 1380)], fill="black")
        yield page


def of_files(paths: Iterator[Path]) -> Iterator[np.ndarray]:
    for path in paths:
        try:
            records = read_file(path, IngestSettings())
        except UnreadableFile as error:  # some test files are meant to be
            print(f"  left out: {path.name}: {error}"[:120])
            continue
        yield from (record.image.pixels for record in records if record.image is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=60)
    chosen = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    rng = np.random.default_rng(0)
    import pydicom

    tests = Path(pydicom.__file__).parent / "data"
    xrays = (
        path
        for path in sorted((data / "covid_chestxray").rglob("*"))
        if path.suffix.lower() in {".png", ".jpg", ".jpeg"}
    )
    articles = list(pages(data / "medical_pdf"))
    sets = {
        "photographs of ECGs": (
            np.asarray(Pillow.open(p).convert("RGB")) for p in sorted((data / "ecg_paper_images").glob("ecg*"))
        ),
        "printed ECGs, photographed": printed(data / "ludb_ecg", chosen.records, rng),
        "chest X-rays": of_files(xrays),
        "DICOM test files": of_files(iter(sorted(tests.rglob("*.dcm")))),
        "article pages": (np.asarray(page) for page in articles),
        "article pages, photographed": (photographed(page, rng) for page in articles[1::2]),
        "text and tables": (np.asarray(page) for page in drawn_pages()),
        "text and tables, photographed": (photographed(page, rng) for page in drawn_pages() for _ in range(8)),
    }
    print("| pictures | n | told to be an ECG on paper | median ms each |\n|---|---:|---:|---:|")
    for name, pictures in sets.items():
        told, seconds = [], []
        for pixels in pictures:
            start = time.perf_counter()
            told.append(bool(shows(pixels)))
            seconds.append(time.perf_counter() - start)
        print(f"| {name} | {len(told)} | {sum(told)} | {1000 * float(np.median(seconds)):.0f} |", flush=True)


if __name__ == "__main__":
    main()
