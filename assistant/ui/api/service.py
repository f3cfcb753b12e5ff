"""The API as one application, mounted below /api/v1: its routes, its documentation, its errors."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer

from assistant.errors import WardroundError
from assistant.ui.api import misfit
from assistant.ui.api.asking import asking_router
from assistant.ui.api.common import Service, status_of
from assistant.ui.api.docs_page import docs_page
from assistant.ui.api.keeping import keeping_router
from assistant.ui.api.looking import checking_router, looking_router
from assistant.ui.api.talking import talking_router

if TYPE_CHECKING:
    from assistant.assistant import Assistant

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
_ABOUT = (
    "What the page and the command line do, for programs. With sign-in, send the token of an account "
    "(`wardround user token NAME`) as `Authorization: Bearer …`; the account’s roles, indexes and limits hold here, "
    "too, and the access log names it. Research software, no medical device: drafts and answers are preliminary."
)


def api_app(assistant: Assistant, folder: Path) -> FastAPI:
    """The API over an opened assistant; uploads lie below `folder` as long as they are worked on."""
    service = Service(assistant, folder)
    bearer = HTTPBearer(auto_error=False, description="an account’s token; the gate before all pages checks it")
    app = FastAPI(
        title="Wardround", version=version("wardround"), description=_ABOUT, docs_url=None, redoc_url=None,
        swagger_ui_oauth2_redirect_url=None, servers=[{"url": PREFIX}], root_path_in_servers=False,
    )  # fmt: skip
    for router in (asking_router, talking_router, looking_router, checking_router, keeping_router):
        app.include_router(router(service), dependencies=[Depends(bearer)])

    @app.exception_handler(WardroundError)
    async def refused(_: Request, error: WardroundError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_of(error))

    @app.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = error.errors()
        told = misfit.in_a_sentence(errors, f"{PREFIX}/docs")
        return JSONResponse({"detail": told, "errors": misfit.listed(errors)}, 422)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"detail": f"an error inside Wardround ({type(error).__name__}); its log says more"}, 500)

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        base = f"{request.url.scheme}://{request.url.netloc}{PREFIX}"
        return HTMLResponse(docs_page(app.openapi(), base), headers={"Content-Security-Policy": _POLICY})

    return app


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
