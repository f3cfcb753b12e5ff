"""Whoever looks for a figure's script finds it: benchmarks/README.md names every one, and no other."""

import re
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_the_list_names_every_script_and_no_other():
    named = re.findall(r"^\| `(\w+\.py)`", (BENCHMARKS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in BENCHMARKS.glob("*.py"))
