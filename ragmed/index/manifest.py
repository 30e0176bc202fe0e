"""The manifest of a snapshot: what it holds, what it was made with, and the hash of every file that it needs.

``manifest.json`` is canonical JSON; a snapshot's id is its number and the first eight hex digits of the manifest's
SHA-256, so an id names exactly one content. Two of its fields are hashes of their own:

* ``inputs_sha256``: all that the snapshot is made *of* (documents, segments, refusals, versions). Equal to the current
  snapshot's means: nothing changed, publish nothing.
* ``content_sha256``: all that it came to, without number, parent and time. Two builds of the same library agree on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ragmed.canonical import canonical_json, plain, sha256_bytes, sha256_of
from ragmed.changes import LicenceNotice, QuarantinedPage
from ragmed.errors import IntegrityError, OutdatedIndexError
from ragmed.index.encoding import parse_object, parse_record
from ragmed.index.segment import FileEntry
from ragmed.records import Document, ReadNote

MANIFEST = "manifest.json"
FORMAT = 3
"""1: before engines, windows and ``dense.json``. 2: before held documents, quarantine and kept editions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """What vectors depend on beside the text, and what a query must be embedded with."""

    name: str
    revision: str
    """SHA-256 of the weights."""
    dimensions: int
    engine: str = ""
    """What ran the model: ``fp32`` or ``int8`` for the default one, ``sentence-transformers`` for others."""
    passage_prefix: str = ""
    query_prefix: str = ""
    multilingual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalFacts:
    """The engine with its version and parameters, and the version of the words it was given."""

    engine: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """A document of the snapshot, with its place among the rows."""

    document: Document
    segment_id: str
    source: str
    """The kept source file, relative to the index folder."""
    first_row: int
    rows: int
    kept: bool = False
    """No longer in the library folder: a superseded edition that stays for those who ask for it (law 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """A file of the library that gave no document, and why."""

    source_path: str
    sha256: str
    notes: tuple[ReadNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """A document that was read and does not answer: its licence restricts the use, and nobody recorded a permission."""

    document: Document
    notices: tuple[LicenceNotice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryNote:
    """What joining the library's files brought up, beside what reading each of them did."""

    source_path: str
    note: ReadNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """See the module; ``files`` are relative to the snapshot's folder, ``shared_files`` to the index folder."""

    number: int
    parent: str
    """Snapshot id of the one before; empty for the first."""
    created_at: str
    """UTC, ISO 8601, to the second."""
    embedder: EmbedderFacts
    chunker: tuple[tuple[str, str], ...]
    """The chunker's configuration."""
    lexical: LexicalFacts
    documents: tuple[IndexedDocument, ...]
    refused: tuple[RefusedFile, ...]
    library_notes: tuple[LibraryNote, ...]
    held: tuple[HeldFile, ...]
    quarantined: tuple[QuarantinedPage, ...]
    """Pages of its documents that were read badly; those not accepted have no rows."""
    note_counts: tuple[tuple[str, int], ...]
    chunk_count: int
    page_count: int
    files: tuple[FileEntry, ...]
    shared_files: tuple[FileEntry, ...]
    inputs_sha256: str
    content_sha256: str = ""
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The bytes of ``manifest.json``."""
        value = _value(self)
        value["content_sha256"] = self.content_hash()
        return canonical_json(value)

    def content_hash(self) -> str:
        """SHA-256 over everything that two builds of one library share."""
        left_out = ("number", "parent", "created_at", "content_sha256")
        return sha256_of({key: item for key, item in _value(self).items() if key not in left_out})


def snapshot_id(number: int, manifest: bytes) -> str:
    """``000012-3fa9c1d2``: six digits and the manifest's first eight hex digits."""
    return f"{number:06}-{sha256_bytes(manifest)[:8]}"


def inputs_hash(
    documents: Iterable[tuple[Document, str]],
    refused: Iterable[RefusedFile],
    library_notes: Iterable[LibraryNote],
    held: Iterable[HeldFile],
    quarantined: Iterable[QuarantinedPage],
    made_with: Mapping[str, object],
) -> str:
    """SHA-256 of all that a snapshot is made of; ``documents`` with their segment ids, in row order."""
    return sha256_of(
        {
            "format": FORMAT,
            "documents": [[plain(document), segment] for document, segment in documents],
            "refused": [plain(file) for file in refused],
            "library_notes": [plain(note) for note in library_notes],
            "held": [plain(file) for file in held],
            "quarantined": [plain(page) for page in quarantined],
            "made_with": plain(made_with),
        }
    )


def parse_manifest(content: bytes, where: str) -> Manifest:
    """The Manifest of its bytes.

    Raises OutdatedIndexError for an older format, IntegrityError for an unknown one or a field that does not fit.
    """
    value = parse_object(content, where)
    written = value.get("format")
    if isinstance(written, int) and 0 < written < FORMAT:
        raise OutdatedIndexError(
            f"{where}: written by an older program (format {written}, this one reads {FORMAT})",
            remedy="run `ragmed index`: it makes a snapshot of today's format and leaves the old one where it is",
        )
    if written != FORMAT:
        raise IntegrityError(
            f"{where}: format {written!r}, this program reads format {FORMAT}",
            remedy="use the program version that wrote it, or build the index again",
        )
    tables = {key: sorted(value[key].items()) if isinstance(value.get(key), dict) else () for key in _TABLES}
    return parse_record(Manifest, {**value, **tables}, where)


_TABLES = ("chunker", "note_counts")
"""Fields that are objects in the file, because people look into it."""


def _value(manifest: Manifest) -> dict[str, object]:
    value: dict[str, object] = plain(manifest)
    for key in _TABLES:
        value[key] = dict(getattr(manifest, key))
    return value
