"""The evidence panel: each kind of place opened, and nothing that a file says becomes markup."""

from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from assistant.answering import ONLY_TO_SEE, abstention, closest
from assistant.errors import UnreadableFile
from assistant.ingest import Reading
from assistant.records import (
    Answer,
    BoxPlace,
    Claim,
    Dropped,
    Evidence,
    Image,
    PromptUse,
    Record,
    SearchResult,
    Signal,
    SignalPlace,
    TextPlace,
    ValuePlace,
)
from assistant.settings import Settings
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.talk import conversation_html
from assistant.ui.chat.uploads import take_in
from assistant.ui.evidence.panel import panel_html
from assistant.ui.evidence.view import view
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.language import words

HOSTILE = (
    '<img src=x onerror="alert(1)"><script>alert(2)</script>"\' ![x](http://elsewhere.example/a.png) ${alert(3)} {{x}}'
)
TEXT = "FINDINGS: The heart is normal.\nThere is a small right pleural effusion. No pneumothorax."
START = TEXT.index("There is")
SENTENCE = TEXT[START : TEXT.index(" No pneumo")]


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(str(html))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(html, name):
    return [attributes for tag, attributes in Tags(html).found if tag == name]


def assert_harmless(html):
    """No script, no handler, no address that a browser would load; the hostile words are there as text."""
    for tag, attributes in Tags(html).found:
        assert tag not in ("script", "iframe", "object", "link", "a", "form", "style")
        assert not [name for name in attributes if name.startswith("on")]
        assert str(attributes.get("src") or "data:image/png").startswith(("data:image/png", "/wr/view/r1/"))
        assert "href" not in attributes


def evidence(kind="text", place=None, **changes):
    known = {
        "id": "e1", "record_id": "r1", "kind": kind, "modality": {"text": "SR", "image": "CR", "signal": "ECG"}[kind],
        "relation": "similar", "text": SENTENCE, "place": place, "score": 0.7123, "kept": True,
        "why": "close in meaning",
        "patient_id": "p-1a2b", "study_id": "s-3c4d", "title": "A study", "url": "https://example.org/report",
        "section": "FINDINGS", "taken_at": datetime(2019, 5, 3), "labels": {"finding": "effusion"},
    }  # fmt: skip
    return Evidence(**(known | changes))


def ecg_record():
    wave = np.sin(np.arange(5000) / 40).astype(np.float32)
    return Record(
        "signal", "ECG", "a.hea", record_id="r1", signal=Signal(np.stack([wave, wave], 1), ("II", "V5"), 500.0)
    )


def image_record(**changes):
    ramp = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    return Record("image", "CR", "a.png", record_id="r1", image=Image(ramp), **changes)


def test_a_cited_sentence_is_marked_in_its_text_with_page_and_section():
    record = Record("text", "SR", "a.txt", record_id="r1", text=TEXT)
    html = view(evidence(place=TextPlace(START, START + len(SENTENCE), 3)), lambda _: record, 1, "another patient")
    assert f'<mark id="wr-cited">{SENTENCE}</mark>' in html
    assert "page 3 · FINDINGS" in html
    assert "FINDINGS: The heart is normal.\n<mark" in html and "</mark> No pneumothorax." in html
    assert "https://example.org/report" in html and not tags(html, "a")  # told, not linked
    assert "another patient" in html and "p-1a2b" in html and "0.712" in html and "close in meaning" in html


def test_the_quoted_sentence_is_lit_within_its_passage():
    record = Record("text", "SR", "a.txt", record_id="r1", text=TEXT)
    cited = evidence(place=TextPlace(0, len(TEXT)))
    turn = Turn("q", stage="done")
    turn.search = SearchResult("q", (), (cited,), False)
    turn.claims = [Claim(f"In a similar study: “{SENTENCE}”", "similar", "supported", None, ("e1",))]
    html = panel_html(Conversation(Path("/nowhere"), turns=[turn]), lambda _: record)
    assert f'<mark class="wr-sentence">{SENTENCE}</mark>' in html
    assert '<mark id="wr-cited" class="wr-passage">FINDINGS: The heart' in html


def test_offsets_outside_the_text_mark_nothing():
    record = Record("text", "SR", "a.txt", record_id="r1", text=TEXT)
    html = view(evidence(place=TextPlace(10_000, 10_010)), lambda _: record, 1, "knowledge")
    assert "<mark" not in html and TEXT[:20] in html


def test_a_long_text_is_cut_around_the_citation():
    long = "a b " * 10_000 + SENTENCE + " c d" * 10_000
    record = Record("text", "DOC", "a.pdf", record_id="r1", text=long)
    html = view(evidence(place=TextPlace(40_000, 40_000 + len(SENTENCE), 7)), lambda _: record, 1, "knowledge")
    assert f">{SENTENCE}</mark>" in html and len(html) < 12_000
    assert html.count("…") == 2


