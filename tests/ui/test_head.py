"""The head that all pages share, without a browser."""

from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.ui.gate.visitor import LANGUAGE_COOKIE, Visitor, entering
from assistant.ui.head import LANGUAGE_ROUTE, archive_line, language_router, within


@pytest.mark.parametrize("address", ["/", "/search", "/search?text=a&k=3"])
def test_a_page_of_this_server_is_led_back_to(address):
    assert within(address) == address


@pytest.mark.parametrize(
    "address",
    ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "\\\\elsewhere.example", "search",
     "/\t/elsewhere.example", "", "/a\r\nSet-Cookie: b=c", "javascript:alert(1)"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(address):
    assert within(address) == "/"


def test_the_language_is_kept_in_a_cookie_and_the_page_comes_back():
    app = FastAPI()
    app.include_router(language_router())
    client = TestClient(app, follow_redirects=False)
    answer = client.get(f"{LANGUAGE_ROUTE}/de", params={"back": "/search"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/search")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{LANGUAGE_COOKIE}=de;") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert client.get(f"{LANGUAGE_ROUTE}/de", params={"back": "//elsewhere.example"}).headers["location"] == "/"
    refused = client.get(f"{LANGUAGE_ROUTE}/xx")
    assert refused.status_code == 404 and "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Archive: ward, 1,204 records; other, 1 record"), ("de", "Archiv: ward, 1.204 Einträge; other, 1 Eintrag")],
)
def test_one_record_is_told_in_the_singular(language, told):
    assistant = SimpleNamespace(totals=lambda: {"ward": {"image": 1_200, "text": 4}, "other": {"text": 1}})
    with entering(Visitor(language=language)):
        assert archive_line(assistant) == told
