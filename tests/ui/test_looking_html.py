"""What the views of texts, timelines and searches write, without a browser."""

import re
from datetime import date, datetime
from html.parser import HTMLParser

import pytest

from assistant.errors import BadQuery
from assistant.records import Evidence, Passage, Record, SearchResult, SignalPlace, TextPlace
from assistant.retrieve.timeline import PastStudy, Timeline
from assistant.ui.evidence import text_view
from assistant.ui.evidence.text_view import document
from assistant.ui.evidence.timeline import timeline_fold, timeline_html
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.language import words
from assistant.ui.search.gallery import gallery_html
from assistant.ui.search.looking import Filters, Looking, Model

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>"\''
TEXT = "Page one says little. Page two: the dose is 300 mg over 60 minutes. It may be repeated."
QUOTE = "the dose is 300 mg over 60 minutes."


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(str(html))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(html, name):
    return [attributes for tag, attributes in Tags(html).found if tag == name]


def piece(place=None, **changes):
    known = {
        "id": "e1", "record_id": "r1", "kind": "text", "modality": "DOC", "relation": "similar", "text": "",
        "place": place, "score": 0.5, "kept": True, "why": "near", "patient_id": "p-1", "study_id": "s-1",
    }  # fmt: skip
    return Evidence(**(known | changes))


def paged():
    passages = (Passage(0, 21, page=1), Passage(22, len(TEXT), page=2))
    return Record("text", "DOC", "a.pdf", record_id="r1", text=TEXT, passages=passages, fields={"pages": 3})


def test_of_a_pdf_the_quoted_words_are_asked_for_on_their_page(monkeypatch):
    monkeypatch.setattr(text_view, "can_draw", lambda: True)
    cited = piece(TextPlace(22, len(TEXT), 2))
    (element,) = tags(document(cited, paged(), [QUOTE]), "wr-document")
    start = TEXT.index(QUOTE)
    assert f"page.json?start={start}&end={start + len(QUOTE)}" in element["data-pages"]
    assert (element["data-page"], element["data-count"]) == ("2", "3") and "data-more" not in element
    (whole,) = tags(document(piece(TextPlace(22, len(TEXT), 2)), paged()), "wr-document")
    assert f"start=22&end={len(TEXT)}" in whole["data-pages"]
    monkeypatch.setattr(text_view, "can_draw", lambda: False)
    (without,) = tags(document(cited, paged(), [QUOTE]), "wr-document")
    assert "data-pages" not in without


def test_other_cited_places_of_a_text_are_marked_but_not_those_that_overlap():
    record = Record("text", "SR", "a", record_id="r1", text=TEXT)
    also = [TextPlace(0, 21), TextPlace(10, 30), TextPlace(TEXT.index("It may"), len(TEXT))]
    html = str(document(piece(TextPlace(22, 66)), record, (), also))
    assert re.findall(r'<mark class="wr-also">(.*?)</mark>', html) == ["Page one says little.", "It may be repeated."]
    assert html.count('id="wr-cited"') == 1


def studies():
    report = Record("text", "SR", "", record_id="r1", text=f"FINDINGS: {HOSTILE} clear.", title=HOSTILE)
    slices = [
        Record("image", "CT", "", record_id=f"r{n}", part=f"slice {n}", fields={"slices": 3}, title="thorax")
        for n in (2, 3, 4)
    ]
    return (
        PastStudy("s-1", "ward", datetime(2020, 5, 3), (report,), 0, True),
        PastStudy("s-2", "ward", datetime(2020, 3, 3), tuple(slices), 61),
        PastStudy("s-3", "ward", None, (Record("signal", "ECG", "", record_id="r9", labels={"rhythm": HOSTILE}),)),
    )


def test_a_timeline_names_intervals_and_opens_one_button_for_a_series():
    html = timeline_html(Timeline("p-1", studies(), datetime(2020, 5, 3)), "r1")
    opened = [re.search(r"/wr/view/(r\d+)/", button["data-open"])[1] for button in tags(html, "button")]
    assert opened == ["r1", "r3", "r9"]  # of three slices the middle one
    assert "CT, 3 slices" in html and "2 months before" in html and "the latest study" in html
    assert "3 May 2020" in html and "without a date" in html
    assert [bool(item.get("aria-current")) for item in tags(html, "li") if item.get("class") == "wr-past"] == [
        True, False, False,
    ]  # fmt: skip
    assert not tags(html, "script") and not tags(html, "img") and "&lt;script&gt;" in html
    with entering(Visitor(language="de")):
        german = timeline_html(Timeline("p-1", studies(), datetime(2020, 5, 3)))
    assert "2 Monate davor" in german and "3. Mai 2020" in german and "3 Schichten" in german


def test_a_timeline_s_address_is_sealed_apart_from_its_record_s():
    (lazy,) = tags(timeline_fold("r1"), "wr-lazy")
    (button,) = tags(timeline_html(Timeline("p", studies()[:1], None)), "button")
    assert lazy["data-src"].split("/")[3:] != button["data-open"].split("/")[3:]
    assert lazy["data-src"].split("/")[4] != button["data-open"].split("/")[4]


