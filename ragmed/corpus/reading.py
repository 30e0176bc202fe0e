"""One file → Reading: the reader that fits its content, its identity, the librarian's sidecar, the flags.

Laws of this room: content decides what a file is, not its suffix; a Reading holds a document with pages or a
refusal with a reason, never neither; the same bytes, sidecar and place give the same Reading. This runs in the
sandbox's child.
"""

from __future__ import annotations

import time
import zipfile
from dataclasses import replace
from pathlib import Path

from ragmed.canonical import sha256_bytes, sha256_file
from ragmed.corpus.identify import IDENTIFY_VERSION, identify
from ragmed.corpus.instructions import INSTRUCTIONS_VERSION, instruction_notes, naming_notes
from ragmed.corpus.library import FileToRead
from ragmed.corpus.licence_notices import LICENCE_NOTICES_VERSION, licence_notes
from ragmed.corpus.odd_order import ODD_ORDER_VERSION, odd_order_notes
from ragmed.corpus.pulse import Pulse
from ragmed.corpus.raw import FormatReader, RawReading
from ragmed.corpus.sidecar import Sidecar, read_sidecar
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import Document, Language, NoteKind, Page, Reading, ReadNote
from ragmed.settings import ReaderSettings

READING_VERSION = "1"

_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office file (.doc, .xls, .ppt) or one locked by a password",
        "save it as .docx without a password",
    ),
    (b"{\\rtf", "a Rich Text file", "save it as .docx or PDF"),
    (b"\x89PNG", "a picture (PNG)", "make a PDF of it; RagMed reads scans in PDF files by OCR"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "make a PDF of it; RagMed reads scans in PDF files by OCR"),
    (b"II*\x00", "a picture (TIFF)", "make a PDF of it; RagMed reads scans in PDF files by OCR"),
    (b"MM\x00*", "a picture (TIFF)", "make a PDF of it; RagMed reads scans in PDF files by OCR"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and put its files into the library"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it and put its files into the library"),
    (b"Rar!", "a RAR archive", "unpack it and put its files into the library"),
    (b"MZ", "a Windows program", "leave it out of the library"),
    (b"\x7fELF", "a program", "leave it out of the library"),
    (b"%!PS", "a PostScript file", "make a PDF of it"),
)


def pipeline_version() -> str:
    """Changes whenever a reader, or what is made of its pages, may give something else: part of a segment's address."""
    parts = [f"reading-{READING_VERSION}", f"identify-{IDENTIFY_VERSION}", f"instructions-{INSTRUCTIONS_VERSION}"]
    parts.extend((f"licences-{LICENCE_NOTICES_VERSION}", f"order-{ODD_ORDER_VERSION}"))
    return "+".join([*parts, *(f"{type(reader).__name__}-{reader.version}" for reader in _readers())])


def _readers(pulse: Pulse | None = None) -> tuple[FormatReader, ...]:
    """One reader a format; imported here so that the parent process can do without them. Formats of many pages tell
    ``pulse`` how they get on."""
    from ragmed.corpus.docx import DocxReader
    from ragmed.corpus.epub import EpubReader
    from ragmed.corpus.html import HtmlReader
    from ragmed.corpus.markdown import MarkdownReader
    from ragmed.corpus.pdf import PdfReader
    from ragmed.corpus.plain import PlainTextReader

    return (PdfReader(pulse), HtmlReader(), MarkdownReader(), DocxReader(), EpubReader(), PlainTextReader())


def read_file(file: FileToRead, settings: ReaderSettings, pulse: Pulse | None = None) -> Reading:
    """Read one file; a refusal is a Reading without a document whose note says why. ``pulse`` hears of the progress."""
    started = time.perf_counter()
    try:
        reading = _read(file, settings, pulse or Pulse())
    except MemoryError:
        reading = refusal(file, *_OUT_OF_MEMORY)
    except OSError as error:
        reading = refusal(
            file, f"the file cannot be opened: {error.strerror or error}", "check the disk and its permissions"
        )
    except UnreadableFileError as error:
        reading = refusal(file, str(error), error.remedy, limit=isinstance(error, LimitExceededError))
    except RecursionError:
        reading = refusal(file, "the file is nested deeper than any real document", "leave the file out")
    return replace(reading, seconds=time.perf_counter() - started)


def _read(file: FileToRead, settings: ReaderSettings, pulse: Pulse) -> Reading:
    if sha256_file(file.path) != file.sha256:
        raise UnreadableFileError(
            f"{file.source_path}: the file changed while the library was being read", remedy="index again"
        )
    sidecar = read_sidecar(file.sidecar) if file.sidecar is not None else Sidecar()
    reader, note = choose_reader(file.path, pulse)
    raw = reader.read(file.path, file.document_id, settings)
    pulse.step()
    return _compose(file, sidecar, reader, raw, note)


_OUT_OF_MEMORY = (
    "reading it needed more memory than reader.memory_mib allows",
    "raise reader.memory_mib, or split the file",
)


