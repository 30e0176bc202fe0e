"""What the embedder sees of a chunk: its text under the headings that help to find it.

Laws of this room: headings stand before the text for the embedder only; what may be quoted is ``chunk.text`` alone
(law 1). The chunker measures the very prefix made here, so that prefix and text together fit the embedder.
"""

from __future__ import annotations

import re

from ragmed.records import Chunk

PREFIX_VERSION = "1"
"""Changes whenever ``heading_prefix`` may give other words: part of a segment's address."""

PREFIX_UNITS = 40
"""About so many tokens of headings; a longer prefix is cut."""

_WORD = re.compile(r"[A-Za-z0-9]+|\S")


def _units(word: str) -> int:
    """Tokens that a word takes, guessed without a tokenizer: four Latin letters or one other character each."""
    return -(-len(word) // 4) if word[0].isascii() else 1


def heading_prefix(heading_path: tuple[str, ...], title: str) -> str:
    """The last two of title and headings, joined by `` > ``, cut after about ``PREFIX_UNITS`` tokens. May be empty."""
    parts: list[str] = []
    for part in (title, *heading_path):
        plain = " ".join(part.split())
        if plain and plain not in parts:
            parts.append(plain)
    if len(parts) > 1:
        # the nearer heading says more: the farther one gives way first
        near = _cut(parts[-1], PREFIX_UNITS - PREFIX_UNITS // 4)
        far = _cut(parts[-2], PREFIX_UNITS - sum(map(_units, _WORD.findall(near))) - 1)
        return f"{far} > {near}" if far else near
    return _cut(parts[0], PREFIX_UNITS) if parts else ""


def _cut(text: str, units: int) -> str:
    used = 0
    for word in _WORD.finditer(text):
        used += _units(word.group())
        if used > units:
            return text[: word.start()].rstrip()
    return text


def embedding_text(chunk: Chunk, title: str) -> str:
    """``chunk`` as it is embedded: the heading prefix on a line of its own, then the text."""
    prefix = heading_prefix(chunk.heading_path, title)
    return f"{prefix}\n{chunk.text}" if prefix else chunk.text
