"""An answer, and one citation of it, as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.citation_keys import in_order, keys_of, page_label
from ragmed.conflict_sides import conflict_sides
from ragmed.errors import IntegrityError
from ragmed.records import Outcome
from ragmed.terminal.screen import clean, console_for, describe, page_words, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from ragmed.records import AnswerRecord, Candidate, CitationCheck, Finding
MOST_KEYS = 8
"""Keys of one passage that are written out; every one stands behind its own line."""


def answer_json(record: AnswerRecord) -> dict[str, Any]:
    """The form of ``ask --json``."""
    from ragmed.answer.json_form import answer_json as form

    return form(record)


def print_answer(record: AnswerRecord) -> None:
    """The answer, where guidelines differ, its differential card, its sources, and what was withheld."""
    console = console_for()
    keys = keys_of(record)
    if record.notice:
        console.print(clean(record.notice), style="bold" if record.outcome is not Outcome.ANSWERED else "dim")
    for line in _assumed(record):
        console.print(line, style="dim")
    if record.outcome is Outcome.ANSWERED:
        for number, claim in enumerate(record.claims):
            chips = dict.fromkeys(
                f" [{key}{_mark(check)}]"
                for key, check in zip(keys, record.checks, strict=True)
                if check.citation.claim == number
            )
            console.print(f"• {clean(claim.text)}{''.join(chips)}")
    _print_conflicts(console, record)
    if record.differential:
        console.print("\nDifferential", style="bold")
        for rank, candidate in enumerate(record.differential, 1):
            _print_candidate(console, keys, rank, candidate)
    if record.case:
        console.print("\nThis case", style="bold")
        for finding in record.case:
            console.print(f"   {clean(finding.text)}{_finding_chip(keys, finding)}")
    if record.checks:
        console.print("\nSources", style="bold")
        for line in _sources(record):
            console.print(line)
    for withheld in record.withheld:
        console.print(
            f"Withheld: {clean(withheld.text)} ({withheld.verdict.value}: {clean(withheld.reason)})", style="dim"
        )
    quoted = record.generation.kind == "extractive"
    last = (
        f"record {record.record_id}",
        record.outcome.value,
        "verbatim quotes, no language model" if quoted else record.generation.model_id,
        f"snapshot {record.snapshot_id}",
        f"{record.timings_ms.total / 1000:.2f} s",
    )
    console.print("\n" + " · ".join(last), style="dim")


def _print_conflicts(console: Console, record: AnswerRecord) -> None:
    """Where two guidelines differ, what differs between signs that need no colour."""
    for pair in conflict_sides(record) if record.outcome is Outcome.ANSWERED else ():
        console.print("\nTwo guidelines differ", style="bold")
        for side in pair:
            date = side.document.published_on or "date not known"
            named = (side.document.title, side.document.publisher, side.document.edition, date)
            newer = " (newer)" if side.newer else ""
            console.print(f"   {clean(' · '.join(part for part in named if part))}{newer}", style="dim")
            words = "".join(f">>{clean(piece)}<<" if differs else clean(piece) for piece, differs in side.pieces())
            console.print(f"   “{words}” [{side.key}]")


def _assumed(record: AnswerRecord) -> Iterator[str]:
    """Whom the answer is for, and what it takes for granted."""
    from ragmed.answer.assumptions import label

    for title, holds in (("For", False), ("Assumed", True)):
        said = [label(one, "en") for one in record.assumptions if one.holds is holds]
        if said:
            yield f"{title}: {clean(' · '.join(said))}"


def _mark(check: CitationCheck) -> str:
    return "" if check.verdict.holds else f" {check.verdict.value}"


def _print_candidate(console: Console, keys: Sequence[str], rank: int, candidate: Candidate) -> None:
    warning = " — can't miss" if candidate.cannot_miss else ""
    console.print(f"{rank}. {clean(candidate.diagnosis)}{warning}{_chip(keys, candidate.citation)}", style="bold")
    for title, findings in (
        ("for", candidate.supporting),
        ("against", candidate.against),
        ("next", candidate.next_tests),
    ):
        for finding in findings:
            here = " (in this case)" if finding.in_case else ""
            console.print(f"   {title:8}{clean(finding.text)}{here}{_finding_chip(keys, finding)}")


def _chip(keys: Sequence[str], citation: int | None) -> str:
    return "" if citation is None else f" [{keys[citation]}]"


def _finding_chip(keys: Sequence[str], finding: Finding) -> str:
    return " [no source in the library]" if finding.citation is None else _chip(keys, finding.citation)


def _sources(record: AnswerRecord) -> Iterator[str]:
    """A line a passage and page, with the keys of the quotes from it: what ``ragmed show RECORD:KEY`` takes."""
    documents = {document.document_id: document for document in record.documents}
    found: dict[tuple[int, str, int], dict[str, CitationCheck]] = {}
    places: dict[int, set[tuple[str, int]]] = {}
    for key, check in zip(keys_of(record), record.checks, strict=True):
        citation = check.citation
        place = (citation.document_id, citation.page_number)
        places.setdefault(citation.marker, set()).add(place)
        found.setdefault((citation.marker, *place), {}).setdefault(key, check)
    for (marker, document_id, number), quotes in sorted(found.items(), key=lambda item: item[0][0]):
        label = page_label(record, next(iter(quotes.values())))
        document = documents.get(document_id)
        title = describe(document) if document else f"document {clean(document_id)}"
        # a passage over two pages shares its letters between them, and a span would claim the other page's
        short = _span if len(places[marker]) == 1 else ", ".join
        yield f"[{short(in_order(quotes))}] {title} · {page_words(number, label)}"


def _span(keys: Sequence[str]) -> str:
    """``2, 2b, 2c``; a longer row as ``2 … 2k``."""
    return ", ".join(keys) if len(keys) <= MOST_KEYS else f"{keys[0]} … {keys[-1]}"


def print_citation(record: AnswerRecord, key: str, check: CitationCheck, output: Path | None, *, as_json: bool) -> None:
    """One citation: where it stands, its words, its verdict, and the image that was written.

    Raises IntegrityError where the record lacks the cited document.
    """
    citation = check.citation
    document = next((one for one in record.documents if one.document_id == citation.document_id), None)
    if document is None:
        raise IntegrityError(
            f"record {record.record_id} cites document {citation.document_id} and does not hold it",
            remedy="compare it with the snapshot that it names",
        )
    if as_json:
        print_json(
            {
                "record_id": record.record_id,
                "key": key,
                "check": check,
                "document": document,
                "image": output and str(output),
            }
        )
        return
    console = console_for()
    console.print(f"[{key}] {describe(document)}", style="bold")
    place = page_words(citation.page_number, page_label(record, check))
    console.print(f"{place} · {check.verdict.value}{': ' if check.reason else ''}{clean(check.reason)}")
    console.print(f"“{clean(citation.quote)}”")
    if document.licence:
        console.print(f"licence: {clean(document.licence)}", style="dim")
    if document.permission:
        console.print(f"used by permission: {clean(document.permission)}", style="dim")
    if output is not None:
        console.print(f"page image: {output}")
