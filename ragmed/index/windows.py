"""Windows: a few sentences of a chunk, embedded by themselves, to tell which of the chunks found are really near.

A chunk fills the embedder's 256 tokens with several statements, and its one vector is their mean; a question is about
one of them. The best 100 chunks of each half are compared again by their best window (docs/adr/0011-windows.md).

The laws of the room:

* A window is a run of whole sentences of one chunk; windows of a chunk do not overlap and leave no sentence out. A
  chunk of one window has none: its own vector says the same.
* Vectors are kept as signed bytes, 1 + windows for each chunk, the chunk's own first. A unit vector's direction is all
  that counts, so its bytes need no scale: they are normalised when they are read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragmed.interfaces import TokenSpans
from ragmed.text.sentences import sentence_spans

WINDOW_TOKENS = 64
"""Tokens of a window, headings apart; a longer sentence is a window by itself."""

WINDOWS_VERSION = "1"
"""Changes with the rule: part of a segment's address."""


def window_spans(text: str, token_spans: TokenSpans) -> tuple[tuple[int, int], ...]:
    """The windows of a chunk's text as half-open character spans, in order; none where one would hold it all."""
    spans: list[tuple[int, int]] = []
    used = 0
    for start, end in sentence_spans(text):
        tokens = len(token_spans(text[start:end]))
        if spans and used + tokens <= WINDOW_TOKENS:
            spans[-1] = (spans[-1][0], end)
            used += tokens
        else:
            spans.append((start, end))
            used = tokens
    return tuple(spans) if len(spans) > 1 else ()


def packed(
    chunks: NDArray[np.float32], windows: NDArray[np.float32], counts: Sequence[int]
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Bytes of all vectors, each chunk's own before its windows', and where each chunk's begin (and the end).

    ``windows``: those of all chunks one after another; ``counts``: how many each chunk has.
    """
    starts = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(np.asarray(counts, dtype=np.int32) + 1, out=starts[1:])
    own = np.zeros(int(starts[-1]), dtype=np.bool_)
    own[starts[:-1]] = True
    together = np.zeros((len(own), chunks.shape[1]), dtype=np.float32)
    together[own], together[~own] = chunks, windows
    largest = np.abs(together).max(axis=1, keepdims=True, initial=1e-12)
    return np.rint(together * (127 / largest)).astype(np.int8), starts


def unpacked_windows(vectors: NDArray[np.int8], starts: NDArray[np.int32]) -> NDArray[np.float32]:
    """The windows' unit vectors out of ``packed``, one after another."""
    windows = np.delete(vectors, starts[:-1], axis=0).astype(np.float32)
    norms: NDArray[np.float32] = np.sqrt((windows * windows).sum(axis=1, keepdims=True))
    return windows / norms


def nearness(
    file: Path, starts: NDArray[np.int32], chunks: Sequence[int], vector: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine of ``vector`` (unit) with each chunk, and with its best window (the chunk itself where it has none).

    ``file``: the bytes of ``packed`` as ``.npy``. Read in place and closed: a library has more segments than a process
    may have files open.
    """
    whole, best = np.zeros(len(chunks), dtype=np.float32), np.zeros(len(chunks), dtype=np.float32)
    with file.open("rb") as stream:
        np.lib.format.read_magic(stream)
        (_, width), _, _ = np.lib.format.read_array_header_1_0(stream)
        first = stream.tell()
        for place, chunk in enumerate(chunks):
            begin, end = int(starts[chunk]), int(starts[chunk + 1])
            content = os.pread(stream.fileno(), (end - begin) * width, first + begin * width)
            rows = np.frombuffer(content, dtype=np.int8).reshape(end - begin, width).astype(np.float32)
            cosines = (rows @ vector) / np.sqrt((rows * rows).sum(axis=1))
            whole[place] = cosines[0]
            best[place] = cosines[1:].max() if end - begin > 1 else cosines[0]
    return whole, best
