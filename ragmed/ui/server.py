"""Starts the app: one process, one port, this machine only unless told otherwise.

Laws of this room: nothing is sent to another host; errors on a page show no internals; the program is opened once.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.errors import NoIndexError, NotPossibleError, RagMedError
from ragmed.ui.desk import PLACE, Desk, Indexing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streamlit.starlette import App

    from ragmed.interfaces import Progress
    from ragmed.settings import Settings
    from ragmed.ui.desk import Program

SCRIPT = Path(__file__).with_name("page_script.py")
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
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

_log = logging.getLogger(__name__)


def desk_for(settings: Settings, program: Program | None = None) -> Desk:
    """The desk over ``program``, or over the one that ``settings`` describe."""
    from ragmed import assemble

    def build(progress: Progress) -> object:
        return assemble.build_index(settings, progress=progress)

    return Desk(program if program is not None else assemble.open_program(settings), Indexing(build))


def asgi_app(desk: Desk) -> App:
    """The whole app as one ASGI application: pages, page images, health."""
    from streamlit.starlette import App

    from ragmed.ui import shell

    PLACE.lay(desk)

    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncGenerator[None, None]:
        threading.Thread(target=_warm, args=(desk,), name="ragmed-warm", daemon=True).start()
        yield

    return App(
        SCRIPT,
        routes=shell.routes(lambda: desk),
        middleware=shell.middleware(desk.program.settings.app.host),
        lifespan=lifespan,
        on_script_error=show_fault,
    )


def serve(settings: Settings, program: Program | None = None) -> None:
    """Serve the app until it is stopped.

    Raises NotPossibleError when the port is taken.
    """
    host, port = settings.app.host, settings.app.port
    _check_free(host, port)
    app = asgi_app(desk_for(settings, program))
    print(f"RagMed is open at http://{_shown(host)}:{port}   (Ctrl+C stops it)", flush=True)  # noqa: T201 - what the user waits for
    app.run(config={**OPTIONS, "server.address": host, "server.port": port})


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
