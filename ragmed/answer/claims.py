"""Prose with markers ``[1]`` → claims with citations.

Laws of this room: a sentence is a claim of its own; a marker belongs to the sentence it stands in and to no other, so a
sentence without one has no citation, whatever stands after its neighbour. The words that a marker leans on are those
the generator named, or else the span of the passage that shares most with the claim; a marker to a passage that was
never shown becomes a citation that cannot be resolved, never silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragmed.answer import support, verbatim
from ragmed.drafts import Draft
from ragmed.records import Citation, Passage
from ragmed.text.markers import MARKER, numbers_of
from ragmed.text.numbers import quantities
from ragmed.text.sentences import sentence_spans

_WINDOW = 3
"""Sentences at most that one citation quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedClaim:
    """A claim as drafted, markers taken out, with the citations that it asks for (``Citation.claim`` is its number)."""

    text: str
    citations: tuple[Citation, ...]
    new_line: bool
    """The claim began on a new line of the draft."""


def cited_claims(draft: Draft, passages: Sequence[Passage]) -> tuple[CitedClaim, ...]:
    """The claims of a draft, in order."""
    shown = {passage.marker: passage for passage in passages}
    if draft.quotes:
        return _quoted(draft, shown)
    found: list[CitedClaim] = []
    for line in draft.prose.splitlines():
        for number, (text, markers) in enumerate(_sentences(line)):
            citations = tuple(looked_for(text, marker, shown.get(marker), len(found)) for marker in markers)
            found.append(CitedClaim(text=text, citations=citations, new_line=number == 0))
    return tuple(found)


def _quoted(draft: Draft, shown: dict[int, Passage]) -> tuple[CitedClaim, ...]:
    """A draft that names its quotes: one claim a line, the n-th line leans on the n-th quote."""
    lines = draft.prose.splitlines()
    if len(lines) != len(draft.quotes):
        raise ValueError(f"{len(lines)} lines in a draft with {len(draft.quotes)} quotes")
    found = []
    for number, (line, (marker, start, end)) in enumerate(zip(lines, draft.quotes, strict=True)):
        passage = shown.get(marker)
        citation = _citation(number, marker, passage, start, end) if passage else _nowhere(number, marker)
        text = line.removesuffix(f"[{marker}]").rstrip()
        found.append(CitedClaim(text=text, citations=(citation,), new_line=True))
    return tuple(found)


def _sentences(line: str) -> list[tuple[str, list[int]]]:
    """Sentences of a line with the markers that stand in them or right behind their end."""
    spans = list(sentence_spans(line))
    found: list[tuple[str, list[int]]] = []
    for start, end in spans:
        piece = line[start:end]
        lead = MARKER.match(piece)
        while lead and found:  # "… 5 mg. [1] Next": the marker belongs to the sentence before
            found[-1][1].extend(numbers_of(lead.group(1)))
            piece = piece[lead.end() :]
            lead = MARKER.match(piece)
        markers = [number for match in MARKER.finditer(piece) for number in numbers_of(match.group(1))]
        text = verbatim.shown(MARKER.sub("", piece)).strip()
        if any(character.isalnum() for character in text):
            found.append((text, markers))
    return [(text, list(dict.fromkeys(markers))) for text, markers in found]


def looked_for(text: str, marker: int, passage: Passage | None, claim: int) -> Citation:
    """A citation of the words of ``passage`` that share most with ``text``; ``claim`` is its claim's number."""
    if passage is None:
        return _nowhere(claim, marker)
    start, end = locate(text, passage.chunk.text)
    return _citation(claim, marker, passage, passage.chunk.start + start, passage.chunk.start + end)


def _citation(claim: int, marker: int, passage: Passage, start: int, end: int) -> Citation:
    chunk = passage.chunk
    inside = chunk.start <= start <= end <= chunk.end
    return Citation(
        claim=claim,
        marker=marker,
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        page_number=chunk.page_number,
        start=start,
        end=end,
        quote=chunk.text[start - chunk.start : end - chunk.start] if inside else "",
    )


def _nowhere(claim: int, marker: int) -> Citation:
    """A citation of a passage that does not exist."""
    return Citation(claim=claim, marker=marker, chunk_id="", document_id="", page_number=0, start=0, end=0, quote="")


def locate(claim: str, passage_text: str) -> tuple[int, int]:
    """The span of ``passage_text``, one to three sentences, that shares most with the claim; of equals the shortest.

    Shared are content words or concepts, and numbers with their units, which weigh double: they must be found.
    """
    spans = list(sentence_spans(passage_text))
    if not spans:
        return 0, len(passage_text)
    wanted = {quantity.key for quantity in quantities(claim)}
    best, best_score = spans[0], -1.0
    for width in range(1, _WINDOW + 1):
        for first in range(len(spans) - width + 1):
            start, end = spans[first][0], spans[first + width - 1][1]
            window = passage_text[start:end]
            if verbatim.identical(claim, window):
                return start, end
            there = {quantity.key for quantity in quantities(window)}
            numbers = len(wanted & there) / len(wanted) if wanted else 1.0
            score = support.share(claim, window) + 2 * numbers - 0.05 * width
            if score > best_score + 1e-9:
                best, best_score = (start, end), score
    return best
