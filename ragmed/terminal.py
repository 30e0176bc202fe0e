"""How results look on a terminal, and as the JSON that other programs read.

Results go to stdout, progress to stderr. Everything from a document or a question is printed as plain text: rich markup
in it stays inert, and control characters are cut, so that a hostile file cannot drive the terminal.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ragmed.canonical import plain
from ragmed.records import DocumentStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from ragmed.doctor import Examined
    from ragmed.index.report import BuildReport
    from ragmed.index.snapshot import Snapshot
    from ragmed.index.store import SnapshotSummary, Verification
    from ragmed.interfaces import Progress
    from ragmed.records import AnswerRecord, Candidate, CitationCheck, Document, Finding, Passage, ReadNote, Retrieval

EXCERPT = 320
"""Characters of a passage shown in a list of hits; ``--json`` has it whole."""


def clean(text: str) -> str:
    """``text`` without control characters other than line breaks and tabs."""
    return "".join(mark for mark in text if mark in "\n\t" or (mark >= " " and not "\x7f" <= mark <= "\x9f"))


def _console(*, to_stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


@contextmanager
def progress() -> Iterator[Progress]:
    """A Progress that draws bars with rate and time left on stderr; silent where stderr is not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=_console(to_stderr=True), disable=not sys.stderr.isatty()) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bars.add_task(what, total=total or None, rate="")
            speed = bars.tasks[bars.task_ids.index(task)].speed
            bars.update(task, completed=done, total=total or None, rate=f"{speed:,.1f}/s" if speed else "")

        yield show


