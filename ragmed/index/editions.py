"""Which edition of a guideline is the current one.

The laws of the room:

* Editions of one series and language are compared by what they print: ``Version 2.2026``, ``3rd edition``, a date. A
  librarian's register outranks all of that.
* Nothing is guessed: where neither edition nor date tells two apart, both stay current and a note says so.
* A superseded edition names its successor and is kept; a withdrawn one is neither current nor anybody's successor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ragmed.changes import OpenQuestion
from ragmed.index.register import REGISTER, Register
from ragmed.records import Document, DocumentStatus, NoteKind, ReadNote

NOTHING_REGISTERED = Register()

_VERSION_OF_YEAR = re.compile(r"(?i)version\s+(\d{1,3})\.((?:19|20)\d{2})\b")
_DOTTED = re.compile(r"(?i)(?:version|v|edition|版本号?[:：]?)\s*(\d{1,3}(?:\.\d{1,4}){0,3})\b")
_ORDINAL = re.compile(r"(?i)\b(\d{1,2})(?:st|nd|rd|th)\b")
_ORDINAL_WORDS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=1
    )
}
_CHINESE_ORDINAL = re.compile(r"第\s?([一二三四五六七八九十\d]{1,3})\s?版")
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", start=1)}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The documents with status, predecessor and successor; notes by source path."""

    documents: tuple[Document, ...]
    """Those of the library in their order, then the kept ones."""
    kept: frozenset[str]
    """Ids of those whose files have left the library."""
    notes: tuple[tuple[str, ReadNote], ...]
    questions: tuple[OpenQuestion, ...] = ()


def settle(
    documents: Sequence[Document], register: Register = NOTHING_REGISTERED, gone: Sequence[Document] = ()
) -> Standing:
    """Give each document its status among the editions of its series.

    ``gone``: documents of the snapshot before whose files have left the library, as they stood there. Those that an
    edition in the library replaces are kept, superseded; the others are not in the result.
    """
    told = [as_registered(document, register) for document in documents]
    paths = [document.source_path for document in documents]
    notes = [
        (edition.file, _note(f"{REGISTER} names {edition.file}, which was not read from the library"))
        for edition in register.editions
        if not any(fnmatchcase(path, edition.file) for path in paths)
    ]
    written_over, others = _written_over(told, gone)
    while True:
        settled, family_notes = _settle_families([*told, *others])
        left = [document for document in others if settled[document.document_id].status is DocumentStatus.CURRENT]
        if not left:
            break
        others = [document for document in others if document not in left]
    settled |= {document.document_id: document for document in written_over}
    for document in written_over:
        successor = settled[document.superseded_by or ""]
        if successor.supersedes is None:
            settled[successor.document_id] = replace(successor, supersedes=document.document_id)
    kept = [document.document_id for document in (*others, *written_over)]
    return Standing(
        documents=tuple(settled[key] for key in (*(document.document_id for document in told), *kept)),
        kept=frozenset(kept),
        notes=(*notes, *family_notes),
    )


