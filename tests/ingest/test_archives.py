"""ZIP and TAR archives, read without unpacking them."""

import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
import zlib
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


def problems(folder, limits=LIMITS):
    """What cannot be read of the archives in a folder, and how many files can."""
    recipe = recipe_of(folder)
    found, read = {}, 0
    for item in iter_items(recipe, limits):
        try:
            read += len(read_item(item, recipe, limits).records)
        except UnreadableFile as error:
            found[item.uri] = error.reason
    return found, read


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_what_lies_before_the_damage_is_read(folder, mode):
    words = ["the", "patient", "has", "no", "cough", "and", "a", "small", "effusion", "on", "the", "left", "side"]
    chance = random.Random(1)
    texts = {f"{n:02}.txt": f"Note {n}: {' '.join(chance.choices(words, k=9000))}." for n in range(40)}
    whole = write_tar(folder / "x.tar", texts, mode).read_bytes()
    (folder / "x.tar").write_bytes(whole[: len(whole) * 2 // 3])
    found, read = problems(folder)
    assert 10 < read < 35
    assert list(found) == ["x.tar!(what follows)"]
    assert "damaged behind the files read" in found["x.tar!(what follows)"]


def test_a_sparse_member_that_states_terabytes_takes_no_time(folder):
    with tarfile.open(folder / "x.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("huge.txt")
        info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,5",
                            "GNU.sparse.size": str(1 << 42), "GNU.sparse.realsize": str(1 << 42)}  # fmt: skip
        info.size = 5
        archive.addfile(info, io.BytesIO(b"Words"))
    found, read = problems(folder)
    assert read == 0
    assert "ingest.max_archive_mb" in found["x.tar"]
    found, _ = problems(folder, IngestSettings(max_archive_mb=10_000_000))
    assert "ingest.max_file_mb" in found["x.tar!huge.txt"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_of_files_with_one_name_the_last_counts_and_the_others_are_named(folder, kind):
    texts = [f"The copy number {n} of it." for n in range(3)]
    if kind == "zip":
        with zipfile.ZipFile(folder / "x", "w") as archive:
            for text in texts:
                archive.writestr("a.txt", text)
    else:
        with tarfile.open(folder / "x", "w") as archive:
            for text in texts:
                info = tarfile.TarInfo("a.txt")
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
    recipe = recipe_of(folder)
    items = list(iter_items(recipe))
    assert len({item.key for item in items}) == 3
    found, read = problems(folder)
    assert (len(found), read) == (2, 1)
    assert set(found.values()) == {"a later file of the archive has the same name"}
    (last,) = read_item(items[-1], recipe, LIMITS).records
    assert last.text == texts[-1]


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_a_signal_in_an_archive_is_read_with_its_samples(folder, write):
    header = "a 1 250 500\na.dat 16 200 16 0 0 0 0 II\n"
    samples = "".join(chr(n % 100) for n in range(1000))
    write(folder / "x", {"in/a.dat": samples, "in/a.hea": header, "in/z.txt": "A note beside it."})
    recipe = recipe_of(folder)
    items = list(iter_items(recipe))
    assert [item.uri for item in items] == ["x!in/a.hea", "x!in/z.txt"]
    (record,) = [r for r in read_item(items[0], recipe, LIMITS).records if r.kind == "signal"]
    assert record.signal.samples.shape == (500, 1)


def test_a_name_that_is_no_utf8_is_shown_and_its_file_read(folder):
    with tarfile.open(folder / "x.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        info = tarfile.TarInfo("Größe.txt")
        info.size = 17
        archive.addfile(info, io.BytesIO(b"Some words of it."))
    found, read = problems(folder)
    assert (found, read) == ({}, 1)
    (item,) = iter_items(recipe_of(folder))
    item.key.encode()  # as the catalogue stores it
    assert item.uri == r"x.tar!Gr\xf6\xdfe.txt"


def test_members_with_a_password_or_a_wrong_size_have_reasons(folder):
    data = bytearray(write_zip(folder / "x.zip").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the flag in the directory of the first member
    (folder / "x.zip").write_bytes(data)
    data[at + 8] &= ~1
    data[at + 24 : at + 28] = (9).to_bytes(4, "little")  # its unpacked size
    (folder / "y.zip").write_bytes(data)
    found, read = problems(folder)
    assert read == 2
    assert found["x.zip!a/one.txt"] == "protected by a password"
    assert "damaged in its archive" in found["y.zip!a/one.txt"]


def test_files_that_overlap_in_a_zip_do_not_multiply(folder):
    """As in Fifield's bomb: many entries of the directory name one piece of compressed data."""
    one = write_zip(folder / "x.zip", {"a.txt": "0" * 10_000_000}).read_bytes()
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry, tail = one[start:end], bytearray(one[end:])
    entries = b"".join(entry.replace(b"a.txt", b"%05d" % n) for n in range(1000))
    tail[8:10] = tail[10:12] = (1000).to_bytes(2, "little")
    tail[12:16] = len(entries).to_bytes(4, "little")
    (folder / "x.zip").write_bytes(one[:start] + entries + tail)
    assert (folder / "x.zip").stat().st_size < 100_000
    found, read = problems(folder)
    assert read == 0
    assert "ingest.max_archive_mb" in found["x.zip"]


def test_a_large_zip_in_the_64_bit_form_is_read(folder):
    with zipfile.ZipFile(folder / "x.zip", "w") as archive, archive.open("a.txt", "w", force_zip64=True) as stream:
        stream.write(b"Some words in the 64-bit form.")
    assert problems(folder) == ({}, 1)


def test_an_xz_file_that_wants_a_gigabyte_to_be_undone_is_refused(folder):
    data = bytearray(lzma.compress(write_tar(folder / "x.tar", mode="w").read_bytes()))
    # the dictionary's size stands in the block header, whose CRC32 follows
    at = data.index(b"\x21\x01") + 2
    data[at] = 36  # 1 GiB
    end = 12 + data[12] * 4
    data[end : end + 4] = zlib.crc32(data[12:end]).to_bytes(4, "little")
    (folder / "x.tar").write_bytes(data)
    found, read = problems(folder)
    assert read == 0
    assert "takes more memory than 200 MB" in found["x.tar"]
