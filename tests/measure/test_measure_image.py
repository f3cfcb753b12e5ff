"""Pictures whose faults were put in."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.measure import measure_image, statements
from assistant.records import Image


def picture(height: int = 400, width: int = 500) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return (20 + 200 * (x / width) * (0.5 + 0.5 * np.sin(y / 15))).astype(np.uint8)


def test_a_usual_picture_is_good():
    found = measure_image(Image(picture()))
    assert found.quality == {"overall": "good", "reasons": ""}
    assert found.values["width_px"] == 500
    assert found.values["height_px"] == 400
    assert 0.5 < found.values["contrast"] <= 1.0
    assert found.values["colour_share"] == 0.0
    assert statements(found) == []


@pytest.mark.parametrize(
    ("pixels", "overall", "word"),
    [
        (np.zeros((300, 300), np.uint8), "poor", "blank"),
        (np.full((300, 300, 3), 255, np.uint8), "poor", "blank"),
        (picture(40, 50), "poor", "40 pixels"),
        (picture(100, 300), "limited", "100 pixels"),
        ((100 + picture() // 12).astype(np.uint8), "limited", "low contrast"),
        (np.where(picture() > 90, 255, picture()).astype(np.uint8), "limited", "burnt out"),
        (np.zeros((0, 0), np.uint8), "poor", "no pixels"),
    ],
)
def test_faults_are_named(pixels, overall, word):
    found = measure_image(Image(pixels))
    assert found.quality["overall"] == overall
    assert word in str(found.quality["reasons"])


def test_colour_is_seen_and_json_has_no_signal_fields():
    colour = np.stack([picture(), picture() // 2, picture() // 3], axis=2)
    found = measure_image(Image(colour))
    assert found.values["colour_share"] > 0.5
    assert found.to_json().keys() == {"values", "per_lead", "quality"}
