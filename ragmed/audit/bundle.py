"""Evidence bundles: one zip with an answer, its pages, its proofs and the program that checks them.

Laws of this room:

* The same log and the same pages give the same bytes: names sorted, fixed times, nothing packed (``verify.py`` reads
  no other form, so that no byte can change unseen and nothing unfolds).
* A bundle is checked with its own verifier before it is handed out; one that does not check is an IntegrityError.
* What is missing is named in it, with the reason. Its file name bears the record's id and nothing else of the answer.
* Of a document only the cited pages go in; the whole file only where that was asked for and its licence allows it.
"""

from __future__ import annotations

import json
import re
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from ragmed.audit.answer_page import answer_html
from ragmed.audit.bundle_words import licence_text, missing_reason, readme
from ragmed.canonical import canonical_json, rebuild, sha256_bytes, write_private
from ragmed.citation_keys import in_order, keys_of
from ragmed.entries import EntryKind, Feedback
from ragmed.errors import IntegrityError, NotFoundError, NotPossibleError, UnreadableFileError
from ragmed.records import AnswerRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmed.audit.evidence import Evidence
    from ragmed.entries import AuditEntry
    from ragmed.interfaces import AuditLog
    from ragmed.records import CitationCheck, Document

_T = TypeVar("_T")
FORMAT = 1
MOST_PICTURES = 60
"""Of one answer: a large differential card quotes more than a hundred places; the others are named as missing."""
MOST_SOURCE_BYTES = 512 << 20
_GONE = (NotFoundError, IntegrityError, NotPossibleError, UnreadableFileError)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}\Z")


def bundle_name(record_id: str) -> str:
    """``ragmed-answer-ID.zip``: the id and nothing else of the answer."""
    return f"ragmed-answer-{record_id}.zip"


def write_bundle(log: AuditLog, evidence: Evidence, record_id: str, output: Path, *, sources: bool = False) -> Path:
    """``bundle_bytes`` in a file readable by its owner alone; into a folder under ``bundle_name``. Returns the path."""
    full_id = log.entries_of(record_id)[0].subject
    content = bundle_bytes(log, evidence, full_id, sources=sources)
    path = output / bundle_name(full_id) if output.is_dir() else output
    try:
        write_private(path, [content])
    except OSError as error:
        raise NotPossibleError(
            f"{path}: the bundle cannot be written ({error.strerror})", remedy="name a folder that you may write to"
        ) from None
    return path


def bundle_bytes(log: AuditLog, evidence: Evidence, record_id: str, *, sources: bool = False) -> bytes:
    """The bundle of one answer, a zip. ``sources``: with the whole files of documents whose licence allows it.

    Raises NotFoundError, and IntegrityError where the log does not bear the answer out. An erased answer has a bundle
    too: it proves that the answer was there and when it went.
    """
    content = _zipped(_Making(log, evidence, record_id).files(sources=sources))
    _check(content, record_id)
    return content