def test_an_image_is_shown_in_a_viewer_with_its_box():
    html = view(evidence("image", BoxPlace((50, 25, 100, 75))), lambda _: image_record(), 2, "another patient")
    (viewer,) = tags(html, "wr-image")
    assert viewer["data-src"].startswith("/wr/view/r1/") and viewer["data-src"].endswith("/pixels")
    assert (viewer["data-box"], viewer["data-box-frame"]) == ("50,25,100,75", "0")
    assert "data-priors" not in viewer  # another patient's studies are not for browsing
    (img,) = tags(html, "img")
    assert img["alt"] and img["loading"] == "lazy"


@pytest.mark.parametrize(
    "told", [{"title": "Synthetic chest X-ray"}, {"labels": {"origin": "projected from a real CT"}}]
)
def test_how_a_picture_was_made_stands_above_it(told):
    html = view(
        evidence("image", **{"title": None, "labels": {}, **told}), lambda _: image_record(), 2, "another patient"
    )
    assert "⚑ " in html and ("Synthetic chest X-ray" in html or "projected from a real CT" in html)


def test_a_stretch_of_an_ecg_is_drawn_and_lit():
    html = view(evidence("signal", SignalPlace("V5", 2.0, 4.0)), lambda _: ecg_record(), 1, "this upload")
    assert len(tags(html, "svg")) == 1
    (lit,) = [attributes for attributes in tags(html, "rect") if attributes.get("class") == "ecg-lit"]
    assert lit["data-lead"] == "V5" and float(lit["width"]) == 50.0  # 2 s


def test_a_measured_value_stands_above_its_ecg():
    html = view(evidence("signal", ValuePlace("qt_ms", 368.0, "ms")), lambda _: ecg_record(), 1, "this upload")
    assert "<span>QT interval</span> <b>368</b> ms" in html
    assert len(tags(html, "svg")) == 1


@pytest.mark.parametrize(("text", "above"), [("Seen on 3 October 2018.", True), ("The lungs are clear.", False)])
def test_moved_dates_are_told_where_a_date_is_seen(text, above):
    moved = evidence(dates_moved=True)
    html = view(moved, lambda _: Record("text", "SR", "a.txt", record_id="r1", text=text), 1, "this upload")
    assert ("wr-moved" in html) is above
    assert "(moved by de-identification: not the file’s own)" in html  # beside the day on which it was taken


def test_a_measured_value_s_view_shows_no_date_above_and_warns_of_none():
    place = ValuePlace("qt_ms", 368.0, "ms")
    html = view(
        evidence("signal", place, dates_moved=True, text="QT 368 ms."), lambda _: ecg_record(), 1, "this upload"
    )
    assert "wr-moved" not in html


@pytest.mark.parametrize(
    "error", [UnreadableFile("a.png", "the file is no longer where it was indexed"), KeyError("r1")]
)
def test_a_record_that_is_gone_leaves_its_quote(error):
    def gone(_):
        raise error

    html = view(evidence(), gone, 1, "another patient")
    assert SENTENCE in html and "could not be opened" in html


def hostile_turn():
    place = TextPlace(0, len(HOSTILE))
    bad = evidence(
        text=HOSTILE, place=place, title=HOSTILE, url=HOSTILE, section=HOSTILE, why=HOSTILE, modality=HOSTILE,
        patient_id=HOSTILE, external_id=HOSTILE, labels={HOSTILE: HOSTILE},
    )  # fmt: skip
    dropped = evidence(id="e2", kept=False, text=HOSTILE, why=HOSTILE)
    claims = tuple(
        Claim(HOSTILE, "patient", verdict, None, ("e1", "e9"), why=HOSTILE) for verdict in ("supported", "contradicted")
    )
    turn = Turn(HOSTILE, note=HOSTILE, stage="done", claims=list(claims))
    turn.search = SearchResult(HOSTILE, (HOSTILE,), (bad, dropped), False)
    turn.answer = Answer(HOSTILE, claims, (bad, dropped), False, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), {HOSTILE: 1.0})
    return turn


