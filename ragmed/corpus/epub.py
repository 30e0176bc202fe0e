"""EPUB → blocks and pages: the spine's documents in reading order, each beginning a page.

Laws of this room: the container and the package file say what is read, nothing is guessed from names; a document the
spine names and the archive lacks is reported; a book locked by its publisher is refused in plain words.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from ragmed.corpus.archive import Archive
from ragmed.corpus.encoding import decode
from ragmed.corpus.flow import FlowBlock, clean, paginate
from ragmed.corpus.html import html_flow, parse_html
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.errors import UnreadableFileError
from ragmed.records import NoteKind, ReadNote
from ragmed.settings import ReaderSettings

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ENC = "{http://www.w3.org/2001/04/xmlenc#}"
_READABLE = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


class EpubReader:
    """Reads ``.epub`` (versions 2 and 3)."""

    suffixes: tuple[str, ...] = (".epub",)
    media_type = "application/epub+zip"
    version = "epub-1"

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Raises UnreadableFileError, LimitExceededError."""
        with Archive(path, limits) as archive:
            package_name = _package_name(archive)
            package = archive.xml(package_name)
            names, notes = _spine(archive, package, posixpath.dirname(package_name))
            flow: list[FlowBlock] = []
            for name in names:
                text, garbled = decode(archive.read(name), f"{path.name}: {name}")
                blocks, hidden = html_flow(parse_html(_without_prolog(text), f"{path.name}: {name}"))
                if blocks:
                    flow.append(replace(blocks[0], new_page=True))
                    flow.extend(blocks[1:])
                notes.extend((*garbled, *hidden))
            return RawReading(
                pages=paginate(flow, document_id, limits, path.name), notes=tuple(notes), metadata=_metadata(package)
            )


def _without_prolog(text: str) -> str:
    """XHTML without its XML declaration, which an HTML parser takes for text."""
    start = text.lstrip()
    return start.partition("?>")[2] if start.startswith("<?xml") else text


def _package_name(archive: Archive) -> str:
    root = archive.xml("META-INF/container.xml").find(f".//{_CONTAINER}rootfile")
    name = root.get("full-path") if root is not None else None
    if not name:
        raise UnreadableFileError(f"{archive.name}: the container names no package file", remedy="get the file again")
    return str(name)


def _spine(archive: Archive, package: etree._Element, folder: str) -> tuple[list[str], list[ReadNote]]:
    """The names of the documents to read, in order."""
    items = {item.get("id"): item for item in package.iter(f"{_OPF}item")}
    locked = _locked(archive)
    names: list[str] = []
    notes: list[ReadNote] = []
    for reference in package.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref"))
        if item is None:
            notes.append(_missing(str(reference.get("idref"))))
            continue
        if "nav" in (item.get("properties") or "").split() or item.get("media-type") not in _READABLE:
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if name in locked:
            raise UnreadableFileError(
                f"{archive.name}: the book is locked by its publisher (DRM)",
                remedy="ask the publisher for an open copy",
            )
        if not archive.has(name):
            notes.append(_missing(name))
        elif name not in names:
            names.append(name)
    if not names:
        raise UnreadableFileError(f"{archive.name}: the book's spine names no text", remedy="get the file again")
    return names, notes


def _missing(name: str) -> ReadNote:
    return ReadNote(kind=NoteKind.REPAIRED, message=f"the book names a part that is not in it: {name}")


def _locked(archive: Archive) -> set[str]:
    """Parts that are encrypted (fonts often are, which does not matter)."""
    if not archive.has("META-INF/encryption.xml"):
        return set()
    return {
        posixpath.normpath(unquote(reference.get("URI") or ""))
        for reference in archive.xml("META-INF/encryption.xml").iter(f"{_ENC}CipherReference")
    }


def _metadata(package: etree._Element) -> FoundMetadata:
    def text(tag: str) -> str:
        element = package.find(f".//{_DC}{tag}")
        return clean(element.text or "") if element is not None else ""

    return FoundMetadata(
        title=text("title"),
        author=text("creator"),
        publisher=text("publisher"),
        published_on=text("date")[:10],
        language=text("language"),
    )
