"""How long a radiograph of 2,000 × 2,500 pixels takes to be seen in Chromium, from the file on the disk.

Each way of storing it gives some radiographs of noise over shades, 12 bits deep. Two times are taken of each, with
nothing of it fetched before: `viewer`, from putting `<wr-image>` into the page to its picture on the canvas, and
`clicked`, from a click on the evidence in an answer's panel, which goes through the server, to the same. `shade` is
what one step of moving the window takes. The server shares the machine's cores with the browser.

    python benchmarks/picture_speed.py --pictures 7
"""

from __future__ import annotations

import argparse
import csv
import json
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "ui")]

from browsing import CHROMIUM, ask, drop  # noqa: E402

from assistant.assistant import Assistant  # noqa: E402
from assistant.settings import Settings, UiSettings  # noqa: E402

ROWS, COLUMNS = 2_500, 2_000
STORED = ("uncompressed", "RLE", "JPEG-LS", "JPEG 2000")

# Resolves to the milliseconds until the viewer that `begin` brings about has drawn its picture.
WAIT = """async (begin) => {
  const before = performance.now();
  const known = begin();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const viewer = document.querySelector('wr-image' + known);
    if (viewer?.shadowRoot?.querySelector('.wr-viewer[data-state=shown]')) return performance.now() - before;
    if (performance.now() - before > 60000) throw new Error('no picture after a minute');
  }
}"""
INSERT = f"""([html, key]) => ({WAIT})(() => {{
  document.querySelector('#bench')?.remove();
  const place = document.createElement('div');
  place.id = 'bench';
  place.style = 'position: fixed; inset: 0 0 0 auto; width: 700px; background: #fff; z-index: 99';
  document.body.append(place);
  place.innerHTML = html;
  return `[data-key="${{key}}"]`;
}})"""
CLICK = f"""(key) => ({WAIT})(() => {{
  document.querySelector(`button[data-evidence="${{key}}"]`).click();
  return `[data-key="${{key}}"]`;
}})"""
SHADE = """() => {
  const pane = document.querySelector('#bench wr-image').panes[0];
  const times = [];
  for (let n = 0; n < 21; n += 1) {
    const before = performance.now();
    pane.windowBy(1, 1);
    pane.drawNow();
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[10];
}"""


def radiograph(seed: int) -> np.ndarray:
    """Two dark lungs in 12 bits, with the noise of a detector."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS] / ROWS
    lungs = sum(np.exp(-(((x - centre) / 0.14) ** 2 + ((y - 0.45) / 0.28) ** 2)) for centre in (0.25, 0.6))
    noise = np.random.default_rng(seed).normal(0, 12, x.shape)
    return (3_000 - 2_300 * lungs + noise).clip(0, 4_095).astype(np.uint16)


def save(path: Path, pixels: np.ndarray, stored: str) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID = "DX", path.stem
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 1_800, 3_000
    data.PixelData = pixels.tobytes()
    syntax = {"RLE": RLELossless, "JPEG-LS": JPEGLSLossless, "JPEG 2000": JPEG2000Lossless}.get(stored)
    if syntax is not None:
        data.compress(syntax)
    data.save_as(path, enforce_file_format=True)


def archive(home: Path, pictures: int, stored: str) -> Assistant:
    """Studies of a radiograph and a report that a question finds."""
    (home / "data").mkdir(parents=True)
    (home / "indexes").mkdir()
    with (home / "data/studies.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "file", "patient", "report"])
        for n in range(pictures):
            save(home / f"data/{n}.dcm", radiograph(n), stored)
            side = ("right", "left")[n % 2]
            rows.writerow([f"s{n}", f"{n}.dcm", f"p{n}", f"FINDINGS: Pleural effusion on the {side}, {n + 2} cm deep."])
    recipe = home / "indexes/wide.toml"
    recipe.write_text(
        'name = "wide"\n[[source]]\npath = "../data"\nmanifest = "studies.csv"\n[source.columns]\nid = "id"\n'
        'path = "{file}"\npatient_id = "patient"\ntext = "report"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe, workspace=home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Assistant.open(home, settings=Settings(ui=UiSettings(port=port)))


def measured(opened: Assistant, pictures: int, upload: Path) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from assistant.ui.evidence.picture import viewer
    from assistant.ui.server import PageServer

    records = [next(r for r in opened.study(f"s{n}") if r.kind == "image") for n in range(pictures)]
    with PageServer(opened, opened.settings.ui.port) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.goto(server.url)
        page.wait_for_selector("#wr-box textarea")
        page.wait_for_timeout(2_000)
        inserted = [
            page.evaluate(INSERT, [str(viewer(r, key=r.record_id, label="X-ray")), r.record_id]) for r in records
        ]
        shade = page.evaluate(SHADE)
        page.evaluate("document.querySelector('#bench').remove()")
        page.reload()  # nothing fetched is left
        page.wait_for_selector("#wr-box textarea")
        drop(page, upload)
        ask(page, "What do similar studies show?")
        page.evaluate("document.querySelectorAll('#wr-evidence details').forEach((one) => { one.open = true; })")
        kinds = "buttons => buttons.filter((b) => /X-ray.*another/s.test(b.textContent)).map((b) => b.dataset.evidence)"
        keys = list(dict.fromkeys(page.eval_on_selector_all("#wr-evidence button[data-evidence]", kinds)))
        clicked = [page.evaluate(CLICK, key) for key in keys]
        browser.close()
    return {"viewer_ms": inserted, "clicked_ms": clicked, "shade_ms": shade}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=7, help="of each way of storing them")
    parser.add_argument("--stored", choices=STORED, action="append", help="default: all")
    arguments = parser.parse_args()
    for stored in arguments.stored or STORED:
        with tempfile.TemporaryDirectory() as folder:
            opened = archive(Path(folder), arguments.pictures, stored)
            save(Path(folder) / "upload.dcm", radiograph(99)[::8, ::8], "uncompressed")
            found = measured(opened, arguments.pictures, Path(folder) / "upload.dcm")
            row = {"stored": stored, "shade_ms": round(found["shade_ms"], 1)}
            for name in ("viewer_ms", "clicked_ms"):
                times = sorted(found[name])
                row |= {
                    name: round(statistics.median(times)),
                    f"{name[:-3]}_most_ms": round(times[-1]),
                    f"{name[:-3]}_n": len(times),
                }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
