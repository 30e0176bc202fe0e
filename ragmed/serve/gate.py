"""Before and around every route: who may enter, with how much, and what is noted of it.

Two layers of ASGI. ``Watch`` is the outermost: one line of log and one count a request, by the route's pattern and
never by the path as it came; faults of the program end in a plain sentence, and only their place in the code goes to
the log. ``Door`` refuses other host names on a loopback address (a web page elsewhere may give its name our address),
wrong keys, bodies that are too large, and everybody once the server is stopping.
"""

from __future__ import annotations

import hmac
import logging
import time
from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders

from ragmed.serve.faults import UNEXPECTED, RefusedError, error_response, place_of
from ragmed.settings import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ragmed.serve.service import Service

OPEN = ("/healthz", "/readyz", "/openapi.json")
"""Paths that need no key and are answered while the server stops."""
_METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_log = logging.getLogger(__name__)


class Watch:
    """Notes what came of each request."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - told in plain words; its message may hold a question and is not logged
            _log.error("%s at %s", type(error).__name__, place_of(error))
            if not status:
                await error_response(UNEXPECTED)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "unmatched")
            self._service.counts.request(method, route, status, seconds)
            _log.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)


class Door:
    """Lets in who may enter."""

    def __init__(self, app: ASGIApp, service: Service, key: bytes) -> None:
        """``key``: empty where none is asked for."""
        self._app, self._service, self._key = app, service, key
        self._most = service.settings.body_kib << 10

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is not None:
            await error_response(refused)(scope, receive, send)
            return
        read = 0

        async def receiving() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise HTTPException(413, str(self._too_large()))  # the one kind that FastAPI lets pass
            return message

        await self._app(scope, receiving, send)

    def _refusal(self, scope: Scope) -> RefusedError | None:
        headers = Headers(scope=scope)
        if self._service.settings.host in LOOPBACK and _host(headers.get("host", "")) not in LOOPBACK:
            return RefusedError(
                400, "wrong_host", "this server answers to the names of this machine only", remedy="use 127.0.0.1"
            )
        if scope["path"] in OPEN:
            return None
        if self._key and not _is_key(headers.get("authorization", ""), self._key):
            return RefusedError(
                401,
                "invalid_api_key",
                "the key is missing or wrong",
                remedy="send the key of serve.key_file as `Authorization: Bearer KEY`",
            )
        if self._service.stopping:
            return RefusedError(
                503, "stopping", "the server is stopping", remedy="try again in a moment", retry_after=5
            )
        length = headers.get("content-length", "0")
        return self._too_large() if length.isascii() and length.isdigit() and int(length) > self._most else None

    def _too_large(self) -> RefusedError:
        return RefusedError(
            413, "too_large", f"the body is larger than {self._most >> 10} KiB", remedy="shorten it: see serve.body_kib"
        )


def _is_key(said: str, key: bytes) -> bool:
    scheme, _, given = said.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key)


def _host(said: str) -> str:
    """The name of a Host header, without its port."""
    return said[1:].partition("]")[0] if said.startswith("[") else said.rpartition(":")[0] or said
