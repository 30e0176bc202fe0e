"""Readings over a pipe: a length, one JSON header, the boxes as they are. Nothing that arrives is ever executed.

Laws of this room: the child may have been taken over by the file it read, so what comes back is checked field by field
(types, enums, offsets inside the text, boxes of the right length) before it becomes a record.

Frame: 8 bytes big-endian length, then an answer: one byte (does the child take another file?) and the payload: 4 bytes
header length, ASCII JSON header, the pages' boxes in order. Before it may come signs of progress: one byte and 4 bytes,
the number of pages with text so far.
"""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from typing import Any

from ragmed.errors import IntegrityError
from ragmed.records import Block, BlockKind, Document, DocumentStatus, Language, NoteKind, Page, Reading, ReadNote

FRAME = struct.Struct(">Q")
STAYS, GOES = b"+", b"."
"""First byte of an answer: whether the child takes another file."""
SIGN, COUNT = b"~", struct.Struct(">I")
"""First byte of a sign of progress, and the number behind it."""
_HEADER = struct.Struct(">I")


def encode_reading(reading: Reading) -> bytes:
    """The payload of one Reading."""
    boxes = [page.boxes for page in reading.pages]
    header = {
        "document": None if reading.document is None else _fields(reading.document),
        "pages": [_page_fields(page) for page in reading.pages],
        "notes": [[note.kind.value, note.message, note.page_number] for note in reading.notes],
        "source_path": reading.source_path,
        "sha256": reading.sha256,
        "seconds": reading.seconds,
    }
    # lone surrogates cannot travel as UTF-8; JSON's escapes carry them, and the parent refuses them
    encoded = json.dumps(header, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    return b"".join((_HEADER.pack(len(encoded)), encoded, *boxes))


def decode_reading(payload: bytes) -> Reading:
    """The Reading of a payload. Raises IntegrityError for anything that is not exactly one."""
    try:
        if len(payload) < _HEADER.size:
            raise _bad("it is too short")
        (size,) = _HEADER.unpack_from(payload)
        header = json.loads(payload[_HEADER.size : _HEADER.size + size].decode("ascii"))
        _keys(header, "document", "pages", "notes", "source_path", "sha256", "seconds")
        pages, end = _pages(_list(header["pages"]), payload, _HEADER.size + size)
        if end != len(payload):
            raise _bad("bytes are left over")
        document = None if header["document"] is None else _document(header["document"])
        if (document is None) == bool(pages):
            raise _bad("pages without a document, or a document without pages")
        notes = tuple(_note(note) for note in _list(header["notes"]))
        if document is None and not any(note.kind is NoteKind.REFUSED for note in notes):
            raise _bad("neither a document nor a reason")
        if document is not None and any(page.document_id != document.document_id for page in pages):
            raise _bad("a page of another document")
        return Reading(
            document=document,
            pages=pages,
            notes=notes,
            source_path=_text(header["source_path"]),
            sha256=_text(header["sha256"]),
            seconds=_number(header["seconds"]),
        )
    except (ValueError, RecursionError, KeyError) as error:
        raise _bad(f"{type(error).__name__}: {error}") from None


_DOCUMENT = tuple(field.name for field in fields(Document))


def _fields(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in _DOCUMENT}


def _page_fields(page: Page) -> list[Any]:
    blocks = [[b.start, b.end, b.kind.value, b.level, list(b.heading_path)] for b in page.blocks]
    return [page.document_id, page.number, page.label, page.text, len(page.boxes), page.width, page.height, blocks]


def _bad(reason: str) -> IntegrityError:
    return IntegrityError(f"the reader's answer is not a reading: {reason}", remedy="leave the file out and report it")


def _keys(value: object, *names: str) -> None:
    if not isinstance(value, dict) or set(value) != set(names):
        raise _bad("fields are missing or unknown")


def _list(value: object, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise _bad("a list was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _bad("text was expected")
    value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, a ValueError
    return value


def _whole(value: object, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 53:
        raise _bad("a whole number was expected")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise _bad("a number was expected")
    return float(value)


def _document(value: Any) -> Document:
    _keys(value, *_DOCUMENT)
    texts = {name: _text(value[name]) for name in _DOCUMENT if name not in _SPECIAL}
    return Document(
        **texts,
        language=Language(_text(value["language"])),
        page_count=_whole(value["page_count"]),
        status=DocumentStatus(_text(value["status"])),
        supersedes=None if value["supersedes"] is None else _text(value["supersedes"]),
        superseded_by=None if value["superseded_by"] is None else _text(value["superseded_by"]),
    )


_SPECIAL = frozenset(("language", "page_count", "status", "supersedes", "superseded_by"))


def _pages(values: list[Any], payload: bytes, position: int) -> tuple[tuple[Page, ...], int]:
    pages = []
    for number, value in enumerate(values, 1):
        document_id, stated, label, text, size, width, height, blocks = _list(value, 8)
        text = _text(text)
        size = _whole(size)
        if _whole(stated) != number:
            raise _bad("pages are not numbered from 1")
        if size not in (0, 8 * len(text)) or position + size > len(payload):
            raise _bad(f"page {number} has boxes for another text")
        pages.append(
            Page(
                document_id=_text(document_id),
                number=number,
                label=_text(label),
                text=text,
                boxes=payload[position : position + size],
                width=_number(width),
                height=_number(height),
                blocks=_blocks(_list(blocks), len(text)),
            )
        )
        position += size
    return tuple(pages), position


def _blocks(values: list[Any], length: int) -> tuple[Block, ...]:
    blocks = []
    last = 0
    for value in values:
        start, end, kind, level, path = _list(value, 5)
        if not last <= _whole(start) <= _whole(end) <= length:
            raise _bad("blocks overlap, or lie outside the page")
        last = end
        headings = tuple(_text(part) for part in _list(path))
        blocks.append(
            Block(start=start, end=end, kind=BlockKind(_text(kind)), level=_whole(level), heading_path=headings)
        )
    return tuple(blocks)


def _note(value: Any) -> ReadNote:
    kind, message, page_number = _list(value, 3)
    return ReadNote(kind=NoteKind(_text(kind)), message=_text(message), page_number=_whole(page_number))
