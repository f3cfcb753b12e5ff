"""Signing in and out, a new password, and the clock of a session: plain forms, outside of Gradio (`plain_pages.py`)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from assistant.errors import WardroundError
from assistant.store.sign_ins import SignInRefused
from assistant.ui.chat.tabs import signed_out
from assistant.ui.gate.door import Door, cookie_name, set_cookie
from assistant.ui.gate.plain_pages import ACCOUNT, SIGN_IN, SIGN_OUT, account_page, sign_in_page
from assistant.ui.gate.visitor import visitor
from assistant.ui.head import LANGUAGE_ROUTE, MANIFEST_ROUTE, within
from assistant.ui.language import say

CLOCK = "/wr/session"
_OPEN_BELOW = (LANGUAGE_ROUTE + "/", "/wr/static/css/")
_WARN_S = 60
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
        return sign_in_page(within(next), told) if door.asks else RedirectResponse("/", 303)

    @router.post(SIGN_IN)
    def come_in(request: Request, name: _Field = "", password: _Field = "", next: _Field = "/") -> Response:
        if not door.asks:
            return RedirectResponse("/", 303)
        try:
            secret, _ = door.sign_ins.sign_in(name, password, request.client.host if request.client else "")
        except SignInRefused as refused:
            minutes = -(-refused.wait_s // 60)
            told = say("sign_in.wait", minutes=minutes) if minutes else say("sign_in.wrong")
            page = sign_in_page(within(next), told, name, bad=True, status=429 if minutes else 401)
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
        return account_page() if door.asks else RedirectResponse("/", 303)

    @router.post(ACCOUNT)
    def change(request: Request, password: _Field = "", new: _Field = "", again: _Field = "") -> Response:
        who = visitor()
        if who.name is None:
            return RedirectResponse("/", 303)
        try:
            door.sign_ins.check_password(who.name, password, request.client.host if request.client else "")
            if new != again:
                return account_page(say("sign_in.differ"), 400)
            door.accounts.set_password(who.name, new)
        except SignInRefused as refused:
            minutes = -(-refused.wait_s // 60)
            return account_page(say("sign_in.wait", minutes=minutes) if minutes else say("sign_in.wrong_old"), 403)
        except WardroundError as error:
            return account_page(str(error), 400)
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
