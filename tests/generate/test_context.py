import base64
import io

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.generate.context import build_context
from assistant.generate.pictures import data_url
from assistant.records import BoxPlace, Evidence, Image, TextPlace, ValuePlace


def passage(key, words, relation="knowledge"):
    return Evidence(key, "r", "text", "DOC", relation, words, TextPlace(0, len(words), 3), 1.0, True, "")


def rate():
    place = ValuePlace("heart_rate_bpm", 61.0, "beats/min")
    return Evidence("ehr", "r", "signal", "ECG", "own", "Heart rate 61 beats/min.", place, 1.0, True, "")


def picture(key, relation="own"):
    return Evidence(key, "r", "image", "CR", relation, "", BoxPlace((0, 0, 9, 9)), 1.0, True, "")


def test_the_study_s_own_values_come_first_and_labels_map_back_to_evidence():
    context = build_context([passage("ek", "Gout hurts."), passage("eo", "My report.", "own"), rate()], 6000)
    assert dict(context.ids) == {"E1": "ehr", "E2": "eo", "E3": "ek"}
    assert context.text.index("Heart rate 61") < context.text.index("My report.") < context.text.index("Gout hurts.")
    assert 'id="E3" relation="knowledge" kind="text" modality="DOC" page="3"' in context.text


def test_the_budget_drops_the_least_useful_and_says_what():
    pieces = [passage(f"e{i}", f"Passage {i} says so. " * 20) for i in range(10)]
    context = build_context(pieces, 1500)
    assert len(context.text) <= 1500
    assert list(context.ids.values()) + list(context.dropped) == [f"e{i}" for i in range(10)]
    assert 1 <= len(context.ids) < 10


def test_a_passage_is_cut_at_the_end_of_a_sentence():
    context = build_context([passage("e0", "The nodule measures 1.5 cm in the apex. " * 50)], 600)
    shown = context.text.split("\n")[1]
    assert shown.endswith("in the apex.") and 200 < len(shown) < 600


@pytest.mark.parametrize("budget", [0, 50])
def test_no_budget_no_evidence(budget):
    context = build_context([passage("e0", "Gout hurts.")], budget)
    assert context.text == "" and context.dropped == ("e0",)


def test_pictures_go_along_up_to_the_limit_and_only_then():
    grey = Image(np.zeros((8, 8), np.uint8))
    images = {"e1": grey, "e2": grey}
    context = build_context([picture("e1"), picture("e2", "similar")], 6000, images, max_images=1)
    assert [label for label, _ in context.pictures] == ["E1"] and context.dropped == ("e2",)
    assert 'picture="1"' in context.text
    assert build_context([picture("e1")], 6000, images, max_images=0).pictures == ()


@pytest.mark.parametrize(
    ("shape", "form", "size"),
    [((2048, 1024), "PNG", (512, 1024)), ((40, 60), "PNG", (60, 40)), ((1500, 3000, 3), "JPEG", (1024, 512))],
)
def test_a_picture_becomes_a_data_url_of_at_most_1024_pixels(shape, form, size):
    rng = np.random.default_rng(0)
    url = data_url(Image(rng.integers(0, 255, shape, dtype=np.uint8)))
    head, _, body = url.partition(",")
    picture = Pillow.open(io.BytesIO(base64.b64decode(body)))
    assert head == f"data:image/{form.lower()};base64" and picture.format == form and picture.size == size
