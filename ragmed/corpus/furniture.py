"""Running headers, footers, page numbers, print stamps, navigation words and the line numbers of drafts; and the
printed page labels among them.

Laws of this room: furniture is decided over the whole document, by what repeats in the same place with other digits;
only wording that can be nothing else ("Printed by … on …") is furniture on its own. Furniture stays in the page's
text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.corpus.fragments import Fragments

_EDGE = 0.11
"""Share of the page's height, at its top and its foot, where furniture stands."""
_ROWS = 3
"""First and last rows of a page looked at, wherever they stand."""
_SLACK = 6.0
"""Points that the same furniture may move from page to page."""

_DIGITS = re.compile(r"\d+")
_BLANKS = re.compile(r"\s+")
_ROMAN = re.compile(r"[ivxlcdm]{1,7}")
_ALWAYS = re.compile(
    r"printed (?:by|on) \S.*\d|downloaded (?:from|by|on) .*\d|(?:page|p\.) \d+(?:(?: of | ?/ ?)\d+)?|\d+ of \d+"
    r"|第 ?\d+ ?页(?: ?[/，,]? ?共 ?\d+ ?页)?|- ?\d+ ?-|[-–—] ?\d+ ?[-–—]",
    re.IGNORECASE,
)
_OWNER = re.compile(r"(?:©|\(c\)|copyright\b|版权所有).{0,160}|.{0,80}all rights reserved.{0,80}", re.IGNORECASE)
_CODE = re.compile(r"([A-Z]{2,14}-(?:[A-Z]{1,2}|\d{1,3}[A-Z]?|[A-Z]\d{1,2}))(?:\s+\(?(\d+ of \d+)\)?)?", re.IGNORECASE)
_PART = re.compile(r"\(?(\d+ of \d+)\)?", re.IGNORECASE)
_PRINTED = re.compile(
    r"(?:page |p\. ?|第 ?|[-–—] ?)?(\d{1,4}|[ivxlc]{1,7})(?: of \d+| ?/ ?\d+| ?页.*| ?[-–—])?", re.IGNORECASE
)


def find_furniture(pages: Sequence[Fragments]) -> list[set[int]]:
    """For each page, its fragments that are furniture."""
    found: list[set[int]] = [set() for _ in pages]
    places: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    rows = [_candidates(page) for page in pages]
    for number, (page, near) in enumerate(zip(pages, rows, strict=True)):
        for i in near:
            words = _BLANKS.sub(" ", page.words(i)).strip()
            if _ALWAYS.fullmatch(words) or (_at_edge(page, i) and _OWNER.fullmatch(words)):
                found[number].add(i)
            places[_signature(words)].append((page.top[i], number, i))
    least = 2 if len(pages) < 6 else 3
    for signature, seen in places.items():
        for cluster in _clusters(seen):
            count = len({number for _, number, _ in cluster})
            everywhere = count >= 3 and count >= 0.4 * len(pages)
            for _, number, i in cluster:
                if everywhere or (count >= least and _at_edge(pages[number], i)):
                    found[number].add(i)
        if signature == "#":
            _numbers(pages, seen, found)
    _slots(pages, rows, found)
    for chosen, numbers in zip(found, _line_numbers(pages), strict=True):
        chosen.update(numbers)
    for page, chosen in zip(pages, found, strict=True):
        code = _code_at(page)
        if code:
            chosen.update(code[1])
    return found


def printed_labels(pages: Sequence[Fragments], furniture: Sequence[set[int]]) -> list[str]:
    """The label printed on each page, or an empty text: page codes first, then page numbers that count on together."""
    codes = [found[0] if (found := _code_at(page)) else "" for page in pages]
    if sum(1 for code in codes if code) >= max(2, 0.3 * len(pages)):
        return codes
    numbers = [_number(page, chosen) for page, chosen in zip(pages, furniture, strict=True)]
    steps = Counter(value - at for at, value in enumerate(numbers) if value is not None)
    labels = [""] * len(pages)
    sure = {step for step, count in steps.items() if count >= 2}
    for at, value in enumerate(numbers):
        if value is not None and value - at in sure:
            labels[at] = str(value)
    for at, (page, chosen) in enumerate(zip(pages, furniture, strict=True)):
        if not labels[at] and numbers[at] is None:
            labels[at] = _roman(page, chosen)
    return labels


def _candidates(page: Fragments) -> list[int]:
    order = sorted(range(len(page)), key=lambda i: page.top[i])
    near = set()
    for sequence in (order, sorted(order, key=lambda i: -page.bottom[i])):
        seen = 0
        last = float("-inf")
        for i in sequence:
            level = page.top[i] if sequence is order else -page.bottom[i]
            if level - last > 3.0:
                seen += 1
                last = level
            if seen > _ROWS and not _at_edge(page, i):
                break
            near.add(i)
    near.update(i for i in order if page.turned[i])
    return sorted(near)


def _at_edge(page: Fragments, i: int) -> bool:
    middle = (page.top[i] + page.bottom[i]) / 2
    return middle < _EDGE * page.height or middle > (1 - _EDGE) * page.height or (page.turned[i] and _at_side(page, i))