class _Making:
    """The files of one bundle, name → bytes."""

    def __init__(self, log: AuditLog, evidence: Evidence, record_id: str) -> None:
        self._log, self._evidence = log, evidence
        self._entries = log.entries_of(record_id)
        self._checkpoint = log.checkpoint()
        self._made: dict[str, bytes] = {}
        self._missing: list[dict[str, str]] = []
        self._sources: list[dict[str, str]] = []
        self._feedback: list[Feedback] = []

    def files(self, *, sources: bool) -> dict[str, bytes]:
        folders = [self._entry(entry) for entry in self._entries]
        record = self._record()
        if record is not None:
            self._pages(record)
            self._pictures(record)
            if sources:
                self._whole_files(record)
            self._made["answer.html"] = answer_html(record, self._feedback, frozenset(self._made))
            self._made["LICENCES.txt"] = licence_text(_cited_documents(record), self._sources)
        self._made["checkpoint.txt"] = self._checkpoint.note.encode("utf-8")
        self._made["key.txt"] = self._log.public_key().strip().encode("utf-8") + b"\n"
        self._made["verify.py"] = verifier_source()
        self._made["README.txt"] = readme(self._entries, self._missing, self._checkpoint.origin)
        index = {
            "format": FORMAT,
            "record_id": self._entries[0].subject,
            "entries": folders,
            "missing": self._missing,
            "sources": self._sources,
        }
        self._made["bundle.json"] = canonical_json(index)
        lines = [f"{sha256_bytes(content)}  {name}\n" for name, content in sorted(self._made.items())]
        self._made["MANIFEST.sha256"] = "".join(lines).encode("ascii")
        return self._made

    def _entry(self, entry: AuditEntry) -> str:
        """One entry with its proof and, where it is not erased, what it committed to; the folder's name."""
        folder = "record" if entry.kind is EntryKind.ANSWER else f"{entry.kind.value}-{entry.number:06}"
        size = self._checkpoint.size
        path = [one.hex() for one in self._log.inclusion_proof(entry.number, size)]
        self._made[f"{folder}/entry.json"] = canonical_json(entry)
        self._made[f"{folder}/proof.json"] = canonical_json({"number": entry.number, "size": size, "path": path})
        opening = self._log.opening(entry.number)
        if opening is not None:
            self._made[f"{folder}/content.json"] = opening.content
            self._made[f"{folder}/salt.txt"] = opening.salt.hex().encode("ascii") + b"\n"
            if entry.kind is EntryKind.FEEDBACK:
                self._feedback.append(_rebuilt(Feedback, opening.content, entry))
        return folder

    def _record(self) -> AnswerRecord | None:
        content = self._made.get("record/content.json")
        return None if content is None else _rebuilt(AnswerRecord, content, self._entries[0])

    def _pages(self, record: AnswerRecord) -> None:
        for check in record.checks:
            citation = check.citation
            name = f"pages/{citation.document_id}-p{citation.page_number}"
            if f"{name}.json" in self._made or any(one["what"] == f"{name}.json" for one in self._missing):
                continue
            self._try(f"{name}.json", partial(self._page_text, record, check))
            self._try(f"{name}.pdf", partial(self._evidence.page_pdf, record, citation))

    def _page_text(self, record: AnswerRecord, check: CitationCheck) -> bytes:
        page = self._evidence.page(record, check.citation)
        return canonical_json(
            {"document_id": page.document_id, "number": page.number, "label": page.label, "text": page.text}
        )

    def _pictures(self, record: AnswerRecord) -> None:
        """A picture for each quote, under its key."""
        by_key: dict[str, CitationCheck] = {}
        for key, check in zip(keys_of(record), record.checks, strict=True):
            by_key.setdefault(key, check)
        for number, key in enumerate(in_order(by_key)):
            name = f"pictures/{key}.png"
            if number >= MOST_PICTURES:
                self._miss(name, f"a bundle holds the pictures of {MOST_PICTURES} quotes; the page's PDF is in it")
            else:
                self._try(name, partial(self._evidence.picture, record, by_key[key]))

    def _whole_files(self, record: AnswerRecord) -> None:
        left = MOST_SOURCE_BYTES
        for document in _cited_documents(record):
            suffix = Path(document.source_path).suffix.lower()
            name = f"sources/{document.document_id}{suffix if _SUFFIX.match(suffix) else ''}"
            if document.permission or not document.licence:
                self._miss(name, "only the cited pages: the document's licence restricts its use, or states none")
                continue
            self._try(name, partial(self._evidence.source, record, document.document_id))
            left -= len(self._made.get(name, b""))
            if left < 0:
                left += len(self._made.pop(name))
                self._miss(name, f"a bundle holds at most {MOST_SOURCE_BYTES >> 20} MiB of whole documents")
            elif name in self._made:
                self._sources.append({"document_id": document.document_id, "file": name})

    def _try(self, name: str, make: Callable[[], bytes]) -> None:
        try:
            self._made[name] = make()
        except _GONE as error:
            self._miss(name, missing_reason(error))

    def _miss(self, name: str, reason: str) -> None:
        self._missing.append({"what": name, "reason": reason})


def _rebuilt(kind: type[_T], content: bytes, entry: AuditEntry) -> _T:
    try:
        return rebuild(kind, json.loads(content))
    except ValueError:
        # what does not fit is content, and may not stand in a message
        raise IntegrityError(
            f"entry {entry.number} of the log cannot be read as {kind.__name__}",
            remedy="it was written by another version of ragmed, or changed; run `ragmed audit verify`",
        ) from None


def _cited_documents(record: AnswerRecord) -> tuple[Document, ...]:
    cited = {check.citation.document_id for check in record.checks}
    return tuple(one for one in record.documents if one.document_id in cited)


def verifier_source() -> bytes:
    """The stand-alone verifier as it goes into bundles."""
    return (Path(__file__).parent / "verifier" / "verify.py").read_bytes()


def _zipped(files: dict[str, bytes]) -> bytes:
    """The one form that ``verify.py`` reads."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for name in sorted(files):
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100600 << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()


def _check(content: bytes, record_id: str) -> None:
    """What anybody will run over it, run here first."""
    from ragmed.audit.verifier import verify

    report = verify.Report()
    bundle = verify.Bundle(verify.read_zip(content), report, verify.options_of([]))
    bundle.check()
    faults = report.faults()
    if faults:
        raise IntegrityError(
            f"no bundle of {record_id}: {faults[0][2]}",
            remedy="the log or the kept pages are not as they were written; run `ragmed audit verify`",
        )
