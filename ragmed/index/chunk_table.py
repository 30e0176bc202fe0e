"""``chunks.sqlite``: chunks by row number, documents and page labels, read-only once published.

Row numbers run from 0 without a gap, document by document: they are the ids that the dense and the lexical half give.
The file is opened immutable, so SQLite takes no locks and makes no journal; its bytes depend on the rows alone. It is
not mapped: the kernel maps 64 KiB around each touched page, so that in the end the whole file counts as memory.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from ragmed.errors import NotFoundError
from ragmed.records import Chunk, Language

_SCHEMA = """
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, document INTEGER NOT NULL, page INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, text TEXT NOT NULL, heading_path TEXT NOT NULL, language TEXT NOT NULL
) STRICT;
CREATE TABLE page_labels (
    document INTEGER NOT NULL, page INTEGER NOT NULL, label TEXT NOT NULL, PRIMARY KEY (document, page)
) STRICT, WITHOUT ROWID;
"""
_INDEX = "CREATE UNIQUE INDEX chunk_by_place ON chunks (document, page, start, end)"
_COLUMNS = "row, document, page, start, end, text, heading_path, language"
_AT_ONCE = 500
"""Row numbers of one question; SQLite takes 999 at least."""


class ChunkTableWriter:
    """Writes the file. ``document`` is the document's ordinal in the manifest."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")
        self._rows = 0

    def add(self, document: int, chunks: Iterable[Chunk], labels: Iterable[tuple[int, str]]) -> None:
        """The next document's chunks, and its pages' labels."""
        first = self._rows
        rows = [
            (
                first + place,
                document,
                chunk.page_number,
                chunk.start,
                chunk.end,
                chunk.text,
                json.dumps(chunk.heading_path, ensure_ascii=False),
                chunk.language.value,
            )
            for place, chunk in enumerate(chunks)
        ]
        self._rows += len(rows)
        self._connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.executemany(
            "INSERT INTO page_labels VALUES (?, ?, ?)", [(document, number, label) for number, label in labels]
        )

    def finish(self) -> None:
        """Write the file's last part and close it; without this call the file is of no use."""
        self._connection.execute(_INDEX)
        self._connection.execute("COMMIT")
        self._connection.close()

    def close(self) -> None:
        """Give the file up, finished or not."""
        self._connection.close()


class ChunkTable:
    """The open file. Safe to share between threads."""

    def __init__(self, path: Path, document_ids: Sequence[str]) -> None:
        """``document_ids`` in the manifest's order."""
        self._lock = threading.Lock()
        self._document_ids = document_ids
        self._ordinals = {document_id: ordinal for ordinal, document_id in enumerate(document_ids)}
        address = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def by_rows(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        """In the order asked for. Raises NotFoundError for a row that is not there."""
        wanted = [int(row) for row in rows]
        found: dict[int, Chunk] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            for record in self._all(f"SELECT {_COLUMNS} FROM chunks WHERE row IN ({marks})", part):
                found[record[0]] = self._chunk(record)
        missing = [row for row in wanted if row not in found]
        if missing:
            raise NotFoundError(f"no chunk in row {missing[0]}")
        return tuple(found[row] for row in wanted)

    def by_id(self, chunk_id: str) -> Chunk:
        """Raises NotFoundError."""
        document_id, page, start, end = _place(chunk_id)
        question = f"SELECT {_COLUMNS} FROM chunks WHERE document = ? AND page = ? AND start = ? AND end = ?"
        ordinal = self._ordinals.get(document_id)
        records = [] if ordinal is None else self._all(question, (ordinal, page, start, end))
        if not records:
            raise NotFoundError(f"no chunk {chunk_id} in this snapshot")
        return self._chunk(records[0])

    def page_label(self, document_id: str, number: int) -> str:
        """Raises NotFoundError."""
        ordinal = self._ordinals.get(document_id)
        question = "SELECT label FROM page_labels WHERE document = ? AND page = ?"
        records = [] if ordinal is None else self._all(question, (ordinal, number))
        if not records:
            raise NotFoundError(f"no page {number} of {document_id} in this snapshot")
        return str(records[0][0])

    def _all(self, question: str, values: Sequence[object]) -> list[tuple[int, int, int, int, int, str, str, str]]:
        with self._lock:
            return self._connection.execute(question, tuple(values)).fetchall()

    def _chunk(self, record: tuple[int, int, int, int, int, str, str, str]) -> Chunk:
        _, document, page, start, end, text, heading_path, language = record
        document_id = self._document_ids[document]
        return Chunk(
            chunk_id=f"{document_id}-p{page}-{start}-{end}",
            document_id=document_id,
            page_number=page,
            start=start,
            end=end,
            text=text,
            heading_path=tuple(json.loads(heading_path)),
            language=Language(language),
        )


def _place(chunk_id: str) -> tuple[str, int, int, int]:
    """The parts of ``{document_id}-p{page}-{start}-{end}``."""
    try:
        document_id, page, start, end = chunk_id.rsplit("-", 3)
        return document_id, int(page.removeprefix("p")), int(start), int(end)
    except ValueError:
        raise NotFoundError(f"{chunk_id!r} is not a chunk id") from None