@pytest.mark.parametrize("abstained", [False, True])
def test_hostile_text_everywhere_stays_text(abstained):
    turn = hostile_turn()
    if abstained:
        turn.claims = []
        turn.answer = Answer(HOSTILE, (), turn.search.evidence, True, HOSTILE, "quote", None)
    conversation = Conversation(Path("/nowhere"), turns=[turn])
    record = Record("text", "SR", HOSTILE, record_id="r1", text=HOSTILE)
    for html in (panel_html(conversation, lambda _: record), conversation_html(conversation)):
        assert_harmless(html)
        assert "&lt;script&gt;alert(2)" in html
    failed = Conversation(Path("/nowhere"), turns=[Turn(HOSTILE, stage="failed", error=HOSTILE)])
    assert_harmless(conversation_html(failed))


def test_verdicts_differ_in_mark_and_word():
    turn = Turn("q", stage="done")
    turn.search = SearchResult("q", (), (evidence(),), False)
    turn.claims = [
        Claim("A.", "patient", "supported", None, ("e1",)),
        Claim("B.", "patient", "unsupported", "unverifiable", ("e1",), why="nothing says so"),
        Claim("C.", "patient", "contradicted", "laterality", ("e1",), why="the evidence says right"),
    ]
    html = conversation_html(Conversation(Path("/nowhere"), turns=[turn]))
    for said in ("✓</span> supported", "⚠</span> not supported (unverifiable)", "✗</span> contradicted (laterality)"):
        assert said in html
    assert "the evidence says right" in html


def test_citations_are_numbered_as_the_panel_numbers_its_evidence():
    first, second = evidence(id="ea"), evidence(id="eb", record_id="r2")
    dropped = evidence(id="ed", kept=False, why="below the relevance floor")
    turn = Turn("q", stage="done", claims=[Claim("B.", "similar", "supported", None, ("eb", "ea"))])
    turn.search = SearchResult("q", ("text",), (first, second, dropped), False)
    conversation = Conversation(Path("/nowhere"), turns=[turn])
    buttons = [b for b in tags(conversation_html(conversation), "button") if b.get("class") == "wr-cite"]
    assert [b["data-evidence"] for b in buttons] == ["eb", "ea"]
    assert [b["aria-label"] for b in buttons] == ["Evidence 2: Report", "Evidence 1: Report"]
    assert [b["aria-pressed"] for b in buttons] == ["true", "false"]  # the first cited is open
    html = panel_html(conversation, lambda _: Record("text", "SR", "a", text=TEXT))
    tabs = [b["data-evidence"] for b in tags(html, "button") if b.get("class") == "wr-tab"]
    assert tabs == ["ea", "eb"]
    assert "Considered and left out (1)" in html and "below the relevance floor" in html


def not_answered(near, **more):
    turn = Turn("Who won?", stage="done")
    turn.search = SearchResult("Who won?", (), (near,), True)
    turn.answer = Answer("Who won?", (), (near,), True, "nothing in the archive is close enough", "quote", None, **more)
    return conversation_html(Conversation(Path("/nowhere"), turns=[turn]))


def test_an_abstention_looks_like_one_and_offers_what_came_nearest():
    near = evidence(kept=False, why="below the relevance floor")
    html = not_answered(near, closest=("e1", "gone"))
    assert "No answer." in html and "nothing in the archive is close enough" in html
    assert [b["data-evidence"] for b in tags(html, "button") if b["data-act"] == "show"] == ["e1"]
    assert "Nearest evidence" not in not_answered(near)


def test_the_model_s_own_knowledge_stands_apart_and_says_that_it_has_no_source():
    html = not_answered(evidence(kept=False), own_knowledge=("Gout is a <b>disease</b>.",))
    assert "No source: the model’s own knowledge, unchecked" in html
    assert [tag["class"] for tag in tags(html, "div") if tag.get("class") == "wr-unsourced"] == ["wr-unsourced"]
    assert "Gout is a &lt;b&gt;disease" in html and "own knowledge" not in not_answered(evidence(kept=False))


def test_nearest_leaves_out_texts_far_below_the_floor_and_other_kinds():
    far = evidence(id="far", kept=False, score=0.17, text="Report: XXXX XXXX")
    near = evidence(id="near", kept=False, score=0.18)
    image = evidence("image", id="image", kept=False, score=0.01)
    own = evidence(id="own", relation="own")
    assert closest([own, far, near, image], frozenset(), 0.35) == ("near", "image")
    assert closest([far, near, image], frozenset({"image"}), 0.35) == ("image",)
    assert closest([far, near, image], frozenset({"signal"}), 0.35) == ()
    assert closest([far, near, image], frozenset({"image", "text"}), 0.35) == ("near", "image")


