"""Pages without Gradio and without any script: sign-in, account, and what is told of a page one may not or cannot see.

Nothing stands between a password and the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from assistant.ui.gate.visitor import visitor
from assistant.ui.head import LANGUAGE_ROUTE
from assistant.ui.language import languages, say

SIGN_IN, SIGN_OUT, ACCOUNT = "/sign-in", "/sign-out", "/account"
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " + (
    "frame-ancestors 'none'"
)


def refused_page(why: str, open_to: Sequence[tuple[str, str]]) -> HTMLResponse:
    """A page that the visitor's roles do not open, with the ways (path, name) that are left."""
    links = Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(path, name) for path, name in open_to)
    body = Markup('<p role="alert">{}</p><ul>{}</ul>{}').format(why, links, _sign_out())
    return _page(say("sign_in.not_allowed"), body, 403)


def missing_page(open_to: Sequence[tuple[str, str]]) -> HTMLResponse:
    """What is told of an address that no page has, with the ways (path, name) that there are for the visitor."""
    links = Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(path, name) for path, name in open_to)
    return _page(say("head.missing"), Markup("<p>{}</p><ul>{}</ul>").format(say("head.missing_why"), links), 404)


def sign_in_page(back: str, told: str, name: str = "", *, bad: bool = False, status: int = 200) -> HTMLResponse:
    body = Markup(
        '{}<form method="post" action="{}"><input type="hidden" name="next" value="{}">{}{}'
        '<button type="submit">{}</button></form>{}<p class="wr-sign-note">{}</p>'
    ).format(
        _told(told, bad),
        SIGN_IN,
        back,
        _input("name", "sign_in.name", "username", "text", name, focus=not name),
        _input("password", "sign_in.password", "current-password", "password", focus=bool(name)),
        say("sign_in.submit"),
        _languages(back),
        say("head.disclaimer"),
    )
    return _page(say("sign_in.title"), body, status)


def account_page(told: str = "", status: int = 200) -> HTMLResponse:
    who = visitor()
    seen = say("sign_in.all_indexes") if who.indexes is None else ", ".join(sorted(who.indexes)) or say("head.none")
    roles = ", ".join(say(f"role.{role}") for role in sorted(who.roles))
    body = Markup(
        "<dl><dt>{}</dt><dd><bdi>{}</bdi></dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl><h2>{}</h2>{}"
        '<form method="post" action="{}">{}{}{}<button type="submit">{}</button></form>'
        '<p class="wr-sign-note">{}</p>{}<p><a href="/">{}</a></p>'
    ).format(
        say("sign_in.name"),
        who.name,
        say("sign_in.roles"),
        roles,
        say("sign_in.indexes"),
        seen,
        say("sign_in.new_password"),
        _told(told, bad=True),
        ACCOUNT,
        _input("password", "sign_in.old", "current-password", "password"),
        _input("new", "sign_in.new", "new-password", "password"),
        _input("again", "sign_in.again", "new-password", "password"),
        say("sign_in.change"),
        say("sign_in.change_ends"),
        _sign_out(),
        say("sign_in.back"),
    )
    return _page(say("sign_in.account"), body, status)


def _page(title: str, body: Markup, status: int) -> HTMLResponse:
    page = Markup(
        '<!doctype html>\n<html lang="{}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{} – Wardround</title>'
        '<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/wr/static/css/base.css">'
        '<link rel="stylesheet" href="/wr/static/css/sign-in.css"></head>'
        '<body class="wr-sign"><main class="wr-html"><p class="wr-sign-name">Wardround</p><h1>{}</h1>{}</main></body>'
        "</html>\n"
    ).format(visitor().language, title, title, body)
    return HTMLResponse(str(page), status, {"Content-Security-Policy": _POLICY})


def _told(text: str, bad: bool) -> Markup:
    if not text:
        return Markup("")
    return Markup('<p class="{}" role="{}">{}</p>').format(
        "wr-sign-bad" if bad else "wr-sign-told", "alert" if bad else "status", text
    )


def _input(name: str, label: str, complete: str, kind: str, value: str = "", *, focus: bool = False) -> Markup:
    return Markup(
        '<label for="wr-{}">{}</label><input id="wr-{}" name="{}" type="{}" value="{}" autocomplete="{}" '
        'autocapitalize="none" spellcheck="false" required{}>'
    ).format(name, say(label), name, name, kind, value, complete, Markup(" autofocus") if focus else "")


def _languages(back: str) -> Markup:
    here = quote(f"{SIGN_IN}?next={quote(back, safe='')}", safe="")
    links = Markup("").join(
        Markup('<li><a href="{}/{}?back={}" lang="{}" hreflang="{}">{}</a></li>').format(
            LANGUAGE_ROUTE, code, Markup(here), code, code, name
        )
        for code, name in languages().items()
        if code != visitor().language
    )
    return Markup('<nav aria-label="{}"><ul>{}</ul></nav>').format(say("language.label"), links)


def _sign_out() -> Markup:
    return Markup(
        '<form method="post" action="{}"><button type="submit" class="wr-sign-quiet">{}</button></form>'
    ).format(SIGN_OUT, say("head.sign_out"))
