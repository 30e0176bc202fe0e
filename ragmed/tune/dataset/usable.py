"""What of the current snapshot may teach: documents that answer today and whose licence lets them, and their chunks.

A notice that keeps back the use with AI tools, mining or commercial use, and a licence without derivatives, leave the
document out, also where somebody permitted that it be *answered* from: to train on it is another use. ``permitted``
names the documents of which somebody says that their permission covers training too.

A chunk whose text stands in two series is on both sides of any split, so that it is used on neither.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.errors import BadInputError
from ragmed.generate.prompt import defused
from ragmed.records import Chunk, Document, DocumentStatus, NoteKind
from ragmed.tune.dataset.sides import Sides, document_key, library_sides, series_key, text_key

if TYPE_CHECKING:
    from ragmed.index.snapshot import Snapshot
    from ragmed.tune.dataset.rows import Split

_RESTRICTED = re.compile(r"\bBY-N[CD]\b|-ND\b|no ?derivatives|non-?commercial|禁止演绎|非商业", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedDocument:
    """A document that teaches."""

    document: Document
    split: Split
    chunks: tuple[Chunk, ...]
    permitted: bool = False
    """Its licence restricts it, and somebody says that it may be trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A document that teaches nothing, and why."""

    document: Document
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Teachers:
    """Which document teaches on which side, and which teaches nothing, by document id."""

    split: Mapping[str, Split]
    left_out: Mapping[str, LeftOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """The library as a source of rows."""

    used: tuple[UsedDocument, ...]
    left_out: tuple[LeftOut, ...]
    shared_chunks: int
    """Chunks that stand in two series."""
    sides: Sides
    all_chunks: tuple[tuple[Document, Chunk], ...]
    """Of every document of the snapshot, also of those left out."""

    @property
    def teachers(self) -> Teachers:
        """Which document teaches on which side."""
        return Teachers(
            split={one.document.document_id: one.split for one in self.used},
            left_out={one.document.document_id: one for one in self.left_out},
        )

    def beside(self, split: Split) -> tuple[str, ...]:
        """Ids of the documents on one side: where distractors are looked for."""
        return tuple(one.document.document_id for one in self.used if one.split is split)


def teachers(snapshot: Snapshot, seed: int, permitted: Collection[str] = ()) -> Teachers:
    """``usable(…).teachers`` without a look at the chunks: quick in a large library too. Raises BadInputError."""
    documents = snapshot.documents()
    _check_names(documents, permitted)
    parted = library_sides(_languages(documents), seed)
    left_out = {
        one.document_id: LeftOut(document=one, reason=why)
        for one in documents
        if (why := _kept_from(one, snapshot, permitted))
    }
    return Teachers(
        split={one.document_id: parted[one.series] for one in documents if one.document_id not in left_out},
        left_out=left_out,
    )


def usable(snapshot: Snapshot, seed: int, permitted: Collection[str] = ()) -> Usable:
    """The documents of the snapshot, parted by series.

    ``permitted``: ids or series. Raises BadInputError for one that the snapshot does not hold.
    """
    documents = snapshot.documents()
    _check_names(documents, permitted)
    chunks = {one.document_id: snapshot.segment(one.document_id).chunks() for one in documents}
    parted = library_sides(_languages(documents), seed)
    holders: dict[str, set[str]] = {}
    for one in documents:
        for chunk in chunks[one.document_id]:
            holders.setdefault(text_key(chunk.text), set()).add(one.series)
    sides = Sides(seed)
    for one in documents:
        own = [chunk.text for chunk in chunks[one.document_id] if len(holders[text_key(chunk.text)]) == 1]
        keys = [series_key(one.series), document_key(one.document_id), *map(text_key, own)]
        # a prompt of elsewhere shows a passage as the model sees it
        shown = [key for key in (text_key(defused(text)) for text in own) if sides.known(key) is None]
        sides.place([*keys, *shown], parted[one.series])
    used: list[UsedDocument] = []
    left_out: list[LeftOut] = []
    for one in documents:
        if reason := _kept_from(one, snapshot, permitted):
            left_out.append(LeftOut(document=one, reason=reason))
        else:
            kept = tuple(chunk for chunk in chunks[one.document_id] if len(holders[text_key(chunk.text)]) == 1)
            restricted = bool(_reason(one, snapshot))
            used.append(UsedDocument(document=one, split=parted[one.series], chunks=kept, permitted=restricted))
    shared = sum(len(series) > 1 for series in holders.values())
    return Usable(
        used=tuple(used),
        left_out=tuple(left_out),
        shared_chunks=shared,
        sides=sides,
        all_chunks=tuple((one, chunk) for one in documents for chunk in chunks[one.document_id]),
    )


def _languages(documents: Sequence[Document]) -> dict[str, str]:
    """Series → language."""
    return {one.series: one.language.value for one in sorted(documents, key=lambda one: one.document_id)}


def _kept_from(document: Document, snapshot: Snapshot, permitted: Collection[str]) -> str:
    """Why a document teaches nothing; empty where it teaches."""
    if document.status is not DocumentStatus.CURRENT:
        return f"{document.status.value}: another edition answers"
    named = document.document_id in permitted or document.series in permitted
    return "" if named else _reason(document, snapshot)


def _reason(document: Document, snapshot: Snapshot) -> str:
    """Why the licence keeps a document from teaching; empty where it does not."""
    notices = [note for note in snapshot.segment(document.document_id).notes() if note.kind is NoteKind.LICENCE]
    if notices:
        return f"its licence restricts its use ({notices[0].message})"
    if _RESTRICTED.search(document.licence):
        return f"its licence restricts its use ({document.licence})"
    return ""


def _check_names(documents: Sequence[Document], permitted: Collection[str]) -> None:
    there = {one.document_id for one in documents} | {one.series for one in documents}
    for name in permitted:
        if name not in there:
            raise BadInputError(
                f"{name}: the current snapshot holds no such document or series",
                remedy="`ragmed library` and `ragmed snapshots list` name what is there",
            )
