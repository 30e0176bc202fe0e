"""What the browser gets beside Streamlit itself: the page's frame, its style and script, page images, an auditor's
files, health, headers.

Laws of this room: nothing is served that names another host; every response carries the security headers; a page image
is given out only for a citation of a kept record, or to librarians for a document of the library or of a plan, and
never for a path that a request names.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ragmed.citation_image import NARROWEST, WIDEST, citation_image
from ragmed.errors import BadInputError, NotFoundError, RagMedError
from ragmed.settings import LOOPBACK
from ragmed.ui.downloads import bundle, export
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.references import IMAGE_WIDTH
from ragmed.ui.sheets import DOCUMENT_ID, WIDTH, notice_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ragmed.ui.desk import Desk

ASSETS = {
    "theme.css": "text/css",
    "library.css": "text/css",
    "assumed.css": "text/css",
    "audit.css": "text/css",
    "review.css": "text/css",
    "keys.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
AUDITORS_PAGES = ("/audit", "/review")
PAGES = ("/", "/library", *AUDITORS_PAGES)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Streamlit writes its styles into the page as it runs
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-write=(self)",
}

YEAR = 31_536_000


class SecurityHeaders:
    """ASGI middleware: HEADERS on every HTTP response, replacing what the inner app may have said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def middleware(host: str) -> list[Middleware]:
    """The headers; on a loopback address also a check of Host, so that no page elsewhere can rebind its name to us."""
    layers = [Middleware(SecurityHeaders)]
    if host in LOOPBACK:
        layers.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK), www_redirect=False))
    return layers


def routes(desk: Callable[[], Desk]) -> list[Route]:
    """Our own routes; Streamlit's follow after them. ``desk`` is asked at each request."""

    async def page(request: Request) -> Response:
        if request.url.path in AUDITORS_PAGES and not desk().program.settings.app.for_auditors:
            return RedirectResponse("/")
        return HTMLResponse(frame(), headers={"Cache-Control": "no-cache"})

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            return PlainTextResponse("not found", status_code=404)
        return Response(_asset(name), media_type=ASSETS[name], headers={"Cache-Control": f"public, max-age={YEAR}"})

    async def image(request: Request) -> Response:
        return await run_in_threadpool(_image, desk(), request)

    async def sheet(request: Request) -> Response:
        return await run_in_threadpool(_sheet, desk(), request)

    async def evidence(request: Request) -> Response:
        return await run_in_threadpool(bundle, desk(), request, stylesheets())

    async def answers(request: Request) -> Response:
        return await run_in_threadpool(export, desk(), request, stylesheets())

    async def health(_request: Request) -> Response:
        snapshot, fault = await run_in_threadpool(_health, desk())
        return JSONResponse(
            {"status": "fault" if fault else "ok", "snapshot_id": snapshot, "fault": fault},
            status_code=503 if fault else 200,
            headers={"Cache-Control": "no-store"},
        )

    return [
        *(Route(path, page) for path in PAGES),
        Route("/ui/{name}", asset),
        Route("/page/{record_id}/{key}.png", image),
        Route("/library/page/{document_id}/{number}.png", sheet),
        Route("/audit/bundle/{record_id}.zip", evidence),
        Route("/audit/export.{form}", answers),
        Route("/health", health),
    ]


@cache
def frame() -> str:
    """Streamlit's own index page with our title, icon, style and script, and without its inline script and its font.

    The inline script only presets a flag for search engines' crawlers; without it no inline script need be allowed.
    """
    index = resources.files("streamlit").joinpath("static/index.html").read_text(encoding="utf-8")
    index = re.sub(r"<!--.*?-->", "", index, flags=re.DOTALL)
    index = re.sub(r"<script>.*?</script>", "", index, flags=re.DOTALL)
    index = re.sub(r"<link[^>]*rel=\"(?:preload|service-desc|shortcut icon)\".*?/?>", "", index, flags=re.DOTALL)
    index = re.sub(r"<noscript>.*?</noscript>", "<noscript>RagMed needs JavaScript.</noscript>", index, flags=re.DOTALL)
    ours = (
        f'<link rel="icon" type="image/svg+xml" href="{asset_path("mark.svg")}">'
        f"{stylesheets()}"
        f'<meta name="color-scheme" content="light dark">'
        f'<script src="{asset_path("keys.js")}"></script>'
    )
    # first in the head: the script says where Streamlit is before Streamlit looks for itself
    return re.sub(r"\n\s*\n+", "\n", index.replace("<title>Streamlit</title>", f"<title>RagMed</title>{ours}"))


def stylesheets() -> Markup:
    """The links to our styles, in the order in which they are laid over one another."""
    return join(
        *(el("link", rel="stylesheet", href=asset_path(name)) for name, media in ASSETS.items() if media == "text/css")
    )


def asset_path(name: str) -> str:
    """Address of one of our files; it changes with the file, so that browsers may keep it for ever."""
    return f"/ui/{name}?v={hashlib.sha256(_asset(name)).hexdigest()[:12]}"


@cache
def _asset(name: str) -> bytes:
    return resources.files("ragmed.ui").joinpath("assets", name).read_bytes()


def _image(desk: Desk, request: Request) -> Response:
    named = request.path_params
    width = request.query_params.get("w", str(IMAGE_WIDTH))
    try:
        picture = citation_image(desk.program, named["record_id"], named["key"], width)
    except NotFoundError as error:
        return PlainTextResponse(str(error), status_code=404)
    except BadInputError as error:
        return PlainTextResponse(str(error), status_code=400)
    except RagMedError as error:
        return PlainTextResponse(f"{error}\n{error.remedy}", status_code=409)
    # a record never changes, nor do the pages it cites
    return Response(picture, media_type="image/png", headers={"Cache-Control": f"private, max-age={YEAR}, immutable"})


def _sheet(desk: Desk, request: Request) -> Response:
    """A page of the library or of the plan; only where librarians work."""
    document_id, number = request.path_params["document_id"], request.path_params["number"]
    width = request.query_params.get("w", str(WIDTH))
    if not desk.program.settings.app.for_librarians:
        return PlainTextResponse("not found", status_code=404)
    if not DOCUMENT_ID.match(document_id) or not _is_number(number) or not _is_number(width):
        return PlainTextResponse("not a page", status_code=400)
    try:
        words = notice_words(desk, document_id, int(number[:6])) if "notice" in request.query_params else ""
        wide = min(WIDEST, max(NARROWEST, int(width[:5])))
        picture = desk.program.librarian.page_image(document_id, int(number[:6]), wide, words)
    except NotFoundError as error:
        return PlainTextResponse(str(error), status_code=404)
    except RagMedError as error:
        return PlainTextResponse(f"{error}\n{error.remedy}", status_code=409)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit()


def _health(desk: Desk) -> tuple[str | None, str]:
    try:
        snapshot = desk.current()
    except RagMedError as error:
        return None, str(error)
    return (snapshot.snapshot_id if snapshot else None), ""
