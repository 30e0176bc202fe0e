"""What reading the files brought up: which could not be read, and of each document which pages to look at, and why.

The readers write their reasons in English; the page says in its own language what kind of thing it is and what a
librarian can do, and shows the reader's words beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from ragmed.records import NoteKind, ReadNote
from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.index.manifest import Manifest
    from ragmed.interfaces import SnapshotReader
    from ragmed.ui.words import Words

REASONS = (
    ("password", re.compile(r"password|protected in a way|locked by its publisher")),
    ("scan", re.compile(r"no text layer|OCR|no text on its")),
    ("hidden", re.compile(r"hidden from view")),
    ("empty", re.compile(r"the file is empty|there is no text")),
    ("attack", re.compile(r"looks like an attack|used for attacks|outside the archive|nested deeper")),
    ("limit", re.compile(r"more than|unpacks to|memory|seconds|characters by page|parts in the archive")),
    ("kind", re.compile(r"files of the kind|the file is an? |neither DOCX|although its name|not a text file")),
    ("sidecar", re.compile(r"\.toml")),
)
"""Why a file was refused, for languages that the readers do not write; the first that fits, else ``damaged``."""
_REMEDY = re.compile(r"(?P<reason>.+?) \((?P<remedy>(?:[^()]|\([^()]*\))+)\)\Z", re.DOTALL)
_MOST_PAGES = 12
_MOST_MESSAGES = 6
"""Different words of one kind that are shown for a document; the report of ``ragmed index --json`` has them all."""


class _Manifested(Protocol):
    """A snapshot that says what reading its files brought up, as those of ``ragmed.index`` do."""

    @property
    def manifest(self) -> Manifest: ...

    def segment(self, document_id: str) -> _Noted: ...


class _Noted(Protocol):
    def notes(self) -> tuple[ReadNote, ...]: ...


@dataclass(frozen=True, slots=True)
class FileNotes:
    """One file and what there is to know about how it was read; ``title`` is empty where it gave no document."""

    source_path: str
    title: str
    notes: tuple[ReadNote, ...]

    @property
    def refused(self) -> bool:
        return any(note.kind is NoteKind.REFUSED for note in self.notes)


def notes_of(snapshot: SnapshotReader) -> tuple[FileNotes, ...]:
    """Every file that has notes, refused ones first; nothing from a snapshot without a manifest.

    Raises IntegrityError where a segment's notes are not what the manifest says.
    """
    if not hasattr(snapshot, "manifest"):
        return ()
    whole = cast("_Manifested", snapshot)
    manifest = whole.manifest
    of_library: dict[str, list[ReadNote]] = {}
    for item in manifest.library_notes:
        of_library.setdefault(item.source_path, []).append(item.note)
    elsewhere = sum(map(len, of_library.values())) + sum(len(file.notes) for file in manifest.refused)
    in_segments = sum(count for _, count in manifest.note_counts) > elsewhere
    found = [FileNotes(file.source_path, "", file.notes) for file in manifest.refused]
    for document in snapshot.documents():
        own = whole.segment(document.document_id).notes() if in_segments else ()
        notes = (*own, *of_library.pop(document.source_path, ()))
        if notes:
            found.append(FileNotes(document.source_path, document.title, notes))
    found.extend(FileNotes(path, "", tuple(notes)) for path, notes in of_library.items())
    return tuple(sorted(found, key=lambda file: (not file.refused, file.title.casefold(), file.source_path)))


def remarks(files: Sequence[FileNotes], words: Words) -> Markup:
    """What could not be read, in the open; then, folded, the documents to look at."""
    refused = [file for file in files if file.refused]
    others = [file for file in files if not file.refused]
    return el(
        "div",
        el(
            "section",
            el("h2", words.count("library.refused", len(refused))),
            el("ul", *(_refused(file, words) for file in refused), class_="rm-sources"),
            class_="rm-part",
        )
        if refused
        else el("p", words("library.refused.none"), class_="rm-meta"),
        el(
            "details",
            el("summary", words.count("library.notes", len(others))),
            el("ul", *(_document(file, words) for file in others), class_="rm-sources"),
            class_="rm-fold",
        )
        if others
        else None,
        class_="rm-remarks",
    )


def _refused(file: FileNotes, words: Words) -> Markup:
    message = next(note.message for note in file.notes if note.kind is NoteKind.REFUSED)
    lines = refusal_lines(message, file.source_path, words)
    return el("li", el("p", file.source_path, class_="rm-source-title"), *lines, class_="rm-note")


def refusal_lines(message: str, source_path: str, words: Words) -> tuple[Markup, ...]:
    """Why a file was refused and what to do, in the page's language; the reader's own words beside it."""
    reason, remedy = reason_and_remedy(message, source_path)
    if words.tongue != "en":
        kind = next((name for name, pattern in REASONS if pattern.search(message)), "damaged")
        said = f"{reason} ({remedy})" if remedy else reason
        return el("p", words(f"refused.{kind}")), el("p", said, lang="en", class_="rm-meta")
    first = el("p", f"{reason[:1].upper()}{reason[1:]}.")
    return (first, el("p", words("error.remedy", remedy=remedy), class_="rm-meta")) if remedy else (first,)


def reason_and_remedy(message: str, source_path: str) -> tuple[str, str]:
    """A refusal's words without the file's name, and what to do about it, which stands in the last brackets."""
    plain = message.removeprefix(f"{source_path}: ")
    match = _REMEDY.fullmatch(plain)
    return (match["reason"], match["remedy"]) if match else (plain, "")


def _document(file: FileNotes, words: Words) -> Markup:
    kinds: dict[NoteKind, list[ReadNote]] = {}
    for note in file.notes:
        kinds.setdefault(note.kind, []).append(note)
    return el(
        "li",
        el("p", file.title or file.source_path, class_="rm-source-title"),
        el("p", file.source_path, class_="rm-meta") if file.title else None,
        el("dl", *(_kind(kind, notes, words) for kind, notes in kinds.items()), class_="rm-notes"),
        class_="rm-note",
    )


def _kind(kind: NoteKind, notes: Sequence[ReadNote], words: Words) -> Markup:
    pages = sorted({note.page_number for note in notes if note.page_number})
    named = words("list.and").join(map(str, pages[:_MOST_PAGES]))
    more = len(pages) - _MOST_PAGES
    where = words.count("note.pages", len(pages), pages=named) if pages else ""
    where += words("note.pages.more", count=more) if more > 0 else ""
    # "page 3 is a scan …": the pages stand in front already
    said = list(dict.fromkeys(re.sub(r"\Apage \d+ ", "", note.message) for note in notes))
    return el(
        "div",
        el("dt", words(f"note.{kind.value}"), el("span", f" · {where}", class_="rm-meta") if where else None),
        el("dd", words(f"note.{kind.value}.why")),
        *(el("dd", line, lang="en", class_="rm-meta") for line in said[:_MOST_MESSAGES]),
        el("dd", words("note.more", count=len(said) - _MOST_MESSAGES), class_="rm-meta")
        if len(said) > _MOST_MESSAGES
        else None,
    )
