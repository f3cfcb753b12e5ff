"""Run code in a process whose memory peak is its own."""

import subprocess
import sys
from pathlib import Path

# A process starts with the peak of the one that starts it: a small one between leaves out what other tests took.
_START = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', sys.argv[1]]).returncode)"
_PATH = f"import sys; sys.path[:] = {[str(Path(__file__).parent), *sys.path]!r}\n"


def run_apart(code: str) -> bytes:
    """What the code prints; it can import what stands beside the tests. Raises CalledProcessError when it fails."""
    return subprocess.run([sys.executable, "-c", _START, _PATH + code], stdout=subprocess.PIPE, check=True).stdout