def refusal(file: FileToRead, reason: str, remedy: str = "", *, limit: bool = False) -> Reading:
    """The Reading of a file that cannot be read."""
    reason = reason.removeprefix(f"{file.source_path}: ").removeprefix(f"{file.path.name}: ")
    message = f"{file.source_path}: {reason}" + (f" ({remedy})" if remedy else "")
    notes = [ReadNote(kind=NoteKind.REFUSED, message=message)]
    if limit:
        notes.append(ReadNote(kind=NoteKind.LIMIT, message=message))
    return Reading(document=None, pages=(), notes=tuple(notes), source_path=file.source_path, sha256=file.sha256)


def choose_reader(path: Path, pulse: Pulse | None = None) -> tuple[FormatReader, ReadNote | None]:
    """The reader for what the file holds, and a note where its name says otherwise. Raises UnreadableFileError."""
    suffix = path.suffix.lower()
    readers = {known: reader for reader in _readers(pulse) for known in reader.suffixes}
    named = readers.get(suffix)
    kind = _content_suffix(path)
    held = readers.get(kind) if kind else None
    if held is None:
        if named is None:
            raise UnreadableFileError(f"{path.name}: files of the kind {suffix} are not read", remedy="save it as PDF")
        if ".pdf" in named.suffixes or ".docx" in named.suffixes or ".epub" in named.suffixes:
            if path.stat().st_size == 0:
                raise UnreadableFileError(f"{path.name}: the file is empty", remedy="get the file again")
            if ".pdf" in named.suffixes:
                return named, None  # PDF readers mend files with rubbish before the header
            raise UnreadableFileError(
                f"{path.name}: not a {suffix} file, although its name says so", remedy="get the file again"
            )
        return named, None
    if named is not None and held.media_type == named.media_type:
        return held, None
    if kind == ".html" and named is not None and named.media_type.startswith("text/"):
        return named, None  # Markdown and text may begin with a tag
    message = f"the name ends with {suffix}, the file holds {held.media_type}; it was read as that"
    return held, ReadNote(kind=NoteKind.REPAIRED, message=message)


def _content_suffix(path: Path) -> str:
    """The suffix of the format that the first bytes show, or nothing. Raises UnreadableFileError for unread formats."""
    with path.open("rb") as stream:
        head = stream.read(2048)
    for start, what, remedy in _OTHERS:
        if head.startswith(start) and not (start == b"MZ" and path.suffix.lower() in (".txt", ".md")):
            raise UnreadableFileError(f"{path.name}: the file is {what}", remedy=remedy)
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_suffix(path)
    opening = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if opening.startswith(b"<?xml"):
        opening = opening.partition(b"?>")[2].lstrip()
    return ".html" if opening.startswith(_HTML_STARTS) else ""


def _zip_suffix(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableFileError(f"{path.name}: damaged archive: {error}", remedy="get the file again") from None
    if "word/document.xml" in names:
        return ".docx"
    if "META-INF/container.xml" in names:
        return ".epub"
    raise UnreadableFileError(
        f"{path.name}: a zip archive, but neither DOCX nor EPUB", remedy="unpack it and put its files into the library"
    )


def _compose(
    file: FileToRead, sidecar: Sidecar, reader: FormatReader, raw: RawReading, note: ReadNote | None
) -> Reading:
    trusted = reader.media_type in ("text/html", "application/epub+zip", "text/markdown")
    found = identify(raw, file.source_path, trust_metadata_date=trusted)
    pages = tuple(_relabel(page, sidecar.page_label_offset) for page in raw.pages)
    document = Document(
        document_id=file.document_id,
        series=_chosen(sidecar.series, found.series),
        title=_chosen(sidecar.title, found.title),
        publisher=_chosen(sidecar.publisher, found.publisher),
        edition=_chosen(sidecar.edition, found.edition),
        published_on=_chosen(sidecar.published_on, found.published_on),
        language=Language(sidecar.language) if sidecar.language else found.language,
        sha256=file.sha256,
        licence=_chosen(sidecar.licence, found.licence),
        source_path=file.source_path,
        media_type=reader.media_type,
        page_count=len(pages),
    )
    notes = [*raw.notes, *(found.notes if sidecar.title is None else ()), *instruction_notes(pages)]
    named = {"the title": document.title, "the stated title": raw.metadata.title, "the file's name": file.source_path}
    if named["the stated title"] == document.title:
        del named["the stated title"]
    notes.extend(naming_notes(named))
    notes.extend((*odd_order_notes(pages), *licence_notes(pages)))
    if note is not None:
        notes.insert(0, note)
    notes.extend(
        ReadNote(kind=NoteKind.METADATA, message=f"the same file is also at {other}") for other in file.also_at
    )
    return Reading(document=document, pages=pages, notes=tuple(notes), source_path=file.source_path, sha256=file.sha256)


def _chosen(told: str | None, found: str) -> str:
    return found if told is None else told


def _relabel(page: Page, offset: int | None) -> Page:
    if offset is None or page.number + offset < 1:
        return page
    return replace(page, label=str(page.number + offset))


def file_to_read(path: Path, source_path: str = "") -> FileToRead:
    """A FileToRead for one file by itself."""
    sidecar = next(
        (one for one in (path.with_name(f"{path.name}.toml"), path.with_suffix(".toml")) if one.is_file()), None
    )
    return FileToRead(
        path=path,
        source_path=source_path or path.name,
        sha256=sha256_file(path),
        sidecar=sidecar,
        sidecar_sha256=sha256_bytes(sidecar.read_bytes()) if sidecar else "",
    )
