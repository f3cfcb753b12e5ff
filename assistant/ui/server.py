"""The server of the page: loopback only, nothing remote, nothing kept."""

from __future__ import annotations

import os
import signal
import threading
import time
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from assistant.errors import WardroundError
from assistant.ui.evaluation.routes import scorecard_router
from assistant.ui.head import language_router
from assistant.ui.page import STYLES, build_page
from assistant.ui.scratch import Scratch
from assistant.ui.upload_guard import UploadGuard
from assistant.ui.visitor import entering, visitor_of

if TYPE_CHECKING:
    from assistant.assistant import Assistant

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
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}


STATIC = "/wr/static"


def make_app(assistant: Assistant, folder: Path) -> FastAPI:
    """The page as an ASGI application; uploads lie below `folder` only."""
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "received")  # read when Gradio's app is made
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(UploadGuard, folder=folder, ui=assistant.settings.ui)
    # Another site's page that rebinds its name to this address is turned away.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        with entering(visitor_of(request, None)):
            response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)  # a page of a stricter policy keeps it
        if not request.url.path.startswith(("/assets", "/static", STATIC)):
            response.headers["Cache-Control"] = "no-store"
        return response

    app.mount(STATIC, StaticFiles(directory=Path(__file__).parent / "static"))
    app.include_router(language_router())
    app.include_router(scorecard_router(assistant))
    page = build_page(assistant, folder / "conversations")
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,  # Gradio would keep every question and answer in the browser's storage
        max_file_size=f"{assistant.settings.ui.max_upload_mb}mb",
        ssr_mode=False,
        show_error=True,
        theme=theme(),
        css_paths=STYLES,
        head=f'<script type="module" src="{STATIC}/wardround.js"></script>',
    )


def theme() -> Any:
    """Gradio's plain theme with the system's own fonts: none is fetched."""
    fonts = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="slate",
        font=fonts,
        font_mono=("ui-monospace", "Menlo", "Consolas", "monospace"),
    )


class PageServer:
    """The page on a port of this machine, as a context manager; `url` is where it answers.

    Raises WardroundError when the port is taken.
    """

    def __init__(self, assistant: Assistant, port: int, host: str = "127.0.0.1") -> None:
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise WardroundError(
                f"ui.host {host}: without sign-in the page answers on this machine only: use 127.0.0.1"
            )
        self._scratch = Scratch()
        self.folder = self._scratch.folder
        self.url = f"http://{host}:{port}"
        app = make_app(assistant, self.folder)
        self._server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> PageServer:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self._forget()
                raise WardroundError(f"{self.url} can’t be opened, the port may be taken: choose another with --port")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._forget()

    def wait(self) -> None:
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)

    def _forget(self) -> None:
        self._scratch.close()


def launch(assistant: Assistant, port: int | None = None, open_browser: bool = False) -> None:
    """Open the chat on 127.0.0.1 and serve it until interrupted; uploads are deleted at the end."""
    ui = assistant.settings.ui
    with PageServer(assistant, port or ui.port, ui.host) as server:
        print(f"Wardround answers on {server.url} (stop with Ctrl-C)", flush=True)
        if open_browser:
            webbrowser.open(server.url)
        signal.signal(signal.SIGTERM, _interrupt)  # a service manager's way to end it: uploads go all the same
        try:
            server.wait()
        except KeyboardInterrupt:
            print("Closing; uploads of this session are deleted.", flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