def _at_side(page: Fragments, i: int) -> bool:
    middle = (page.left[i] + page.right[i]) / 2
    return middle < 0.07 * page.width or middle > 0.93 * page.width


def _signature(words: str) -> str:
    folded = words.casefold()
    return "#" if _ROMAN.fullmatch(folded) else _DIGITS.sub("#", folded)


def _clusters(seen: list[tuple[float, int, int]]) -> list[list[tuple[float, int, int]]]:
    clusters: list[list[tuple[float, int, int]]] = []
    for item in sorted(seen):
        if clusters and item[0] - clusters[-1][-1][0] <= _SLACK:
            clusters[-1].append(item)
        else:
            clusters.append([item])
    return clusters


def _numbers(pages: Sequence[Fragments], seen: list[tuple[float, int, int]], found: list[set[int]]) -> None:
    """Bare numbers at the edge that count on with the pages, wherever they stand on each."""
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for _, number, i in seen:
        words = pages[number].words(i).strip()
        if words.isdecimal() and len(words) <= 4 and _at_edge(pages[number], i):
            steps[int(words) - number].append((number, i))
    for members in steps.values():
        if len({number for number, _ in members}) >= 2:
            for number, i in members:
                found[number].add(i)


_LINES, _LINES_SPAN, _LINES_PAGES = 8, 0.5, 0.4
"""Numbers on a page, the share of its height that they run over, and the share of the pages, before they are line
numbers: a numbered list or a table's first column is shorter, or alone."""


def _line_numbers(pages: Sequence[Fragments]) -> list[set[int]]:
    """Of each page the numbers in the margin that count its lines, as drafts for comment print them."""
    found = [_counted_lines(page) for page in pages]
    numbered = sum(bool(numbers) for numbers in found)
    return found if numbered >= max(2, _LINES_PAGES * len(pages)) else [set() for _ in pages]


def _counted_lines(page: Fragments) -> set[int]:
    """Numbers left of the text, below one another, each one more (or five more) than the one above."""
    margin = sorted(
        (page.top[i], int(words), i)
        for i in range(len(page))
        if page.right[i] < 0.2 * page.width and (words := page.words(i).strip()).isdecimal() and len(words) <= 5
    )
    if len(margin) < _LINES or margin[-1][0] - margin[0][0] < _LINES_SPAN * page.height:
        return set()
    steps = Counter(below[1] - above[1] for above, below in pairwise(margin))
    step, often = steps.most_common(1)[0]
    return {i for _, _, i in margin} if step in (1, 5) and often >= 0.9 * (len(margin) - 1) else set()


def _slots(pages: Sequence[Fragments], rows: list[list[int]], found: list[set[int]]) -> None:
    """Running titles that change with the chapter: in a place and size where most pages have furniture."""
    held: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for number, (page, near) in enumerate(zip(pages, rows, strict=True)):
        for i in near:
            if _at_edge(page, i):
                held[round(page.top[i] / 3), round(page.size[i] * 2)].append((number, i))
    for members in held.values():
        known = {number for number, i in members if i in found[number]}
        if len(known) >= 3 and 2 * len(known) >= len({number for number, _ in members}):
            for number, i in members:
                found[number].add(i)


def _code_at(page: Fragments) -> tuple[str, tuple[int, ...]] | None:
    """A page code such as ``DIAG-A 1 of 3`` at the edge, and the fragments that print it."""
    for i in range(len(page)):
        if not _at_edge(page, i) or page.letters[i] > 24:
            continue
        match = _CODE.fullmatch(page.words(i).strip())
        if match is None or not match.group(1).isupper():
            continue
        if match.group(2):
            return f"{match.group(1)} {match.group(2).lower()}", (i,)
        part = _part_near(page, i)
        return (f"{match.group(1)} {part[0]}", (i, part[1])) if part else (match.group(1), (i,))
    return None


def _part_near(page: Fragments, code: int) -> tuple[str, int] | None:
    for i in range(len(page)):
        close = abs(page.top[i] - page.top[code]) < 2.5 * page.size[code]
        beside = page.left[i] < page.right[code] + 60 and page.right[i] > page.left[code] - 60
        match = _PART.fullmatch(page.words(i).strip()) if close and beside and page.letters[i] <= 14 else None
        if match:
            return match.group(1).lower(), i
    return None


def _number(page: Fragments, furniture: set[int]) -> int | None:
    for i in sorted(furniture, key=lambda i: page.letters[i]):
        match = _PRINTED.fullmatch(page.words(i).strip())
        if match and match.group(1).isdecimal():
            return int(match.group(1))
    for i in sorted(furniture):
        words = page.words(i).split()
        for word in (words[-1:] + words[:1]) if len(words) > 1 else []:
            if word.isdecimal() and len(word) <= 4:
                return int(word)
    return None


def _roman(page: Fragments, furniture: set[int]) -> str:
    for i in furniture:
        words = page.words(i).strip()
        if words and _ROMAN.fullmatch(words.casefold()):
            return words
    return ""
