"""Files that would fill the memory, and places in a folder that are no files: refused by name, in little memory."""

import gzip
import io
import os
import resource
import socket
import zlib
from pathlib import Path

import numpy as np
import pytest
from apart import run_apart
from test_pool import read_all, recipe_of

from assistant.ingest import folder as folder_module
from assistant.ingest import iter_items
from assistant.ingest.items import content_digest
from assistant.ingest.stamps import may_be_same
from assistant.settings import IngestSettings

GIB = 1 << 30


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir()
    return made


def png_bomb(side):
    """A black picture of `side` by `side` pixels in a few hundred kilobytes."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(side + 1)) for _ in range(side)) + rows.flush()

    def chunk(name, body):
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def nifti_bomb():
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((2000, 2000, 500))
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1) as packed:
        packed.write(header.binaryblock + bytes(4))
        for _ in range(40):  # 1.3 of the 4 GB that it states
            packed.write(bytes(1 << 25))
    return stream.getvalue()


def dicom(frames=1, rows=512, transfer="1.2.840.10008.1.2.1", pixels=None):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(transfer)
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7.2", "1.2.3"
    made.Modality, made.Rows, made.Columns, made.NumberOfFrames = "OT", rows, 512, frames
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.SamplesPerPixel, made.PixelRepresentation = 7, 1, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    made.PixelData = bytes(512 * rows) if pixels is None else pixels
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def deflated_bomb():
    """A deflated DICOM object of a megabyte that unpacks to one gigabyte of pixels."""
    plain = dicom(transfer="1.2.840.10008.1.2.1.99", pixels=bytes(1024))
    packer, end = zlib.compressobj(9, wbits=-15), 132
    length = int.from_bytes(plain[140:144], "little")
    end = 144 + length
    inner = zlib.decompress(plain[end:], wbits=-15)
    at = inner.rindex(b"\xe0\x7f\x10\x00")
    inner = inner[:at] + b"\xe0\x7f\x10\x00OB\0\0" + (GIB - 2).to_bytes(4, "little")
    body = packer.compress(inner)
    body += b"".join(packer.compress(bytes(1 << 24)) for _ in range(64)) + packer.flush()
    return plain[:end] + body


BOMBS = {
    "a.png": (lambda: png_bomb(30_000), "ingest.max_pixels"),
    "a.nii.gz": (nifti_bomb, "ingest."),
    "deflated.dcm": (deflated_bomb, ""),
    "frames.dcm": (lambda: dicom(frames=100_000), "ingest.max_frames"),
    "a.txt.gz": (lambda: gzip.compress(bytes(1 << 30), 1), "an archive without files"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_less_than_a_gibibyte(folder, name):
    make, expected = BOMBS[name]
    (folder / name).write_bytes(make())
    (folder / "z.txt").write_text("A note after it.")
    code = (
        "import resource\n"
        "from test_pool import read_all\n"
        "from sabotage import Untouched\n"
        "from pathlib import Path\n"
        f"found = read_all(Path({str(folder)!r}), Untouched, workers=1)\n"
        f"print(found[{name!r}].reason)\n"
        "print(found['z.txt'].reason)\n"
        "print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))\n"
    )
    reason, other, peak_kb = run_apart(code).decode().splitlines()[-3:]
    assert expected in reason
    assert reason != "None"
    assert other == "None"
    assert int(peak_kb) << 10 < GIB, peak_kb


def test_a_sparse_pdf_of_four_gigabytes_is_not_read(folder):
    with (folder / "a.pdf").open("wb") as stream:
        stream.write(b"%PDF-1.4\n")
        stream.truncate(4 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "more than the limit of 512 MB (ingest.max_file_mb)" in read_all(folder, workers=1)["a.pdf"].reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_pipes_sockets_and_links_are_named_and_never_opened(folder, tmp_path):
    os.mkfifo(folder / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "socket"))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("Words that are none of this archive.")
    (folder / "out.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "self").symlink_to(folder / "self")
    (folder / "nothing").symlink_to(folder / "missing")
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("A note of this archive.")
    (folder / "again").symlink_to(folder / "in")
    reasons = {uri: outcome.reason for uri, outcome in read_all(folder, workers=1).items()}
    listening.close()
    special = "neither a file nor a folder (a pipe, a socket or a device)"
    out = "a link that leads out of the source's folder"
    assert reasons["in/a.txt"] is None
    assert (reasons["pipe"], reasons["socket"], reasons["out.txt"], reasons["out"]) == (special, special, out, out)
    assert reasons["self"].startswith("can't be read from the disk")
    assert reasons["nothing"] == "can't be read from the disk (No such file or directory)"
    assert "again/a.txt" not in reasons


def test_names_with_newlines_are_read_and_unspeakable_ones_named_apart(folder):
    (folder / "two\nlines.txt").write_text("A note under a strange name.")
    for byte in (b"\xff", b"\xfe"):
        Path(os.fsdecode(os.fsencode(folder) + b"/bad" + byte + b".txt")).write_text("A note without a name.")
    reasons = {uri: outcome.reason for uri, outcome in read_all(folder, workers=1).items()}
    assert reasons.pop("two\nlines.txt") is None
    assert reasons == dict.fromkeys([r"bad\xfe.txt", r"bad\xff.txt"], "its name is not valid UTF-8: rename it")


def test_a_folder_that_can_not_be_listed_holds_what_was_read_of_it(folder, monkeypatch):
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("A note of this archive.")
    real = os.scandir

    def closed(path):
        if Path(path).name == "in":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", closed)
    (item,) = iter_items(recipe_of(folder))
    assert (item.uri, item.problem, item.holds) == ("in", folder_module.NOT_LISTED, "0/in/")


def test_a_file_that_vanishes_before_it_is_read_has_a_reason(folder):
    from sabotage import Untouched

    from assistant.ingest.pool import read_items

    (folder / "a.txt").write_text("A note of this archive.")
    recipe, limits = recipe_of(folder), IngestSettings(workers=1)
    items = list(iter_items(recipe))
    (folder / "a.txt").unlink()
    (outcome,) = read_items(items, recipe, limits, Untouched)
    assert outcome.reason == "there is no such file"


def test_only_another_time_leaves_the_decision_to_the_content(folder):
    path, limits = folder / "a.txt", IngestSettings()
    path.write_text("A note of this archive.")
    (before,) = iter_items(recipe_of(folder))
    digest = content_digest(before, limits)
    os.utime(path, ns=(1, 1))
    (touched,) = iter_items(recipe_of(folder))
    assert touched.stamp != before.stamp
    assert may_be_same(touched.stamp, before.stamp)
    assert content_digest(touched, limits) == digest
    path.write_text("A note of that archive.")
    (same_size,) = iter_items(recipe_of(folder))
    assert may_be_same(same_size.stamp, before.stamp)
    assert content_digest(same_size, limits) != digest
    path.write_text("Longer than the note was.")
    (longer,) = iter_items(recipe_of(folder))
    assert not may_be_same(longer.stamp, before.stamp)
