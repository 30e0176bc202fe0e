"""The words in a bundle: how to check it, what is missing, under which licence its pages stand.

Laws of this room: no path of the machine that made the bundle, and nothing of the answer, stands in these words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.entries import EntryKind
from ragmed.errors import IntegrityError, MissingPartError, NotFoundError, RagMedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.entries import AuditEntry
    from ragmed.records import Document

_README = """\
What an answer said, and the proof of it
========================================

Answer {record_id}
of the log {origin}

How to check it
---------------
With any Python 3.8 or newer, no package and no network, as it was made:

    python verify.py {name}

or, unpacked, from inside the folder:

    python verify.py

Take verify.py from a copy of RagMed that you trust rather than from here: a forged bundle would bring a forged
verifier. It prints its own SHA-256. Three things make the proof stronger, and only you can bring them:

    --key KEY           the public key that the hospital publishes. A key inside a bundle proves nothing by itself.
    --checkpoint FILE   a checkpoint of the log kept by somebody else.
    --source FILE       a cited document got from its publisher, to see that it is the one cited.

What is in it
-------------
MANIFEST.sha256    SHA-256 of every other file (also for `sha256sum -c MANIFEST.sha256`)
bundle.json        what the bundle holds, and what is missing
record/            the answer: entry.json is the leaf of the log, content.json the whole record, salt.txt opens the
                   commitment in the entry (SHA-256 of salt and content), proof.json leads to the checkpoint's root
feedback-N/        what doctors said of the answer, and erasure-N/ that it was erased: entries of the same log
checkpoint.txt     the signed checkpoint of the log (C2SP tlog-checkpoint, Ed25519)
key.txt            the public key, as the bundle's maker states it
answer.html        the answer for reading, made from record/content.json, which is the evidence
pages/             each cited page: its text, to which the citations' characters count, and the page alone as a PDF
                   (of formats without printed pages: the picture as a PDF)
pictures/          each quote marked on its page, under its key
sources/           whole documents, only where that was asked for and their licence allows it
LICENCES.txt       the licence of each document; it travels with its pages

What it does not prove
----------------------
That the guideline is right, or that the doctor followed it. That the time of an entry is true: it is the machine's
clock. That no entry was added later than the checkpoint. PDFs and pictures are bound to this bundle by the manifest
only; the quoted words are bound to the log, and the SHA-256 of each document stands in the record.
"""


def readme(entries: Sequence[AuditEntry], missing: Sequence[dict[str, str]], origin: str) -> bytes:
    """README.txt."""
    record_id = entries[0].subject
    text = _README.format(record_id=record_id, origin=origin, name=f"ragmed-answer-{record_id}.zip")
    erased = [entry for entry in entries if entry.kind is EntryKind.ERASURE]
    if erased:
        text += f"\nErased\n------\nThe content of this answer was destroyed on request at {erased[-1].at}.\n"
    if missing:
        lines = [f"{one['what']}: {one['reason']}\n" for one in missing]
        text += "\nMissing\n-------\n" + "".join(lines)
    return text.encode("utf-8")


def licence_text(documents: Sequence[Document], sources: Sequence[dict[str, str]]) -> bytes:
    """LICENCES.txt."""
    whole = {one["document_id"] for one in sources}
    parts = ["Of each document, only the pages that the answer cites are in this bundle, unless it says otherwise.\n"]
    for document in documents:
        lines = [
            f"{document.document_id}: {document.title}",
            f"publisher: {document.publisher or 'not stated'}",
            f"edition: {document.edition or 'not stated'} ({document.published_on or 'no date'})",
            f"licence: {document.licence or 'not stated'}",
            *([f"used by permission: {document.permission}"] if document.permission else []),
            f"SHA-256 of the whole file: {document.sha256}",
            "the whole file is in sources/" if document.document_id in whole else "only the cited pages are here",
        ]
        parts.append("\n" + "".join(f"{' '.join(line.split())}\n" for line in lines))
    return "".join(parts).encode("utf-8")


def missing_reason(error: RagMedError) -> str:
    """Why a page is not in the bundle."""
    if isinstance(error, NotFoundError):
        return "the snapshot that the answer was given from, or the document in it, has been removed since"
    if isinstance(error, IntegrityError):
        return "what is kept of it is NOT as it was indexed (SHA-256 differs)"
    if isinstance(error, MissingPartError):
        return "this machine lacks a font or a program for it"
    return "it cannot be drawn or taken out of the document"
