"""What of Gradio is reached from a browser: the few routes that the page needs, each with its caller's own things.

Gradio serves more than that: files by path or by address, a proxy, its components' own functions, calls by name. None
of it is let through, so what was or will be wrong there can't be reached. Of what is let through:

- a session (Gradio's hash of an opened page), an upload's number, an event's number and an uploaded file belong to
  the browser that came with them first; nobody else's are taken or given;
- an event belongs to a page, and takes the role that the page takes.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.ui.gate.door import Caller
from assistant.ui.gate.visitor import Visitor
from assistant.ui.language import say

_OURS = ("/wr/", "/sign-in", "/sign-out", "/account", "/api/", "/mcp", "/manifest.json")
_API = "/gradio_api"
_STATIC = ("/assets/", "/static/")
_FILES = frozenset({"/theme.css", "/favicon.ico"})
_EVENTS = (f"{_API}/queue/join", f"{_API}/run/predict")
_BODIES = (*_EVENTS, f"{_API}/cancel")
_FILE = f"{_API}/file="
APP_ID = f"{_API}/app_id"
"""A random number, drawn when the server starts, by which a page that lost its server learns that one is there."""

_HASH = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_BODY = 10_000_000
_DEEPEST = 40  # lists and objects within each other in what an event sends
_KEPT = 2_000  # sessions, events and files of one browser; the oldest of its own are given up first


def is_gradios(path: str) -> bool:
    """Whether a path is Gradio's to answer: all that isn't ours."""
    return not path.startswith(_OURS)


def is_nowhere(path: str) -> bool:
    """Whether a path, that is no page's, is neither ours nor one of those below which Gradio has anything."""
    return not path.startswith((*_OURS, *_STATIC, f"{_API}/")) and path not in _FILES


class Belongings:
    """Which browser came with what first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._whose: dict[tuple[str, str], set[str]] = {}
        self._of: dict[str, OrderedDict[tuple[str, str], None]] = {}
        self._lock = threading.Lock()

    def take(self, kind: str, name: str, key: str) -> bool:
        """The thing becomes this browser's, unless it is another's already."""
        with self._lock:
            owners = self._whose.get((kind, name))
            if owners is None:
                self._add((kind, name), key)
                return True
            return key in owners

    def give(self, kind: str, name: str, key: str) -> None:
        """The thing is this browser's too: two may have uploaded the same file."""
        with self._lock:
            self._add((kind, name), key)

    def has(self, kind: str, name: str, key: str) -> bool:
        with self._lock:
            return key in self._whose.get((kind, name), ())

    def _add(self, thing: tuple[str, str], key: str) -> None:
        self._whose.setdefault(thing, set()).add(key)
        own = self._of.setdefault(key, OrderedDict())
        own[thing] = None
        own.move_to_end(thing)
        while len(own) > _KEPT:
            oldest, _ = own.popitem(last=False)
            owners = self._whose[oldest]
            owners.discard(key)
            if not owners:
                del self._whose[oldest]


