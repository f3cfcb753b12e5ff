"""A page that comes in pieces, the reader quicker than some of them."""

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
    """What the page asks for under the address as it is loaded is answered, and comes in after `meanwhile`."""
    kept, over = [], []

    def came(route):
        if over or '"data":[]' not in (route.request.post_data or '"data":[]'):  # the reader sends something
            route.continue_()
        else:
            kept.append((route, route.fetch()))  # answered as things are now

    page.route(address, came)
    yield
    for _ in range(600):
        if kept:
            break
        page.wait_for_timeout(100)
    assert kept, "nothing was asked for"
    meanwhile()
    page.wait_for_timeout(2_000)  # whatever goes on without it has gone on
    over.append(True)
    for route, answer in kept:
        route.fulfill(response=answer)


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
    opened.wait_for_timeout(500)
    assert NAMED.search(opened.url)
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


def test_what_is_looked_for_before_the_page_has_arrived_is_found_when_it_has(opened, server):
    def meanwhile():
        opened.fill("#wr-find textarea", "pleural effusion")
        opened.press("#wr-find textarea", "Enter")
        assert opened.locator(".wr-filters").count() == 0

    with held(opened, re.compile("/gradio_api/run/predict"), meanwhile):
        opened.goto(f"{server.url}/search")
    opened.locator("#wr-results .wr-hit").first.wait_for()
    opened.locator(".wr-filters").first.wait_for()
    opened.wait_for_timeout(500)
    assert opened.locator("#wr-results .wr-hit").count()


def test_the_address_names_a_conversation_whose_script_came_after_its_question(opened, server):
    def meanwhile():
        send(opened)
        opened.locator(".wr-turn").wait_for()

    with held(opened, re.compile("/wr/static/chat.js"), meanwhile):
        opened.goto(server.url)
    opened.wait_for_url(NAMED)


def test_an_example_of_the_help_is_asked_where_the_script_comes_last(opened, server):
    opened.goto(f"{server.url}/help")
    with held(opened, re.compile("/wr/static/chat.js"), lambda: opened.locator(".wr-case-bar").wait_for()):
        opened.locator("#wr-help a[href*='from=']").first.click()
    opened.locator(".wr-answer[data-stage=done]").wait_for()
