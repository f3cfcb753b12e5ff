"""How long reading takes: each format against the plain library call, three archives through the pool, a second run.

    WARDROUND_DATA=… python benchmarks/ingest_throughput.py [--files] [--index]

1. For each class of files, they are read by turns with the plain library (decoded to the same thing: pixels, samples,
   text) and with `read_file`, after one reading of each that does not count, in one process that may die of a file,
   like the pool's workers. The figure of a file is the ratio of the two medians of processor time; beside it stands
   that of wall time, which other work on the machine disturbs.
2. The items of `recipes/three_archives.toml` are read through the process pool, de-identification on, nothing encoded.
3. With --index the recipe is built (minutes, most of it encoding) and `wardround index` run again over the unchanged
   archive, whole process included.

Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pypdf
import wfdb
from PIL import Image
from pydicom.data import get_testdata_file, get_testdata_files
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, iter_items, load_recipe, read_file
from assistant.ingest.dicom.decode_apart import expendable
from assistant.ingest.pool import read_items
from assistant.ingest.quiet import quiet
from assistant.pseudonyms import Pseudonyms
from assistant.settings import Settings

REPEATS = (3, 25)  # turns: at least, at most
ENOUGH_S = 0.5  # a file's turns end after this time
RECIPE = Path(__file__).parent / "recipes" / "three_archives.toml"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--index", action="store_true", help="build the index and time the second run")
    arguments.add_argument("--files", action="store_true", help="only compare file by file")
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore")
    data = Path(os.environ["WARDROUND_DATA"])
    expendable()  # as the workers of the pool are: GDCM decodes in this process
    with tempfile.TemporaryDirectory() as made, quiet():
        found: dict[str, object] = {
            "per_file": {name: compare(*pair) for name, pair in classes(data, Path(made)).items()}
        }
    if not chosen.files:
        found["pool"] = through_the_pool()
    if chosen.index:
        found["second_run"] = second_run()
    print(json.dumps(found, indent=2))


Plain = Callable[[Path], object]
Class = tuple[list[Path], Plain]


def classes(data: Path, made: Path) -> dict[str, Class]:
    """The files of each class, and the plain call that decodes them to the same thing.

    Of public test files those are left out that a plain call or Wardround refuses. `made` is a folder for the pictures
    of usual size, which are synthetic: small test pictures enlarged, with noise in their lowest bits.
    """
    sizes = [Path(name) for name in sorted(get_testdata_files("*.dcm")) if Path(name).stat().st_size < 3_000_000]
    larger = [path for path in sizes if path.stat().st_size > 20_000]
    single, several = [], []
    for path in larger:
        header = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        (several if int(header.get("NumberOfFrames", 1) or 1) > 1 else single).append(path)
    found: dict[str, Class] = {
        "dicom, small test files": (single, _dicom),
        "dicom, several frames": (several, _dicom),
    }
    found |= {f"dicom, {name}": ([path], _dicom) for name, path in usual_sizes(made).items()}
    return found | {
        "png of 64 x 64": (sorted((data / "nih_cxr64" / "images").glob("*.png"))[:60], _picture),
        "chest picture": (sorted((data / "covid_chestxray" / "images").glob("*.*"))[:40], _picture),
        "wfdb, ludb": (sorted((data / "ludb_ecg" / "data").glob("*.hea"))[:40], _wfdb),
        "wfdb, other layouts": (sorted((data / "wfdb_samples").glob("*.hea")), _wfdb),
        "pdf": (sorted((data / "medical_pdf").glob("*.pdf")), _pdf),
    }


def _dicom(path: Path) -> object:
    return pydicom.dcmread(path).pixel_array


def _picture(path: Path) -> object:
    with Image.open(path) as picture:
        return np.asarray(picture)


def _wfdb(path: Path) -> object:
    return wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False)  # as Wardround asks for it


def _pdf(path: Path) -> object:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def usual_sizes(folder: Path) -> dict[str, Path]:
    """A CT slice and a radiograph of the usual size in the usual transfer syntaxes, made from a small test picture."""
    found = {}
    for name, rows, columns, bits in (("CT 512 x 512", 512, 512, 16), ("CR 2500 x 2000", 2500, 2000, 12)):
        for syntax in (ExplicitVRLittleEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless):
            dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
            small = Image.fromarray(dataset.pixel_array.astype(np.float32))
            large = np.asarray(small.resize((columns, rows), Image.Resampling.BICUBIC))
            large = large + np.random.default_rng(1).normal(0, 8, large.shape)
            dataset.set_pixel_data(
                np.clip(large, 0, (1 << bits) - 1).astype(np.uint16), "MONOCHROME2", bits, generate_instance_uid=False
            )
            dataset.WindowCenter, dataset.WindowWidth = (40, 400) if bits == 16 else (1000, 2000)
            if bits == 12:
                dataset.Modality, dataset.RescaleIntercept = "CR", 0
            if syntax.is_compressed:
                dataset.compress(syntax)
            label = f"{name}, {syntax.name.partition(' (')[0]}"
            found[label] = folder / f"{len(found)}.dcm"
            dataset.save_as(found[label])
    return found


def compare(files: list[Path], plain: Plain) -> dict[str, float]:
    """Both ways by turns on each file, medians over the turns; files that either way refuses are left out."""
    ratios, wall, ours_ms, plain_ms = [], [], [], []
    limits = Settings().ingest
    for path in files:
        try:
            plain(path)
            read_file(path, limits)
        except UnreadableFile:
            continue
        except Exception:  # the plain library's own ways to refuse
            continue
        took: dict[str, list[tuple[float, float]]] = {"plain": [], "ours": []}
        begun = time.perf_counter()
        while len(took["ours"]) < REPEATS[0] or (
            len(took["ours"]) < REPEATS[1] and time.perf_counter() - begun < ENOUGH_S
        ):
            for name, call in (("plain", partial(plain, path)), ("ours", partial(read_file, path, limits))):
                begin = time.process_time(), time.perf_counter()
                call()
                took[name].append((time.process_time() - begin[0], time.perf_counter() - begin[1]))
        cpu, clock = ({name: statistics.median(one[n] for one in took[name]) for name in took} for n in (0, 1))
        ratios.append(cpu["ours"] / cpu["plain"])
        wall.append(clock["ours"] / clock["plain"])
        ours_ms.append(cpu["ours"] * 1000)
        plain_ms.append(cpu["plain"] * 1000)
    return {
        "files": len(ratios),
        "median_ratio": round(statistics.median(ratios), 2),
        "median_ratio_wall": round(statistics.median(wall), 2),
        "worst_ratio": round(max(ratios), 2),
        "within_30_percent": sum(ratio <= 1.3 for ratio in ratios),
        "total_ratio": round(sum(ours_ms) / sum(plain_ms), 2),
        "median_plain_ms": round(statistics.median(plain_ms), 2),
        "median_ours_ms": round(statistics.median(ours_ms), 2),
    }


def through_the_pool() -> dict[str, object]:
    settings, recipe = Settings(), load_recipe(RECIPE)
    begin = time.perf_counter()
    items = list(iter_items(recipe, settings.ingest))
    listed = time.perf_counter() - begin
    cleaner = partial(Deidentifier, Pseudonyms(bytes(32)), settings.deid)
    kinds, aside, seconds = Counter[str](), 0, Counter[str]()
    for item, outcome in zip(items, read_items(items, recipe, settings.ingest, cleaner), strict=True):
        aside += outcome.reason is not None
        seconds[recipe.source[item.source].path.name] += outcome.seconds
        kinds.update(record.kind for record in (outcome.reading.records if outcome.reading else ()))
    return {
        "items": len(items),
        "records": dict(kinds),
        "set_aside": aside,
        "listing_s": round(listed, 2),
        "total_s": round(time.perf_counter() - begin, 2),
        "worker_seconds": {name: round(value, 2) for name, value in seconds.items()},
    }


def second_run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as workspace:
        command = [sys.executable, "-m", "assistant.cli", "index", str(RECIPE), "--workspace", workspace, "--json"]
        times, reports = [], []
        for _ in range(4):
            begin = time.perf_counter()
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            times.append(round(time.perf_counter() - begin, 2))
            reports.append(json.loads(done.stdout))
    return {
        "first_s": times[0],
        "second_s": times[1:],
        "unchanged": reports[1]["unchanged"],
        "set_aside": len(reports[1]["set_aside"]),
        "records": reports[1]["records"],
        "removed_identifiers": reports[1]["removed_identifiers"],
    }


if __name__ == "__main__":
    main()
