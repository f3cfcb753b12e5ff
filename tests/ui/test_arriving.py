"""A conversation's page that comes in pieces, the reader quicker than some of them."""

import re
from contextlib import contextmanager

import pytest
from browsing import in_chromium

pytestmark = in_chromium
QUESTION = "Is there a right pleural effusion?"
NAMED = re.compile(r"/\?talk=[0-9a-f]{32}$")


@pytest.fixture
def opened(browser, server):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    yield page
    page.close()


@contextmanager
def held(page, address, meanwhile):
    """What is asked for under the address comes in after `meanwhile`, of which there is something by then."""
    kept, over = [], []
    page.route(address, lambda route: route.continue_() if over else kept.append(route))
    yield
    meanwhile()
    page.wait_for_timeout(500)  # whatever goes on without it has gone on
    assert kept, "nothing was held back"
    over.append(True)
    for route in kept:
        route.continue_()


def send(page):
    page.fill("#wr-box textarea", QUESTION)
    page.press("#wr-box textarea", "Enter")


def test_a_question_sent_before_the_page_has_arrived_is_asked_when_it_has(opened, server):
    def meanwhile():
        send(opened)
        assert opened.locator(".wr-case-bar").count() == 0

    with held(opened, re.compile("/gradio_api/run/predict"), meanwhile):
        opened.goto(server.url)
    opened.locator(".wr-answer[data-stage=done]").wait_for()
    opened.wait_for_url(NAMED)
    opened.reload()
    assert QUESTION in opened.locator(".wr-turn").inner_text()


def test_a_question_is_asked_where_the_first_drawing_fails(opened, server):
    opened.route(re.compile("/gradio_api/run/predict"), lambda route: route.fulfill(status=500, json={}), times=1)
    opened.goto(server.url)
    send(opened)
    opened.locator(".wr-answer[data-stage=done]").wait_for()


def test_a_question_is_in_the_box_again_where_the_first_drawing_is_lost_on_its_way(opened, server):
    opened.route(re.compile("/gradio_api/run/predict"), lambda route: route.abort(), times=1)
    opened.goto(server.url)
    send(opened)
    opened.locator(".wr-typed").wait_for()  # Gradio loads the page anew
    assert opened.input_value("#wr-box textarea") == QUESTION
    opened.press("#wr-box textarea", "Enter")
    opened.locator(".wr-answer[data-stage=done]").wait_for()


def test_the_address_names_a_conversation_whose_script_came_after_its_question(opened, server):
    with held(opened, re.compile("/wr/static/chat.js"), lambda: opened.locator(".wr-turn").wait_for()):
        opened.goto(server.url)
        send(opened)
    opened.wait_for_url(NAMED)


def test_an_example_of_the_help_is_asked_where_the_script_comes_last(opened, server):
    opened.goto(f"{server.url}/help")
    with held(opened, re.compile("/wr/static/chat.js"), lambda: opened.locator(".wr-case-bar").wait_for()):
        opened.locator("#wr-help a[href*='from=']").first.click()
    opened.locator(".wr-answer[data-stage=done]").wait_for()
