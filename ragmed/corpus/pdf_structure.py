"""What a PDF says about itself: page labels, outline, metadata, scripts, attachments.

Laws of this room: structure is a help, never a condition: where pypdf fails or takes too long the text stays, PDFium
is asked instead, and a note says so. Nothing here is trusted as title or date; that is decided from the content.
"""

from __future__ import annotations

import ctypes
import logging
import re
import threading
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ragmed.corpus.raw import OutlineEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 6.0
"""pypdf has been seen to run for minutes on broken files; every sound one of 700 pages took under 2 s."""
_STOP_SECONDS = 1.0
_MAX_OUTLINE = 2000
_DATE = re.compile(r"(?:D:)?(\d{4})-?(\d{2})?-?(\d{2})?")


@dataclass(slots=True)
class Structure:
    """Filled as far as reading came."""

    labels: tuple[str, ...] = ()
    """One for each page where the file has page labels, else empty."""
    outline: tuple[OutlineEntry, ...] = ()
    title: str = ""
    author: str = ""
    published_on: str = ""
    language: str = ""
    encrypted: bool = False
    scripts: int = 0
    launches: int = 0
    attachments: tuple[str, ...] = ()
    troubles: list[str] = field(default_factory=list)
    """What could not be read, in words."""


def read_structure(path: Path, pdfium_document: Any, raw: Any) -> Structure:
    """The structure of a file, by pypdf within a few seconds, else by PDFium (``pdfium_document`` may be None).

    A sound outline is PDFium's: the same as pypdf's in a hundredth of the time. Where a bookmark of it names no page,
    pypdf is asked, which understands more kinds of broken destinations; page labels are pypdf's for the same reason.
    """
    found = Structure(outline=_sound_outline(pdfium_document, raw))
    thread = threading.Thread(target=_by_pypdf, args=(path, found), daemon=True, name="pypdf")
    thread.start()
    thread.join(_SECONDS)
    if thread.is_alive():
        _stop(thread)
        found = Structure(troubles=[f"pypdf took over {_SECONDS:.0f} seconds on the file's structure"])
    if found.troubles and pdfium_document is not None:
        rest = _by_pdfium(pdfium_document, raw)
        rest.troubles = found.troubles
        return rest
    return found


class _Stopped(BaseException):
    """Raised inside the thread that has run too long; no library catches it as an error of its own."""


