"""Hits of a search, as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.terminal.screen import clean, console_for, describe, page_words

if TYPE_CHECKING:
    from ragmed.records import Passage, Retrieval

EXCERPT = 320
"""Characters of a passage shown in a list of hits; ``--json`` has it whole."""


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
    console = console_for()
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
