"""The seams between the stages: what each asks of the next, and nothing more.

Stages import these protocols and the records, never each other. ``assemble`` chooses the classes behind them. Each
protocol has a small real implementation that tests use instead of patching (``HashEmbedder``, ``ScriptedGenerator``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Generator as GeneratorOf
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.adapters.change import AdapterChange
    from ragmed.changes import CitedQuote
    from ragmed.drafts import Draft, Written
    from ragmed.entries import (
        AuditEntry,
        Checkpoint,
        Day,
        Erasure,
        Feedback,
        Opening,
        RecordFilter,
        RecordLine,
        Review,
        Reviewed,
        Verification,
    )
    from ragmed.records import (
        AnswerRecord,
        Chunk,
        Document,
        Filters,
        Language,
        Mode,
        Page,
        Passage,
        Query,
        Reading,
        Retrieval,
    )

TokenSpans = Callable[[str], "Sequence[tuple[int, int]]"]
"""The embedder's tokens of a text as half-open character spans, special tokens left out."""

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)``; ``total`` is 0 where it is not known yet."""


FileProgress = Callable[["Sequence[str]", int], None]
"""Called as ``files(source_paths, done)``: what a run reads and embeds, in order, and how many of them are done."""


def no_progress(what: str, done: int, total: int) -> None:
    """A Progress that tells nobody."""


def no_file_progress(source_paths: Sequence[str], done: int) -> None:
    """A FileProgress that tells nobody."""


class Reader(Protocol):
    """One file format. Runs inside the sandbox's child process; pure function of the bytes and the settings."""

    suffixes: tuple[str, ...]
    media_type: str
    version: str
    """Changes whenever the text, blocks or boxes it gives may change: part of a segment's address."""

    def read(self, path: Path) -> Reading:
        """Read one file. Raises UnreadableFileError with the reason and the remedy."""
        ...


class Chunker(Protocol):
    """Pages → chunks (law 1)."""

    def chunk(self, document: Document, pages: Sequence[Page]) -> tuple[Chunk, ...]: ...

    def configuration(self) -> dict[str, str | int]:
        """All that the chunks depend on: part of a segment's address."""
        ...


class Embedder(Protocol):
    """Texts → unit vectors. Row i of the result is text i."""

    name: str
    revision: str
    """SHA-256 of the weights."""
    dimensions: int
    max_tokens: int
    """Tokens of the longest text it reads whole, its special tokens included."""
    special_tokens: int
    engine: str
    """What runs the model; vectors of one model agree between its engines but for small errors."""

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]: ...

    def embed_passages(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), float32, L2 norm 1."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedText:
    """Words for the lexical half: ``field`` is ``text``, ``heading`` (headings and title) or ``any``."""

    text: str
    weight: float = 1.0
    field: str = "any"


