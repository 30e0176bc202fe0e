"""Pictures of pages of files that were uploaded or are held: drawn under the limits that they are read under.

Laws of this room: a file that no snapshot holds may be built to harm whoever draws it, so PDFium meets it in a process
of its own, which is stopped like a reader's. Formats without pages of their own are typeset here, from text that the
sandbox has already checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import ragmed
from ragmed.canonical import plain
from ragmed.corpus.picture_child import REFUSED
from ragmed.errors import LimitExceededError, UnreadableFileError

if TYPE_CHECKING:
    from ragmed.records import Document, Page
    from ragmed.settings import ReaderSettings

_PNG = b"\x89PNG\r\n\x1a\n"


class GuardedPageRenderer:
    """PageRenderer for files that nobody has accepted yet. Safe to share between threads."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings

    def render(self, source: Path, document: Document, page: Page, start: int, end: int, *, width: int) -> bytes:
        """See PageRenderer; raises LimitExceededError too."""
        if document.media_type != "application/pdf":
            from ragmed.corpus.typeset import TextPageRenderer

            return TextPageRenderer().render(source, document, page, start, end, width=width)
        request = {
            "settings": self._settings.model_dump(mode="json"),
            "path": str(source.resolve()),
            "document": plain(document),
            "page": plain(page),
            "start": start,
            "end": end,
            "width": width,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-W", "ignore", "-m", "ragmed.corpus.picture_child", str(os.getpid())],
                input=json.dumps(request).encode(),
                capture_output=True,
                timeout=self._settings.seconds,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LimitExceededError(
                f"{source.name}: drawing page {page.number} took longer than {self._settings.seconds:.0f} s",
                remedy="look at the file itself, or raise reader.seconds",
            ) from None
        if done.returncode or not done.stdout.startswith(_PNG):
            said = done.stderr.decode("utf-8", "replace").strip()[-300:] if done.returncode == REFUSED else ""
            raise UnreadableFileError(
                said or f"{source.name}: page {page.number} cannot be drawn",
                remedy="the file is damaged or hostile; get it again",
            )
        return done.stdout


def _environment() -> dict[str, str]:
    root = str(Path(ragmed.__file__).resolve().parent.parent)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONPATH": root, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
