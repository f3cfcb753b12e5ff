"""Read thousands of damaged files: records or a reason, never a crash, a hang or too much memory.

    WARDROUND_DATA=… python benchmarks/ingest_fuzz.py --count 20000 [--keep FOLDER]

Prints one JSON document; exits 1 if any mutant crashed its reader, took over 10 s or a process over 1 GiB. `unnamed`
counts the reasons that a reader did not give itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "ingest"))

from corpus import seeds
from mutants import fuzz


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=20261126)
    arguments.add_argument("--only", default="", help="seeds whose name begins so")
    arguments.add_argument("--keep", type=Path, help="a folder for the mutants that went wrong")
    chosen = arguments.parse_args()
    begin = time.monotonic()
    kinds = [seed for seed in seeds() if seed[0].startswith(chosen.only)]
    with tempfile.TemporaryDirectory() as folder:
        result = fuzz(kinds, chosen.count, Path(folder), chosen.seed, chosen.keep)
    found = asdict(result) | {"seeds": len(kinds), "seconds": round(time.monotonic() - begin, 1)}
    found["unnamed"] = dict(result.unnamed.most_common(40))
    print(json.dumps(found, indent=2))
    return 1 if result.wrong or result.most_mb > 1024 else 0


if __name__ == "__main__":
    sys.exit(main())
