"""What recorded words are worth today: still said, said otherwise, gone, or withdrawn.

Laws of this room: a quote is weighed against published snapshots only, never against files; nothing is decided here, a
snapshot's own standing of its documents is followed; what cannot be compared says so.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from ragmed.changes import CitedQuote, ImpactKind
from ragmed.citation_keys import keys_of
from ragmed.entries import CitationToday, WorthToday
from ragmed.errors import NoIndexError, NotFoundError, NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ragmed.changes import AnswerImpact
    from ragmed.index.impact import Fate
    from ragmed.index.snapshot import Snapshot
    from ragmed.index.store import SnapshotStore
    from ragmed.interfaces import RecordStore
    from ragmed.records import AnswerRecord, Citation, Document

_FATES_KEPT = 64


class Worth:
    """See the module. Safe to share between threads."""

    def __init__(self, snapshots: SnapshotStore, log: RecordStore) -> None:
        self._snapshots = snapshots
        self._log = log
        self._lock = threading.Lock()
        self._fates: OrderedDict[tuple[str, str], Fate | None] = OrderedDict()

    def of(self, record: AnswerRecord) -> tuple[CitationToday, ...]:
        """Each citation against the snapshot that answers now, in the order of ``record.checks``."""
        keys = keys_of(record)
        try:
            later, then = self._snapshots.current(), self._snapshots.get(record.snapshot_id)
        except (NoIndexError, NotFoundError, NotPossibleError):
            return tuple(CitationToday(key=key, worth=WorthToday.UNKNOWN) for key in keys)
        cited = {check.citation.document_id for check in record.checks}
        fates = self._fates_of([(one, then) for one in record.documents if one.document_id in cited], later)
        found = {(one.document_id, one.page_number, one.quote): one for one in _impact(_quotes(record), fates)}
        return tuple(_today(key, check.citation, found, fates) for key, check in zip(keys, record.checks, strict=True))

    def impact(self, name: str) -> tuple[AnswerImpact, ...]:
        """Answers whose quoted words the edition of today changed or withdrew; oldest answer first.

        ``name``: a series, against the current snapshot; or a snapshot, by id or number, against which every document
        that answers cite is held. Raises NotFoundError for neither, NoIndexError.
        """
        documents = self._cited_documents()
        later = self._snapshot_named(name)
        if later is None:
            later = self._snapshots.current()
            known = {document.series for document, _ in documents} | {one.series for one in later.documents()}
            if name not in known:
                raise NotFoundError(
                    f"{name}: neither a series nor a snapshot",
                    remedy="list them with `ragmed snapshots show` and `ragmed snapshots list`",
                )
            documents = [(document, then) for document, then in documents if document.series == name]
        fates = self._fates_of(documents, later)
        return _impact(self._log.quotes_from(frozenset(fates)), fates) if fates else ()

    def _snapshot_named(self, name: str) -> Snapshot | None:
        try:
            return self._snapshots.get(name)
        except NotFoundError:
            return None

    def _cited_documents(self) -> list[tuple[Document, Snapshot]]:
        """Every document of a snapshot that answers were given from, with the newest such snapshot; collected ones are
        passed over: their pages are gone, and `ragmed snapshots gc` never takes one that an answer cites."""
        found: dict[str, tuple[Document, Snapshot]] = {}
        for snapshot_id in sorted(self._log.cited_snapshots()):
            snapshot = self._snapshot_named(snapshot_id)
            if snapshot is not None:
                found.update({one.document_id: (one, snapshot) for one in snapshot.documents()})
        return list(found.values())

    def _fates_of(self, cited: Sequence[tuple[Document, Snapshot]], later: Snapshot) -> dict[str, Fate]:
        from ragmed.index.fates import fates

        known: dict[str, Fate | None] = {}
        for document, then in cited:
            key = (later.snapshot_id, document.document_id)
            with self._lock:
                held = key in self._fates
                fate = self._fates.get(key)
            if not held:
                fate = next((found for _, found in fates([(document, then)], later)), None)
                with self._lock:
                    self._fates[key] = fate
                    while len(self._fates) > _FATES_KEPT:
                        self._fates.popitem(last=False)
            known[document.document_id] = fate
        return {document_id: fate for document_id, fate in known.items() if fate is not None}


def _impact(quotes: Iterable[CitedQuote], fates: Mapping[str, Fate]) -> tuple[AnswerImpact, ...]:
    from ragmed.index.impact import impact

    return impact(quotes, fates)


def _quotes(record: AnswerRecord) -> Iterator[CitedQuote]:
    for check in record.checks:
        yield CitedQuote(
            record_id=record.record_id,
            asked_at=record.asked_at,
            document_id=check.citation.document_id,
            page_number=check.citation.page_number,
            quote=check.citation.quote,
        )


_WORTH: Mapping[ImpactKind, WorthToday] = {
    ImpactKind.CHANGED: WorthToday.CHANGED,
    ImpactKind.GONE: WorthToday.GONE,
    ImpactKind.WITHDRAWN: WorthToday.WITHDRAWN,
}


def _today(
    key: str,
    citation: Citation,
    found: Mapping[tuple[str, int, str], AnswerImpact],
    fates: Mapping[str, Fate],
) -> CitationToday:
    one = found.get((citation.document_id, citation.page_number, citation.quote))
    fate = fates.get(citation.document_id)
    new = fate.new if fate else None
    return CitationToday(
        key=key,
        worth=_WORTH[one.kind] if one else WorthToday.SAID,
        new_document_id=new.document_id if new else "",
        new_edition=new.edition if new else "",
        now=one.now if one else None,
        words=one.words if one else (),
    )
