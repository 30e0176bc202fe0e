"""Pages → chunks: spans of one page that fit the embedder, cut where sentences, list items and table rows end.

Laws of this room:
1. ``page.text[chunk.start:chunk.end] == chunk.text``, always (law 1 of the program); a chunk lies on one page.
2. No chunk is longer than ``max_tokens`` with its heading prefix and the embedder's special tokens.
3. Every letter and digit of a page outside FURNITURE and HEADING blocks is in a chunk; no chunk runs across FURNITURE.
4. A heading with nothing under it is in a chunk, because no heading path would show it.

A page is tokenised once; the length of a candidate is then two binary searches.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ragmed.corpus.chunk_units import Unit, page_units
from ragmed.errors import SettingsError
from ragmed.interfaces import TokenSpans
from ragmed.records import BlockKind, Chunk, Document, Language, Page
from ragmed.text.language import HAN, detect_language
from ragmed.text.passages import PREFIX_VERSION, heading_prefix
from ragmed.text.sentences import sentence_spans

CHUNKER_VERSION = "1"
MIN_MAX_TOKENS = 64
"""A smaller embedder leaves no room for a sentence under its headings."""

_CLAUSE_END = re.compile(r"[,;:](?=\s)|[，；：、]| [|–—] |\)(?=\s)|）")
_WHITE = re.compile(r"\s+")
_WORD_CUT = re.compile(rf"[^\W{HAN}]{{2}}")
_ALL_CLEAR = re.compile(r"\s")
_MARGIN = 4
"""Tokens under the limit from which a piece cut without white space around it is counted again on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A run of units that becomes a chunk."""

    start: int
    end: int
    path: tuple[str, ...]
    island: int
    head: int
    bare: bool
    """Headings and nothing else."""


class _Ruler:
    """The tokens of one page, counted in any span of it."""

    def __init__(self, text: str, token_spans: TokenSpans) -> None:
        self.text = text
        self._token_spans = token_spans
        self._starts = [start for start, _ in token_spans(text)]

    def tokens(self, start: int, end: int) -> int:
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def furthest(self, start: int, end: int, budget: int) -> int:
        """The largest cut in ``(start, end]`` with at most ``budget`` tokens before it; a token boundary."""
        last = bisect_left(self._starts, start) + budget
        return min(end, self._starts[last]) if last < len(self._starts) else end

    def fits(self, start: int, end: int, budget: int) -> bool:
        """Counted again on its own where cutting could have changed the tokens."""
        counted = self.tokens(start, end)
        if counted > budget:
            return False
        edges = (self.text[max(start - 1, 0) : start + 1], self.text[end - 1 : end + 1])
        if any(len(edge) == 2 and _WORD_CUT.match(edge) for edge in edges):
            return len(self._token_spans(self.text[start:end])) <= budget
        if counted <= budget - _MARGIN or all(len(edge) < 2 or _ALL_CLEAR.search(edge) for edge in edges):
            return True
        return len(self._token_spans(self.text[start:end])) <= budget


class SentenceChunker:
    """The Chunker of RagMed."""

    def __init__(
        self,
        token_spans: TokenSpans,
        max_tokens: int,
        min_tokens: int = 24,
        overlap_sentences: int = 0,
        *,
        special_tokens: int = 2,
    ) -> None:
        """``max_tokens``: the embedder's limit, its ``special_tokens`` included. Raises SettingsError below 64."""
        if max_tokens < MIN_MAX_TOKENS:
            raise SettingsError(
                f"chunk.max_tokens is {max_tokens}; chunks need at least {MIN_MAX_TOKENS} tokens",
                remedy="raise chunk.max_tokens, or set it to 0 for the embedder's own limit",
            )
        self._token_spans = token_spans
        self._max_tokens = max_tokens
        self._min_tokens = min(min_tokens, max_tokens // 2)
        self._overlap = overlap_sentences
        self._special_tokens = special_tokens

    def configuration(self) -> dict[str, str | int]:
        """All that the chunks depend on beside the tokenizer, which the embedder's revision names."""
        return {
            "chunker": f"sentence-{CHUNKER_VERSION}",
            "prefix": PREFIX_VERSION,
            "max_tokens": self._max_tokens,
            "min_tokens": self._min_tokens,
            "overlap_sentences": self._overlap,
            "special_tokens": self._special_tokens,
        }

    def chunk(self, document: Document, pages: Sequence[Page]) -> tuple[Chunk, ...]:
        """The chunks of a document, in reading order."""
        budgets: dict[tuple[str, ...], int] = {}
        chunks: list[Chunk] = []
        for page, after in zip(pages, (*pages[1:], None), strict=False):
            body = (
                block.heading_path
                for block in (after.blocks if after is not None else ())
                if block.kind not in (BlockKind.FURNITURE, BlockKind.HEADING)
            )
            chunks.extend(self._page(document, page, next(body, ()), budgets))
        return tuple(chunks)

    def _page(
        self, document: Document, page: Page, following: tuple[str, ...], budgets: dict[tuple[str, ...], int]
    ) -> Iterator[Chunk]:
        ruler = _Ruler(page.text, self._token_spans)
        units = page_units(page, following)
        pieces: list[_Piece] = []
        first = 0
        for last in range(1, len(units) + 1):
            same = last < len(units) and (units[last].path, units[last].island) == (
                units[first].path,
                units[first].island,
            )
            if not same:
                budget = self._budget(units[first].path, document.title, budgets)
                pieces.extend(self._pack(units[first:last], ruler, budget))
                first = last
        for piece in self._join_short(pieces, ruler, document.title, budgets):
            text = page.text[piece.start : piece.end]
            language = detect_language(text)
            if language is Language.OTHER and not any(character.isalpha() for character in text):
                language = document.language
            yield Chunk(
                chunk_id=f"{document.document_id}-p{page.number}-{piece.start}-{piece.end}",
                document_id=document.document_id,
                page_number=page.number,
                start=piece.start,
                end=piece.end,
                text=text,
                heading_path=piece.path,
                language=language,
            )

    def _budget(self, path: tuple[str, ...], title: str, budgets: dict[tuple[str, ...], int]) -> int:
        """Tokens left for the text of a chunk under ``path``."""
        if path not in budgets:
            prefix = heading_prefix(path, title)
            taken = len(self._token_spans(prefix)) if prefix else 0
            budgets[path] = max(self._max_tokens - self._special_tokens - taken, 8)
        return budgets[path]

    def _pack(self, units: Sequence[Unit], ruler: _Ruler, budget: int) -> Iterator[_Piece]:
        """Runs of units as long as they fit, with a tail that is not a crumb."""
        whole = [part for unit in units for part in _split(unit, ruler, budget)]
        cuts = [0]
        while cuts[-1] < len(whole):
            first = cuts[-1]
            last = first + 1
            while last < len(whole) and ruler.fits(whole[first].start, whole[last].end, budget):
                last += 1
            if last < len(whole):
                last = _keep_leaders(whole, first, last, ruler, budget)
            cuts.append(last)
        self._fill_tail(whole, cuts, ruler, budget)
        for run, (first, last) in enumerate(pairwise(cuts)):
            start = first
            if first and self._overlap:
                floor = max(cuts[run - 1] + 1, first - self._overlap)
                while start > floor and ruler.fits(whole[start - 1].start, whole[last - 1].end, budget):
                    start -= 1
            opening = whole[start]
            yield _Piece(
                start=opening.start,
                end=whole[last - 1].end,
                path=opening.path,
                island=opening.island,
                head=opening.head,
                bare=all(unit.kind is BlockKind.HEADING for unit in whole[start:last]),
            )

    def _fill_tail(self, units: Sequence[Unit], cuts: list[int], ruler: _Ruler, budget: int) -> None:
        """Move units from the last run but one into a last run shorter than ``min_tokens``."""
        if len(cuts) < 3:
            return
        end = units[-1].end
        while cuts[-2] - 1 > cuts[-3] and ruler.tokens(units[cuts[-2]].start, end) < self._min_tokens:
            if not ruler.fits(units[cuts[-2] - 1].start, end, budget):
                return
            cuts[-2] -= 1

    def _join_short(
        self, pieces: list[_Piece], ruler: _Ruler, title: str, budgets: dict[tuple[str, ...], int]
    ) -> list[_Piece]:
        """Join pieces under ``min_tokens`` to a neighbour where the two fit; the same heading first, then the next."""
        joined = list(pieces)
        place = 0
        while place < len(joined):
            if ruler.tokens(joined[place].start, joined[place].end) >= self._min_tokens:
                place += 1
                continue
            # (same heading first, the following piece first): what stands below a crumb more often belongs to it
            sides = sorted(
                (other for other in (place + 1, place - 1) if 0 <= other < len(joined)),
                key=lambda other: (joined[other].path != joined[place].path, other < place),
            )
            for other in sides:
                low, high = min(place, other), max(place, other)
                both = _both(joined[low], joined[high])
                if both is not None and ruler.fits(both.start, both.end, self._budget(both.path, title, budgets)):
                    joined[low : high + 1] = [both]
                    place = low
                    break
            else:
                place += 1
        return joined


def _both(first: _Piece, second: _Piece) -> _Piece | None:
    """The two as one; under different headings these come into the text, and the path is what both share."""
    if first.island != second.island:
        return None
    both = replace(first, end=max(first.end, second.end), bare=first.bare and second.bare)
    if first.path == second.path or second.bare:
        return both
    if first.bare:
        return replace(both, path=second.path)
    shared = 0
    while shared < min(len(first.path), len(second.path)) and first.path[shared] == second.path[shared]:
        shared += 1
    return replace(both, start=first.head, path=first.path[:shared])


def _keep_leaders(units: Sequence[Unit], first: int, last: int, ruler: _Ruler, budget: int) -> int:
    """Pull a cut back so that an introduction goes with what it introduces, where that fits."""
    cut = last
    while cut - 1 > first and units[cut - 1].leads and ruler.fits(units[cut - 1].start, units[last].end, budget):
        cut -= 1
    return cut


def _split(unit: Unit, ruler: _Ruler, budget: int) -> Iterator[Unit]:
    """``unit`` itself, or parts of it that fit: cut at sentences, else clauses, else white space, else tokens."""
    if ruler.fits(unit.start, unit.end, budget):
        yield unit
        return
    position = unit.start
    sentences = [end for _, end in sentence_spans(ruler.text, start=unit.start, end=unit.end)]
    while (span := _from_text(ruler.text, position, unit.end)) is not None:
        position = span[0]
        cut = (
            span[1] if ruler.fits(position, span[1], budget) else _best_cut(ruler, position, span[1], budget, sentences)
        )
        end = cut
        while end > position and ruler.text[end - 1].isspace():
            end -= 1
        yield replace(
            unit, start=position, end=end, head=min(unit.head, position) if position == unit.start else position
        )
        position = cut


def _from_text(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    return (start, end) if start < end else None


def _best_cut(ruler: _Ruler, start: int, end: int, budget: int, sentences: Sequence[int]) -> int:
    """The best place to cut ``[start, end)`` so that the part before it fits; always beyond ``start``."""
    allowance = budget
    while True:
        limit = ruler.furthest(start, end, allowance)
        place = bisect_left(sentences, limit + 1) - 1
        if place >= 0 and sentences[place] > start and ruler.fits(start, sentences[place], budget):
            return sentences[place]
        # a clause in the later half, or any white space there
        middle = start + (limit - start) // 2
        for pattern in (_CLAUSE_END, _WHITE):
            ends = [match.end() for match in pattern.finditer(ruler.text, middle, limit)]
            if ends and ends[-1] > start and ruler.fits(start, ends[-1], budget):
                return ends[-1]
        if limit > start and (ruler.fits(start, limit, budget) or allowance <= 1):
            return limit
        if limit <= start:
            return min(start + 1, end)
        allowance = max(1, allowance - max(1, allowance // 8))