def _stop(thread: threading.Thread) -> None:
    """Have pypdf, which is Python throughout, raise where it stands.

    Left at work it would take turns at the interpreter with every PDFium call that follows, 5 ms each: half a minute
    for 2,000 bookmarks. Where it sits in one long call of C it goes on; the sandbox then ends it with the process.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped))
    thread.join(_STOP_SECONDS)


def _by_pypdf(path: Path, found: Structure) -> None:
    import pypdf  # only the process that reads PDFs pays for it

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with path.open("rb") as stream:
            reader = pypdf.PdfReader(stream, strict=False)
            found.encrypted = reader.is_encrypted
            if reader.is_encrypted:
                reader.decrypt("")
            root: Any = reader.trailer["/Root"]
            for name, part in _PARTS:
                try:
                    part(reader, root, found)
                except (RecursionError, MemoryError):
                    raise
                except Exception as error:  # noqa: BLE001  pypdf raises whatever a broken file makes Python raise
                    found.troubles.append(f"pypdf could not read the {name} ({type(error).__name__})")
    except _Stopped:
        return
    except (RecursionError, MemoryError) as error:
        found.troubles.append(f"pypdf gave up on the file's structure ({type(error).__name__})")
    except Exception as error:  # noqa: BLE001  as above; the text does not depend on it
        found.troubles.append(f"pypdf could not open the file ({type(error).__name__})")


def _metadata(reader: Any, root: Any, found: Structure) -> None:
    stated = reader.metadata or {}
    found.title = _text(stated.get("/Title"))
    found.author = _text(stated.get("/Author"))
    found.published_on = iso_date(_text(stated.get("/CreationDate")))
    found.language = _text(root.get("/Lang"))[:35]
    packet = root.get("/Metadata")
    if packet is not None:
        content = packet.get_object().get_data()[:200_000].decode("utf-8", "replace")
        stamped = re.search(
            r"<(?:dc:date|prism:publicationDate|prism:coverDate)\b.{0,80}?(\d{4}(?:-\d{2}){0,2})", content, re.S
        )
        if stamped:
            found.published_on = iso_date(stamped.group(1))


def _labels(reader: Any, root: Any, found: Structure) -> None:
    if "/PageLabels" in root:
        found.labels = tuple(str(label) for label in reader.page_labels)


def _outline(reader: Any, root: Any, found: Structure) -> None:
    if found.outline or "/Outlines" not in root:
        return
    entries = []
    for level, item in _walk(reader.outline, 1):
        number = reader.get_destination_page_number(item)
        entries.append(
            OutlineEntry(level=level, title=_text(item.title), page_number=number + 1 if isinstance(number, int) else 0)
        )
        if len(entries) >= _MAX_OUTLINE:
            break
    found.outline = tuple(entry for entry in entries if entry.title)


def _walk(items: Any, level: int) -> Iterator[tuple[int, Any]]:
    for item in items:
        if isinstance(item, list):
            yield from _walk(item, level + 1)
        else:
            yield level, item


def _active_content(reader: Any, root: Any, found: Structure) -> None:
    names = root.get("/Names")
    names = names.get_object() if names is not None else {}
    if "/JavaScript" in names:
        found.scripts += 1
    action = root.get("/OpenAction")
    action = action.get_object() if action is not None else None
    if isinstance(action, dict):
        found.scripts += action.get("/S") == "/JavaScript"
        found.launches += action.get("/S") in ("/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/URI")
    if "/EmbeddedFiles" in names:
        found.attachments = tuple(map(_attachment, islice(reader.attachment_list, 50)))


def _attachment(file: Any) -> str:
    """Name and stated size of an attached file, which stays packed."""
    name = _text(file.name)[:120] or "(unnamed)"
    size = file.size
    return f"{name} ({size:,} bytes)" if isinstance(size, int) and size >= 0 else name


_PARTS = (
    ("metadata", _metadata),
    ("page labels", _labels),
    ("outline", _outline),
    ("list of attachments and scripts", _active_content),
)


def _text(value: Any) -> str:
    return " ".join(str(value).replace("\x00", "").split())[:500] if value is not None else ""


def iso_date(stated: str) -> str:
    """``D:20040812…`` or an ISO date → as much of ``2004-08-12`` as is there and possible; else empty."""
    match = _DATE.match(stated)
    if not match or not 1900 <= int(match.group(1)) <= 2100:
        return ""
    year, month, day = match.groups()
    if month is None or not 1 <= int(month) <= 12:
        return year
    if day is None or not 1 <= int(day) <= 31:
        return f"{year}-{month}"
    return f"{year}-{month}-{day}"


def _sound_outline(document: Any, raw: Any) -> tuple[OutlineEntry, ...]:
    """PDFium's outline if each of its bookmarks leads to a page, else nothing."""
    if document is None:
        return ()
    entries = tuple(_bookmarks(document, raw))
    return entries if all(entry.page_number for entry in entries) else ()


def _by_pdfium(document: Any, raw: Any) -> Structure:
    found = Structure()
    found.title = _meta(document, raw, b"Title")
    found.author = _meta(document, raw, b"Author")
    found.published_on = iso_date(_meta(document, raw, b"CreationDate"))
    count = min(max(raw.FPDF_GetPageCount(document), 0), 5000)
    labels = [
        _wide(lambda buffer, size, at=at: raw.FPDF_GetPageLabel(document, at, buffer, size)) for at in range(count)
    ]
    found.labels = tuple(labels) if any(labels) else ()
    found.outline = tuple(_bookmarks(document, raw))
    found.scripts = max(raw.FPDFDoc_GetJavaScriptActionCount(document), 0)
    found.attachments = tuple("(unnamed)" for _ in range(max(raw.FPDFDoc_GetAttachmentCount(document), 0)))[:50]
    return found


def _bookmarks(document: Any, raw: Any) -> Iterator[OutlineEntry]:
    seen: set[int] = set()
    todo = [(1, raw.FPDFBookmark_GetFirstChild(document, None))]
    while todo and len(seen) < _MAX_OUTLINE:
        level, mark = todo.pop()
        address = ctypes.cast(mark, ctypes.c_void_p).value if mark else None
        if address is None or address in seen:
            continue
        seen.add(address)
        title = _wide(lambda buffer, size, mark=mark: raw.FPDFBookmark_GetTitle(mark, buffer, size))
        target = raw.FPDFBookmark_GetDest(document, mark)
        number = raw.FPDFDest_GetDestPageIndex(document, target) + 1 if target else 0
        if title.strip():
            yield OutlineEntry(level=level, title=_text(title), page_number=max(number, 0))
        todo.append((level, raw.FPDFBookmark_GetNextSibling(document, mark)))
        if level < 12:
            todo.append((level + 1, raw.FPDFBookmark_GetFirstChild(document, mark)))


def _meta(document: Any, raw: Any, tag: bytes) -> str:
    return " ".join(_wide(lambda buffer, size: raw.FPDF_GetMetaText(document, tag, buffer, size)).split())[:500]


def _wide(call: Any) -> str:
    """A UTF-16 text from one of PDFium's two-step calls: length in bytes first, then the text."""
    size = int(call(None, 0))
    if size <= 2 or size > 20_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")