def print_json(value: object) -> None:
    """One JSON document, readable, keys in the order given."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def describe(document: Document) -> str:
    """Title, publisher, edition, date; in words when it is not the current edition."""
    parts = [document.title, document.publisher, document.edition, document.published_on]
    line = " · ".join(clean(part) for part in parts if part)
    return line if document.status is DocumentStatus.CURRENT else f"{line} · {document.status.value.upper()}"


def page_words(number: int, label: str) -> str:
    """``page NSCL-4A (12)``: the printed label, and the physical page where they differ."""
    return f"page {clean(label)}" if label == str(number) else f"page {clean(label)} ({number})"


def search_json(retrieval: Retrieval, snapshot_id: str) -> dict[str, Any]:
    """The form of ``search --json``."""
    return {
        "query": retrieval.query.text,
        "language": retrieval.query.language,
        "snapshot_id": snapshot_id,
        "coverage": round(retrieval.coverage, 4),
        "missing_terms": retrieval.missing_terms,
        "hits": [_hit_json(passage) for passage in retrieval.passages],
    }


def _hit_json(passage: Passage) -> dict[str, Any]:
    document, chunk = passage.document, passage.chunk
    return {
        "rank": passage.hit.rank,
        "score": round(passage.hit.score, 6),
        "parts": [{"name": part.name, "score": round(part.score, 6), "rank": part.rank} for part in passage.hit.parts],
        "chunk_id": chunk.chunk_id,
        "document_id": document.document_id,
        "series": document.series,
        "title": document.title,
        "edition": document.edition,
        "status": document.status,
        "page_number": chunk.page_number,
        "page_label": passage.page_label,
        "heading_path": chunk.heading_path,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "source_path": document.source_path,
    }


def print_hits(retrieval: Retrieval) -> None:
    """Hits, best first, an excerpt of each."""
    console = _console()
    if not retrieval.passages:
        console.print("Nothing found.")
    for passage in retrieval.passages:
        chunk = passage.chunk
        console.print(f"{passage.hit.rank}. {describe(passage.document)}", style="bold")
        place = page_words(chunk.page_number, passage.page_label)
        console.print(
            f"   {' › '.join([place, *map(clean, chunk.heading_path)])} · score {passage.hit.score:.3f}", style="dim"
        )
        text = " ".join(clean(chunk.text).split())
        console.print("   " + (text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"))


def answer_json(record: AnswerRecord) -> dict[str, Any]:
    """The form of ``ask --json``."""
    from ragmed.answer.json_form import answer_json as form

    return form(record)


def print_answer(record: AnswerRecord) -> None:
    """The answer, its differential card, its sources, and what was withheld."""
    console = _console()
    if record.notice:
        console.print(clean(record.notice), style="bold" if record.outcome is not Outcome.ANSWERED else "dim")
    if record.outcome is Outcome.ANSWERED:
        for number, claim in enumerate(record.claims):
            markers = [check for check in record.checks if check.citation.claim == number]
            chips = "".join(f" [{check.citation.marker}{_mark(check)}]" for check in markers)
            console.print(f"• {clean(claim.text)}{chips}")
    if record.differential:
        console.print("\nDifferential", style="bold")
        for rank, candidate in enumerate(record.differential, 1):
            _print_candidate(console, record, rank, candidate)
    if record.case:
        console.print("\nThis case", style="bold")
        for finding in record.case:
            console.print(f"   {clean(finding.text)}{_finding_chip(record, finding)}")
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


def _mark(check: CitationCheck) -> str:
    return "" if check.verdict.holds else f" {check.verdict.value}"


def _print_candidate(console: Console, record: AnswerRecord, rank: int, candidate: Candidate) -> None:
    warning = " — can't miss" if candidate.cannot_miss else ""
    console.print(f"{rank}. {clean(candidate.diagnosis)}{warning}{_chip(record, candidate.citation)}", style="bold")
    for title, findings in (
        ("for", candidate.supporting),
        ("against", candidate.against),
        ("next", candidate.next_tests),
    ):
        for finding in findings:
            here = " (in this case)" if finding.in_case else ""
            console.print(f"   {title:8}{clean(finding.text)}{here}{_finding_chip(record, finding)}")


def _chip(record: AnswerRecord, citation: int | None) -> str:
    return "" if citation is None else f" [{record.checks[citation].citation.marker}]"


def _finding_chip(record: AnswerRecord, finding: Finding) -> str:
    return " [no source in the library]" if finding.citation is None else _chip(record, finding.citation)


def _sources(record: AnswerRecord) -> Iterator[str]:
    documents = {document.document_id: document for document in record.documents}
    labels = {
        (passage.document.document_id, passage.chunk.page_number): passage.page_label
        for passage in record.retrieval.passages
    }
    seen: set[tuple[int, str, int]] = set()
    for check in sorted(record.checks, key=lambda one: one.citation.marker):
        citation = check.citation
        place = (citation.marker, citation.document_id, citation.page_number)
        if place in seen:
            continue
        seen.add(place)
        label = labels.get(place[1:], str(citation.page_number))
        place_words = page_words(citation.page_number, label)
        yield f"[{citation.marker}] {describe(documents[citation.document_id])} · {place_words}"


def print_citation(record: AnswerRecord, check: CitationCheck, output: Path | None, *, as_json: bool) -> None:
    """One citation: where it stands, its words, its verdict, and the image that was written."""
    citation = check.citation
    document = next(one for one in record.documents if one.document_id == citation.document_id)
    if as_json:
        print_json(
            {"record_id": record.record_id, "check": check, "document": document, "image": output and str(output)}
        )
        return
    console = _console()
    console.print(f"[{citation.marker}] {describe(document)}", style="bold")
    console.print(
        f"page {citation.page_number} · {check.verdict.value}{': ' if check.reason else ''}{clean(check.reason)}"
    )
    console.print(f"“{clean(citation.quote)}”")
    if output is not None:
        console.print(f"page image: {output}")


def print_findings(findings: Sequence[Examined]) -> None:
    """The doctor's report, a line each, the remedy under what falls short."""
    console = _console()
    for one in findings:
        sign = {"fine": "ok   ", "short": "short", "fault": "FAULT"}[one.state]
        console.print(f"{sign} {one.subject}: {one.found}")
        if one.remedy:
            console.print(f"      {one.remedy}", style="dim")


