"""Finds the terms of the table in a text of either language: longest match, left to right, never overlapping.

Everything is compared on a folded copy that has the length of the text (full-width and Roman letters
become small ASCII ones, CJK compatibility forms their plain characters, accents are dropped), so an
offset in the copy is an offset in the text. English is compared word by word: capitals, plurals,
possessives and hyphens do not matter. Chinese is compared character by character, across the line
break or space that a page layout puts into a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ragmed.terms.everyday import EVERYDAY_WORDS
from ragmed.terms.tables import Term, all_terms

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(r"[0-9A-Za-z\u00b5\u00c0-\u024f\u0370-\u03ff]+(?:['’][A-Za-z]+)?")
_HAN = re.compile(f"[{HAN}]")
# what may stand between two words of one English term: space, line break, hyphen or slash, but no blank line
_GAP = re.compile(r"[^\S\n]{0,3}[-\u00ad\u2010-\u2014/]?[^\S\n]{0,3}\n?[^\S\n]{0,3}")
# white space that a page layout puts beside a Chinese character without ending the word
_BREAK = r"(?:[^\S\n]+\n?[^\S\n]*|\n[^\S\n]*)"
_LAYOUT = re.compile(rf"(?<=[{HAN}]){_BREAK}(?=[{HAN}0-9a-z])|(?<=[0-9a-z]){_BREAK}(?=[{HAN}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermMatch:
    """A term as it stands in a text: ``text[start:end] == surface``."""

    start: int
    end: int
    surface: str
    term: Term


@dataclass(frozen=True, slots=True)
class _Index:
    """The forms of the table, by folded words and by folded characters.

    ``english`` and ``chinese`` lead from a form to its term; ``word_counts`` and ``lengths`` lead from the
    first word or character of a form to the sizes of the forms that begin so, longest first. ``punctuated``
    holds the English forms with other marks between their words (``e. coli``), which must stand just so.
    """

    english: dict[tuple[str, ...], Term]
    word_counts: dict[str, tuple[int, ...]]
    punctuated: frozenset[str]
    chinese: dict[str, Term]
    lengths: dict[str, tuple[int, ...]]


def find_terms(text: str) -> tuple[TermMatch, ...]:
    """The terms that stand in ``text``, in order; offsets count characters of ``text``."""
    index = _index()
    folded = fold(text)
    spans = _english_spans(folded, index)
    if _HAN.search(folded):
        # both lists are sorted; where they meet ("EGFR突变") the earlier match wins, then the longer
        spans = sorted(spans + _chinese_spans(folded, index), key=lambda span: (span[0], -span[1]))
    matches: list[TermMatch] = []
    reached = 0
    for start, end, term in spans:
        if start >= reached:
            matches.append(TermMatch(start=start, end=end, surface=text[start:end], term=term))
            reached = end
    return tuple(matches)


def term_of(form: str) -> Term | None:
    """The term whose form this is, in either language, or None."""
    index, folded = _index(), fold(form)
    return index.chinese.get(_LAYOUT.sub("", folded)) or index.english.get(words_of(folded))


def fold(text: str) -> str:
    """A copy of equal length in which letters that differ only in look are the same."""
    return text.translate(_folding())


def words_of(folded: str) -> tuple[str, ...]:
    """The words of a folded text, possessive endings dropped."""
    return tuple(_bare(word) for word in WORD.findall(folded))


def _english_spans(folded: str, index: _Index) -> list[tuple[int, int, Term]]:
    found = list(WORD.finditer(folded))
    words = [_bare(match.group()) for match in found]
    spans: list[tuple[int, int, Term]] = []
    position = 0
    while position < len(words):
        for count in index.word_counts.get(words[position], ()):
            last = position + count - 1
            term = index.english.get(tuple(words[position : last + 1])) if last < len(words) else None
            if term and _is_one_phrase(folded, found[position : last + 1], index):
                spans.append((found[position].start(), found[last].end(), term))
                position = last
                break
        position += 1
    return spans


def _is_one_phrase(folded: str, words: list[re.Match[str]], index: _Index) -> bool:
    """Whether nothing that ends a phrase stands between the words, or they stand as the table writes them."""
    if all(_GAP.fullmatch(folded, left.end(), right.start()) for left, right in pairwise(words)):
        return True
    return _one_space(folded[words[0].start() : words[-1].end()]) in index.punctuated


def _one_space(phrase: str) -> str:
    return " ".join(phrase.split())


def _chinese_spans(folded: str, index: _Index) -> list[tuple[int, int, Term]]:
    plain, offsets = _without_layout(folded)
    spans: list[tuple[int, int, Term]] = []
    position = 0
    while position < len(plain):
        for length in index.lengths.get(plain[position], ()):
            end = position + length
            if plain[position:end] in EVERYDAY_WORDS:
                position = end - 1
                break
            term = index.chinese.get(plain[position:end]) if end <= len(plain) else None
            if term and not _cuts_a_word(plain, position) and not _cuts_a_word(plain, end):
                spans.append((offsets[position], offsets[end - 1] + 1, term))
                position = end - 1
                break
        position += 1
    return spans


def _without_layout(folded: str) -> tuple[str, list[int] | range]:
    """The text without layout white space, and the offset of each of its characters in ``folded``."""
    pieces: list[str] = []
    offsets: list[int] = []
    reached = 0
    for match in _LAYOUT.finditer(folded):
        pieces.append(folded[reached : match.start()])
        offsets.extend(range(reached, match.start()))
        reached = match.end()
    if not pieces:
        return folded, range(len(folded))
    pieces.append(folded[reached:])
    offsets.extend(range(reached, len(folded)))
    return "".join(pieces), offsets


def _cuts_a_word(plain: str, position: int) -> bool:
    """Whether a cut here would part a Roman word or a number (``2型`` does not begin inside ``12型``)."""
    if not 0 < position < len(plain):
        return False
    before, after = plain[position - 1], plain[position]
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()


def _bare(word: str) -> str:
    """``crohn's`` is ``crohn``."""
    return word.removesuffix("'s")


