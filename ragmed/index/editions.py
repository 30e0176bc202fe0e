"""Which edition of a guideline is the current one.

The laws of the room:

* Editions of one series and language are compared by what they print: ``Version 2.2026``, ``3rd edition``, a date. A
  librarian's register outranks all of that.
* Nothing is guessed: where neither edition nor date tells two apart, both stay current and a note says so.
* A superseded edition names its successor and is kept; a withdrawn one is neither current nor anybody's successor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ragmed.changes import OpenQuestion
from ragmed.index.asking import which_is_newer
from ragmed.index.edition_order import is_newer
from ragmed.index.register import REGISTER, Register
from ragmed.records import Document, DocumentStatus, NoteKind, ReadNote

NOTHING_REGISTERED = Register()
Apart = Callable[[Document, Document], bool]
"""Whether two documents of one series are not, or not surely, editions of one guideline."""


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
    documents: Sequence[Document],
    register: Register = NOTHING_REGISTERED,
    gone: Sequence[Document] = (),
    strangers: frozenset[frozenset[str]] = frozenset(),
) -> Standing:
    """Give each document its status among the editions of its series.

    ``strangers``: pairs of ids of which it is not sure that they are one guideline; like those that a person said are
    distinct, neither replaces the other. ``gone``: documents of the snapshot before whose files have left the library,
    as they stood there. Those that an edition in the library replaces are kept, superseded; the others are not in the
    result.
    """
    told = [as_registered(document, register) for document in documents]
    paths = [document.source_path for document in documents]
    notes = [
        (edition.file, _note(f"{REGISTER} names {edition.file}, which was not read from the library"))
        for edition in register.editions
        if not any(fnmatchcase(path, edition.file) for path in paths)
    ]
    written_over, others = _written_over(told, gone)

    def apart(one: Document, other: Document) -> bool:
        ids = one.document_id, other.document_id
        return frozenset(ids) in strangers or register.are_distinct(*ids)

    while True:
        settled, family_notes, questions = _settle_families([*told, *others], apart)
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
        questions=tuple(questions),
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


def _settle_families(
    documents: Sequence[Document], apart: Apart
) -> tuple[dict[str, Document], list[tuple[str, ReadNote]], list[OpenQuestion]]:
    """Every document as it stands, by its id; what a person should look at, and what she is asked."""
    families: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        # a document without a series is an edition of itself alone
        key = (document.series or document.document_id, document.language.value)
        families.setdefault(key, []).append(document)
    settled: dict[str, Document] = {}
    notes: list[tuple[str, ReadNote]] = []
    questions: list[OpenQuestion] = []
    for family in families.values():
        stand = _settle_family(family, apart)
        settled |= {document.document_id: document for document in stand}
        rivals = _rivals(stand, apart)
        notes.extend((rival.source_path, _note(_unordered(rival, rivals))) for rival in rivals)
        if rivals:
            questions.append(which_is_newer(rivals))
    return settled, notes, questions


def _rivals(family: Sequence[Document], apart: Apart) -> list[Document]:
    """The current documents of a series where it has several, those left out that are apart from all others."""
    current = [document for document in family if document.status is DocumentStatus.CURRENT]
    return [one for one in current if any(other is not one and not apart(one, other) for other in current)]


def _unordered(document: Document, rivals: Sequence[Document]) -> str:
    others = ", ".join(other.source_path for other in rivals if other is not document)
    return (
        f"series {document.series!r}: neither edition nor date tells which of {document.source_path} and {others} is "
        f"newer; all stay current (settle it in {REGISTER} or a sidecar)"
    )


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


def _settle_family(family: Sequence[Document], apart: Apart) -> list[Document]:
    """Each document of one series as it stands."""
    valid = [document for document in family if document.status is not DocumentStatus.WITHDRAWN]
    newer = {
        one.document_id: [other for other in valid if is_newer(other, one) and not apart(one, other)] for one in valid
    }
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
    return [
        document
        if document.status is DocumentStatus.WITHDRAWN
        else replace(
            document,
            status=DocumentStatus.SUPERSEDED if document.document_id in successor else DocumentStatus.CURRENT,
            superseded_by=successor.get(document.document_id),
            supersedes=predecessor.get(document.document_id),
        )
        for document in family
    ]


def _note(message: str) -> ReadNote:
    return ReadNote(kind=NoteKind.METADATA, message=message)
