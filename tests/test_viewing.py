"""A record that is looked at shows its own file, whatever it was read from."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image as Picture
from small_archive import draw

from assistant.assistant import Assistant
from assistant.errors import UnreadableFile


def png(seed):
    buffer = io.BytesIO()
    Picture.fromarray(draw(seed, (90, 120))).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture
def zipped(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    with zipfile.ZipFile(folder / "studies.zip", "w") as archive:
        for seed in range(3):
            archive.writestr(f"patient{seed}/xray.png", png(seed))
    Assistant.build(folder, workspace=tmp_path)
    return tmp_path


def nearest(assistant, seed):
    query = assistant.workspace / f"query{seed}.png"
    query.write_bytes(png(seed))
    return assistant.search(files=[query], k=3).evidence


def test_each_member_of_an_archive_shows_its_own_picture(zipped):
    assistant = Assistant.open(zipped)
    shown = {e.record_id: assistant.record(e.record_id).image.pixels for e in nearest(assistant, 0)}
    assert len(shown) == 3
    expected = [draw(seed, (90, 120)) for seed in range(3)]
    matched = {next(n for n, pixels in enumerate(expected) if np.array_equal(pixels, seen)) for seen in shown.values()}
    assert matched == {0, 1, 2}


def test_a_member_that_was_exchanged_is_not_shown_as_the_old_one(zipped):
    assistant = Assistant.open(zipped)
    found = nearest(assistant, 0)
    with zipfile.ZipFile(zipped / "data" / "studies.zip", "w") as archive:
        archive.writestr("patient0/xray.png", png(7))
    for evidence in found:
        with pytest.raises(UnreadableFile, match="has changed since it was indexed"):
            assistant.record(evidence.record_id)
