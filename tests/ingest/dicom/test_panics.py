"""Decoders that fail in ways of their own (a panic is no `Exception`) set the file aside like any other."""

import io
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import pixel_array

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings


def outcome(act):
    try:
        act()
    except UnreadableFile:
        return "refused"
    except Exception:
        return "error"
    except BaseException:
        return "panic"
    return "read"


def test_a_panic_of_the_rle_decoder_is_a_reason():
    whole = Path(get_testdata_file("MR_small_RLE.dcm")).read_bytes()
    damaged = [whole[:at] + whole[at + gap :] for at in range(1_500, 7_400, 150) for gap in (1, 7, 218)]
    plain = [outcome(lambda d=data: pixel_array(io.BytesIO(d), decoding_plugin="pylibjpeg")) for data in damaged]
    assert "panic" in plain, "the decoder panics on some of these by itself"
    ours = [outcome(lambda d=data: read_content(Content("a.dcm", d), IngestSettings())) for data in damaged]
    assert set(ours) <= {"read", "refused"}


def test_a_jpeg_ls_stream_without_an_end_is_cut_off():
    """CharLS read one of 665 bytes for thirteen seconds before it said so."""
    whole = Path(get_testdata_file("MR_small_jpeg_ls_lossless.dcm")).read_bytes()
    with pytest.raises(UnreadableFile, match="its pixel data is cut off"):
        read_content(Content("a.dcm", whole[: len(whole) * 3 // 4]), IngestSettings())
