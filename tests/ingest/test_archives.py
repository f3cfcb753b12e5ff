"""ZIP and TAR archives, read without unpacking them."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import iter_items, load_recipe, read_file, read_item
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
TEXTS = {"a/one.txt": "The first report says nothing.", "a/two.txt": "The second report says more."}


def write_tar(path, members=None, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, text in (members or TEXTS).items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def write_zip(path, members=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (members or TEXTS).items():
            archive.writestr(name, text)
    return path


def recipe_of(folder):
    path = folder.parent / "recipe.toml"
    path.write_text(f'name = "r"\n[[source]]\npath = "{folder}"\n')
    return load_recipe(path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_each_member_is_an_item_of_its_own(tmp_path, mode):
    folder = tmp_path / "data"
    folder.mkdir()
    write = write_zip if mode == "zip" else write_tar
    write(folder / "x.bin", **({} if mode == "zip" else {"mode": mode}))
    recipe = recipe_of(folder)
    items = list(iter_items(recipe))
    assert [item.uri for item in items] == ["x.bin!a/one.txt", "x.bin!a/two.txt"]
    records = [record for item in items for record in read_item(item, recipe, LIMITS).records]
    assert [record.text for record in records] == list(TEXTS.values())
    assert records[0].uri == "x.bin!a/one.txt"
    assert [path.name for path in folder.iterdir()] == ["x.bin"]


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_only_the_changed_members_stamp_changes(tmp_path, write):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / "x", TEXTS)
    before = {item.key: item.stamp for item in iter_items(recipe_of(folder))}
    write(folder / "x", {**TEXTS, "a/two.txt": "The second report says less."})  # as long as before
    os.utime(folder / "x", ns=(1, 1))
    after = {item.key: item.stamp for item in iter_items(recipe_of(folder))}
    assert before.keys() == after.keys()
    assert [key for key in before if before[key] != after[key]] == ["0/x!a/two.txt"]


def test_an_uploaded_archive_gives_all_its_records(tmp_path):
    assert len(read_file(write_zip(tmp_path / "x.zip"), LIMITS)) == 2
    assert len(read_file(write_tar(tmp_path / "x.tgz"), LIMITS)) == 2


def reason(path, limits=LIMITS):
    with pytest.raises(UnreadableFile) as caught:
        read_file(path, limits)
    return caught.value.reason


def test_names_that_lead_out_are_set_aside_and_the_rest_is_read(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write_tar(folder / "x.tar", {"../evil.txt": "Some words of evil.", **TEXTS}, mode="w")
    recipe = recipe_of(folder)
    items = list(iter_items(recipe))
    assert [item.problem for item in items] == ["its name leads out of the archive", None, None]
    with pytest.raises(UnreadableFile, match="leads out"):
        read_item(items[0], recipe, LIMITS)
    assert not (tmp_path / "evil.txt").exists()


def test_links_hidden_files_and_folders_are_no_members(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        hidden = tarfile.TarInfo("__MACOSX/._a.txt")
        archive.addfile(hidden)
    assert "it is empty" in reason(tmp_path / "x.tar")


def test_bombs_are_refused_with_the_limit_named(tmp_path):
    small = IngestSettings(max_archive_mb=1)
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 30_000_000
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    assert "ingest.max_archive_mb" in reason(tmp_path / "x.tgz", small)
    write_zip(tmp_path / "x.zip", {"zeros": "0" * 30_000_000})
    assert "ingest.max_archive_mb" in reason(tmp_path / "x.zip", small)
    write_zip(tmp_path / "many.zip", {f"{n}.txt": "abc" for n in range(50)})
    assert "ingest.max_archive_members" in reason(tmp_path / "many.zip", IngestSettings(max_archive_members=49))


def test_damaged_archives_and_lone_compressed_files_say_so(tmp_path):
    whole = write_zip(tmp_path / "x.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:60])
    assert "damaged archive" in reason(tmp_path / "cut.zip")
    tar = write_tar(tmp_path / "x.tgz", {"a.txt": os.urandom(9000).hex()}).read_bytes()
    (tmp_path / "cut.tgz").write_bytes(tar[: len(tar) // 2])
    assert "archive" in reason(tmp_path / "cut.tgz")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"Just one text."))
    assert "single compressed file" in reason(tmp_path / "a.txt.gz")
    write_zip(tmp_path / "x.docx", {"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"})
    assert "damaged DOCX" in reason(tmp_path / "x.docx")


def test_an_archive_inside_an_archive_is_not_opened(tmp_path):
    inner = write_zip(tmp_path / "inner.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.writestr("inner.zip", inner)
    assert "inside an archive" in reason(tmp_path / "outer.zip")
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == ["inner.zip", "outer.zip"]
