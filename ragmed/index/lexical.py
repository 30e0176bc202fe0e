"""The lexical half: BM25 (bm25s) over the words of chunks, in three fields.

=========  ==========================================================================================
``text``    the words of the chunk
``heading`` the words of its document's title and of the headings above it
``gloss``   for a Chinese chunk, the English words of its known terms that the chunk does not hold itself
=========  ==========================================================================================

The laws of the room:

* Row ``i`` is row ``i`` of the snapshot's chunks. A field holds only the rows that have words in it, and says which.
* The index is made of word lists in row order; ids are given to words as they first appear. (bm25s makes its vocabulary
  from a Python set, whose order changes with every process: handing it ids is what makes the bytes reproduce.)
* bm25s keeps no text here: its ``save`` drops corpus rows that it cannot serialise with a mere warning.
* Arrays are memory-mapped, nothing is pickled, and a row without a matching word is never a hit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json
from ragmed.index.ranking import best_rows
from ragmed.index.row_mask import RowMask
from ragmed.interfaces import WeightedText
from ragmed.text.words import words

ENGINE: Final = "bm25s"
K1: Final = 1.2
B: Final = 0.75
"""Robertson's usual values; see docs/adr/0003-lexical-engine.md for what others gave."""
FIELD_WEIGHTS: Final[Mapping[str, float]] = {"text": 1.0, "heading": 0.5, "gloss": 0.8}
_FIELDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "any": ("text", "heading", "gloss"),
    "text": ("text", "gloss"),
    "heading": ("heading",),
}
_FIELDS_FILE = "fields.json"
_ROWS_FILE = "rows.npy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkWords:
    """The words of one chunk, by field."""

    text: Sequence[str]
    heading: Sequence[str]
    gloss: Sequence[str] = ()


def engine_version() -> str:
    """The engine with its version and parameters, for the manifest."""
    from importlib.metadata import version

    weights = ",".join(f"{name}={weight}" for name, weight in sorted(FIELD_WEIGHTS.items()))
    return f"{ENGINE}-{version(ENGINE)}-lucene-k1={K1}-b={B}-{weights}"


class LexicalWriter:
    """Takes the chunks in row order and writes the index files."""

    def __init__(self) -> None:
        self._rows = 0
        self._fields = {name: _FieldWords() for name in FIELD_WEIGHTS}

    def add(self, chunk: ChunkWords) -> None:
        """The next row."""
        for name, found in (("text", chunk.text), ("heading", chunk.heading), ("gloss", chunk.gloss)):
            if found:
                self._fields[name].add(self._rows, found)
        self._rows += 1

    def write(self, folder: Path) -> None:
        """Write into ``folder``, which must be new. Fields that no row has words in are left out."""
        folder.mkdir()
        present = [name for name, field in self._fields.items() if field.rows]
        for name in present:
            self._fields[name].write(folder / name)
        (folder / _FIELDS_FILE).write_bytes(canonical_json({"fields": present, "rows": self._rows}))


class _FieldWords:
    """One field while it is being built."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self._ids: list[list[int]] = []
        self._vocabulary: dict[str, int] = {}

    def add(self, row: int, found: Iterable[str]) -> None:
        vocabulary = self._vocabulary
        self.rows.append(row)
        self._ids.append([vocabulary.setdefault(word, len(vocabulary)) for word in found])

    def write(self, folder: Path) -> None:
        import bm25s

        engine = bm25s.BM25(method="lucene", k1=K1, b=B)
        engine.index((self._ids, self._vocabulary), create_empty_token=False, show_progress=False)
        engine.save(str(folder), show_progress=False)
        np.save(folder / _ROWS_FILE, np.asarray(self.rows, dtype=np.int32), allow_pickle=False)


class LexicalIndex:
    """An open BM25 index. Safe to share between threads: searching changes nothing."""

    def __init__(self, rows: int, fields: Mapping[str, _Field]) -> None:
        self.rows = rows
        self._fields = fields

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Map the files that ``LexicalWriter`` wrote."""
        stated: dict[str, Any] = json.loads((folder / _FIELDS_FILE).read_bytes())
        return cls(int(stated["rows"]), {str(name): _Field(folder / str(name)) for name in stated["fields"]})

    def search(
        self, texts: Sequence[WeightedText], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` best allowed rows and their summed, weighted BM25 scores, best first; rows without a word: none."""
        scores = np.zeros(self.rows, dtype=np.float32)
        for text in texts:
            found = words(text.text)
            for name in _FIELDS_OF[text.field]:
                if name in self._fields:
                    self._fields[name].add_scores(scores, found, text.weight * FIELD_WEIGHTS[name])
        if mask.count < self.rows:
            scores *= mask.allowed
        rows = best_rows(scores, k)
        return rows, scores[rows]

    def document_frequency(self, word: str) -> int:
        """In how many rows the word occurs, in any field; of several words, the rows that hold the rarest."""
        return min((self._holders(single) for single in words(word)), default=0)

    def _holders(self, word: str) -> int:
        """How many rows hold the word in any field."""
        holders = [rows for field in self._fields.values() if len(rows := field.holders(word))]
        if len(holders) < 2:
            return len(holders[0]) if holders else 0
        # of a million rows, marking takes a twentieth of the time of sorting
        held = np.zeros(self.rows, dtype=np.bool_)
        for rows in holders:
            held[rows] = True
        return int(np.count_nonzero(held))


class _Field:
    """One field of an open index."""

    def __init__(self, folder: Path) -> None:
        import bm25s

        self._engine = bm25s.BM25.load(str(folder), mmap=True, show_progress=False, verbosity=0)
        self._rows: NDArray[np.int32] = np.load(folder / _ROWS_FILE, mmap_mode="r", allow_pickle=False)

    def add_scores(self, scores: NDArray[np.float32], found: Sequence[str], weight: float) -> None:
        """Add the weighted BM25 scores of the words to ``scores``, which has one place for each row."""
        ids = self._engine.get_tokens_ids(found)
        if not ids:
            return
        own = self._engine.get_scores_from_ids(ids) * np.float32(weight)
        if len(self._rows) == len(scores):
            scores += own
        else:
            scores[self._rows] += own

    def holders(self, word: str) -> NDArray[np.int32]:
        """The rows that hold the word."""
        number = self._engine.vocab_dict.get(word)
        if number is None:
            return np.zeros(0, dtype=np.int32)
        arrays = self._engine.scores
        holders: NDArray[np.int32] = self._rows[
            arrays["indices"][arrays["indptr"][number] : arrays["indptr"][number + 1]]
        ]
        return holders
