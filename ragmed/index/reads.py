"""``reads.json``: what reading each file gave, so that an unchanged file is not read again.

A key is the hash of all that a reading depends on: the file's bytes, place and sidecar, the versions of the readers,
their limits, the chunker, the embedder, the term table. The entry names the segment, or holds the refusal. Readings
that another run might do better are not kept: those cut short by a limit, and those that lacked an OCR program.

The file is a convenience of the builder: deleting it costs time, never content.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ragmed.canonical import canonical_json, plain
from ragmed.corpus.likeness import Fingerprint, fingerprint
from ragmed.errors import IntegrityError
from ragmed.index.encoding import parse_object, parse_record
from ragmed.index.store import Holdings, SnapshotWriter
from ragmed.records import Document, NoteKind, Page, ReadNote

READS = "reads.json"
FINGERPRINTS = "fingerprints"
"""A file a segment (or a held document's reading): what its text shares with others is told by it."""
_FORMAT = 1
_EVERY = 5.0
"""Seconds of reading and embedding that a stopped run may lose of what it knows; segments are never lost."""
_NOT_KEPT = (NoteKind.LIMIT, NoteKind.OCR_MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReading:
    """A document with its segment (none: it is held), or a refusal: ``document`` None and no segment."""

    document: Document | None
    segment_id: str
    notes: tuple[ReadNote, ...]
    """Of a refusal, and of a document that is held and has no segment; else they are in the segment."""


def worth_keeping(notes: tuple[ReadNote, ...]) -> bool:
    """Whether another run would read the same."""
    return not any(note.kind in _NOT_KEPT for note in notes)


def reads_in(content: bytes | None) -> dict[str, KnownReading]:
    """By key; empty where there is none, or where it is damaged: then everything is read again."""
    if content is None:
        return {}
    try:
        value = parse_object(content, READS)
        if value.get("format") != _FORMAT or not isinstance(value.get("reads"), dict):
            return {}
        return {key: parse_record(KnownReading, item, READS) for key, item in value["reads"].items()}
    except IntegrityError:
        return {}


def reads_json(reads: Mapping[str, KnownReading]) -> bytes:
    """The content of ``reads.json``."""
    return canonical_json({"format": _FORMAT, "reads": {key: plain(item) for key, item in reads.items()}})


class Reads:
    """What one run knows and learns of its files' readings."""

    def __init__(
        self, holdings: Holdings, writer: SnapshotWriter | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Without a writer nothing is kept."""
        self._holdings = holdings
        self._writer = writer
        self._clock = clock
        self._before = reads_in(holdings.recall(READS))
        self._met: dict[str, KnownReading] = {}
        self._fingerprints: set[str] = set()
        self._saved_at = clock()

    def known(self, key: str) -> KnownReading | None:
        """What an earlier run learned."""
        return self._before.get(key)

    def keep(self, key: str, reading: KnownReading) -> None:
        """Remember a reading, at the latest when the run ends; now and then at once, since a run may be stopped."""
        self._met[key] = reading
        if key not in self._before and self._clock() - self._saved_at > _EVERY:
            self.pause()

    def pause(self) -> None:
        """Write what is known so far, where this run writes at all."""
        if self._writer is not None:
            self._writer.remember(READS, reads_json({**self._before, **self._met}))
        self._saved_at = self._clock()

    def fingerprint(self, name: str, make: Callable[[], Iterable[Page]]) -> Fingerprint:
        """The fingerprint under ``name`` (a segment's id or a reading's key), made of its pages where there is none."""
        self._fingerprints.add(name)
        content = self._holdings.recall(f"{FINGERPRINTS}/{name}")
        known = Fingerprint.decode(content.decode("ascii")) if content is not None else None
        if known is None:
            known = fingerprint(make())
            if self._writer is not None:
                self._writer.remember(f"{FINGERPRINTS}/{name}", known.encode().encode("ascii"))
        return known

    def finish(self) -> None:
        """Write what this run met, and forget the rest."""
        if self._writer is None:
            return
        self._writer.remember(READS, reads_json(self._met))
        for name in self._writer.remembered(FINGERPRINTS):
            if name not in self._fingerprints:
                self._writer.forget(f"{FINGERPRINTS}/{name}")
