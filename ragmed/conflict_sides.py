"""The two sides of each conflict of an answer, as every place that shows answers needs them.

Laws of this room: follows from the record alone. The side published last stands first and may be named as newer only
where both dates are known as far as they are compared; otherwise neither is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.citation_keys import keys_of, page_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.records import AnswerRecord, CitationCheck, Document


@dataclass(frozen=True, slots=True)
class Side:
    """One guideline's side."""

    key: str
    check: CitationCheck
    document: Document
    page_label: str
    differs: tuple[str, ...]
    """What differs, each as it stands in the quote but for white space."""
    newer: bool

    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The quote as one line in stretches; True for what differs."""
        return _marked(" ".join(self.check.citation.quote.split()), self.differs)


def conflict_sides(record: AnswerRecord) -> tuple[tuple[Side, Side], ...]:
    """The conflicts, several differences between the same two quotes as one; those whose documents the record lacks
    are left out."""
    documents = {document.document_id: document for document in record.documents}
    keys = keys_of(record)
    grouped: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for one in record.conflicts:
        if max(one.first, one.second) < len(record.checks) and min(one.first, one.second) >= 0:
            grouped.setdefault((one.first, one.second), []).append((one.first_words, one.second_words))
    found = []
    for (first, second), words in grouped.items():
        checks = (record.checks[first], record.checks[second])
        named = [documents.get(check.citation.document_id) for check in checks]
        if named[0] is None or named[1] is None:
            continue
        found.append(
            (
                Side(
                    key=keys[first],
                    check=checks[0],
                    document=named[0],
                    page_label=page_label(record, checks[0]),
                    differs=tuple(dict.fromkeys(one for one, _ in words)),
                    newer=newer(named[0], named[1]),
                ),
                Side(
                    key=keys[second],
                    check=checks[1],
                    document=named[1],
                    page_label=page_label(record, checks[1]),
                    differs=tuple(dict.fromkeys(other for _, other in words)),
                    newer=newer(named[1], named[0]),
                ),
            )
        )
    return tuple(found)


def newer(one: Document, other: Document) -> bool:
    """Whether ``one`` is known to be published after ``other``: "2026-03" is not known to be after "2026"."""
    known = min(len(one.published_on), len(other.published_on))
    return known > 0 and one.published_on[:known] > other.published_on[:known]


def _marked(text: str, wanted: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    spans: list[tuple[int, int]] = []
    for words in wanted:
        start = text.find(words)
        if words and start >= 0 and all(start >= end or start + len(words) <= begin for begin, end in spans):
            spans.append((start, start + len(words)))
    pieces, reached = [], 0
    for start, end in sorted(spans):
        pieces += [(text[reached:start], False), (text[start:end], True)]
        reached = end
    pieces.append((text[reached:], False))
    return tuple(piece for piece in pieces if piece[0])