def print_build(report: BuildReport) -> None:
    """The plan or the result of indexing: counts, then everything that a person should look at."""
    console = _console()
    counts = Counter(file.status.value for file in report.files)
    console.print(
        f"{report.documents} documents, {report.pages} pages, {report.chunks} chunks: "
        + (", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(counts.items())) or "no files"),
        style="bold",
    )
    quiet = ("unchanged", "passed_over")
    for file in report.files:
        if file.status.value in quiet and not file.notes:
            continue
        edition = f" · {clean(file.edition)}" if file.edition else ""
        standing = "" if file.standing in (None, DocumentStatus.CURRENT) else f" · {file.standing.value}"
        title = f" — {clean(file.title)}{edition}{standing}" if file.title else ""
        console.print(f"{file.status.value.replace('_', ' '):>11}  {clean(file.source_path)}{title}")
        if file.reason:
            console.print(f"{'':13}{clean(file.reason)}", style="dim")
        for line in _note_lines(file.notes):
            console.print(f"{'':13}{line}", style="dim")
    if report.pages_read:
        speed = f"{report.pages_per_second:,.1f} pages/s, {report.chunks_per_second:,.1f} chunks/s"
        console.print(f"{report.pages_read} pages read in {report.seconds:.1f} s ({speed})", style="dim")
    if report.dry_run:
        console.print(f"Dry run: {report.changes} changes, nothing published.")
    elif report.snapshot_id:
        console.print(f"Published snapshot {report.snapshot_id}.")
    else:
        console.print(f"Nothing changed; snapshot {report.parent or 'none'} stays.")


MOST_NOTES = 4
"""Notes of one kind shown for a file; ``--json`` has them all."""


def _note_lines(notes: Sequence[ReadNote]) -> Iterator[str]:
    """Notes of one kind and message become one line that names their pages."""
    pages: dict[tuple[str, str], list[int]] = {}
    for note in notes:
        pages.setdefault((note.kind.value, note.message), []).append(note.page_number)
    shown: Counter[str] = Counter()
    for (kind, message), numbers in pages.items():
        shown[kind] += 1
        if shown[kind] <= MOST_NOTES:
            where = ", ".join(str(number) for number in numbers if number)
            yield clean(f"{kind.replace('_', ' ')}{f' (page {where})' if where else ''}: {message}")
    for kind, count in shown.items():
        if count > MOST_NOTES:
            yield f"{kind.replace('_', ' ')}: {count - MOST_NOTES} more; see --json"


def print_snapshots(summaries: Sequence[SnapshotSummary], *, as_json: bool) -> None:
    """Snapshots, newest first, the current one marked."""
    if as_json:
        print_json(list(summaries))
        return
    console = _console()
    if not summaries:
        console.print("No snapshot yet. Run `ragmed index`.")
    for one in summaries:
        mark = "*" if one.current else " "
        size = f"{one.documents} documents, {one.pages} pages, {one.chunks} chunks"
        console.print(f"{mark} {one.snapshot_id}  {one.published_at}  {size}, {one.refused} files refused")


def print_snapshot(snapshot: Snapshot, *, as_json: bool) -> None:
    """What a snapshot holds, document by document, and what could not be read."""
    manifest = snapshot.manifest
    documents = snapshot.documents()
    if as_json:
        print_json(
            {
                "snapshot_id": snapshot.snapshot_id,
                "published_at": snapshot.published_at,
                "embedder": manifest.embedder,
                "pages": manifest.page_count,
                "chunks": manifest.chunk_count,
                "documents": list(documents),
                "refused": list(manifest.refused),
            }
        )
        return
    console = _console()
    console.print(f"snapshot {snapshot.snapshot_id}, published {snapshot.published_at}", style="bold")
    console.print(f"embedder {manifest.embedder.name}, {manifest.page_count} pages, {manifest.chunk_count} chunks")
    for document in documents:
        console.print(f"  {describe(document)} · {document.page_count} pages · {clean(document.source_path)}")
    for file in manifest.refused:
        reasons = "; ".join(clean(note.message) for note in file.notes)
        console.print(f"  refused: {clean(file.source_path)}: {reasons}")


def print_verification(verification: Verification, *, as_json: bool) -> None:
    """Every fault, then the result in one sentence."""
    if as_json:
        print_json(verification)
        return
    console = _console()
    for fault in verification.faults:
        console.print(f"FAULT {clean(fault)}")
    result = f"{len(verification.faults)} faults" if verification.faults else "every hash agrees"
    console.print(f"Snapshot {verification.snapshot_id}: {verification.files} files re-hashed, {result}.")


def print_scores(values: dict[str, Any], *, as_json: bool) -> None:
    """Figures, a line each; nested ones indented."""
    if as_json:
        print_json(values)
        return
    for line in _score_lines(values, ""):
        _console().print(line)


def _score_lines(values: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _score_lines(value, indent + "  ")
        else:
            yield f"{indent}{key:<28}{f'{value:.4f}' if isinstance(value, float) else value}"
