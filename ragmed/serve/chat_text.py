"""An answer as the text of a chat: sentences with the keys of their citations, the card, what has to be said, sources.

Chats show text as Markdown, so everything that comes from a document, a question or a title is escaped where Markdown
would change it: a picture or a link would reach another machine, ``3~6 ... 6~12`` would be struck through, and a line
that begins with ``>5 mm`` would lose its sign. The ``citations`` beside the text hold the exact words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragmed.citation_keys import in_order, keys_of, page_label
from ragmed.conflict_sides import conflict_sides
from ragmed.records import DocumentStatus, Outcome
from ragmed.serve.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ragmed.records import AnswerRecord, Candidate, CitationCheck, Document, Finding

_ANYWHERE = re.compile(r"[\\`*~$|]|!(?=\[)|\](?=[(\[:])|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_FIRST = re.compile(r"^(?:[#>+=-]|\d+(?=[.)](?:\s|$)))")
MOST_KEYS = 8
"""Keys of one page that are written out in the sources; a longer row is shown by its ends."""


def escaped(text: str) -> str:
    """``text`` on one line, as Markdown shows it unchanged."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    line = _ANYWHERE.sub(lambda found: "\\" + found[0], line)
    return _FIRST.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], line)


def pieces(record: AnswerRecord) -> Iterator[str]:
    """The text, sentence by sentence; joined, they are the whole."""
    keys = keys_of(record)
    language = record.language
    several = len(record.claims) > 1
    if record.outcome is Outcome.ANSWERED:
        for number, claim in enumerate(record.claims):
            mine = [index for index, check in enumerate(record.checks) if check.citation.claim == number]
            yield f"{'- ' if several else ''}{escaped(claim.text)}{_marks(record, keys, mine)}\n"
        for number, candidate in enumerate(record.differential or (), start=1):
            if number == 1:
                yield f"\n**{said('differential', language)}**\n\n"
            yield from _candidate(record, keys, number, candidate)
        if record.case:
            yield f"\n**{said('case', language)}**\n\n"
            for finding in record.case:
                yield f"- {_finding(record, keys, finding, in_case=False)}\n"
    yield from _conflicts(record)
    if record.notice:
        yield ("\n" if record.claims else "") + escaped(record.notice) + "\n"
    for number, line in enumerate(_sources(record, keys)):
        if number == 0:
            yield f"\n**{said('sources', language)}**\n\n"
        yield f"- {line}\n"


def _conflicts(record: AnswerRecord) -> Iterator[str]:
    """Where two guidelines differ: both sides, what differs in bold, the newer named as newer."""
    language = record.language
    for pair in conflict_sides(record) if record.outcome is Outcome.ANSWERED else ():
        yield f"\n**{said('conflict', language)}**\n\n"
        for side in pair:
            date = side.document.published_on or said("no_date", language)
            newer = f" · {said('newer', language)}" if side.newer else ""
            named = " · ".join(escaped(part) for part in (side.document.title, side.document.publisher, date) if part)
            words = "".join(f"**{escaped(piece)}**" if differs else _inside(piece) for piece, differs in side.pieces())
            yield f"- {named}{newer}: “{words}” [{side.key}]\n"


def _inside(piece: str) -> str:
    """A stretch of a line, escaped, with the spaces at its ends."""
    start, end = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{start}{escaped(piece)}{end}" if piece.strip() else piece


def _candidate(record: AnswerRecord, keys: Sequence[str], number: int, candidate: Candidate) -> Iterator[str]:
    language = record.language
    warning = f" — **{said('cannot_miss', language)}**" if candidate.cannot_miss else ""
    cited = _cited(record, keys, candidate.citation)
    yield f"{number}. {escaped(candidate.diagnosis)}{warning}{cited}\n"
    for name, findings in (
        ("for", candidate.supporting),
        ("against", candidate.against),
        ("next", candidate.next_tests),
    ):
        for finding in findings:
            yield f"   - {said(name, language)}: {_finding(record, keys, finding, in_case=True)}\n"


def _finding(record: AnswerRecord, keys: Sequence[str], finding: Finding, *, in_case: bool) -> str:
    here = f" ({said('in_case', record.language)})" if in_case and finding.in_case else ""
    return f"{escaped(finding.text)}{here}{_cited(record, keys, finding.citation)}"


def _cited(record: AnswerRecord, keys: Sequence[str], citation: int | None) -> str:
    if citation is None:
        return f" ({said('no_source', record.language)})"
    return _marks(record, keys, [citation])


def _marks(record: AnswerRecord, keys: Sequence[str], checks: Iterable[int]) -> str:
    """``[1] [2b]``; a citation that does not hold bears its verdict."""
    return "".join(
        dict.fromkeys(
            f" [{keys[index]}{'' if record.checks[index].verdict.holds else f' {record.checks[index].verdict.value}'}]"
            for index in checks
        )
    )


def _sources(record: AnswerRecord, keys: Sequence[str]) -> Iterator[str]:
    """A line a passage and page: the keys of the quotes from it, title, edition, page."""
    documents = {document.document_id: document for document in record.documents}
    found: dict[tuple[int, str, int], tuple[list[str], CitationCheck]] = {}
    for key, check in zip(keys, record.checks, strict=True):
        citation = check.citation
        place = (citation.marker, citation.document_id, citation.page_number)
        found.setdefault(place, ([], check))[0].append(key)
    for (_, document_id, number), (quoted, check) in sorted(found.items(), key=lambda item: item[0][0]):
        yield f"[{_row(in_order(quoted))}] {_source(record, documents[document_id], number, page_label(record, check))}"


def _row(keys: Sequence[str]) -> str:
    return ", ".join(keys) if len(keys) <= MOST_KEYS else f"{keys[0]} … {keys[-1]}"


def _source(record: AnswerRecord, document: Document, number: int, label: str) -> str:
    language = record.language
    page = said("page" if label == str(number) else "page.physical", language, label=label, number=number)
    parts = [document.title, document.edition or document.published_on, page]
    if document.status is not DocumentStatus.CURRENT:
        parts.append(said(document.status.value, language))
    if document.licence:
        parts.append(said("licence", language, said=document.licence))
    return " · ".join(escaped(part) for part in parts if part)
