"""The lexical half: BM25 over the words of chunks, in three fields.

=========  ==========================================================================================
``text``    the words of the chunk
``heading`` the words of its document's title and of the headings above it
``gloss``   for a Chinese chunk, the English words of its known terms that the chunk does not hold itself
=========  ==========================================================================================

The laws of the room:

* Row ``i`` is row ``i`` of the snapshot's chunks. A field that no row has words in is left out.
* Words are numbered in code point order once all are known: the bytes follow from the rows alone.
* Arrays are memory-mapped, nothing is pickled, and a row without a matching word is never a hit.
* A word counts once a field for each time that it is asked for: its postings are read once, with its weights summed.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json
from ragmed.errors import IntegrityError
from ragmed.index.postings import K1, B, Field, FieldPostings
from ragmed.index.ranking import best_rows
from ragmed.index.row_mask import RowMask
from ragmed.index.vocabulary import Vocabulary, write_vocabulary
from ragmed.interfaces import WeightedText
from ragmed.text.words import words

ENGINE: Final = "postings-1"
"""Raised whenever the files or the scores of the same words may come out differently."""
FIELD_WEIGHTS: Final[Mapping[str, float]] = {"text": 1.0, "heading": 0.5, "gloss": 0.8}
_FIELDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "any": ("text", "heading", "gloss"),
    "text": ("text", "gloss"),
    "heading": ("heading",),
}
_FIELDS_FILE = "fields.json"
_WAITING: Final = 4_000_000
"""Words that wait for their place among the postings; some 100 MB while they are sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkWords:
    """The words of one chunk, by field."""

    text: Sequence[str]
    heading: Sequence[str]
    gloss: Sequence[str] = ()


def engine_version() -> str:
    """The engine with its parameters, for the manifest."""
    weights = ",".join(f"{name}={weight}" for name, weight in sorted(FIELD_WEIGHTS.items()))
    return f"{ENGINE}-lucene-k1={K1}-b={B}-{weights}"


class LexicalWriter:
    """Takes the chunks in row order and writes the index files."""

    def __init__(self, waiting: int = _WAITING) -> None:
        """``waiting``: words held back before they are sorted; the files do not depend on it."""
        self._rows = 0
        self._most_waiting = waiting
        self._waiting = 0
        self._vocabulary: dict[str, int] = {}
        self._holders = array("I")
        self._fields = {name: FieldPostings() for name in FIELD_WEIGHTS}

    def add(self, chunk: ChunkWords) -> None:
        """The next row."""
        numbers = self._vocabulary
        for name, found in (("text", chunk.text), ("heading", chunk.heading), ("gloss", chunk.gloss)):
            self._fields[name].add([numbers.setdefault(word, len(numbers)) for word in found])
            self._waiting += len(found)
        self._rows += 1
        if self._waiting >= self._most_waiting:
            self._settle()

    def write(self, folder: Path) -> None:
        """Write into ``folder``, which must be new. Fields that no row has words in are left out."""
        self._settle()
        folder.mkdir()
        words_in_order = sorted(self._vocabulary)
        order = np.asarray([self._vocabulary[word] for word in words_in_order], dtype=np.int64)
        numbers = np.empty_like(order)
        numbers[order] = np.arange(len(order))
        write_vocabulary(folder, words_in_order, np.asarray(self._holders, dtype=np.uint32)[order])
        present = [name for name, field in self._fields.items() if not field.empty]
        for name in present:
            self._fields.pop(name).write(folder / name, numbers)
        stated = {"engine": ENGINE, "fields": present, "rows": self._rows}
        (folder / _FIELDS_FILE).write_bytes(canonical_json(stated))

    def _settle(self) -> None:
        """Sort what waits, and count for each word the rows that hold it in any field."""
        keys = np.unique(np.concatenate([field.settle() for field in self._fields.values()]))
        held = np.bincount(keys >> 32, minlength=len(self._vocabulary)).astype(np.uint32)
        held[: len(self._holders)] += np.asarray(self._holders, dtype=np.uint32)
        self._holders = array("I", held.tobytes())
        self._waiting = 0


class LexicalIndex:
    """An open BM25 index. Safe to share between threads: searching changes nothing."""

    def __init__(self, rows: int, vocabulary: Vocabulary, fields: Mapping[str, Field]) -> None:
        self.rows = rows
        self._vocabulary = vocabulary
        self._fields = fields

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Map the files that ``LexicalWriter`` wrote. Raises IntegrityError for those of another engine."""
        stated: dict[str, Any] = json.loads((folder / _FIELDS_FILE).read_bytes())
        if stated.get("engine") != ENGINE:
            raise IntegrityError(
                f"{folder}: written by the lexical engine {stated.get('engine', 'bm25s')}, this program has {ENGINE}",
                remedy="run `ragmed index`: what was read and embedded is kept",
            )
        fields = {str(name): Field(folder / str(name)) for name in stated["fields"]}
        return cls(int(stated["rows"]), Vocabulary(folder), fields)

    def search(
        self, texts: Sequence[WeightedText], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` best allowed rows and their summed, weighted BM25 scores, best first; rows without a word: none."""
        scores = np.zeros(self.rows, dtype=np.float32)
        for (name, word), weight in self._asked(texts).items():
            self._fields[name].add_scores(scores, word, weight)
        if mask.count < self.rows:
            scores *= mask.allowed
        rows = best_rows(scores, k)
        return rows, scores[rows]

    def document_frequency(self, word: str) -> int:
        """In how many rows the word occurs, in any field; of several words, the rows that hold the rarest."""
        numbers = [self._vocabulary.number(single) for single in words(word)]
        return min((0 if number is None else self._vocabulary.holders(number) for number in numbers), default=0)

    def _asked(self, texts: Sequence[WeightedText]) -> dict[tuple[str, int], float]:
        """The summed weight of each known word in each field, in the order of the texts."""
        asked: dict[tuple[str, int], float] = {}
        for text in texts:
            for word in words(text.text):
                number = self._vocabulary.number(word)
                if number is None:
                    continue
                for name in _FIELDS_OF[text.field]:
                    if name in self._fields:
                        key = (name, number)
                        asked[key] = asked.get(key, 0.0) + text.weight * FIELD_WEIGHTS[name]
        return asked