@lru_cache(maxsize=1)
def _index() -> _Index:
    english: dict[tuple[str, ...], Term] = {}
    chinese: dict[str, Term] = {}
    variants: list[tuple[tuple[str, ...], Term]] = []
    punctuated: set[str] = set()
    for term in all_terms():
        for form in term.english:
            folded = fold(form)
            words = words_of(folded)
            english.setdefault(words, term)
            variants += [(variant, term) for variant in _variants(folded, words)]
            found = list(WORD.finditer(folded))
            if not all(_GAP.fullmatch(folded, left.end(), right.start()) for left, right in pairwise(found)):
                punctuated.add(_one_space(folded[found[0].start() : found[-1].end()]))
        for form in term.chinese:
            chinese.setdefault(_LAYOUT.sub("", fold(form)), term)
    for variant, term in variants:  # after all written forms, so that no plural takes the place of one
        english.setdefault(variant, term)
    return _Index(
        english=english,
        word_counts=_sizes((words[0], len(words)) for words in english),
        punctuated=frozenset(punctuated),
        chinese=chinese,
        lengths=_sizes((form[0], len(form)) for form in (*chinese, *EVERYDAY_WORDS)),
    )


def _sizes(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    sizes: dict[str, set[int]] = {}
    for first, size in pairs:
        sizes.setdefault(first, set()).add(size)
    return {first: tuple(sorted(found, reverse=True)) for first, found in sizes.items()}


def _variants(folded: str, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Other spellings of a form: plurals of its last word, ``followup`` for ``follow-up``, ``crohns``."""
    bases = [words]
    if "-" in folded and len(words) == folded.count("-") + 1:
        bases.append(("".join(words),))
    if "'s" in folded:
        bases.append(words_of(folded.replace("'s", "s")))
    return [*bases[1:], *((*base[:-1], plural) for base in bases for plural in _plurals(base[-1]))]


def _plurals(word: str) -> tuple[str, ...]:
    """The plurals that a word may have; not all of them exist, which does no harm."""
    if len(word) < 2 or not word[-1].isalpha():
        return ()
    if word.endswith("is") and len(word) > 4:
        return (word[:-2] + "es",)
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word[:-1] + "ies", word + "s")
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return (word + "es",)
    return (word + "s",)


@lru_cache(maxsize=1)
def _folding() -> dict[int, int]:
    """Characters to characters, one to one, so that folding keeps every offset."""
    table = {code: ord(chr(code).lower()) for code in range(ord("A"), ord("Z") + 1)}
    ranges = ((0xC0, 0x250), (0x370, 0x400), (0x2E80, 0x2FE0), (0xF900, 0xFB00), (0xFF01, 0xFF5F))
    for code in (code for first, last in ranges for code in range(first, last)):
        plain = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(plain) == 1 and code < 0x250:
            plain = unicodedata.normalize("NFD", plain)[0]
        if len(plain) == 1 and ord(plain) != code:
            table[code] = ord(plain)
    # the micro sign is the Greek letter, and an apostrophe is straight
    table |= {0xB5: ord("μ"), 0x2019: ord("'")}
    return table
