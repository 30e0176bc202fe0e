"""The whole server as one ASGI application: routes, gates, errors, and the description of all that."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from ragmed import __version__
from ragmed.errors import RagMedError
from ragmed.serve import answers, chat, health
from ragmed.serve.faults import RefusedError, error_response, refusal_of, refusal_of_status
from ragmed.serve.gate import OPEN, Door, Watch
from ragmed.serve.service import ClientLeftError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ragmed.serve.service import Service

_ABOUT = "Answers from a hospital's own guidelines, with the page behind every sentence. See docs/serve.md."
_LEFT = 499
"""What the log says of a request whose caller has left; nobody receives it."""


def make_app(service: Service, *, key: bytes = b"") -> FastAPI:
    """The application over ``service``; ``key``: what callers must send, empty for none."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        yield
        service.close()

    app = FastAPI(
        title="RagMed",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        # the pages that show a description fetch their scripts from another host
        docs_url=None,
        redoc_url=None,
    )
    for part in (chat, answers, health):
        app.include_router(part.routes(service))
    app.add_middleware(Door, service=service, key=key)
    origins = list(service.settings.origins)
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["*"], max_age=600
        )
    app.add_middleware(Watch, service=service)
    _tell_errors(app, service)
    app.openapi = lambda: _described(app, keyed=bool(key))  # type: ignore[method-assign]
    return app


def _tell_errors(app: FastAPI, service: Service) -> None:
    async def ours(_request: Request, error: Exception) -> Response:
        if isinstance(error, ClientLeftError):
            return Response(status_code=_LEFT)
        assert isinstance(error, RagMedError)
        return error_response(refusal_of(error, service.program.settings))

    async def malformed(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        # never the input itself: it is the caller's, and may be long
        return error_response(
            RefusedError(400, "bad_request", f"{where}: {first['msg']}", remedy="see /openapi.json for the form")
        )

    async def foreign(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = error_response(refusal_of_status(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(RagMedError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, foreign)


def _described(app: FastAPI, *, keyed: bool) -> dict[str, Any]:
    """The description, with this server's own errors and its key, instead of the framework's."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    described = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    if keyed:
        described["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # a wrong request is 400 here
            if keyed and path not in OPEN:
                operation["security"] = [{"key": []}]
            elif not keyed:
                operation["responses"].pop("401", None)
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)
    app.openapi_schema = described
    return described
