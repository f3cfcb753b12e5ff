"""Expert models: the example of the page, fitted and registered, and what an opinion may support."""

import re
from pathlib import Path

import numpy as np
import pytest
from leaks import RecordingServer
from PIL import Image as Picture
from small_archive import draw

from assistant import experts
from assistant.assistant import Assistant
from assistant.errors import WardroundError
from assistant.experts import Opinion, expert_evidence, register_expert, registered_experts, unregister_expert
from assistant.records import Image, Record
from assistant.settings import ExpertSettings, Settings
from assistant.verify import check

PAGE = Path(__file__).parent.parent / "docs" / "experts.md"


@pytest.fixture(autouse=True)
def nobody_registered():
    yield
    for name in list(experts._registered):
        unregister_expert(name)


class Says:
    """An expert that says what it is told to."""

    name = "chest-net"

    def __init__(self, *opinions):
        self.found = opinions

    def takes(self, record):
        return record.image is not None

    def opinions(self, record):
        return self.found


RECORD = Record("image", "DX", "a.png", record_id="r1", image=Image(np.zeros((8, 8), np.uint8)))


@pytest.fixture(scope="module")
def head_class():
    """The class on the page, as it stands there."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    names = {}
    exec(code, names)
    return names["LogisticHead"]


def test_the_page_s_head_learns_and_its_opinion_reaches_the_model(head_class, chest_workspace, tmp_path):
    smooth = [Image(draw(seed, (96, 96))) for seed in range(12)]
    noisy = [Image(np.random.default_rng(seed).integers(0, 255, (96, 96), dtype=np.uint8)) for seed in range(12)]
    labels = np.array([[1.0]] * 12 + [[0.0]] * 12)
    head = head_class.fit(["pleural effusion"], smooth + noisy, labels)
    new = Record("image", "DX", "n.png", record_id="r", image=Image(draw(99, (96, 96))))
    other = Record("image", "DX", "o.png", record_id="r", image=Image(255 - noisy[0].pixels))
    assert head.opinions(new)[0].probability > 0.7 and head.opinions(other)[0].probability < 0.3

    register_expert(head)
    head.takes = lambda record: record.image is not None  # a PNG says no modality
    path = tmp_path / "mine.png"
    Picture.fromarray(draw(98, (96, 96))).save(path)
    server = RecordingServer("A pleural effusion is possible [E1]. There is a pleural effusion [E1].")
    assistant = Assistant(chest_workspace, settings=Settings(llm={"base_url": server.base_url}))
    answer = assistant.ask("Is there a pleural effusion?", files=[path], llm="openai")
    server.close()
    opinion = next(piece for piece in answer.evidence if piece.why == "opinion of the expert model chest-head")
    assert opinion.relation == "own" and opinion.kept and "considers possible: pleural effusion" in opinion.text
    assert any(opinion.text in body for body in server.bodies)
    assert [claim.verdict for claim in answer.claims] == ["supported", "unsupported"]
    assert answer.claims[0].citations == (opinion.id,)


def test_the_likeliest_are_handed_on_within_the_settings():
    register_expert(Says(Opinion("a", 0.2), Opinion("b", 0.6), Opinion("c", 0.9), Opinion("d", 0.7)))
    found = expert_evidence(RECORD, ExpertSettings(top=2, least=0.5))
    assert [piece.text for piece in found] == [
        "The expert model chest-net considers possible: c, probability 0.90.",
        "The expert model chest-net considers possible: d, probability 0.70.",
    ]
    assert len({piece.id for piece in found}) == 2


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("Pneumonia is possible.", "supported"),
        ("The expert model chest-net considers pneumonia possible, with a probability of 0.83.", "supported"),
        ("The expert model chest-net considers pneumonia possible, with a probability of 0.93.", "contradicted"),
        ("There is pneumonia.", "unsupported"),
        ("No pneumonia.", "unsupported"),
        ("A pleural effusion is possible.", "unsupported"),
    ],
)
def test_an_opinion_supports_what_it_says_and_no_more(claim, verdict):
    register_expert(Says(Opinion("pneumonia", 0.83)))
    assert check(claim, expert_evidence(RECORD, ExpertSettings())[0].text).verdict == verdict


@pytest.mark.parametrize("bad", [Says(Opinion("a", 1.4)), Says(Opinion("a", float("nan"))), Says("no opinion")])
def test_an_expert_that_fails_is_named_and_stops_nobody(bad):
    register_expert(bad)
    (piece,) = expert_evidence(RECORD, ExpertSettings())
    assert not piece.kept and piece.text == "" and "chest-net: it failed" in piece.why


def test_the_settings_choose_and_name_what_is_missing():
    register_expert(Says())
    assert [expert.name for expert in registered_experts(ExpertSettings())] == ["chest-net"]
    assert registered_experts(ExpertSettings(use=())) == []
    with pytest.raises(WardroundError, match=r"'other'.*chest-net"):
        registered_experts(ExpertSettings(use=("other",)))


def test_an_installed_package_registers_by_its_entry_point(monkeypatch):
    class Entry:
        name, value = "says", "my_package:Says"

        def load(self):
            return Says

    monkeypatch.setattr(experts, "entry_points", lambda group: [Entry()] if group == "wardround.experts" else [])
    experts._installed.cache_clear()
    assert [expert.name for expert in registered_experts(ExpertSettings())] == ["chest-net"]
    experts._installed.cache_clear()
