"""Uploads in memory: read once, bounded, and gone with whoever handed them in."""

import numpy as np
import pytest
from PIL import Image as Picture

from assistant.errors import UnreadableFile
from assistant.pseudonyms import Pseudonyms
from assistant.retrieve import uploads
from assistant.retrieve.uploads import Uploads
from assistant.settings import Settings


@pytest.fixture
def opened(tmp_path):
    return Uploads(Pseudonyms.of(tmp_path), Settings())


def save(path, seed):
    Picture.fromarray(np.random.default_rng(seed).integers(0, 255, (300, 300), np.uint8)).save(path)
    return path


def test_memory_is_bounded_and_what_had_to_go_is_read_again(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "KEPT_BYTES", 200_000)
    files = [save(tmp_path / f"{number}.png", number) for number in range(5)]
    ids = [opened.reading(file).records[0].record_id for file in files]
    assert len(opened._files) == 2
    assert all(opened.find(key).image.pixels.shape == (300, 300) for key in ids)
    files[0].unlink()
    assert opened.find(ids[0]) is None


def test_one_conversation_ends_and_the_same_file_of_another_stays(opened, tmp_path):
    (tmp_path / "other").mkdir()
    mine, theirs = save(tmp_path / "a.png", 1), save(tmp_path / "other" / "a.png", 1)
    key = opened.reading(mine).records[0].record_id
    assert opened.reading(theirs).records[0].record_id == key
    opened.forget_files({mine})
    assert opened.find(key) is not None
    opened.forget_files({theirs})
    assert opened.find(key) is None and not opened._paths and not opened._files


def test_the_bytes_of_a_file_whose_frames_are_scrolled_go_with_its_conversation(opened, tmp_path):
    ramp = np.tile(np.arange(50, dtype=np.uint8), (40, 1))
    frames = [Picture.fromarray(ramp + 60 * np.uint8(n)) for n in range(3)]
    path = tmp_path / "loop.tiff"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    record = opened.reading(path).records[0]
    kept = opened.open_files
    for forgotten in (
        lambda: opened.forget_files({path}),
        lambda: opened.forget([record.record_id]),
        lambda: opened.forget_patient("anybody"),
    ):
        assert np.array_equal(kept.depth(record, 2, path, record.uri).picture(), ramp + 120)
        assert kept._files
        forgotten()
        assert not kept._files


def test_the_samples_of_a_header_may_be_handed_in_with_it_and_not_alone(opened, tmp_path):
    """Who drops a recording drops all of its files."""
    samples = np.random.default_rng(0).integers(-500, 500, (1000, 2), np.int16)
    (tmp_path / "7.dat").write_bytes(samples.astype("<i2").tobytes())
    (tmp_path / "7.hea").write_text("7 2 500 1000\n7.dat 16 1000/mV 16 0 0 0 0 I\n7.dat 16 1000/mV 16 0 0 0 0 II\n")
    both = [tmp_path / "7.hea", tmp_path / "7.dat"]
    read = [upload.record.record_id for upload in opened.read(both)]
    assert read == [upload.record.record_id for upload in opened.read(both[:1])]
    assert read == [upload.record.record_id for upload in opened.read(both[::-1])]
    with pytest.raises(UnreadableFile, match=r"7\.hea"):
        opened.read(both[1:])
    with pytest.raises(UnreadableFile):
        opened.read([tmp_path / "8.hea", tmp_path / "8.dat"])
