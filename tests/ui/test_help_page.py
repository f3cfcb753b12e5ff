"""The help page: examples that are asked at a click, what verdicts mean, keys, and only pages that one may open."""

import pytest
from browsing import in_chromium, shoot

from assistant.assistant import Assistant
from assistant.records import ErrorKind
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.help.help_page import _ERRORS, _PAGES, help_html
from assistant.ui.page import PAGES


@pytest.fixture(scope="module")
def archive(workspace):
    return Assistant.open(workspace)


def test_every_verdict_error_and_page_is_explained(archive):
    html = help_html(archive)
    for mark in "✓✗⚠∅⊘":
        assert f'<span aria-hidden="true">{mark}</span>' in html
    assert set(_ERRORS) == set(ErrorKind.__args__)
    told = {path: (name, role) for path, name, _, role in _PAGES}
    assert {place.path: (place.name, place.role) for place, _ in PAGES if place.path != "/help"}.items() <= told.items()


def test_examples_lead_to_the_chat_and_are_those_of_the_archive(archive, tmp_path):
    html = help_html(archive)
    assert html.count('class="wr-do" href="/?from=') == 3 and "COVID" not in html
    assert "/?from=" not in help_html(Assistant(tmp_path, may_be_empty=True))


def test_only_pages_that_the_visitor_may_open_are_told(archive):
    with entering(Visitor("ann", roles=frozenset({"reader"}))):
        html = help_html(archive)
    assert 'href="/search"' in html and 'href="/evaluation"' not in html and 'href="/archive"' not in html
    auditor = Visitor("ben", roles=frozenset({"auditor"}))
    with entering(auditor):
        html = help_html(archive)
    assert 'href="/evaluation"' in html and 'href="/search"' not in html and "/?from=" not in html
    assert [place.path for place, _ in PAGES if auditor.may(place.role)] == ["/evaluation", "/access", "/help"]


@in_chromium[0]
@in_chromium[1]
def test_an_example_is_asked_at_a_click(page, server):
    page.goto(server.url + "/help")
    page.locator(".wr-examples a").first.wait_for()
    shoot(page, "help")
    page.get_by_role("link", name="Is there a pleural effusion?").click()
    page.locator(".wr-turn .wr-answer[data-stage=done]").wait_for()
    assert "pleural effusion" in page.locator(".wr-turn .wr-claims").inner_text()