def test_nearest_to_a_picture_are_those_that_the_same_sort_of_device_took():
    def picture(id, modality, **more):
        return evidence("image", id=id, modality=modality, kept=False, text=id, **more)

    mr, dx, film = picture("mr", "MR"), picture("dx", "DX"), picture("film", "CR")
    chest, file = picture("own", "CR", relation="own"), picture("own", "OT", relation="own")
    assert closest([chest, mr, dx, film], frozenset({"image"}), 0.35) == ("dx", "film")
    assert closest([chest, mr], frozenset({"image"}), 0.35) == ("mr",)  # where there is no other
    assert closest([file, dx, mr, film], frozenset({"image"}), 0.35) == ("dx", "film")  # as the nearest is
    assert closest([mr, dx], frozenset(), 0.35) == ("mr", "dx")  # nothing was uploaded


@pytest.mark.parametrize(
    ("question", "labels", "told"),
    [
        ("What do similar studies show?", {"view": "lateral"}, True),
        ("What do similar studies show?", {"finding": "Effusion"}, False),
        ("Is there an effusion?", {"view": "lateral"}, False),
    ],
)
def test_similar_pictures_of_which_nothing_is_said_are_offered_as_such(question, labels, told):
    found = SearchResult(question, (), (evidence("image", id="dx", labels=labels),), False)
    abstained, why = abstention(question, found, (), Settings())
    assert abstained and (why == ONLY_TO_SEE) is told


def test_a_follow_up_a_full_prompt_and_a_new_case_are_told():
    first, second = Turn("Is there an effusion?", stage="done"), Turn("And left?", stage="done", new_case=True)
    second.search = SearchResult("Is there a left effusion?", ("text: searched",), (evidence(),), False)
    use = PromptUse(480, (Dropped("turn 1", "beyond the budget"), Dropped("e1", "beyond the budget")))
    second.answer = Answer("And left?", (), (evidence(),), False, "", "m", "answer@2", prompt_use=use)
    html = conversation_html(Conversation(Path("/nowhere"), turns=[first, second]))
    assert '<p class="wr-understood">Understood as: Is there a left effusion?</p>' in html
    assert html.count("wr-understood") == 1
    assert "about 480 tokens; left out 1 piece of evidence, turn 1, beyond the budget" in html
    assert html.count("New case:") == 1
    assert html.index("Is there an effusion?") < html.index("New case:") < html.index("And left?")


def test_a_follow_up_is_told_only_as_what_it_was_not_itself():
    def page(question, query):
        turn = Turn(question, stage="searching")
        turn.search = SearchResult(query, (), (), False)
        return conversation_html(Conversation(Path("/nowhere"), turns=[turn]))

    read = page("How large is it?", "How large is the <effusion>?")
    assert "Understood as: How large is the &lt;effusion&gt;?</p>" in read
    assert read.index("wr-understood") < read.index("wr-step")  # above the answer, while it is being written too
    assert "wr-understood" not in page("And is there\na fracture?", "Is there a fracture?")
    assert "wr-understood" not in conversation_html(Conversation(Path("/nowhere"), turns=[Turn("Why?")]))
    with entering(Visitor(language="de")):
        assert "Verstanden als: How large is the effusion?" in page("How large is it?", "How large is the effusion?")


def test_of_several_uploads_the_one_is_named():
    """Two recordings in one case have two heart rates: each says of which file it is."""
    own = evidence(relation="own")
    assert words.relation(own, {own.record_id: "a.hea"}) == "this upload"
    assert words.relation(own, {own.record_id: "a.hea", "other": "b.dcm"}) == "upload a.hea"


def test_another_patient_is_said_only_where_the_patient_is_known():
    assert words.relation(evidence(), ()) == "another patient"
    unknown = evidence(patient_id=None)
    assert words.relation(unknown, ()) == "another study"
    turn = Turn("q", search=SearchResult("q", (), (unknown, evidence(id="e2", patient_id=None, kept=False)), False))
    html = panel_html(Conversation(Path("/nowhere"), turns=[turn]), lambda _: Record("text", "SR", "a", text=TEXT))
    assert html.count("another study") == 3 and "another patient" not in html  # tab, view, left out


def test_why_a_question_was_not_asked_names_the_files():
    assert words.unasked(["3.hea"]) == (
        "Not asked: 3.hea can’t be read, so an answer would not be about it. "
        "Remove it, or drop it together with the files it needs."
    )
    assert "a.hea, b.hea and c.bin can’t be read, so an answer would not be about them." in words.unasked(
        ["a.hea", "b.hea", "c.bin"]
    )


def test_closing_a_conversation_removes_its_files(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text("x")
    conversation = Conversation(tmp_path / "in")
    conversation.uploads = take_in(conversation.folder, [source], [], lambda p: Reading((image_record(),)))
    conversation.received.hold(conversation, [source])
    conversation.close()
    assert not conversation.folder.exists() and not source.exists() and not conversation.uploads
