"""The records that flow through RagMed, one stage handing them to the next.

Laws of this room: every record is frozen, slotted and keyword-only; its fields are scalars, enums, bytes, tuples
and records, so that it can be hashed, compared, and written as canonical JSON. A record knows nothing of where it is
stored.

Offsets are always half-open ``[start, end)`` in Unicode code points of the text they belong to. Pages count from 1.
Lengths on a page are PDF points (1/72 inch), measured from the top left corner of the page as it is displayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The language of a text, as far as RagMed tells them apart."""

    ENGLISH = "en"
    CHINESE = "zh"
    OTHER = "other"


class BlockKind(StrEnum):
    """What a stretch of a page is for; FURNITURE is never evidence."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CAPTION = "caption"
    FURNITURE = "furniture"
    """Running headers, footers, page numbers, print stamps, navigation words."""


class NoteKind(StrEnum):
    """What a reader has to say about a file or a page beside its text (law 6: no silence)."""

    REFUSED = "refused"
    """The file cannot be read at all; the message says why and what to do."""
    NO_TEXT = "no_text"
    OCR = "ocr"
    OCR_MISSING = "ocr_missing"
    HIDDEN_TEXT = "hidden_text"
    GARBLED = "garbled"
    REPAIRED = "repaired"
    LIMIT = "limit"
    """A limit (time, memory, pages, pixels, archive ratio) cut the reading short."""
    ATTACHMENT = "attachment"
    SCRIPT = "script"
    INSTRUCTION = "instruction"
    """Text that addresses a language model; indexed as plain text, flagged."""
    LICENCE = "licence"
    """A notice that restricts the use of the document; the message begins with its ``RestrictionKind`` and a colon."""
    ODD_ORDER = "odd_order"
    """The lines of the page may stand in another order than a reader would follow."""
    METADATA = "metadata"
    """Something about title, edition or date that a person should look at."""


class DocumentStatus(StrEnum):
    """Where an edition stands among the editions of its series."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What checking a citation found. The first two may be shown as evidence, the others never silently."""

    VERBATIM = "verbatim"
    SUPPORTED = "supported"
    NUMBER_MISMATCH = "number_mismatch"
    NEGATION_MISMATCH = "negation_mismatch"
    UNSUPPORTED = "unsupported"
    UNRESOLVABLE = "unresolvable"

    @property
    def holds(self) -> bool:
        """Whether a claim with this verdict is borne out by the cited words."""
        return self in (Verdict.VERBATIM, Verdict.SUPPORTED)


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    """The library does not cover the question."""
    REJECTED = "rejected"
    """The question could not be taken (empty, too long), or no claim of the answer survived checking."""