class GradioGate:
    """The way to Gradio. `pages` are the paths of the site; `role_of_event` gives the role that an event takes, None
    for one that is on no page."""

    def __init__(self, app: ASGIApp, pages: Collection[str], role_of_event: Callable[[int], str | None]) -> None:
        self._app = app
        self._pages = pages
        self._role_of = role_of_event
        self._belongings = Belongings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, caller: Caller, who: Visitor) -> None:
        path, method = scope["path"], scope["method"]
        if method == "POST" and path in _BODIES:
            body = await _body(receive)
            refused = self._body_refused(path, body, caller.key, who)
            receive = _again(body or b"", receive)
            if path == _EVENTS[0]:
                scope, send = _uncompressed(scope), self._noting(send, caller.key, "event")
        elif method == "POST" and path == f"{_API}/upload":
            refused = self._upload_refused(scope, caller.key)
            scope, send = _uncompressed(scope), self._noting(send, caller.key, "file")
        elif method in ("GET", "HEAD"):
            refused = self._get_refused(scope, caller.key)
        else:
            refused = _not_here()
        await (refused or self._app)(scope, receive, send)

    # --- what is refused -----------------------------------------------------------------------------

    def _get_refused(self, scope: Scope, key: str) -> Response | None:
        path: str = scope["path"]
        query = _query(scope)
        if query is None:
            return JSONResponse({"detail": "too many fields"}, 400)
        if (path.rstrip("/") or "/") in self._pages:
            return _not_here() if "deep_link" in query else None
        if path == APP_ID:
            return None
        if path in _FILES or path.startswith(_STATIC):
            return _not_here() if ".." in path else None
        if path.startswith(_FILE):
            return None if self._belongings.has("file", path.removeprefix(_FILE), key) else _not_yours()
        if path.startswith(f"{_API}/heartbeat/"):
            return self._session_refused(path.rpartition("/")[2], key)
        if path == f"{_API}/queue/data":
            return self._session_refused(_only(query, "session_hash"), key)
        if path == f"{_API}/upload_progress":
            return self._upload_refused(scope, key)
        return _not_here()

    def _upload_refused(self, scope: Scope, key: str) -> Response | None:
        upload = _only(_query(scope) or {}, "upload_id")
        if upload and not (_HASH.fullmatch(upload) and self._belongings.take("upload", upload, key)):
            return _not_yours()
        return None

    def _session_refused(self, session: object, key: str) -> Response | None:
        if not isinstance(session, str) or not _HASH.fullmatch(session):
            return JSONResponse({"detail": "no such session"}, 400)
        return None if self._belongings.take("session", session, key) else _not_yours()

    def _body_refused(self, path: str, body: bytes | None, key: str, who: Visitor) -> Response | None:
        if body is None:
            return JSONResponse({"detail": "too large"}, 413)
        try:
            sent = json.loads(body)
            if not isinstance(sent, dict):
                raise ValueError("an object is wanted")
            paths = list(_paths(sent.get("data"), _DEEPEST)) if path in _EVENTS else []
        except (ValueError, RecursionError):
            return JSONResponse({"detail": "not what the page sends"}, 400)
        if refused := self._session_refused(sent.get("session_hash"), key):
            return refused
        if (event := sent.get("event_id")) is not None and not self._belongings.has("event", str(event), key):
            return _not_yours()
        if not all(isinstance(path, str) and self._belongings.has("file", path, key) for path in paths):
            return _not_yours()
        return self._event_refused(sent, who) if path in _EVENTS else None

    def _event_refused(self, sent: dict[str, Any], who: Visitor) -> Response | None:
        number = sent.get("fn_index")
        role = self._role_of(number) if type(number) is int else None
        if role is None:
            return _not_here()
        if not who.may(role):
            return JSONResponse({"detail": say("sign_in.role_missing", role=say(f"role.{role}"))}, 403)
        return None

    # --- what is noted -------------------------------------------------------------------------------

    def _noting(self, send: Send, key: str, kind: str) -> Send:
        """Note whose the files or the event are that Gradio's answer names."""
        parts: list[bytes] = []
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and status == 200:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._note(b"".join(parts), key, kind)
            await send(message)

        return sent

    def _note(self, answer: bytes, key: str, kind: str) -> None:
        told = json.loads(answer)
        for name in [told.get("event_id")] if kind == "event" else told:
            self._belongings.give(kind, str(name), key)


def _paths(value: object, depth: int) -> Iterator[object]:
    """The path of every file that is named in what an event sends."""
    if depth == 0:
        raise ValueError("too deep")
    if isinstance(value, dict):
        if "path" in value:
            yield value["path"]
        for inner in value.values():
            yield from _paths(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, depth - 1)


def _query(scope: Scope) -> dict[str, list[str]] | None:
    """The fields of an address; None where there are more than any page of ours has."""
    try:
        return parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=100)
    except ValueError:
        return None


def _only(query: Mapping[str, list[str]], name: str) -> str:
    """The value of a parameter that is given once; "" else."""
    values = query.get(name, [])
    return values[0] if len(values) == 1 else ""


async def _body(receive: Receive) -> bytes | None:
    """All of a request's body; None where it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > _LONGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes after it."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _uncompressed(scope: Scope) -> Scope:
    """The request as one that takes no compressed answer: the answer is read here on its way."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def _not_here() -> Response:
    return JSONResponse({"detail": "not found"}, 404)


def _not_yours() -> Response:
    return JSONResponse({"detail": "not yours"}, 403)
