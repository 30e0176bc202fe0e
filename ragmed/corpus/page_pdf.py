"""One page of a kept source as a PDF of its own: what an evidence bundle takes along, and never the whole book.

Laws of this room: a page is taken only from the very bytes that were indexed (SHA-256, IntegrityError otherwise); the
PDF is taken apart in a process of its own, under limits, that dies with its parent; the same page gives the same
bytes; links, forms and scripts stay behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from time import gmtime
from typing import TYPE_CHECKING

import ragmed
from ragmed.corpus.render import AnyPageRenderer, SourceCheck
from ragmed.errors import LimitExceededError, UnreadableFileError

if TYPE_CHECKING:
    from ragmed.records import Document, Page
    from ragmed.settings import ReaderSettings

SECONDS = 20.0
"""For one page: real ones take a quarter of a second, nearly all of it for starting Python."""
MOST_BYTES = 32 << 20
WIDTH = 1240
"""Pixels of the picture of a page without print: A4 at 150 dots an inch."""


class PagePdf:
    """Pages as PDFs. Safe to share between threads."""

    def __init__(self, limits: ReaderSettings) -> None:
        self._limits = limits
        self._check = SourceCheck()
        self._renderer = AnyPageRenderer()

    def page(self, source: Path, document: Document, page: Page, start: int, end: int) -> bytes:
        """The page as a PDF. Of formats without printed pages: its picture, ``[start, end)`` of the text in view.

        Raises IntegrityError, UnreadableFileError, LimitExceededError, MissingPartError.
        """
        if document.media_type != "application/pdf":
            return _as_pdf(self._renderer.render(source, document, page, start, end, width=WIDTH))
        self._check.verify(source, document)
        return self._taken_out(source, page.number)

    def _taken_out(self, source: Path, number: int) -> bytes:
        root = str(Path(ragmed.__file__).resolve().parent.parent)
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        arguments = [str(os.getpid()), str(source), str(number), str(self._limits.memory_mib), str(MOST_BYTES)]
        with tempfile.TemporaryFile() as made:
            try:
                done = subprocess.run(
                    [sys.executable, "-P", "-W", "ignore", "-m", "ragmed.corpus.page_pdf_child", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=made,
                    stderr=subprocess.DEVNULL,
                    env={**kept, "PYTHONPATH": root, "LC_ALL": "C.UTF-8"},
                    start_new_session=True,
                    timeout=SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise LimitExceededError(
                    f"{source.name}: taking page {number} out of it took longer than {SECONDS:.0f} s"
                ) from None
            made.seek(0)
            content = made.read(MOST_BYTES + 1)
        if done.returncode or not content.startswith(b"%PDF-") or len(content) > MOST_BYTES:
            raise UnreadableFileError(f"{source.name}: page {number} cannot be taken out of it as a PDF of its own")
        return content


def _as_pdf(png: bytes) -> bytes:
    from PIL import Image

    stream, epoch = BytesIO(), gmtime(0)
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").save(stream, "PDF", resolution=150.0, creationDate=epoch, modDate=epoch)
    return stream.getvalue()