class SnapshotReader(Protocol):
    """A published snapshot, open for reading. Safe to share between threads."""

    snapshot_id: str
    """Six digits and the manifest's first 8 hex digits: ``000012-3fa9c1d2``."""
    published_at: str
    embedder_name: str
    embedder_engine: str
    embedder_revision: str

    def documents(self) -> tuple[Document, ...]: ...

    def document(self, document_id: str) -> Document:
        """Raises NotFoundError."""
        ...

    def page(self, document_id: str, number: int) -> Page:
        """Raises NotFoundError, IntegrityError."""
        ...

    def page_label(self, document_id: str, number: int) -> str: ...

    def chunk(self, chunk_id: str) -> Chunk:
        """Raises NotFoundError."""
        ...

    def chunks(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        """Chunks by row number, in the order asked for."""
        ...

    def chunk_count(self) -> int: ...

    def source(self, document_id: str) -> Path:
        """The kept copy of the source file; its hash is checked when it is opened for a page image."""
        ...

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` nearest rows and their cosine, best first; fewer where the filters leave fewer."""
        ...

    def nearness(
        self, vector: NDArray[np.float32], rows: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cosine of the unit ``vector`` with each row's chunk, and with the chunk's best window."""
        ...

    def document_numbers(self, rows: Sequence[int]) -> NDArray[np.int64]:
        """The place of each row's document among ``documents()``."""
        ...

    def lexical(
        self, texts: Sequence[WeightedText], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` best rows by BM25 and their scores, best first."""
        ...

    def document_frequency(self, word: str) -> int:
        """How many chunks hold the word (after the engine's own analysis)."""
        ...


class Snapshots(Protocol):
    """Where a caller gets the snapshot of the moment; moves to a newly published one between questions."""

    def current(self) -> SnapshotReader:
        """Raises NoIndexError, IntegrityError."""
        ...

    def get(self, snapshot_id: str) -> SnapshotReader:
        """An older snapshot, for an old record. Raises NotFoundError, IntegrityError."""
        ...


class Retriever(Protocol):
    """Question → passages."""

    def analyse(self, question: str, language: Language | None, filters: Filters) -> Query: ...

    def retrieve(self, query: Query, k: int) -> Retrieval: ...


class Generator(Protocol):
    """Passages → prose that cites them."""

    @property
    def kind(self) -> str:
        """``extractive``, ``qwen``, ``served``."""
        ...

    def generate(
        self, query: Query, mode: Mode, passages: Sequence[Passage]
    ) -> GeneratorOf[Written | Draft, None, None]:
        """Yields pieces while they are written, where there is a model that writes, and last the whole as a Draft.

        Closing the iterator stops the work at once. Raises ModelError, IntegrityError, MissingPartError where the model
        cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFound:
    """First event of an answer: the passages, before any prose."""

    retrieval: Retrieval
    snapshot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Last event: the record, checked and already kept."""

    record: AnswerRecord


class Assistant(Protocol):
    """Question → record. The only thing the pages and the command line talk to."""

    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = None,
        language: Language | None = None,
        filters: Filters | None = None,
    ) -> Iterator[EvidenceFound | Written | Finished]:
        """Yields EvidenceFound (unless rejected), what a language model writes as it writes it, and then Finished.

        ``None`` means: decide from the question. Closing the iterator stops a model that writes; the draft so far is
        kept as a rejected answer.
        """
        ...


class Keeper(Protocol):
    """Where an answer goes before it is shown."""

    def append(self, record: AnswerRecord) -> None:
        """Keep ``record``, or raise: then it is not shown."""
        ...


class RecordStore(Keeper, Protocol):
    """Answers, kept before they are shown."""

    def get(self, record_id: str) -> AnswerRecord:
        """By full id or an unambiguous prefix of at least four characters. Raises NotFoundError."""
        ...

    def recent(self, limit: int) -> tuple[AnswerRecord, ...]:
        """Newest first."""
        ...

    def unanswered(self, limit: int) -> tuple[AnswerRecord, ...]:
        """Questions that the library did not cover, newest first."""
        ...

    def cited_series(self, since: str, after: int = 0) -> Iterable[tuple[int, frozenset[str]]]:
        """Of each answer since ``since`` (UTC, ISO 8601) and behind number ``after``, its number and the series that
        it cites, oldest first."""
        ...

    def cited_snapshots(self) -> frozenset[str]:
        """Ids of the snapshots that answers were given from."""
        ...

    def quotes_from(self, document_ids: frozenset[str]) -> Iterable[CitedQuote]:
        """What answers quote from these documents, oldest first, each quote of an answer once."""
        ...


class AuditLog(RecordStore, Protocol):
    """The record store with its Merkle tree: what auditing reads. Safe to share between threads.

    ``append`` (of ``RecordStore``) keeps the record and its entry in one transaction. ``get`` of an erased record
    raises ErasedError.
    """

    def append_feedback(self, feedback: Feedback) -> AuditEntry:
        """Raises NotFoundError, ErasedError (the answer is gone), BadInputError (a key that the answer lacks)."""
        ...

    def append_review(self, review: Review) -> AuditEntry:
        """Raises NotFoundError (no such feedback), ErasedError, BadInputError (an edit without a correction)."""
        ...

    def append_adapter(self, change: AdapterChange) -> AuditEntry:
        """What happened to an adapter. Raises IntegrityError where it does not follow the last such change."""
        ...

    def adapter_changes(self, after: int = 0) -> Iterable[AdapterChange]:
        """All that happened to adapters, oldest first, from change ``after`` + 1 on. Raises IntegrityError."""
        ...

    def erase(self, record_id: str, *, user: str, reason: str) -> AuditEntry:
        """Destroy the content of an answer, its feedback and its reviews; the entries stay.

        Raises NotFoundError, ErasedError.
        """
        ...

    def find(self, wanted: RecordFilter, *, limit: int, before: int = 0) -> tuple[RecordLine, ...]:
        """Newest first; ``before``: only entries with a smaller number, for the next page (0: from the newest)."""
        ...

    def whole_id(self, record_id: str) -> str:
        """Of an answer, erased or not, by its id or an unambiguous beginning of it. Raises NotFoundError."""
        ...

    def days(self, since: str = "") -> tuple[Day, ...]:
        """What was answered on each day (UTC) from ``since`` on, oldest first; days without an answer are left out."""
        ...

    def feedback(self, record_id: str) -> tuple[Feedback, ...]:
        """Oldest first."""
        ...

    def reviews(self, record_id: str) -> tuple[Review, ...]:
        """Of the answer's feedback, oldest first."""
        ...

    def review_queue(self) -> Iterable[Reviewed]:
        """Every feedback that is not erased, oldest first, with the review that counts."""
        ...

    def erasure(self, record_id: str) -> Erasure | None: ...

    def size(self) -> int: ...

    def entry(self, number: int) -> AuditEntry:
        """Raises NotFoundError."""
        ...

    def entries(self, after: int = 0) -> Iterable[AuditEntry]:
        """In order, from ``after`` + 1."""
        ...

    def entries_of(self, record_id: str) -> tuple[AuditEntry, ...]:
        """The answer's entry, then those of its feedback and erasure. Raises NotFoundError."""
        ...

    def opening(self, number: int) -> Opening | None:
        """What the entry committed to; None once it is erased."""
        ...

    def root(self, size: int = 0) -> bytes:
        """RFC 6962 tree hash of the first ``size`` entries (0: all)."""
        ...

    def inclusion_proof(self, number: int, size: int) -> tuple[bytes, ...]:
        """RFC 6962 audit path of entry ``number`` in the tree of the first ``size`` entries."""
        ...

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]: ...

    def checkpoint(self) -> Checkpoint:
        """A signed checkpoint of the log as it is now, written to the checkpoint folder as well."""
        ...

    def public_key(self) -> str:
        """The signer's verifier key in C2SP note form: ``name+hash+key``."""
        ...

    def verify(self, progress: Progress = ...) -> Verification:
        """Entries, tree, contents, index rows and checkpoints; citations are the auditor's to check."""
        ...


class PageRenderer(Protocol):
    """A page as a picture, with the cited words marked."""

    def render(self, source: Path, document: Document, page: Page, start: int, end: int, *, width: int) -> bytes:
        """PNG of the page ``width`` pixels wide; ``[start, end)`` of ``page.text`` is highlighted (empty: none).

        Raises UnreadableFileError, IntegrityError (the file is not the one that was indexed).
        """
        ...