class Mode(StrEnum):
    """What kind of answer is wanted."""

    ANSWER = "answer"
    DIFFERENTIAL = "differential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One edition of one guideline."""

    document_id: str
    """``d-`` and the first 16 hex digits of the file's SHA-256: the same bytes are the same document."""
    series: str
    """The guideline across its editions, a slug such as ``nsclc``."""
    title: str
    publisher: str
    edition: str
    """As printed, e.g. ``Version 2.2026``; empty when the content names none."""
    published_on: str
    """ISO 8601 date, reduced where less is known (``2026``, ``2026-03``); empty when unknown."""
    language: Language
    sha256: str
    licence: str
    source_path: str
    """POSIX path relative to the library folder."""
    media_type: str
    page_count: int
    status: DocumentStatus = DocumentStatus.CURRENT
    supersedes: str | None = None
    """``document_id`` of the edition that this one replaces."""
    superseded_by: str | None = None
    permission: str = ""
    """Where the licence restricts the use: who permitted it, when, and where that is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of a page's text with one use. Blocks are in reading order and do not overlap."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    """For headings: 1 is the outermost. For list items: nesting from 1."""
    heading_path: tuple[str, ...] = ()
    """The headings above this block, outermost first, carried over from earlier pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A physical page: what may be quoted, and where each character stands."""

    document_id: str
    number: int
    label: str
    """The printed page label (``NSCL-4A``, ``iv``); equals ``str(number)`` where none is printed."""
    text: str
    """Mended text in reading order (ligatures and end-of-line hyphens resolved). The only text offsets refer to."""
    boxes: bytes = b""
    """Four little-endian uint16 (left, top, right, bottom) in tenths of a point for each code point of ``text``.

    All zero for a character with no ink of its own (a line break that was put in). Empty for formats without geometry.
    """
    width: float = 0.0
    height: float = 0.0
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNote:
    """Something that a person should know about how a file was read."""

    kind: NoteKind
    message: str
    page_number: int = 0
    """0 when the note is about the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that reading one file gave: a document with its pages, or a refusal. Never neither."""

    document: Document | None
    pages: tuple[Page, ...]
    notes: tuple[ReadNote, ...]
    source_path: str
    sha256: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stored span of one page. ``page.text[start:end] == text`` (law 1)."""

    chunk_id: str
    """``{document_id}-p{page}-{start}-{end}``."""
    document_id: str
    page_number: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which documents may answer. Empty tuples and empty strings do not restrict."""

    include_superseded: bool = False
    languages: tuple[Language, ...] = ()
    publishers: tuple[str, ...] = ()
    """Upper and lower case are one."""
    series: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()
    """As printed, upper and lower case are one. To name an edition is to ask for it, superseded or not."""
    published_after: str = ""
    """ISO 8601 date, itself included; may be reduced (``2024``, ``2024-06``)."""
    published_before: str = ""
    """The same for the end: ``2024`` lets all of 2024 pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """A term put beside the user's own words: what was found, what it stands for, and why."""

    surface: str
    start: int
    end: int
    english: str
    chinese: str
    reason: str
    """``term``, ``abbreviation``, ``synonym``, ``spelling`` or ``intent`` (what is asked about the subject)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the retriever runs for a question."""

    text: str
    language: Language
    english: str
    """The English words that the dense half embeds: the question itself, or its gloss."""
    chinese: str
    expansions: tuple[Expansion, ...] = ()
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """What one half of the search gave for a hit, before fusion."""

    name: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that the search found, and its place."""

    chunk_id: str
    rank: int
    """From 1."""
    score: float
    """Fused score in [0, 1]; comparable within one query."""
    parts: tuple[ScorePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A hit with all that is needed to show it and to quote from it."""

    marker: int
    """The number the reader sees: ``[1]``."""
    hit: Hit
    chunk: Chunk
    document: Document
    page_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What searching for one question gave."""

    query: Query
    passages: tuple[Passage, ...]
    coverage: float
    """How sure the search is that the library covers the question at all, in [0, 1]; the assistant abstains below
    the settings' threshold."""
    missing_terms: tuple[str, ...] = ()
    """Clinical terms of the question that occur in no passage found."""
    nearest_titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a language model is given."""

    system: str
    user: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What wrote the prose, exactly enough to have it write the same again."""

    text: str
    kind: str
    """``extractive``, ``qwen`` or ``served``."""
    model_id: str
    revision: str
    adapter_sha256: str | None = None
    seed: int | None = None
    finish_reason: str = "stop"
    """``stop``; ``length``, where there was no more room; ``repeated``, where it went round in circles; ``stopped`` by
    the reader; ``not_started``."""
    quantisation: str = ""
    """``nf4``, ``int8``, …; empty where no weights were asked."""
    sampling: str = ""
    """``greedy``, or the settings of sampling as ``temperature=0.7 top_p=0.9``; empty where nothing is sampled."""
    prompt_revision: str = ""
    """Of the prompt module; empty where no language model was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of an answer; ``answer.text[start:end] == text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A claim's quotation: words on a page of an edition."""

    claim: int
    """Index into ``AnswerRecord.claims``; -1 for an entry of the differential card or the other side of a conflict."""
    marker: int
    chunk_id: str
    document_id: str
    page_number: int
    start: int
    end: int
    """Offsets of ``quote`` on the page."""
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entailment:
    """What the second check, a model that judges whether one text follows from another, said of a claim that the rules
    let through. Probabilities are rounded to four places; they and the neutral one make 1."""

    label: str
    """The likeliest: ``entailment``, ``neutral`` or ``contradiction``."""
    entailment: float
    """That the cited words and those around them bear the claim out, in [0, 1]."""
    contradiction: float
    """That they say otherwise, in [0, 1]."""
    model_id: str
    revision: str
    left_out: int = 0
    """Sentences around the cited words that it had no room for; the cited words themselves are always read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationCheck:
    """A citation and what checking it found."""

    citation: Citation
    verdict: Verdict
    reason: str
    """In words a doctor understands: ``"5 mg" stands on the page as "50 mg"``. Empty when the verdict holds."""
    entailment: Entailment | None = None
    """Of the claim with all its citations; None where no second check was asked (a quotation needs none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the differential card. Without a citation it is shown as "no source in the library"."""

    text: str
    citation: int | None
    """Index into ``AnswerRecord.checks``."""
    in_case: bool = False
    """The finding was recognised in the question itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One diagnosis of the differential card."""

    diagnosis: str
    cannot_miss: bool
    citation: int | None
    supporting: tuple[Finding, ...]
    against: tuple[Finding, ...]
    next_tests: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds that each stage of an answer took."""

    analyse: float
    retrieve: float
    generate: float
    verify: float
    total: float
    first_piece: float = 0.0
    """From the question to the first piece that a language model wrote; 0 where none wrote."""
    evidence: float = 0.0
    """From the question to the passages, which are told before anything is written; 0 where there was no search."""
    evidence_budget: float = 0.0
    """Within which they ought to be there; 0 in older records."""
    first_piece_budget: float = 0.0
    """Within which the first piece ought to be there on a GPU; 0 in older records and where none wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A claim that failed its check and is not shown as part of the answer."""

    text: str
    verdict: Verdict
    reason: str
    entailment: Entailment | None = None
    """Where the rules let it through and the second check did not: what that said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something about the patient that the question leaves open and the answer takes for granted."""

    key: str
    """Of the table of assumptions: ``adult``, ``not_pregnant``, …"""
    holds: bool = True
    """False where the question says otherwise, so that the answer is for the other patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two guidelines that say different things of one matter. Neither is preferred; a reader sees both, with dates."""

    first: int
    """Index into ``AnswerRecord.checks``: of the document that was published last."""
    second: int
    first_words: str
    """What differs, in the words of the first one's page: ``0.5 mg``."""
    second_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedDraft:
    """What a language model wrote, or why it wrote nothing, where something else was shown in its place."""

    generation: Generation
    reason: str
    """In the question's language."""
    prompt: Prompt | None = None
    withheld: tuple[Withheld, ...] = ()
    """Its sentences that failed their check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """Everything that was asked, found, written and checked, kept before it is shown (law 5)."""

    record_id: str
    asked_at: str
    """UTC, ISO 8601, to the millisecond."""
    question: str
    language: Language
    mode: Mode
    outcome: Outcome
    text: str
    claims: tuple[Claim, ...]
    checks: tuple[CitationCheck, ...]
    differential: tuple[Candidate, ...] | None
    withheld: tuple[Withheld, ...]
    retrieval: Retrieval
    documents: tuple[Document, ...]
    """Every document cited or retrieved, as it stood in the snapshot."""
    snapshot_id: str
    generation: Generation
    timings_ms: Timings
    notice: str = ""
    """Why the program abstained or rejected, or what it has to say about an answer, in the question's language."""
    case: tuple[Finding, ...] = ()
    """For a case: its findings as the question words them, each with the library's line about it or none."""
    prompt: Prompt | None = None
    """What a language model was given; None where none was asked."""
    user: str = ""
    """Who asked, as the settings or the command line name them."""
    code_version: str = ""
    settings_sha256: str = ""
    """Of the settings that an answer depends on: of ``settings``."""
    settings: tuple[tuple[str, str], ...] = ()
    """Those settings, by key: what a replay asks with, and what it names where they have changed."""
    asked_characters: int = 0
    """Length of a question that was too long to be kept whole; else 0."""
    refused: RefusedDraft | None = None
    """The draft of a language model that was not shown; ``generation`` is then of what is shown in its place."""
    assumptions: tuple[Assumption, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """Where two of the documents found contradict one another; each side is among ``checks``."""
