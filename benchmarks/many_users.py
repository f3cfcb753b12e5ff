"""Many visitors at once: latency, memory, errors, and whether anybody ever gets another one's answer.

The page's server runs in a process of its own, the visitors in this one: each loads the page, drops a file of his own,
asks about it with `quote` again and again, and begins a new conversation after every fourth question. What they send
is what a browser sends (tests/ui/visiting.py). By default over the small archive of the tests; --workspace takes any.
Each visitor has an account; a conversation that nobody shows is closed after half a minute.

    python benchmarks/many_users.py --visitors 50 --minutes 10 --think 0
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "ui")]

from small_archive import build_small_archive  # noqa: E402
from visiting import measured_visits  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds between an answer and the next question")
    parser.add_argument("--workspace", type=Path, help="default: the small archive of the tests")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = arguments.workspace or Path(folder)
        if arguments.workspace is None:
            build_small_archive(workspace)
        visits = measured_visits(workspace, arguments.visitors, 60 * arguments.minutes, arguments.think)
        print(json.dumps(asyncio.run(visits).summary(), indent=2))


if __name__ == "__main__":
    main()
