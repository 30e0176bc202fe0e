"""What pypdf can read of a file that PDFium cannot open: text without positions.

Laws of this room: the pages say what they are (no boxes, no size); a file that gives no text here either is refused
with the reason. Lines stay lines; nothing is guessed about columns.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from ragmed.corpus.pdf_structure import Structure, read_structure
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import Block, BlockKind, Page

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.corpus.pulse import Pulse
    from ragmed.settings import ReaderSettings

_REMEDY = "print or re-save it to PDF with another program, or ask the publisher for a sound copy"
_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?!\s*\n)[^\n]*\S)*")


def read_plain(
    path: Path, document_id: str, limits: ReaderSettings, pulse: Pulse
) -> tuple[tuple[Page, ...], Structure]:
    """Pages by pypdf. Raises UnreadableFileError where it fails too, or finds no text."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[Page] = []
    locked = False
    characters = 0
    try:
        with path.open("rb") as stream:
            reader = pypdf.PdfReader(stream, strict=False)
            locked = reader.is_encrypted and not reader.decrypt("")
            for number, page in enumerate(reader.pages, start=1):
                if number > limits.pages:
                    break
                text = "\n".join(line.strip() for line in (page.extract_text() or "").splitlines()).strip()
                pages.append(_page(document_id, number, text))
                characters += len(text)
                _allow(characters, path, limits, number)
                if text:
                    pulse.page()
    except (LimitExceededError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  pypdf raises whatever a broken file makes Python raise
        if not locked and not any(page.text for page in pages):
            raise UnreadableFileError(
                f"{path.name}: not a PDF that can be read ({type(error).__name__})", remedy=_REMEDY
            ) from None
    if not any(page.text for page in pages):
        if locked:
            raise UnreadableFileError(
                f"{path.name}: needs a password to be opened",
                remedy="save a copy without the password (the owner can) and put that into the library",
            )
        raise UnreadableFileError(f"{path.name}: damaged, and no text was found in it", remedy=_REMEDY)
    return tuple(pages), read_structure(path, None, None)


def _allow(characters: int, path: Path, limits: ReaderSettings, number: int) -> None:
    if characters > limits.characters:
        raise LimitExceededError(
            f"{path.name}: more than {limits.characters} characters by page {number}",
            remedy="split the file, or raise reader.characters in the settings",
        )


def _page(document_id: str, number: int, text: str) -> Page:
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "\ufffd", text)
    blocks = tuple(
        Block(start=match.start(), end=match.end(), kind=BlockKind.PARAGRAPH) for match in _PARAGRAPH.finditer(clean)
    )
    return Page(document_id=document_id, number=number, label=str(number), text=clean, blocks=blocks)
