"""Every citation of every answer, checked again: its words on its page, its source's bytes, its verdict.

Laws of this room:

* Answers stream by: what is remembered grows with the documents and snapshots, never with the answers.
* A fault is what is not as it was written. A verdict that another program version sees otherwise is a note; what could
  not be checked because a snapshot has gone is counted and told (no silence).
* It never stops at the first fault, and names the answer and the citation of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed import __version__
from ragmed.canonical import sha256_bytes, sha256_file
from ragmed.citation_keys import keys_of
from ragmed.entries import Fault
from ragmed.errors import IntegrityError, NotFoundError, NotPossibleError, RagMedError
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from ragmed.interfaces import Progress, SnapshotReader, Snapshots
    from ragmed.records import AnswerRecord, Citation, CitationCheck, Document

Judge = Callable[[str, Sequence["Citation"], "SnapshotReader"], Sequence["CitationCheck"]]
"""What checking a claim against its citations finds: ``ragmed.answer.citations.check_claim``."""
Reread = Callable[["Document", Path], Mapping[int, str]]
"""The text of each page of a document, read again from the kept file. Raises UnreadableFileError."""
_MOST_NOTES = 50
"""Notes that are written out; a library read by another version would otherwise give one for each page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What checking citations again came to."""

    answers: int
    citations: int
    unchecked: int
    """Citations of answers whose snapshot has been collected."""
    pages_reread: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class Recheck:
    """Checks citations, one answer after the other, against the snapshots that the answers name."""

    snapshots: Snapshots
    judge: Judge
    reread: Reread | None = None
    """Given: each cited page is read again from its source file, in the sandbox."""
    answers: int = 0
    citations: int = 0
    unchecked: int = 0
    faults: list[Fault] = field(default_factory=list)
    _notes: dict[str, int] = field(default_factory=dict)
    _sources: dict[tuple[str, str], str] = field(default_factory=dict)
    """(document id, its SHA-256) → what is wrong with the kept file, "" where nothing is."""
    _read_again: dict[str, Mapping[int, str]] = field(default_factory=dict)
    """Document id → page number → SHA-256 of the page's text."""
    _pages: set[tuple[str, int]] = field(default_factory=set)

    def all(self, answers: Iterable[tuple[int, AnswerRecord]], total: int, progress: Progress = no_progress) -> None:
        """Check them all; ``answers`` are entry number and record, ``total`` how many are to come."""
        for done, (number, record) in enumerate(answers, 1):
            self.one(number, record)
            progress("citations", done, total)

    def one(self, number: int, record: AnswerRecord) -> None:
        """Check the citations of one answer, whose entry has this number."""
        self.answers += 1
        if not record.checks:
            return
        try:
            snapshot = self.snapshots.get(record.snapshot_id)
        except (NotFoundError, NotPossibleError) as error:
            self.unchecked += len(record.checks)
            self._note(f"snapshot {record.snapshot_id} cannot be opened ({error}); its citations were not checked")
            return
        except IntegrityError as error:
            self.unchecked += len(record.checks)
            self._fault("source", number, record.snapshot_id, str(error))
            return
        self.citations += len(record.checks)
        keys = keys_of(record)
        standing = [
            self._stands(number, record, key, check, snapshot) for key, check in zip(keys, record.checks, strict=True)
        ]
        self._judged(number, record, keys, standing, snapshot)

    def result(self) -> Rechecked:
        """All that was found so far."""
        told = [f"{note} ({times} times)" if times > 1 else note for note, times in self._notes.items()]
        if len(told) > _MOST_NOTES:
            told = [*told[:_MOST_NOTES], f"and {len(told) - _MOST_NOTES} notes more of these kinds"]
        return Rechecked(
            answers=self.answers,
            citations=self.citations,
            unchecked=self.unchecked,
            pages_reread=len(self._pages),
            faults=tuple(self.faults),
            notes=tuple(told),
        )

    # one citation

    def _stands(
        self, number: int, record: AnswerRecord, key: str, check: CitationCheck, snapshot: SnapshotReader
    ) -> bool:
        """Whether the quoted words stand where the record says, in the file that it says; else the faults are told."""
        citation = check.citation
        subject = f"{record.record_id}:{key}"
        document = next((one for one in record.documents if one.document_id == citation.document_id), None)
        if document is None:
            self._fault("citation", number, subject, f"the record does not hold the document {citation.document_id}")
            return False
        try:
            page = snapshot.page(citation.document_id, citation.page_number)
        except RagMedError as error:
            self._fault("citation", number, subject, f"the cited page cannot be read: {error}")
            return False
        stands = page.text[citation.start : citation.end] == citation.quote and bool(citation.quote)
        if not stands:
            where = f"{citation.document_id}, page {citation.page_number}, characters {citation.start}–{citation.end}"
            self._fault("citation", number, subject, f"the quoted words do not stand at {where}")
        wrong = self._source(document, snapshot)
        if wrong:
            self._fault("source", number, subject, wrong)
        if stands and not wrong and self.reread is not None:
            self._same_when_read_again(number, subject, record, citation, document, snapshot, page.text)
        return stands and not wrong

    def _source(self, document: Document, snapshot: SnapshotReader) -> str:
        """What is wrong with the kept file of the document, "" where its bytes are the ones that were cited."""
        known = (document.document_id, document.sha256)
        if known not in self._sources:
            self._sources[known] = _wrong_source(document, snapshot)
        return self._sources[known]

    def _same_when_read_again(
        self,
        number: int,
        subject: str,
        record: AnswerRecord,
        citation: Citation,
        document: Document,
        snapshot: SnapshotReader,
        text: str,
    ) -> None:
        place = (document.document_id, citation.page_number)
        try:
            pages = self._pages_of(document, snapshot)
        except RagMedError as error:
            self._note(f"{document.document_id}: the source cannot be read again here: {error}")
            return
        self._pages.add(place)
        if pages.get(citation.page_number) == sha256_bytes(text.encode("utf-8")):
            return
        message = f"page {citation.page_number} of {document.document_id} reads otherwise in its source file"
        if record.code_version == __version__:
            self._fault("source", number, subject, message)
        else:
            self._note(f"{message}; it was read by ragmed {record.code_version or 'of no known version'}")

    def _pages_of(self, document: Document, snapshot: SnapshotReader) -> Mapping[int, str]:
        if document.document_id not in self._read_again:
            reread = self.reread
            assert reread is not None
            pages = reread(document, snapshot.source(document.document_id))
            self._read_again[document.document_id] = {
                number: sha256_bytes(text.encode("utf-8")) for number, text in pages.items()
            }
        return self._read_again[document.document_id]

    # the verdicts of one answer

    def _judged(
        self, number: int, record: AnswerRecord, keys: Sequence[str], standing: Sequence[bool], snapshot: SnapshotReader
    ) -> None:
        groups: dict[tuple[int, int], list[int]] = {}
        for place, check in enumerate(record.checks):
            claim = check.citation.claim
            # a line of the card is its quotation; a claim is judged with all its citations
            groups.setdefault((claim, place if claim < 0 else -1), []).append(place)
        for (claim, _), places in groups.items():
            if not all(standing[place] for place in places):
                continue  # told already, and the verdict could only repeat it
            citations = [record.checks[place].citation for place in places]
            if claim >= len(record.claims):
                self._fault("citation", number, f"{record.record_id}:{keys[places[0]]}", "it cites for no claim")
                continue
            text = record.claims[claim].text if claim >= 0 else citations[0].quote
            found = {one.citation: one.verdict for one in self.judge(text, citations, snapshot)}
            for place in places:
                self._compared(number, record, keys[place], record.checks[place], found)

    def _compared(
        self,
        number: int,
        record: AnswerRecord,
        key: str,
        check: CitationCheck,
        found: Mapping[Citation, object],
    ) -> None:
        now = found.get(check.citation)
        if now is check.verdict:
            return
        message = (
            f"the verdict was {check.verdict.value} and is {getattr(now, 'value', 'that it does not bear it out')}"
        )
        if record.code_version == __version__:
            self._fault("citation", number, f"{record.record_id}:{key}", message)
        else:
            self._note(f"{record.record_id}:{key}: {message}, judged by ragmed {record.code_version or 'of old'} then")

    def _fault(self, what: str, number: int, subject: str, message: str) -> None:
        self.faults.append(Fault(what=what, number=number, subject=subject, message=message))

    def _note(self, note: str) -> None:
        self._notes[note] = self._notes.get(note, 0) + 1


def _wrong_source(document: Document, snapshot: SnapshotReader) -> str:
    try:
        path = snapshot.source(document.document_id)
        digest = sha256_file(path)
    except RagMedError as error:
        return f"the kept source cannot be read: {error}"
    except OSError as error:
        return f"the kept source of {document.document_id} cannot be read: {error.strerror}"
    if digest != document.sha256:
        return f"{path.name}: SHA-256 begins {digest[:12]}, the record says {document.sha256[:12]}"
    return ""