def _written_over(told: Sequence[Document], gone: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """Of the documents gone: those in whose place a later file lies, superseded by it; and the others.

    To put a file in another's place is to say that it replaces it, unless what they print says the contrary.
    """
    there = {document.source_path: document for document in told}
    instead: dict[str, Document] = {}
    others: list[Document] = []
    for document in gone:
        later = there.get(document.source_path)
        if (
            later is None
            or (later.series, later.language) != (document.series, document.language)
            or later.status is DocumentStatus.WITHDRAWN
            or is_newer(document, later)
        ):
            others.append(replace(document, status=DocumentStatus.CURRENT, supersedes=None, superseded_by=None))
        else:
            instead[document.document_id] = later
    written_over = [
        replace(
            document,
            status=DocumentStatus.SUPERSEDED,
            # of several that were written over one another, each keeps its own successor
            superseded_by=document.superseded_by
            if document.superseded_by in instead
            else instead[document.document_id].document_id,
        )
        for document in gone
        if document.document_id in instead
    ]
    return written_over, others


def _settle_families(documents: Sequence[Document]) -> tuple[dict[str, Document], list[tuple[str, ReadNote]]]:
    """Every document as it stands, by its id; and what a person should look at."""
    families: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        # a document without a series is an edition of itself alone
        key = (document.series or document.document_id, document.language.value)
        families.setdefault(key, []).append(document)
    settled: dict[str, Document] = {}
    notes: list[tuple[str, ReadNote]] = []
    for family in families.values():
        for document, note in _settle_family(family):
            settled[document.document_id] = document
            if note:
                notes.append((document.source_path, _note(note)))
    return settled, notes


def as_registered(document: Document, register: Register) -> Document:
    """The document with what the register says of its file, and the permission that covers it."""
    edition = register.names(document.source_path)
    if edition is not None:
        document = replace(
            document,
            series=edition.series,
            edition=edition.edition or document.edition,
            published_on=edition.published_on or document.published_on,
            status=DocumentStatus.WITHDRAWN if edition.withdrawn else document.status,
        )
    return replace(document, permission=register.permission_for(document))


def _settle_family(family: Sequence[Document]) -> list[tuple[Document, str]]:
    """Each document of one series as it stands, and what a person should look at, or an empty text."""
    valid = [document for document in family if document.status is not DocumentStatus.WITHDRAWN]
    newer = {one.document_id: [other for other in valid if is_newer(other, one)] for one in valid}
    newest = [document for document in valid if not newer[document.document_id]]
    successor: dict[str, str] = {}
    for document in valid:
        above = newer[document.document_id]
        if above:
            # the nearest: the one that most others are newer than
            successor[document.document_id] = max(
                above, key=lambda one: (len(newer[one.document_id]), one.document_id)
            ).document_id
    predecessor: dict[str, str] = {}
    for older in sorted(successor):
        predecessor.setdefault(successor[older], older)
    results: list[tuple[Document, str]] = []
    for document in family:
        if document.status is DocumentStatus.WITHDRAWN:
            results.append((document, ""))
            continue
        follower = successor.get(document.document_id)
        settled = replace(
            document,
            status=DocumentStatus.SUPERSEDED if follower else DocumentStatus.CURRENT,
            superseded_by=follower,
            supersedes=predecessor.get(document.document_id),
        )
        rivals = [other.source_path for other in newest if other is not document]
        note = ""
        if not follower and rivals:
            note = (
                f"series {document.series!r}: neither edition nor date tells which of {document.source_path} and "
                f"{', '.join(rivals)} is newer; all stay current (settle it in {REGISTER} or a sidecar)"
            )
        results.append((settled, note))
    return results


def is_newer(one: Document, other: Document) -> bool:
    """Whether ``one`` is a later edition than ``other`` beyond doubt."""
    if one.document_id == other.document_id:
        return False
    for kind in (_version_of_year, _ordinal, _dotted):
        mine, theirs = kind(one.edition), kind(other.edition)
        if mine is not None and theirs is not None and mine != theirs:
            return mine > theirs
    mine, theirs = _date(one), _date(other)
    # 2026-03 and 2026 do not tell which came first: only what both state is compared
    shared = min(len(mine), len(theirs))
    return mine[:shared] > theirs[:shared]


def _version_of_year(edition: str) -> tuple[int, ...] | None:
    """``Version 2.2026`` → (2026, 2): the number counts within the year."""
    match = _VERSION_OF_YEAR.search(edition)
    return (int(match.group(2)), int(match.group(1))) if match else None


def _ordinal(edition: str) -> tuple[int, ...] | None:
    """``3rd edition``, ``Third report``, ``第三版`` → (3,)."""
    if match := _ORDINAL.search(edition):
        return (int(match.group(1)),)
    if match := _CHINESE_ORDINAL.search(edition):
        return (_chinese_number(match.group(1)),)
    for word in re.findall(r"[a-z]+", edition.lower()):
        if word in _ORDINAL_WORDS:
            return (_ORDINAL_WORDS[word],)
    return None


def _chinese_number(text: str) -> int:
    """一 to 九十九, or Arabic digits."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)


def _dotted(edition: str) -> tuple[int, ...] | None:
    """``v3.1`` → (3, 1); a version that counts within a year is another kind."""
    match = None if _VERSION_OF_YEAR.search(edition) else _DOTTED.search(edition)
    return tuple(int(part) for part in match.group(1).split(".")) if match else None


def _date(document: Document) -> tuple[int, ...]:
    """The date of publication, as far as it is stated, else the year in the edition."""
    if document.published_on:
        return tuple(int(part) for part in document.published_on.split("-"))
    year = _YEAR.search(document.edition)
    return (int(year.group(1)),) if year else ()


def _note(message: str) -> ReadNote:
    return ReadNote(kind=NoteKind.METADATA, message=message)
