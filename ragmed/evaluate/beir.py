"""Test collections in the BEIR layout: documents, queries, judgments.

Laws of this room: every line that is read counts or is refused by file and line number; an identifier may not occur
twice; a judgment for a query or document that does not exist is counted, never silently dropped.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ragmed.errors import BadInputError

_LAYOUT = "a folder with corpus.jsonl (or corpus.jsonl.gz), queries.jsonl and qrels.tsv"


@dataclass(frozen=True, slots=True, kw_only=True)
class BeirDocument:
    """One line of ``corpus.jsonl``."""

    document_id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeirQuery:
    """One line of ``queries.jsonl``."""

    query_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """How relevant a document is for a query; 0 means judged and not relevant."""

    query_id: str
    document_id: str
    relevance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One test collection. ``queries`` holds those with at least one relevant document, in file order."""

    name: str
    documents: tuple[BeirDocument, ...]
    queries: tuple[BeirQuery, ...]
    judgments: tuple[Judgment, ...]
    queries_unjudged: int
    """Queries of the file without a relevant document: they cannot be scored."""
    judgments_unknown: int
    """Judgments that name a document missing from the corpus; they stay, and count as never found."""


def read_collection(folder: Path) -> Collection:
    """Read a folder in the BEIR layout.

    Raises BadInputError naming the file and the line.
    """
    if not folder.is_dir():
        raise BadInputError(f"{folder}: no such folder", remedy=f"give {_LAYOUT}")
    documents = _documents(_one_of(folder, "corpus.jsonl", "corpus.jsonl.gz"))
    queries = _queries(_one_of(folder, "queries.jsonl", "queries.jsonl.gz"))
    judgments = _judgments(_one_of(folder, "qrels.tsv", "qrels/test.tsv"))
    known_queries = {query.query_id for query in queries}
    stray = next((judgment for judgment in judgments if judgment.query_id not in known_queries), None)
    if stray is not None:
        raise BadInputError(
            f"{folder}: a judgment names the query {stray.query_id!r}, which queries.jsonl does not have",
            remedy="the files belong to different collections; take all of one",
        )
    scored = {judgment.query_id for judgment in judgments if judgment.relevance > 0}
    kept = tuple(query for query in queries if query.query_id in scored)
    if not kept:
        raise BadInputError(f"{folder}: no query has a relevant document", remedy="check the scores in qrels.tsv")
    known = {document.document_id for document in documents}
    return Collection(
        name=folder.resolve().name,
        documents=documents,
        queries=kept,
        judgments=tuple(judgment for judgment in judgments if judgment.query_id in scored),
        queries_unjudged=len(queries) - len(kept),
        judgments_unknown=sum(judgment.document_id not in known for judgment in judgments),
    )


def _one_of(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise BadInputError(f"{folder}: no {names[0]}", remedy=f"give {_LAYOUT}")


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")


def _rows(path: Path, *keys: str) -> Iterator[tuple[str, ...]]:
    """The named strings of each JSON line; ``_id`` must be there and new, the others may be missing (empty)."""
    seen: set[str] = set()
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = _object(path, number, line)
                identifier = str(row.get("_id", ""))
                if not identifier or identifier in seen:
                    fault = f"the _id {identifier!r} occurs twice" if identifier else "there is no _id"
                    raise BadInputError(f"{path}, line {number}: {fault}", remedy="every line needs its own _id")
                seen.add(identifier)
                yield identifier, *(str(row.get(key) or "") for key in keys)
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise BadInputError(f"{path}: cannot be read: {error}", remedy="get the file again") from None


def _object(path: Path, number: int, line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInputError(f"{path}, line {number}: not JSON: {error.msg}", remedy="one JSON object a line") from None
    if not isinstance(row, dict):
        raise BadInputError(f"{path}, line {number}: not a JSON object", remedy="one JSON object a line")
    return row


def _documents(path: Path) -> tuple[BeirDocument, ...]:
    rows = tuple(
        BeirDocument(document_id=identifier, title=title, text=text)
        for identifier, title, text in _rows(path, "title", "text")
    )
    if not rows:
        raise BadInputError(f"{path}: empty", remedy="one document a line")
    return rows


def _queries(path: Path) -> tuple[BeirQuery, ...]:
    return tuple(BeirQuery(query_id=identifier, text=text) for identifier, text in _rows(path, "text"))


def _judgments(path: Path) -> tuple[Judgment, ...]:
    """``query-id``, ``corpus-id``, ``score`` under a header line, parted by tabs."""
    found: dict[tuple[str, str], Judgment] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip("\r\n").split("\t")
            if number == 1 or not line.strip():
                if number == 1 and (len(fields) < 3 or fields[2].lstrip("-").isdigit()):
                    raise BadInputError(f"{path}: no header line", remedy="begin with query-id, corpus-id, score")
                continue
            if len(fields) < 3 or not fields[2].strip().lstrip("-").isdigit():
                raise BadInputError(
                    f"{path}, line {number}: not query, document and a whole number",
                    remedy="three fields parted by tabs",
                )
            key = (fields[0], fields[1])
            if key in found:
                raise BadInputError(f"{path}, line {number}: {key} is judged twice", remedy="remove one of the lines")
            found[key] = Judgment(query_id=key[0], document_id=key[1], relevance=int(fields[2]))
    return tuple(found.values())
