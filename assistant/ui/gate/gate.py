"""The gate before every page and route: who comes in, from where, and what of Gradio is reached at all.

In this order: the host's name (against rebinding), where a request comes from (against other sites' pages), who it is
from, what their roles allow, and what of Gradio's routes the page needs (`gradio_gate.py`). Only then does the request
go on, with its visitor in the scope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.ui.gate.door import Caller, Door, new_secret, set_cookie
from assistant.ui.gate.gradio_gate import APP_ID, GradioGate, is_gradios, is_nowhere
from assistant.ui.gate.plain_pages import SIGN_IN, missing_page, refused_page
from assistant.ui.gate.sign_in import CLOCK, is_open
from assistant.ui.gate.visitor import SCOPE_KEY, Visitor, entering, language_of
from assistant.ui.head import Place
from assistant.ui.language import say, say_in

if TYPE_CHECKING:
    from assistant.settings import UiSettings

# Gradio compiles its templates and event code in the browser ('unsafe-eval') and starts from inline scripts;
# handlers inside markup (onerror=…) are refused, and nothing is loaded from or sent to another host.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, a browser hides where its own forms come from, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}
_KEEPS = ("/assets/", "/static/", "/wr/static/")  # the program's own files, the same for everybody
_UNUSED = (CLOCK, APP_ID, "/gradio_api/heartbeat/")  # what a page asks by itself keeps no session from falling idle
_REFUSALS = frozenset({403, 404})  # of which the access log may be told
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ROLES = (
    ("/wr/view/", ("reader", "author")),
    ("/wr/access", ("auditor",)),
    ("/api/", ("reader", "author", "auditor", "administrator")),
    ("/mcp", ("reader", "author")),
)
"""Which roles it takes below which path; pages have theirs in `page.PAGES`."""


class Gate:
    """ASGI middleware around all of the page."""

    def __init__(
        self,
        app: ASGIApp,
        door: Door,
        ui: UiSettings,
        pages: Mapping[str, Place],
        role_of_event: Callable[[int], str | None],
    ) -> None:
        """`pages` are those of the site, by their path."""
        self._app, self._door = app, door
        self._gradio = GradioGate(app, pages, role_of_event)
        self._pages = pages
        self._hosts = frozenset(name.lower() for name in ui.names) | _LOOPBACK | {ui.host.lower()}
        self._any_host = ui.sign_in and not ui.names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no page of ours opens a web socket
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        sent = _with_headers(send, scope["path"])
        language = language_of(request)
        refused = self._wrong_host(request) or _foreign(request)
        caller = None if refused else await self._caller(request)
        who = await run_in_threadpool(self._door.visitor, caller.account if caller else None, language)
        if refused is None and caller is None and not is_open(scope["path"]):
            refused = _sign_in_first(request, language)
        sent = self._told(sent, scope["path"], who)
        with entering(who):
            if refused is None and caller is not None:
                refused = self._not_allowed(request, who) or self._missing(request, who)
            if refused is not None:
                await refused(scope, receive, sent)
                return
            if caller is not None:
                name = caller.account
                scope[SCOPE_KEY] = lambda: self._door.visitor(name, language)
                if is_gradios(scope["path"]):
                    await self._gradio(scope, receive, self._with_mark(sent, request, caller), caller, who)
                    return
            await self._app(scope, receive, sent)

    def _told(self, send: Send, path: str, who: Visitor) -> Send:
        """The access log is told of what an account is refused, before it is."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _REFUSALS and who.name is not None:
                with entering(who):
                    await run_in_threadpool(self._door.tell_refused, path, message["status"])
            await send(message)

        return sent

    async def _caller(self, request: Request) -> Caller | None:
        used = not request.scope["path"].startswith(_UNUSED) or request.method == "POST"
        return await run_in_threadpool(self._door.caller, request, used=used)

    def _wrong_host(self, request: Request) -> Response | None:
        """A page of another site that rebinds its name to this address is turned away."""
        host = request.headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if self._any_host or name in self._hosts:
            return None
        return PlainTextResponse("not this server's name: see ui.names", 400)

    def _not_allowed(self, request: Request, who: Visitor) -> Response | None:
        path = request.scope["path"]
        page = self._pages.get(path.rstrip("/") or "/")
        roles = (page.role,) if page else next((roles for below, roles in _ROLES if path.startswith(below)), ())
        if not roles or who.may(*roles):
            return None
        if _is_navigation(request):
            if path == "/" and (first := next(iter(self._open_to(who)), None)):  # as after signing in
                return RedirectResponse(first[0], 303)
            return refused_page(say("sign_in.role_missing", role=say(f"role.{roles[0]}")), self._open_to(who))
        return JSONResponse({"detail": f"this takes the role {' or '.join(roles)}"}, 403)

    def _missing(self, request: Request, who: Visitor) -> Response | None:
        path = request.scope["path"]
        known = (path.rstrip("/") or "/") in self._pages or not is_nowhere(path)
        return None if known or not _is_navigation(request) else missing_page(self._open_to(who))

    def _open_to(self, who: Visitor) -> list[tuple[str, str]]:
        return [(page.path, say(page.name)) for page in self._pages.values() if who.may(page.role)]

    def _with_mark(self, send: Send, request: Request, caller: Caller) -> Send:
        """Where nobody signs in, a browser gets a mark of its own with its first page, and so is told from others."""
        if self._door.asks or caller.key or not _is_navigation(request):
            return send
        marked = Response()
        set_cookie(marked, request, new_secret(), "lax")

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", marked.headers["set-cookie"])
            await send(message)

        return sent


def _foreign(request: Request) -> Response | None:
    """What another site's page sends or embeds is refused; a link from there to a page of ours works."""
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    if request.method in ("GET", "HEAD"):
        opened = request.headers.get("sec-fetch-mode") == "navigate"
        opened = opened and request.headers.get("sec-fetch-dest", "document") == "document"
        foreign = site not in ("same-origin", "none") and not opened
    else:
        foreign = site not in ("same-origin", "none")
    if origin is not None:
        foreign = foreign or urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    return PlainTextResponse("asked by a page of another site: refused", 403) if foreign else None


def _sign_in_first(request: Request, language: str) -> Response:
    if _is_navigation(request) and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        # a link on another site does not bring the cookie along: asked once more by a page of ours, it does
        return HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0"><title>Wardround</title>')
    if _is_navigation(request):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = "" if asked == "/" else f"?next={quote(asked, safe='')}"
        return RedirectResponse(f"{SIGN_IN}{back}", 303)
    return JSONResponse({"detail": say_in(language, "sign_in.first")}, 401, {"WWW-Authenticate": "Bearer"})


def _is_navigation(request: Request) -> bool:
    """Whether a person opens a page, rather than a script that asks for data."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _with_headers(send: Send, path: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)  # a page of a stricter policy keeps it
            if not path.startswith(_KEEPS):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sent
