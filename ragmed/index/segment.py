"""A segment: all that one document edition became under one pipeline, in a folder named by its content.

::

    segments/<segment_id>/
        document.json   the Document as its bytes give it, without place and standing
        pages.zip       one stored (not compressed) ``000001.json`` and ``000001.boxes`` a page
        chunks.jsonl    one canonical Chunk a line, in row order
        vectors.npy     float32, one unit vector a chunk
        windows.npy     int8, the chunk's vector and those of its windows (``ragmed.index.windows``)
        starts.npy      int32, where each chunk's begin in it, and the end
        notes.json      what reading had to say
        files.json      SHA-256 and size of the others

The laws of the room:

* ``segment_id`` is the SHA-256 of everything in the folder that is not a vector, of the very texts that were embedded
  and of the embedder's name and weights: equal ids mean equal segments, and an id that exists is not embedded again.
* A segment is written beside its place, flushed, and renamed into it; it is never changed afterwards (law 3, law 4).
* What is read back is first compared with the hash that the *caller's* manifest states, not with ``files.json``, which
  only lets a builder take up a segment that an interrupted build left behind.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json, sha256_bytes, sha256_file, sha256_of
from ragmed.errors import IntegrityError, NotFoundError
from ragmed.index.disk import new_building_folder, publish_folder, write_file
from ragmed.index.encoding import page_from, page_json, parse_object, parse_record, placeless
from ragmed.index.windows import nearness, packed, unpacked_windows
from ragmed.records import Chunk, Document, Page, ReadNote

SEGMENTS = "segments"
SEGMENT_FORMAT = 2
DOCUMENT, PAGES, CHUNKS, VECTORS, WINDOWS, STARTS, NOTES, FILES = (
    "document.json",
    "pages.zip",
    "chunks.jsonl",
    "vectors.npy",
    "windows.npy",
    "starts.npy",
    "notes.json",
    "files.json",
)
CONTENT_FILES = (DOCUMENT, PAGES, CHUNKS, VECTORS, WINDOWS, STARTS, NOTES)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP entry can hold, for every entry: bytes must not depend on the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file that a manifest answers for."""

    path: str
    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentContent:
    """What a segment is made of, before it is embedded."""

    document: Document
    pages: Sequence[Page]
    chunks: Sequence[Chunk]
    notes: Sequence[ReadNote]
    embedded_texts: Sequence[str]
    """What the embedder reads of each chunk."""
    windows: Sequence[Sequence[str]] = ()
    """What it reads of each chunk's windows; empty for a library without any."""
    embedder: object
    """A record of what the vectors depend on beside the texts."""

    def segment_id(self) -> str:
        """SHA-256 over all of it, 64 hex digits."""
        pages = [[page_json(page), sha256_bytes(page.boxes)] for page in self.pages]
        return sha256_of(
            {
                "format": SEGMENT_FORMAT,
                "document": placeless(self.document),
                "pages": sha256_of(pages),
                "chunks": sha256_of(tuple(self.chunks)),
                "notes": tuple(self.notes),
                "embedded": sha256_of(list(self.embedded_texts)),
                "windows": sha256_of([list(texts) for texts in self.windows]),
                "embedder": self.embedder,
            }
        )

    def all_texts(self) -> list[str]:
        """Everything that is embedded: the chunks, then their windows."""
        return [*self.embedded_texts, *(text for texts in self.windows for text in texts)]

    def window_counts(self) -> list[int]:
        """How many windows each chunk has."""
        return [len(texts) for texts in self.windows] or [0] * len(self.chunks)


