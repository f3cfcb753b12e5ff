"""How long a radiograph of 2,000 × 2,500 pixels takes to be seen in Chromium, from the file on the disk.

Each way of storing it gives some radiographs of noise over shades, 12 bits deep. These times are taken, with nothing of
it fetched before: `viewer`, from putting `<wr-image>` into the page to its picture on the canvas, which may be a coarse
one of as many pixels as the canvas shows; `whole`, to all of its pixels; and with `--clicked`, from a click on the
evidence in an answer's panel, which goes through the server, to the picture on the canvas. `shade` is what one step of
moving the window takes. The server shares the machine's cores with the browser.

    python benchmarks/picture_speed.py --pictures 7

HTJ2K and JPEG lossless are written by imagecodecs (`pip install imagecodecs`), without which they are left out.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "ui")]

from browsing import CHROMIUM, ask, drop  # noqa: E402

from assistant.assistant import Assistant  # noqa: E402
from assistant.settings import Settings, UiSettings  # noqa: E402

ROWS, COLUMNS = 2_500, 2_000
STAGE = (700, 522)  # pixels in which a picture is fitted on a page of 1,440 × 900
SYNTAXES = {  # UID, and how pydicom's or imagecodecs' encoder is told to write it
    "uncompressed": ("1.2.840.10008.1.2.1", {}),
    "RLE": ("1.2.840.10008.1.2.5", {}),
    "JPEG lossless": ("1.2.840.10008.1.2.4.70", {"bitspersample": 12}),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", {}),
    "JPEG-LS, near-lossless": ("1.2.840.10008.1.2.4.81", {"jls_error": 2}),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", {}),
    "JPEG 2000, lossy 10:1": ("1.2.840.10008.1.2.4.91", {"j2k_cr": [10]}),
    "HTJ2K": ("1.2.840.10008.1.2.4.201", {"reversible": True}),
}
BY_IMAGECODECS = {"JPEG lossless": "ljpeg_encode", "HTJ2K": "htj2k_encode"}
STORED = tuple(name for name in SYNTAXES if name not in BY_IMAGECODECS or find_spec("imagecodecs"))

# Resolves to the milliseconds until the viewer that `begin` brings about has drawn its picture, and all of it.
WAIT = """async (begin) => {
  const before = performance.now();
  const known = begin();
  let first;
  for (;;) {
    await new Promise(requestAnimationFrame);
    const viewer = document.querySelector('wr-image' + known);
    const shown = viewer?.shadowRoot?.querySelector('.wr-viewer[data-state=shown]');
    first ??= shown && performance.now() - before;
    if (first && !(viewer.panes[0].picture.coarse > 0)) return [first, performance.now() - before];
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


def save(path: Path, pixels: np.ndarray, stored: str, patient: str | None = None) -> None:
    """A DICOM of 12 bits; its patient is called as the file where nothing else is said."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID = "DX", patient or path.stem
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 1_800, 3_000
    data.PixelData = pixels.tobytes()
    uid, options = SYNTAXES[stored]
    if stored in BY_IMAGECODECS:
        import imagecodecs

        data.PixelData = encapsulate([getattr(imagecodecs, BY_IMAGECODECS[stored])(pixels, **options)])
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
        data.file_meta.TransferSyntaxUID = uid
    elif uid != ExplicitVRLittleEndian:
        data.compress(uid, generate_instance_uid=False, **options)
    data.save_as(path, enforce_file_format=True)


def archive(home: Path, pictures: int, storings: Sequence[str]) -> Assistant:
    """Studies of a radiograph and a report that a question finds: so many of each way of storing it."""
    (home / "data").mkdir(parents=True)
    (home / "indexes").mkdir()
    with (home / "data/studies.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "file", "patient", "report"])
        for n in range(pictures * len(storings)):
            save(home / f"data/{n}.dcm", radiograph(n), storings[n // pictures])
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


def looked_at(page: Any, opened: Assistant, studies: int) -> tuple[list[list[float]], float]:
    """[to the first look, to the whole picture] of each study's radiograph, and a step of the window, in ms."""
    from assistant.ui.evidence.picture import viewer
    from assistant.ui.gate.door import Door
    from assistant.ui.gate.visitor import Visitor, entering

    records = [next(r for r in opened.study(f"s{n}") if r.kind == "image") for n in range(studies)]
    door = next(one for one in gc.get_objects() if isinstance(one, Door))  # addresses are sealed for its visitors
    with entering(Visitor(site=door.site)):
        html = [(str(viewer(r, key=r.record_id, label="X-ray")), r.record_id) for r in records]
    return [page.evaluate(INSERT, list(one)) for one in html], page.evaluate(SHADE)


def clicked(page: Any, upload: Path) -> list[list[float]]:
    """The same of radiographs that are chosen in an answer's panel."""
    page.reload()  # nothing fetched is left
    page.wait_for_selector("#wr-box textarea")
    drop(page, upload)
    ask(page, "What do similar studies show?")
    page.evaluate("document.querySelectorAll('#wr-evidence details').forEach((one) => { one.open = true; })")
    kinds = "buttons => buttons.filter((b) => /X-ray.*another/s.test(b.textContent)).map((b) => b.dataset.evidence)"
    keys = list(dict.fromkeys(page.eval_on_selector_all("#wr-evidence button[data-evidence]", kinds)))
    return [page.evaluate(CLICK, key) for key in keys]


def processed(folder: Path, stored: str, times: int = 7) -> dict[str, float]:
    """Processor and clock, in ms, of what the server does for a first look and for the whole picture, without a
    browser: reading, hashing, decoding, grading, packing. GDCM's process (JPEG lossless) is in the clock alone."""
    from assistant.ingest.content import load
    from assistant.ingest.dicom.depth import read_depth
    from assistant.settings import IngestSettings
    from assistant.ui.evidence.pixels import packed

    limits = IngestSettings()
    save(folder / "one.dcm", radiograph(1), stored)
    found: dict[str, float] = {}
    for name, within in (("first", STAGE), ("whole", None)):
        taken = []
        for _ in range(times):
            clock, processor = time.perf_counter(), time.process_time()
            file = load(folder / "one.dcm", limits)
            assert len(file.sha256) == 64  # taken of every file that is shown
            packed(read_depth(file, 0, limits, within))
            taken.append((time.process_time() - processor, time.perf_counter() - clock))
        for kind, values in zip(("processor", "clock"), zip(*taken, strict=True), strict=True):
            found[f"{name}_{kind}_ms"] = round(1_000 * statistics.median(values))
    return found


def told(name: str, times: list[float]) -> dict[str, float]:
    return {
        f"{name}_ms": round(statistics.median(times)),
        f"{name}_most_ms": round(max(times)),
        f"{name}_n": len(times),
    }


def main() -> None:
    from playwright.sync_api import sync_playwright

    from assistant.ui.server import PageServer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=7, help="of each way of storing them")
    parser.add_argument("--stored", choices=STORED, action="append", help="default: all")
    parser.add_argument("--clicked", action="store_true", help="also from a click in an answer's panel; one --stored")
    parser.add_argument("--processor", action="store_true", help="what the server does, without a browser")
    arguments = parser.parse_args()
    storings, pictures = arguments.stored or STORED, arguments.pictures
    if arguments.clicked and len(storings) != 1:
        parser.error("--clicked takes one --stored: which pictures an answer finds is not ours to say")
    with tempfile.TemporaryDirectory() as folder:
        if arguments.processor:
            for stored in storings:
                load = round(os.getloadavg()[0], 1)
                print(json.dumps({"stored": stored, **processed(Path(folder), stored), "load": load}), flush=True)
            return
        opened = archive(Path(folder), pictures, storings)
        with PageServer(opened, opened.settings.ui.port) as server, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            page.goto(server.url)
            page.wait_for_selector("#wr-box textarea")
            page.wait_for_timeout(2_000)
            times, shade = looked_at(page, opened, pictures * len(storings))
            for at, stored in enumerate(storings):
                first, whole = zip(*times[at * pictures : (at + 1) * pictures], strict=True)
                row = {"stored": stored, **told("viewer", list(first)), **told("whole", list(whole))}
                print(json.dumps(row | {"load": round(os.getloadavg()[0], 1)}), flush=True)
            print(json.dumps({"shade_ms": round(shade, 1)}), flush=True)
            if arguments.clicked:
                page.evaluate("document.querySelector('#bench').remove()")
                save(Path(folder) / "upload.dcm", radiograph(99)[::8, ::8], "uncompressed")
                print(json.dumps(told("clicked", [one[0] for one in clicked(page, Path(folder) / "upload.dcm")])))
            browser.close()


if __name__ == "__main__":
    main()
