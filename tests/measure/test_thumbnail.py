"""Copies of a picture are known by its thumbnail, and other pictures are not taken for them."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture
from small_archive import draw

from assistant.assistant import Assistant
from assistant.measure.thumbnail import thumbnail
from assistant.records import Image
from assistant.settings import RetrieveSettings

CUT = RetrieveSettings().thumbnail_copy


def as_jpeg(pixels, quality):
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Picture.open(buffer))


CHANGES = {
    "JPEG 20": lambda p: as_jpeg(p, 20),
    "half the size": lambda p: np.asarray(Picture.fromarray(p).resize((p.shape[1] // 2, p.shape[0] // 2))),
    "brighter": lambda p: np.clip(p * 1.1 + 5, 0, 255).astype(np.uint8),
    "inverted": lambda p: 255 - p,
    "in colour": lambda p: np.stack([p, p, p], axis=2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_picture_is_a_copy_and_another_is_none(change):
    pixels = draw(1, (300, 240))
    of_it = thumbnail(Image(pixels))
    assert of_it.shape == (256,) and of_it.dtype == np.float32
    assert float(np.linalg.norm(of_it)) == pytest.approx(1.0, abs=1e-5)
    assert abs(float(thumbnail(Image(change(pixels))) @ of_it)) >= CUT
    others = [abs(float(thumbnail(Image(draw(seed, (300, 240)))) @ of_it)) for seed in range(2, 40)]
    assert max(others) < CUT


def test_a_picture_of_one_grey_has_a_thumbnail_too():
    blank = [thumbnail(Image(np.full((50, 70), grey, np.uint8))) for grey in (0, 200)]
    assert float(blank[0] @ blank[1]) == 1.0
    assert abs(float(blank[0] @ thumbnail(Image(draw(3, (50, 70)))))) < CUT


def test_a_copy_that_the_encoder_does_not_know_is_left_out_with_its_patient(chest_workspace, tmp_path):
    assistant = Assistant.open(chest_workspace)
    copy = tmp_path / "copy.png"
    with Picture.open(chest_workspace / "data" / "a.png") as opened:  # patient 100's, who has b.png too
        Picture.fromarray(255 - np.asarray(opened)).save(copy)
    query = assistant.query(files=[copy], k=20)
    with_copy = {e.external_id for e in assistant.search_batch([query])[0].evidence}
    assert {"a.png", "b.png"} <= with_copy
    alone = replace(query, leave_out_own=True)
    without = {e.external_id for e in assistant.search_batch([alone])[0].evidence}
    assert without and not {"a.png", "b.png"} & without


def test_of_two_copies_in_one_result_the_second_is_dropped_with_its_reason(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for name, pixels in {
        "one": draw(1, (160, 200)),
        "two": 255 - draw(1, (160, 200)),
        "three": draw(2, (160, 200)),
    }.items():
        Picture.fromarray(pixels).save(data / f"{name}.png")
    Assistant.build(data, workspace=tmp_path)
    evidence = Assistant.open(tmp_path).search(files=[data / "three.png"]).evidence
    assert sum("nearly the same picture as" in e.why for e in evidence) == 1, [(e.why, e.kept) for e in evidence]