class Segment:
    """A segment on disk. Reading checks each file's hash the first time, against ``entries``."""

    def __init__(self, index_folder: Path, segment_id: str, entries: Mapping[str, FileEntry]) -> None:
        """``entries`` by file name, as the manifest states them."""
        self.segment_id = segment_id
        self._folder = index_folder / SEGMENTS / segment_id
        self._entries = entries
        self._checked: set[str] = set()
        self._starts: NDArray[np.int32] | None = None

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """Paths relative to the index folder."""
        return tuple(self._entries[name] for name in CONTENT_FILES)

    def document(self) -> Document:
        where = str(self._folder / DOCUMENT)
        return parse_record(Document, parse_object(self._file(DOCUMENT).read_bytes(), where), where)

    def chunks(self) -> tuple[Chunk, ...]:
        where = str(self._folder / CHUNKS)
        lines = self._file(CHUNKS).read_bytes().splitlines()
        return tuple(parse_record(Chunk, parse_object(line, where), where) for line in lines)

    def vectors(self) -> NDArray[np.float32]:
        """Memory-mapped, shape (chunks, dimensions)."""
        vectors: NDArray[np.float32] = np.load(self._file(VECTORS), mmap_mode="r", allow_pickle=False)
        return vectors

    def nearness(
        self, chunks: Sequence[int], vector: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cosine of ``vector`` with each of the chunks (counted within the segment), and with its best window."""
        if self._starts is None:
            self._starts = np.load(self._file(STARTS), allow_pickle=False)
        return nearness(self._file(WINDOWS), self._starts, chunks, vector)

    def embedded(self) -> NDArray[np.float32]:
        """All that was embedded, in the order of ``SegmentContent.all_texts``: packed again it gives the same bytes."""
        vectors = np.load(self._file(WINDOWS), allow_pickle=False)
        starts = np.load(self._file(STARTS), allow_pickle=False)
        return np.concatenate([self.vectors(), unpacked_windows(vectors, starts)])

    def notes(self) -> tuple[ReadNote, ...]:
        where = str(self._folder / NOTES)
        value = parse_object(self._file(NOTES).read_bytes(), where)
        return tuple(parse_record(ReadNote, note, where) for note in value["notes"])

    def page(self, number: int) -> Page:
        """Raises NotFoundError where the document has no such page."""
        path = self._file(PAGES)
        with zipfile.ZipFile(path) as pages:
            try:
                content = pages.read(f"{number:06}.json")
            except KeyError:
                raise NotFoundError(f"{self._folder.name[:12]}: no page {number}") from None
            return page_from(parse_object(content, str(path)), pages.read(f"{number:06}.boxes"), str(path))

    def pages(self) -> tuple[Page, ...]:
        """All of them, in order."""
        path = self._file(PAGES)
        with zipfile.ZipFile(path) as pages:
            numbers = [name.removesuffix(".json") for name in pages.namelist() if name.endswith(".json")]
            return tuple(
                page_from(
                    parse_object(pages.read(f"{number}.json"), str(path)), pages.read(f"{number}.boxes"), str(path)
                )
                for number in numbers
            )

    def page_labels(self) -> tuple[tuple[int, str], ...]:
        """Every page's number and printed label, in order."""
        path = self._file(PAGES)
        with zipfile.ZipFile(path) as pages:
            names = [name for name in pages.namelist() if name.endswith(".json")]
            values = [parse_object(pages.read(name), str(path)) for name in names]
        return tuple((int(value["number"]), str(value["label"])) for value in values)

    def _file(self, name: str) -> Path:
        """The file's path, after its bytes have once been compared with the manifest."""
        path = self._folder / name
        if name not in self._checked:
            check_file(path, self._entries[name])
            self._checked.add(name)
        return path


def check_file(path: Path, entry: FileEntry) -> None:
    """Raises IntegrityError, naming the file, unless it has the size and the hash that the manifest states."""
    remedy = "restore the index folder from a backup, or delete it and run `ragmed index` again"
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise IntegrityError(f"{path}: missing", remedy=remedy) from None
    if size != entry.size:
        raise IntegrityError(f"{path}: {size} bytes, the manifest says {entry.size}", remedy=remedy)
    found = sha256_file(path)
    if found != entry.sha256:
        raise IntegrityError(f"{path}: SHA-256 is {found}, the manifest says {entry.sha256}", remedy=remedy)


def check_files(files: Iterable[tuple[Path, FileEntry]]) -> None:
    """``check_file`` for each, the largest first, on every core: hashing lets go of the interpreter's lock."""
    ordered = sorted(files, key=lambda pair: -pair[1].size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(lambda pair: check_file(*pair), ordered):
            pass  # to take the result is to raise the error


def find_segment(index_folder: Path, segment_id: str) -> Segment | None:
    """The segment of that id if it is whole, or None. One that is not whole is removed, to be written again."""
    folder = index_folder / SEGMENTS / segment_id
    try:
        stated = parse_object((folder / FILES).read_bytes(), str(folder / FILES))
        entries = {
            name: FileEntry(path=f"{SEGMENTS}/{segment_id}/{name}", sha256=sha256, size=size)
            for name, (sha256, size) in stated.items()
        }
        for name in CONTENT_FILES:
            check_file(folder / name, entries[name])
    except FileNotFoundError:
        return None
    except (IntegrityError, KeyError, ValueError):
        return None
    return Segment(index_folder, segment_id, entries)


def write_segment(
    index_folder: Path, content: SegmentContent, embed: Callable[[Sequence[str]], NDArray[np.float32]]
) -> Segment:
    """The segment of ``content``, embedded and written unless it is there already."""
    segment_id = content.segment_id()
    known = find_segment(index_folder, segment_id)
    if known is not None:
        return known
    texts = content.all_texts()
    embedded = embed(texts)
    if embedded.shape[0] != len(texts) or embedded.dtype != np.float32:
        raise ValueError(f"the embedder gave {embedded.shape} {embedded.dtype} for {len(texts)} texts")
    _check_offsets(content)
    vectors, windows = embedded[: len(content.chunks)], embedded[len(content.chunks) :]
    packed_windows, starts = packed(vectors, windows, content.window_counts())
    folder = new_building_folder(index_folder / SEGMENTS)
    try:
        write_file(folder / DOCUMENT, canonical_json(placeless(content.document)))
        write_file(folder / PAGES, _pages_zip(content.pages))
        write_file(folder / CHUNKS, b"".join(canonical_json(chunk) + b"\n" for chunk in content.chunks))
        write_file(folder / VECTORS, _npy(vectors))
        write_file(folder / WINDOWS, _npy(packed_windows))
        write_file(folder / STARTS, _npy(starts))
        write_file(folder / NOTES, canonical_json({"notes": tuple(content.notes)}))
        stated = {name: [sha256_file(folder / name), (folder / name).stat().st_size] for name in CONTENT_FILES}
        write_file(folder / FILES, canonical_json(stated))
        place = index_folder / SEGMENTS / segment_id
        if place.exists():  # not whole, or find_segment would have found it
            shutil.rmtree(place)
        publish_folder(folder, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    written = find_segment(index_folder, segment_id)
    if written is None:
        raise IntegrityError(f"{place}: what was written cannot be read back", remedy="check the disk")
    return written


def _check_offsets(content: SegmentContent) -> None:
    """Law 1, enforced where text becomes durable."""
    pages = {page.number: page.text for page in content.pages}
    for chunk in content.chunks:
        if pages[chunk.page_number][chunk.start : chunk.end] != chunk.text:
            raise IntegrityError(
                f"{content.document.source_path}: chunk {chunk.chunk_id} is not the text of its page",
                remedy="this is a fault of the program; please report it",
            )


def _pages_zip(pages: Sequence[Page]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for page in sorted(pages, key=lambda page: page.number):
            archive.writestr(zipfile.ZipInfo(f"{page.number:06}.json", _EPOCH), canonical_json(page_json(page)))
            archive.writestr(zipfile.ZipInfo(f"{page.number:06}.boxes", _EPOCH), page.boxes)
    return buffer.getvalue()


def _npy(values: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(values), allow_pickle=False)
    return buffer.getvalue()
