"""A picture of an ECG on paper is told as one: no value is made up for it, and no radiograph is similar to it."""

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter

from assistant.assistant import Assistant
from assistant.generate.ecg_picture import PX_PER_MM, ecg_picture
from assistant.ingest import read_file
from assistant.ingest.image.paper import shows
from assistant.records import STANDARD_LEADS, Signal
from assistant.settings import IngestSettings

TOLD = {"shows": "printed ECG"}


def printed():
    """A page of twelve leads with a beat a second."""
    seconds = np.arange(0, 10, 1 / 500)
    beats = sum(np.exp(-(((seconds - beat) / 0.015) ** 2)) for beat in range(1, 10))
    samples = np.stack([(0.3 + 0.1 * n) * beats for n in range(12)], axis=1).astype(np.float32)
    return Pillow.fromarray(ecg_picture(Signal(samples, STANDARD_LEADS, 500.0)).pixels)


def drawn(*peaks_s):
    """The ink of a page of twelve leads at rest but for peaks of 1.4 mV at these seconds."""
    seconds = np.arange(0, 10, 1 / 500)
    trace = sum((1.4 * np.exp(-(((seconds - at) / 0.015) ** 2)) for at in peaks_s), np.zeros_like(seconds))
    samples = np.repeat(trace[:, None], 12, axis=1).astype(np.float32)
    return ecg_picture(Signal(samples, STANDARD_LEADS, 500.0)).pixels.max(axis=2) < 90


def test_each_row_begins_with_its_calibration_pulse():
    margin = drawn()[:, : round(7 * PX_PER_MM)]
    for row in range(4):
        middle = round((8 + 30 * (row + 0.5)) * PX_PER_MM)
        high = middle - round(10 * PX_PER_MM)
        assert margin[high - 2 : high + 3].sum(axis=1).max() >= 5 * PX_PER_MM - 1  # its top is 0.2 s wide
        assert not margin[high - 15 : high - 4].any()


def test_a_leads_name_gives_way_to_its_trace():
    band = slice(round(8 * PX_PER_MM), round(8 * PX_PER_MM) + 18)  # above the first row
    left = round(8 * PX_PER_MM)
    at_rest = np.flatnonzero(drawn()[band, left : left + 60].any(axis=0))
    assert at_rest.size and at_rest.max() < 15  # "I" stands at the left edge
    peak = round(0.1 * 25 * PX_PER_MM)
    crossed = np.flatnonzero(drawn(0.1)[band, left : left + 60].any(axis=0))
    apart = crossed[crossed > peak + 3]
    assert apart.size and crossed[crossed < peak - 3].size == 0  # the name has moved beyond the peak


def chest(bright=0):
    """Smooth shadows, nothing that repeats."""
    y, x = np.mgrid[:600, :500] / 500
    lungs = np.exp(-(((x - 0.3) / 0.13) ** 2 + ((y - 0.6) / 0.3) ** 2)) + np.exp(
        -(((x - 0.7) / 0.13) ** 2 + ((y - 0.6) / 0.3) ** 2)
    )
    noise = np.random.default_rng(3).normal(0, 4, x.shape)
    return Pillow.fromarray(np.clip(190 + bright - 130 * lungs + noise, 0, 255).astype(np.uint8))


def photographed(page):
    """Turned, in dim light that falls from one side, a little blurred and noisy."""
    page = page.rotate(7, Pillow.Resampling.BICUBIC, expand=True, fillcolor=(120, 110, 100))
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(0.4)), np.float32)
    light = np.linspace(0.75, 1.0, pixels.shape[1])[None, :, None]
    noise = np.random.default_rng(0).normal(0, 4, (*pixels.shape[:2], 1))
    return Pillow.fromarray(np.clip(pixels * light + noise, 0, 255).astype(np.uint8))


def stripes():
    """Lines one way only, as an anti-scatter grid leaves them."""
    lines = 200 + 40 * np.sign(np.sin(np.arange(800) / 1.1))
    return Pillow.fromarray(np.broadcast_to(lines, (600, 800)).astype(np.uint8))


def letter():
    page = Pillow.new("L", (900, 1200), 255)
    drawing = ImageDraw.Draw(page)
    for line in range(40):
        drawing.text(
            (40, 40 + 28 * line), "The patient was seen in clinic today and is well. " * 2, fill=0, font_size=17
        )
    return page


@pytest.mark.parametrize(
    "page",
    [
        printed(),
        photographed(printed()),
        printed().convert("L"),
        printed().resize((2600, 1150)),
        printed().rotate(90, expand=True),
    ],
    ids=["as drawn", "photographed", "without colour", "large", "upright"],
)
def test_an_ecg_on_paper_is_told(page):
    assert shows(np.asarray(page)) == TOLD


@pytest.mark.parametrize(
    "page", [chest(), chest(60), stripes(), letter(), printed().resize((150, 66)), Pillow.new("L", (800, 600), 250)],
    ids=["radiograph", "light radiograph", "stripes", "letter", "thumbnail", "nothing"],
)  # fmt: skip
def test_other_pictures_are_not(page):
    assert shows(np.asarray(page)) == {}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("paper")
    (workspace / "data").mkdir()
    for n in range(4):
        chest(10 * n).save(workspace / "data" / f"{n}.png")
    Assistant.build(workspace / "data", workspace=workspace)
    photographed(printed()).save(workspace / "ecg.jpg", quality=85)
    chest(5).save(workspace / "chest.png")
    return workspace


def test_it_is_a_fact_of_its_record_and_not_burnt_out(workspace):
    (record,) = read_file(workspace / "ecg.jpg", IngestSettings())
    assert record.is_printed_ecg and "quality" not in record.fields
    (other,) = read_file(workspace / "chest.png", IngestSettings())
    assert not other.is_printed_ecg


@pytest.mark.parametrize(
    "question", ["Is this ECG normal?", "What is the heart rate?", "What does it show?", "Is the QT long?"]
)
def test_a_question_about_it_is_told_why_nothing_is_measured(workspace, question):
    answer = Assistant.open(workspace).ask(question, files=[workspace / "ecg.jpg"])
    (claim,) = answer.claims
    assert claim.text == "The upload is a picture of an ECG on paper, and values are measured on recordings alone."
    assert claim.verdict == "supported" and not answer.abstained


def test_no_radiograph_is_similar_to_it_nor_it_to_a_radiograph(workspace):
    assistant = Assistant.open(workspace)
    alone = assistant.search("", files=[workspace / "ecg.jpg"])
    assert [piece.relation for piece in alone.evidence if piece.relation != "own"] == []
    assert any("ECG on paper" in step for step in alone.route)
    film = assistant.search("", files=[workspace / "chest.png"])
    assert [piece.relation for piece in film.evidence if piece.relation != "own"]
    both = assistant.search("", files=[workspace / "ecg.jpg", workspace / "chest.png"])
    similar = [piece.record_id for piece in both.evidence if piece.relation != "own"]
    assert similar == [piece.record_id for piece in film.evidence if piece.relation != "own"]
