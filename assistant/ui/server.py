"""The server of the page: loopback only, nothing remote, nothing kept."""

from __future__ import annotations

import os
import signal
import ssl
import sys
import threading
import time
import warnings
import webbrowser
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from gradio.routes import App as GradioApp
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.acting import the_user
from assistant.errors import NotAllowed, WardroundError
from assistant.store.accounts import Accounts
from assistant.ui.access.access_page import access_router
from assistant.ui.api.mount import let_programs_in
from assistant.ui.archive.lead_on import LeadOn
from assistant.ui.drafts.downloads import downloads_router
from assistant.ui.drafts.jobs import JOBS
from assistant.ui.drafts.shelf import shelf_of
from assistant.ui.evaluation.routes import scorecard_router
from assistant.ui.evidence.ecg_route import ecg_router
from assistant.ui.evidence.pixels import image_router
from assistant.ui.evidence.record_routes import record_router
from assistant.ui.feedback import feedback_router
from assistant.ui.first_sight import begin_pages
from assistant.ui.gate.door import Door
from assistant.ui.gate.gate import Gate
from assistant.ui.gate.sign_in import sign_in_router
from assistant.ui.gate.upload_guard import UploadGuard
from assistant.ui.gate.visitor import acting
from assistant.ui.head import Place, language_router, manifest_router
from assistant.ui.language.wording import gradio_texts
from assistant.ui.page import PAGES, STYLES, build_page
from assistant.ui.scratch import ServerFolder
from assistant.ui.search.search_page import search_router
from assistant.ui.sessions import keep_sessions

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import UiSettings

STATIC = "/wr/static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SERVED: WeakSet[Assistant] = WeakSet()


def make_app(assistant: Assistant, place: ServerFolder, door: Door) -> FastAPI:
    """The page as an ASGI application; uploads lie below the server's folder only."""
    folder = place.folder
    os.environ["GRADIO_TEMP_DIR"] = str(place.shared)  # where a file that an event names must lie, of all servers
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(UploadGuard, folder=folder, ui=assistant.settings.ui)
    app.add_middleware(LeadOn, assistant=assistant)
    ui = assistant.settings.ui
    places = {place.path: place for place, _ in PAGES}
    events: dict[int, str] = {}
    app.add_middleware(Gate, door=door, ui=ui, pages=places, role_of_event=events.get)  # added last, met first
    assistant.act_for(partial(acting, ui.sign_in))
    assistant.follow()

    @app.exception_handler(NotAllowed)
    def refuse(_: Request, error: NotAllowed) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    app.mount(STATIC, StaticFiles(directory=Path(__file__).parent / "static"))
    app.include_router(language_router())
    app.include_router(manifest_router())
    app.include_router(scorecard_router(assistant))
    app.include_router(ecg_router(assistant))
    app.include_router(image_router(assistant))
    app.include_router(record_router(assistant))
    app.include_router(search_router())
    app.include_router(downloads_router(assistant))
    app.include_router(feedback_router(assistant, shelf_of(assistant).said))
    app.include_router(access_router(assistant))
    app.include_router(sign_in_router(door))
    let_programs_in(app, assistant, folder / "programs")
    begin_pages(style=f"{STATIC}/first_sight.css", script=f"{STATIC}/arriving.js")
    page = build_page(assistant, folder / "conversations")
    scripts = ("wardround.js", *(("session.js",) if ui.sign_in else ()))
    with warnings.catch_warnings():
        # of a site of several pages Gradio says that it turns server-side rendering off, also where it never was on
        warnings.filterwarnings("ignore", "SSR mode is not supported", UserWarning)
        mounted = gr.mount_gradio_app(
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
            i18n=gradio_texts(),
            head="".join(f'<script type="module" src="{STATIC}/{name}"></script>' for name in scripts),
        )
    events.update(events_of(page, places))
    _receive_in(folder / "received", page, mounted)
    keep_sessions(page, mounted)
    return mounted


def _receive_in(folder: Path, page: gr.Blocks, app: FastAPI) -> None:
    """This page's uploads, and what its components keep, lie here: Gradio took the process's folder for both."""
    for block in page.blocks.values():
        block.GRADIO_CACHE = str(folder)
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, GradioApp):
            route.app.uploaded_file_dir = str(folder)


def events_of(page: gr.Blocks, places: Mapping[str, Place]) -> dict[int, str]:
    """The role that each event's number takes: that of the page it is on."""
    by_page = page.config["page"].items()
    return {number: places[f"/{name}"].role for name, told in by_page for number in told["dependencies"]}


def check_address(ui: UiSettings, host: str) -> dict[str, Any]:
    """What uvicorn needs to speak HTTPS, if it shall. Raises WardroundError where the page must not be served so."""
    if host not in LOOPBACK and not ui.sign_in:
        raise WardroundError(
            f"ui.host {host}: without sign-in the page answers on this machine only: use 127.0.0.1, or set ui.sign_in"
        )
    if ui.tls_certificate is None and ui.tls_key is None:
        return {}
    if ui.tls_certificate is None or ui.tls_key is None:
        raise WardroundError("ui.tls_certificate and ui.tls_key: give both, or neither")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(ui.tls_certificate, ui.tls_key)
    except OSError as error:  # ssl.SSLError, too
        raise WardroundError(f"ui.tls_certificate {ui.tls_certificate}, ui.tls_key {ui.tls_key}: {error}") from error
    return {"ssl_certfile": str(ui.tls_certificate), "ssl_keyfile": str(ui.tls_key)}


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

    A process may have several, each over an Assistant of its own. Raises WardroundError when the port is taken.
    """

    def __init__(self, assistant: Assistant, port: int, host: str = "127.0.0.1") -> None:
        ui = assistant.settings.ui
        tls = check_address(ui, host)
        if ui.sign_in and not Accounts(assistant.db).somebody():
            raise WardroundError("nobody can sign in yet: `wardround user add NAME --role administrator --role reader`")
        if assistant in _SERVED:  # for whom an assistant works is told by one page
            raise WardroundError("this Assistant has a page already: open another one (Assistant.open) for a second")
        self._assistant = assistant
        self.door = Door(assistant)
        self._place = ServerFolder()
        self.folder = self._place.folder
        self.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        app = make_app(assistant, self._place, self.door)
        config = uvicorn.Config(
            app, host=host, port=port, log_level="warning", access_log=False, server_header=False, **tls
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        _SERVED.add(assistant)

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
        JOBS.stop_all(self._assistant)
        self._forget()

    def wait(self) -> None:
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)

    def _forget(self) -> None:
        self._assistant.act_for(the_user)
        _SERVED.discard(self._assistant)
        self._place.close()


def launch(assistant: Assistant, port: int | None = None, open_browser: bool = False) -> None:
    """Open the chat and serve it until interrupted; uploads are deleted at the end."""
    ui = assistant.settings.ui
    with PageServer(assistant, port or ui.port, ui.host) as server:
        print(f"Wardround answers on {server.url} (stop with Ctrl-C)", flush=True)
        if ui.host not in LOOPBACK and ui.tls_certificate is None:
            print(
                "Passwords and records travel unencrypted: set ui.tls_certificate and ui.tls_key, or put a server that "
                "speaks HTTPS in front (docs/security.md)",
                file=sys.stderr,
            )
        if open_browser:
            webbrowser.open(server.url)
        signal.signal(signal.SIGTERM, _interrupt)  # a service manager's way to end it: uploads go all the same
        try:
            server.wait()
        except KeyboardInterrupt:
            print("Closing; uploads of this session are deleted.", flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
