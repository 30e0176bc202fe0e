"""A tiny real ``Embedder`` for tests: words hashed into buckets. No model, no torch, the same on every machine.

Texts that share words have a positive cosine, texts that share none about zero; that is all that tests of storing,
filtering and fusing need. It is no search engine and ``load_embedder`` never chooses it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ragmed.interfaces import Progress, no_progress

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")


class HashEmbedder:
    """Bag of hashed words; a token is a word, a Chinese character or a punctuation mark."""

    def __init__(self, *, dimensions: int = 64, max_tokens: int = 256) -> None:
        self.name = "hash-embedder"
        self.revision = hashlib.sha256(f"hash-embedder-1-{dimensions}".encode()).hexdigest()
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self.special_tokens = 2
        self.engine = "hash"

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        return [match.span() for match in _TOKEN.finditer(text)]

    def embed_passages(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for token in _TOKEN.findall(text.lower()):
                digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
                vectors[row, int.from_bytes(digest[:4], "little") % self.dimensions] += 1 if digest[4] & 1 else -1
            norm = float(np.sqrt((vectors[row].astype(np.float64) ** 2).sum()))
            if norm == 0:  # no words, or words that cancel
                vectors[row, 0] = norm = 1
            vectors[row] /= norm
            progress("embed", row + 1, len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)
