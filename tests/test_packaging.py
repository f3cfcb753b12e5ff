"""The wheel stands on its own: into an empty environment, and used away from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(1200)  # installing everything from the index takes minutes on a busy machine

CHECKOUT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, status: int = 0) -> str:
    """Standard output of a command that must end with `status`; none of this process's Python settings reach it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment.pop("WARDROUND_DATA", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git knows of the checkout, so nothing that merely lies about gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, CHECKOUT, cwd=folder)
    (built,) = folder.glob("wardround-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a new environment with nothing but the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    programs = folder / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=folder.parent)
    return programs


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with a real ECG and a real CT slice (pydicom's test files), a picture and a report."""
    import pydicom
    from PIL import Image

    folder = tmp_path / "ward-7"
    folder.mkdir()
    real = Path(pydicom.__file__).parent / "data" / "test_files"
    for name in ("waveform_ecg.dcm", "CT_small.dcm"):
        shutil.copyfile(real / name, folder / name)
    slice_ = pydicom.dcmread(real / "CT_small.dcm").pixel_array
    Image.fromarray((slice_.astype(float) / slice_.max() * 255).astype("uint8")).save(folder / "slice.png")
    (folder / "report.txt").write_text(
        "FINDINGS: There is a small right pleural effusion. The heart is of normal size.\n\n"
        "IMPRESSION: Small right pleural effusion.\n",
        encoding="utf-8",
    )
    return folder


def test_wheel_holds_one_import_package_and_the_workspace_defaults(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"assistant", "wardround"}
    assert "assistant/py.typed" in names
    assert "assistant/data/indexes/demo.toml" in names
    assert "assistant/data/prompts/answer.md" in names
    assert any(name.startswith("assistant/data/eval/") and name.endswith(".toml") for name in names)
    assert not any("demo-data" in name or "/generations/" in name for name in names), "a built index got into the wheel"
    assert {name.rpartition("/")[2] for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_no_torch_is_required(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        (metadata,) = (name for name in file.namelist() if name.endswith("METADATA"))
        lines = file.read(metadata).decode().splitlines()
    base = [line for line in lines if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert base
    assert not any(word in line for line in base for word in ("torch", "transformers", "vllm"))


def test_away_from_the_checkout(installed: Path, archive: Path, tmp_path: Path) -> None:
    wardround = installed / "wardround"
    assert "index" in run(wardround, "--help", cwd=tmp_path)

    run(wardround, "init", tmp_path / "workspace", cwd=tmp_path)
    workspace = tmp_path / "workspace"
    assert (workspace / "prompts" / "answer.md").is_file()
    assert (workspace / "indexes" / "demo.toml").is_file()

    built = json.loads(run(wardround, "index", archive, "--json", cwd=workspace))
    assert built["index"] == "ward-7"
    assert built["set_aside"] == []
    assert built["added"] == 4
    assert built["records"]["image"] == 2
    assert built["records"]["signal"] == 1

    again = json.loads(run(wardround, "index", archive, "--json", cwd=workspace))
    assert (again["added"], again["unchanged"]) == (0, 4)

    answer = json.loads(run(wardround, "ask", "Is there a pleural effusion?", "--json", cwd=workspace))
    assert not answer["abstained"]
    assert "effusion" in answer["text"]
    cited = {citation for claim in answer["claims"] for citation in claim["citations"]}
    assert cited
    assert cited <= {evidence["id"] for evidence in answer["evidence"]}

    # The package that answers is the installed one, not the checkout's.
    where = run(installed / "python", "-c", "import assistant; print(assistant.__file__)", cwd=workspace)
    assert Path(where.strip()).is_relative_to(installed.parent)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, assistant.cli; assistant.cli.parser().format_help(); heavy = "
        "{'numpy', 'torch', 'gradio', 'onnxruntime', 'faiss', 'pydicom', 'sqlalchemy'}; print(heavy & {*sys.modules})"
    )
    assert run(sys.executable, "-c", code, cwd=CHECKOUT).strip() == "set()"


def test_workspace_defaults_are_found_in_the_checkout() -> None:
    from assistant.resources import resource_dir

    assert (resource_dir("indexes") / "demo.toml").is_file()
    assert resource_dir("prompts") == CHECKOUT / "prompts"
