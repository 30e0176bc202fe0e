"""Names and links for what a record cites: page references, addresses, the text that Copy gives.

The reader of an answer sees a citation's marker; links and page images are addressed by its key
(``ragmed.citation_keys``), which the viewer shows too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ragmed.citation_keys import in_order, keys_of, page_label
from ragmed.conflict_sides import conflict_sides
from ragmed.records import Document, DocumentStatus
from ragmed.ui.assumed_view import assumed_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ragmed.records import AnswerRecord, CitationCheck
    from ragmed.ui.words import Words

IMAGE_WIDTH = 1400
"""Pixels: sharp at 560 CSS pixels on a dense screen, and readable when the phone view is moved closer."""


@dataclass(frozen=True, slots=True)
class Cited:
    """One distinct quote of a record."""

    key: str
    check: CitationCheck
    document: Document
    label: str
    """Printed page label."""


def cited(record: AnswerRecord) -> dict[str, Cited]:
    """Every distinct quote by key, in the order of keys; citations of documents the record lacks are left out."""
    documents = {document.document_id: document for document in record.documents}
    found: dict[str, Cited] = {}
    for key, check in zip(keys_of(record), record.checks, strict=True):
        document = documents.get(check.citation.document_id)
        if key not in found and document is not None:
            found[key] = Cited(key, check, document, page_label(record, check))
    return {key: found[key] for key in in_order(found)}


def link(record_id: str, key: str | None = None) -> str:
    """Relative link that opens exactly this answer, or this citation of it."""
    return "/?" + urlencode({"record": record_id} | ({"cite": key} if key else {}))


def image_path(record_id: str, key: str, width: int = IMAGE_WIDTH) -> str:
    """Path of the page image with the quote marked."""
    return f"/page/{quote(record_id, safe='')}/{quote(key, safe='')}.png?w={width}"


def page_words(document: Document, label: str, number: int, words: Words) -> str:
    """``page NSCL-4A (sheet 12 of 40)``; plain ``page 12`` where the printed label is the number."""
    if label == str(number):
        return words("source.page", label=label)
    return words("source.page.physical", label=label, number=number, total=document.page_count)


def edition_words(document: Document, words: Words) -> tuple[str, str, str]:
    """Publisher, edition, date; each says so where the document does not."""
    return (
        document.publisher or words("source.publisher.none"),
        document.edition or words("source.edition.none"),
        document.published_on or words("source.date.none"),
    )


def licence_words(document: Document, words: Words) -> tuple[str, ...]:
    """The licence as the document states it, and the permission where one is recorded; nothing where neither is."""
    return tuple(
        words(key, said=said)
        for key, said in (("source.licence", document.licence), ("source.permission", document.permission))
        if said
    )


def standing(document: Document, current: Mapping[str, Document], words: Words) -> str:
    """Why this edition is not the one in force, in words; empty where it is.

    ``document`` is as the record kept it, ``current`` the library of today by document id.
    """
    today = current.get(document.document_id, document)
    if DocumentStatus.WITHDRAWN in (document.status, today.status):
        return words("source.withdrawn")
    if document.status is DocumentStatus.SUPERSEDED:
        newer = current.get(document.superseded_by or today.superseded_by or "")
        return words("source.superseded.by", edition=_edition(newer)) if newer else words("source.superseded")
    if today.status is DocumentStatus.SUPERSEDED:
        newer = current.get(today.superseded_by or "")
        return words("source.superseded.since", edition=_edition(newer)) if newer else words("source.superseded")
    return ""


def copied_text(record: AnswerRecord, words: Words, current: Mapping[str, Document]) -> str:
    """The answer as plain text with full references, for a note or a message."""
    markers = [check.citation.marker for check in record.checks]
    lines = [record.question, *filter(None, [assumed_line(record, words)]), ""]
    for index, claim in enumerate(record.claims):
        marks = _marks(check.citation.marker for check in record.checks if check.citation.claim == index)
        lines.append(f"{claim.text}{marks}")
    lines += _conflict_lines(record, words)
    for rank, candidate in enumerate(record.differential or (), start=1):
        miss = f" ({words('dx.cannot_miss')})" if candidate.cannot_miss else ""
        own = _marks([markers[candidate.citation]] if candidate.citation is not None else [])
        lines += ["", f"{rank}. {candidate.diagnosis}{miss}{own}"]
        for name, findings in (
            ("dx.for", candidate.supporting),
            ("dx.against", candidate.against),
            ("dx.next", candidate.next_tests),
        ):
            lines += [
                f"   {words(name)}: {finding.text}"
                + (
                    _marks([markers[finding.citation]])
                    if finding.citation is not None
                    else f" ({words('dx.no_source')})"
                )
                for finding in findings
            ]
    if not record.claims and not record.differential:
        lines.append(record.notice or words("abstain.title"))
    first: dict[int, Cited] = {}
    for item in cited(record).values():
        first.setdefault(item.check.citation.marker, item)
    sources = [_reference(item, words, standing(item.document, current, words)) for item in first.values()]
    lines += ["", *sources, ""] if sources else [""]
    lines.append(f"RagMed · {words('answer.record')} {record.record_id} · {record.snapshot_id} · {record.asked_at}")
    return "\n".join(lines)


def _conflict_lines(record: AnswerRecord, words: Words) -> Iterator[str]:
    for pair in conflict_sides(record):
        yield from ("", words.count("conflict.title", 1))
        for side in pair:
            date = side.document.published_on or words("conflict.date.none")
            newer = words("conflict.newer") if side.newer else ""
            named = ". ".join(part for part in (side.document.title, side.document.publisher, date, newer) if part)
            quote = " ".join(side.check.citation.quote.split())
            yield f"   {words('list.and').join(side.differs)}: {named}: “{quote}”{_marks([side.check.citation.marker])}"


def _reference(item: Cited, words: Words, note: str) -> str:
    parts = [item.document.title, *edition_words(item.document, words)]
    parts.append(page_words(item.document, item.label, item.check.citation.page_number, words))
    if note:
        parts.append(note)
    parts.extend(licence_words(item.document, words))
    return f"[{item.check.citation.marker}] {'. '.join(parts)}."


def _marks(markers: Iterable[int]) -> str:
    return "".join(f" [{marker}]" for marker in dict.fromkeys(markers))


def _edition(document: Document) -> str:
    return document.edition or document.published_on or document.title
