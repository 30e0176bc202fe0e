"""Starts the app: one process, one port, this machine only unless told otherwise.

Laws of this room: nothing is sent to another host; errors on a page show no internals; the program is opened once.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ragmed.errors import NoIndexError, NotPossibleError, RagMedError
from ragmed.ui.desk import PLACE, Desk, Jobs

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.middleware import Middleware
    from starlette.routing import Route
    from streamlit.starlette import App

    from ragmed.interfaces import FileProgress, Progress
    from ragmed.settings import Settings

SCRIPT = Path(__file__).with_name("page_script.py")
FONT = (
    "-apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', system-ui, sans-serif"
)
CODE_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"

OPTIONS: Mapping[str, str | int | bool] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "logger.hideWelcomeMessage": True,
    "runner.magicEnabled": False,
    "server.enableAgentApi": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.showEmailPrompt": False,
    "theme.font": FONT,
    "theme.headingFont": FONT,
    "theme.codeFont": CODE_FONT,
    "theme.baseRadius": "8px",
    "theme.showWidgetBorder": True,
    "theme.light.primaryColor": "#0b6470",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f5f6f7",
    "theme.light.textColor": "#1a1f24",
    "theme.light.borderColor": "#dde1e5",
    "theme.light.linkColor": "#0b6470",
    "theme.dark.primaryColor": "#6fc6d1",
    "theme.dark.backgroundColor": "#14181b",
    "theme.dark.secondaryBackgroundColor": "#1d2226",
    "theme.dark.textColor": "#e6e9eb",
    "theme.dark.borderColor": "#343b41",
    "theme.dark.linkColor": "#6fc6d1",
}
"""Streamlit's options. ``.streamlit/config.toml`` says the same for ``streamlit run app.py``; a test compares them."""

APP_USER = "app"
"""Who asks on the page, unless ``audit.user`` names somebody: the app knows no users."""

_log = logging.getLogger(__name__)


def desk_for(settings: Settings) -> Desk:
    """The desk over the program that ``settings`` describe."""
    from ragmed import assemble

    def build(progress: Progress, files: FileProgress) -> object:
        return assemble.build_index(settings, inbox=True, progress=progress, files=files)

    return Desk(assemble.open_program(settings, user=APP_USER), Jobs(), build)


class Parts(TypedDict):
    """What ``streamlit.starlette.App`` takes beside its script."""

    routes: list[Route]
    middleware: list[Middleware]
    lifespan: Callable[[App], AbstractAsyncContextManager[None]]
    on_script_error: Callable[[Exception], bool]


def parts(desk: Desk) -> Parts:
    """Lay the desk out for the pages, and give the rest of the app: routes, headers, warming up, faults."""
    from ragmed.ui import shell

    PLACE.lay(desk)

    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncGenerator[None, None]:
        threading.Thread(target=_warm, args=(desk,), name="ragmed-warm", daemon=True).start()
        yield

    return {
        "routes": shell.routes(lambda: desk),
        "middleware": shell.middleware(desk.program.settings.app.host),
        "lifespan": lifespan,
        "on_script_error": show_fault,
    }


def serve(settings: Settings) -> None:
    """Serve the app over the program that ``settings`` describe, until it is stopped. Raises NotPossibleError."""
    run(desk_for(settings))


def run(desk: Desk) -> None:
    """Serve ``desk`` until it is stopped. Raises NotPossibleError when the port is taken."""
    from streamlit.starlette import App

    host, port = desk.program.settings.app.host, desk.program.settings.app.port
    _check_free(host, port)
    print(f"RagMed is open at http://{_shown(host)}:{port}   (Ctrl+C stops it)", flush=True)  # noqa: T201 - what the user waits for
    own = {"server.address": host, "server.port": port, "server.maxUploadSize": desk.program.settings.app.upload_mib}
    App(SCRIPT, **parts(desk)).run(config={**OPTIONS, **own})


def show_fault(_error: Exception) -> bool:
    """In place of Streamlit's own box for an uncaught error: a plain sentence in the page's language."""
    from ragmed.ui.main import show_unexpected

    show_unexpected()
    return True


def _warm(desk: Desk) -> None:
    try:
        desk.program.warm()
    except NoIndexError:
        return  # the first page offers to build it
    except RagMedError as error:
        _log.error("%s %s", error, error.remedy)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotPossibleError(
                f"cannot listen on {host}, port {port}: {error.strerror}",
                remedy="choose another with --port, or --host 127.0.0.1",
            ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
