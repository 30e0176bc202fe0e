"""Glosses: the terms of a text said in the other language, in the order in which they stand.

A gloss is food for retrieval, not a translation: a Chinese chunk is embedded by an English-only model
through its English gloss, a Chinese question is searched among English pages through its own. Words
that the table does not know are left out; numbers and Roman abbreviations, which both languages
share, are kept as they stand.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ragmed.terms.match import HAN, find_terms, fold, term_of
from ragmed.terms.tables import all_senses, has_han

_LATIN_OR_NUMBER = re.compile(r"[0-9A-Za-zµ\u0370-\u03ff]+(?:[-./][0-9A-Za-zµ\u0370-\u03ff]+)*%?")
# of an English text, what a Chinese page would also write so: numbers, tokens with a digit or two capitals
_DIGIT_OR_TWO_CAPITALS = r"(?=[A-Za-z/.-]*\d|[a-z]*[A-Z][A-Za-z0-9/.-]*[A-Z])"
_SHARED = re.compile(rf"[{HAN}]+|{_DIGIT_OR_TWO_CAPITALS}{_LATIN_OR_NUMBER.pattern}")


def gloss_to_english(text: str) -> str:
    """The preferred English terms for the Chinese ones, with the text's Roman and number tokens, in order."""
    parts: list[str] = []
    reached = 0
    for match in find_terms(text):
        if not has_han(match.surface):
            continue  # an English term stands in the text as a Roman token
        parts += _LATIN_OR_NUMBER.findall(text[reached : match.start])
        parts.append(match.term.en)
        reached = match.end
    parts += _LATIN_OR_NUMBER.findall(text[reached:])
    return " ".join(parts)


def gloss_to_chinese(text: str) -> str:
    """The preferred Chinese terms for the English ones, with numbers, abbreviations and Chinese words.

    An abbreviation of the table is kept and followed by its first listed Chinese sense (``CKD 慢性肾脏病``).
    """
    parts: list[str] = []
    reached = 0
    for match in find_terms(text):
        if has_han(match.surface):
            continue
        parts += _shared(text[reached : match.start])
        parts.append(match.term.zh)
        reached = match.end
    parts += _shared(text[reached:])
    return " ".join(parts)


def synonyms(term_text: str) -> tuple[str, ...]:
    """All forms in both languages of the term that ``term_text`` names, preferred first; empty if unknown."""
    term = term_of(term_text)
    if term is None:
        return ()
    return (term.en, term.zh, *term.en_alt, *term.zh_alt)


def _shared(gap: str) -> list[str]:
    parts: list[str] = []
    for token in _SHARED.findall(gap):
        parts.append(token)
        meaning = _first_senses().get(fold(token))
        if meaning and not has_han(token):
            parts.append(meaning)
    return parts


@lru_cache(maxsize=1)
def _first_senses() -> dict[str, str]:
    """Folded abbreviation to the Chinese of its first listed sense."""
    senses: dict[str, str] = {}
    for sense in all_senses():
        senses.setdefault(fold(sense.abbreviation), sense.zh)
    return senses