def test_what_the_filters_say_becomes_what_is_searched():
    form = {
        "kind": ["image", "signal", "odd"], "modality": ["CR"], "index": ["ward"], "length": "20",
        "findings": " left effusion ,, no pneumothorax", "since": "2019-05-01", "until": "2019-05-31", "patient": " 7 ",
        "exclude_patient": "",
    }  # fmt: skip
    options = Filters.of_form(form).options()
    assert options == {
        "k": 20, "kinds": {"image", "signal"}, "modalities": {"CR"}, "indexes": {"ward"},
        "findings": ("left effusion", "no pneumothorax"), "patient": "7", "exclude_patient": None,
        "since": datetime(2019, 5, 1), "until": datetime(2019, 5, 31, 23, 59, 59, 999999),
    }  # fmt: skip
    assert Filters.of_form({"length": "9000", "kind": "text"}) == Filters(kinds=frozenset({"text"}))
    assert Filters.of_form({"since": "2019-05-01"}).since == date(2019, 5, 1)
    with pytest.raises(BadQuery, match=r"01\.05\.2019 is no date"):
        Filters.of_form({"since": "01.05.2019"})


def test_an_empty_list_names_the_filters_that_keep_it_empty():
    filters = Filters(kinds=frozenset({"image"}), since=date(2030, 1, 1), length=20)
    assert filters.loosened() == {
        "kinds": Filters(since=date(2030, 1, 1), length=20),
        "since": Filters(kinds=frozenset({"image"}), length=20),
    }
    nothing = SearchResult("effusion", (), (), True, "")
    looking = Looking("effusion", filters=filters, found=nothing, without={"kinds": 12})
    assert "There would be results without one of the filters: Kind (12)." in gallery_html(looking)
    looking.without = {}
    assert "Without any one of the filters nothing is found either." in gallery_html(looking)
    assert "wr-without" not in gallery_html(Looking("effusion", found=nothing))
    found = SearchResult("effusion", (), (piece(TextPlace(3, 9)),), False, "")
    assert "wr-without" not in gallery_html(Looking("effusion", filters=filters, found=found))


def test_a_search_needs_something_to_look_for():
    with pytest.raises(BadQuery, match="Nothing to look for"):
        Looking(text="  ").search(None, ())


def test_a_text_is_liked_by_its_passage_and_a_picture_by_itself():
    record = Record("text", "SR", "a", text="First part. Second part.")
    assert Model(record, 12, 24).words == "Second part." and Model(record).words == record.text
    assert Model(Record("image", "CR", "a", text="")).words == ""


def test_hostile_text_on_cards_stays_text_and_the_query_s_words_are_marked():
    found = (
        piece(TextPlace(3, 9, 2), text=f"An effusion. {HOSTILE}", title=HOSTILE, why=HOSTILE, external_id=HOSTILE),
        piece(SignalPlace("all", 0, 10), kind="signal", modality="ECG", labels={"a": HOSTILE}, kept=False, id="e2"),
        piece(kind="image", modality=HOSTILE, relation="own", id="e3", patient_id=None),
    )
    looking = Looking(HOSTILE, like=Model(Record("image", "CR", HOSTILE, study_id=HOSTILE)))
    looking.found = SearchResult(f"effusion {HOSTILE}", (HOSTILE,), found, True, HOSTILE)
    html = gallery_html(looking)
    assert not tags(html, "script") and all("/wr/view/" in image["src"] for image in tags(html, "img"))
    assert not [a for _, a in Tags(html).found if any(name.startswith("on") for name in a)]
    assert "<mark>effusion</mark>" in html and "page 2" in html and "patient p-1" in html
    assert "Left out:" in html and "3 results, 2 that an answer" in html
    assert "&lt;script&gt;alert(2)" in gallery_html(Looking(error=HOSTILE))


def test_results_say_by_what_they_are_ordered_and_which_of_them_is_an_upload_again():
    found = (
        piece(kind="signal", modality="ECG", copy_of="u1", kept=False),
        piece(TextPlace(0, 3), id="e2", record_id="r2", chosen=True),
    )
    looking = Looking("effusion")
    looking.found = SearchResult("effusion", ("order: by score", "text: words"), found, False)
    html = gallery_html(looking)
    assert '<p class="wr-order">order: by score</p>' in html and "<li>text: words</li>" in html
    assert "<li>order: by score</li>" not in html
    assert html.count("a copy of your upload, in the archive") == 1 and html.count("patient p-1") == 1
    opened = [button["data-open"] for button in tags(html, "button") if "data-open" in button]
    assert ["copy=1" in address for address in opened] == [True, False]
    assert words.relation(found[0], ()) == "a copy of your upload, in the archive"
    assert words.relation(found[1], ()) == "chosen study, another patient"


def test_a_result_that_another_one_repeats_is_named_by_its_number():
    first = piece(TextPlace(0, 5), id="e0123456789", why="near")
    again = piece(TextPlace(0, 5), id="e9876543210", kept=False, why="says the same as e0123456789")
    shown = gallery_html(Looking(found=SearchResult("effusion", (), (first, again), False, "")))
    assert "says the same as [1]" in shown and "e0123456789" not in shown
