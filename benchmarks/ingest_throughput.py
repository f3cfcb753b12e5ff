"""How long reading takes: each format against the plain library call, three archives through the pool, a second run.

    WARDROUND_DATA=… python benchmarks/ingest_throughput.py [--index]

1. For each format, files are read by turns with the plain library (decoded to the same thing: pixels, samples, text)
   and with `read_file`; the figure is the median over files of the ratio of the two best times.
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
from pydicom.data import get_testdata_files

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, iter_items, load_recipe, read_file
from assistant.ingest.pool import read_items
from assistant.pseudonyms import Pseudonyms
from assistant.settings import Settings

REPEATS = 5
RECIPE = Path(__file__).parent / "recipes" / "three_archives.toml"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--index", action="store_true", help="build the index and time the second run")
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore")
    data = Path(os.environ["WARDROUND_DATA"])
    found = {"per_file": {name: compare(*pair) for name, pair in formats(data).items()}, "pool": through_the_pool()}
    if chosen.index:
        found["second_run"] = second_run()
    print(json.dumps(found, indent=2))


Plain = Callable[[Path], object]


def formats(data: Path) -> dict[str, tuple[list[Path], Plain]]:
    # files that Wardround reads and that are not damaged on purpose
    dicom = [Path(name) for name in get_testdata_files("*.dcm") if 20_000 < Path(name).stat().st_size < 3_000_000]
    return {
        "dicom": (sorted(dicom), lambda path: pydicom.dcmread(path).pixel_array),
        "png": (sorted((data / "nih_cxr64" / "images").glob("*.png"))[:60], lambda path: np.asarray(Image.open(path))),
        "chest picture": (
            sorted((data / "covid_chestxray" / "images").glob("*.*"))[:20],
            lambda path: np.asarray(Image.open(path)),
        ),
        "wfdb": (
            sorted((data / "ludb_ecg" / "data").glob("*.hea"))[:40],
            lambda path: wfdb.rdrecord(str(path.with_suffix(""))),
        ),
        "pdf": (
            sorted((data / "medical_pdf").glob("*.pdf")),
            lambda path: [page.extract_text() for page in pypdf.PdfReader(path).pages],
        ),
    }


def compare(files: list[Path], plain: Plain) -> dict[str, float]:
    """Both ways by turns on each file; files that either way refuses are left out."""
    ratios, ours_ms, plain_ms = [], [], []
    limits = Settings().ingest
    for path in files:
        try:
            plain(path)
            read_file(path, limits)
        except UnreadableFile:
            continue
        except Exception:  # the plain library's own ways to refuse
            continue
        best = {"plain": float("inf"), "ours": float("inf")}
        for _ in range(REPEATS if path.suffix != ".pdf" else 2):
            for name, call in (("plain", partial(plain, path)), ("ours", partial(read_file, path, limits))):
                begin = time.perf_counter()
                call()
                best[name] = min(best[name], time.perf_counter() - begin)
        ratios.append(best["ours"] / best["plain"])
        ours_ms.append(best["ours"] * 1000)
        plain_ms.append(best["plain"] * 1000)
    return {
        "files": len(ratios),
        "median_ratio": round(statistics.median(ratios), 2),
        "worst_ratio": round(max(ratios), 2),
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
