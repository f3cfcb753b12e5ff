"""Signing in and out, a new password, and the clock of a session: plain pages and forms, outside of Gradio.

No script runs in them, so that nothing stands between a password and the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.store.sign_ins import SignInRefused
from assistant.ui.chat.tabs import signed_out
from assistant.ui.gate.door import Door, cookie_name, set_cookie
from assistant.ui.gate.visitor import visitor
from assistant.ui.head import LANGUAGE_ROUTE, MANIFEST_ROUTE, within
from assistant.ui.language import languages, say

SIGN_IN, SIGN_OUT, ACCOUNT, CLOCK = "/sign-in", "/sign-out", "/account", "/wr/session"
_OPEN_BELOW = (LANGUAGE_ROUTE + "/", "/wr/static/css/")
_WARN_S = 60
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " + (
    "frame-ancestors 'none'"
)
_Field = Annotated[str, Form(max_length=2_000)]


def is_open(path: str) -> bool:
    """Whether a path is reached without being signed in: nothing there holds data."""
    return path in (SIGN_IN, MANIFEST_ROUTE, "/favicon.ico") or path.startswith(_OPEN_BELOW)


def sign_in_router(door: Door) -> APIRouter:
    """The routes; of them only signing in is reached by whoever isn't signed in."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    def ask(next: str = "/", why: str = "") -> Response:
        told = say(f"sign_in.{why}") if why in ("idle", "out", "changed") else ""
        return _sign_in_page(within(next), told) if door.asks else RedirectResponse("/", 303)

    @router.post(SIGN_IN)
    def come_in(request: Request, name: _Field = "", password: _Field = "", next: _Field = "/") -> Response:
        if not door.asks:
            return RedirectResponse("/", 303)
        try:
            secret, _ = door.sign_ins.sign_in(name, password, request.client.host if request.client else "")
        except SignInRefused as refused:
            minutes = -(-refused.wait_s // 60)
            told = say("sign_in.wait", minutes=minutes) if minutes else say("sign_in.wrong")
            page = _sign_in_page(within(next), told, name, bad=True, status=429 if minutes else 401)
            if minutes:
                page.headers["Retry-After"] = str(refused.wait_s)
            return page
        _leave(door, request)  # whoever was signed in with this browser before
        response = RedirectResponse(within(next), 303)
        set_cookie(response, request, secret)
        return response

    @router.post(SIGN_OUT)
    def go(request: Request) -> Response:
        _leave(door, request)
        return _left("out", request)

    @router.get(ACCOUNT)
    def account() -> Response:
        return _account_page() if door.asks else RedirectResponse("/", 303)

    @router.post(ACCOUNT)
    def change(request: Request, password: _Field = "", new: _Field = "", again: _Field = "") -> Response:
        who = visitor()
        if who.name is None:
            return RedirectResponse("/", 303)
        try:
            door.sign_ins.check_password(who.name, password, request.client.host if request.client else "")
            if new != again:
                return _account_page(say("sign_in.differ"), 400)
            door.accounts.set_password(who.name, new)
        except SignInRefused as refused:
            minutes = -(-refused.wait_s // 60)
            return _account_page(say("sign_in.wait", minutes=minutes) if minutes else say("sign_in.wrong_old"), 403)
        except WardroundError as error:
            return _account_page(str(error), 400)
        door.forget()
        return _left("changed", request)

    @router.get(CLOCK)
    @router.post(CLOCK)  # the same, and the session counts as used: the gate sees to that
    def clock(request: Request) -> Response:
        signed_in = door.session(request.cookies.get(cookie_name(request), ""), used=request.method == "POST")
        if signed_in is None:
            return JSONResponse({"detail": "no session"}, 404)
        texts = {name: say(f"sign_in.{name}") for name in ("ends_soon", "stay")}
        return JSONResponse({"left_s": signed_in.left_s, "warn_s": min(_WARN_S, door.idle_s // 3), **texts})

    return router


def refused_page(why: str, open_to: Sequence[tuple[str, str]]) -> HTMLResponse:
    """A page that the visitor's roles do not open, with the ways (path, name) that are left."""
    links = Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(path, name) for path, name in open_to)
    body = Markup('<p role="alert">{}</p><ul>{}</ul>{}').format(why, links, _sign_out())
    return _page(say("sign_in.not_allowed"), body, 403)


def missing_page(open_to: Sequence[tuple[str, str]]) -> HTMLResponse:
    """What is told of an address that no page has, with the ways (path, name) that there are for the visitor."""
    links = Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(path, name) for path, name in open_to)
    return _page(say("head.missing"), Markup("<p>{}</p><ul>{}</ul>").format(say("head.missing_why"), links), 404)


def _leave(door: Door, request: Request) -> None:
    if name := visitor().name:
        signed_out(door.assistant, name)
    if secret := request.cookies.get(cookie_name(request)):
        door.sign_ins.sign_out(secret)
    door.forget()


def _left(why: str, request: Request) -> Response:
    """To the sign-in page, with nothing of the session left in the browser."""
    response = RedirectResponse(f"{SIGN_IN}?why={why}", 303, {"Clear-Site-Data": '"cache", "storage"'})
    name = cookie_name(request)
    response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


# --- the pages ---------------------------------------------------------------------------------------


def _sign_in_page(back: str, told: str, name: str = "", *, bad: bool = False, status: int = 200) -> HTMLResponse:
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


def _account_page(told: str = "", status: int = 200) -> HTMLResponse:
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
