"""Finds abbreviations and decides, from the rest of the text, which of their senses is meant.

An abbreviation is matched as a whole token, also where it touches Chinese characters (``做CT示GGN``).
Capitals matter for the forms in ``COLLIDING``, which are ordinary words, units or names when written
small; elsewhere a hurried ``dka`` is ``DKA``. A plural ``s`` after a form in capitals (``NSAIDs``)
and the dots of ``b.i.d.`` belong to the match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ragmed.terms.gloss import gloss_to_english
from ragmed.terms.match import WORD, fold
from ragmed.terms.tables import Sense, all_senses, has_han

# small, these are words, units or names: they count as abbreviations only in the written case
_COLLIDING_FORMS = (
    "ace aids all art as asp bid cap cc ch ci co cp dash dr dress ed en er fast fish fit gad gold he hit "
    "hr hus ie la loc map men mg mi mm mo ms news ng nice or os pa pad pea pet ps sob sofa start tab tee "
    "ten tips us va vas vs who"
)
COLLIDING = frozenset(_COLLIDING_FORMS.split())
# after a number these are units, even in capitals
_UNITS = frozenset({"mg", "mm", "ms", "cc", "hr"})
_HEAD = re.compile(r"[0-9A-Za-zµμ]+")
_DOTTED = re.compile(r"(?:[A-Za-z]\.){2,}")
_SHOUTED = re.compile(r"[A-Z]{4,}")
_NEAR = 120  # characters on each side in which a cue counts twice: a sentence or so


@dataclass(frozen=True, slots=True, kw_only=True)
class AbbreviationMatch:
    """An abbreviation in a text: ``text[start:end] == surface``; ``alternatives`` were not chosen."""

    start: int
    end: int
    surface: str
    sense: Sense
    alternatives: tuple[Sense, ...]


def find_abbreviations(text: str) -> tuple[AbbreviationMatch, ...]:
    """The abbreviations in ``text``, in order, each with the sense that the rest of the text speaks for."""
    matches: list[AbbreviationMatch] = []
    reached = 0
    for head in _HEAD.finditer(text):
        start = head.start()
        if start < reached or (start and _joins(text[start - 1])):
            continue
        end, senses = _longest(text, start, head.end())
        if not senses:
            continue
        sense = _chosen(text, start, end, senses)
        others = tuple(other for other in senses if other is not sense)
        reached, surface = end, text[start:end]
        match = AbbreviationMatch(start=start, end=end, surface=surface, sense=sense, alternatives=others)
        matches.append(match)
    return tuple(matches)


def _longest(text: str, start: int, head_end: int) -> tuple[int, tuple[Sense, ...]]:
    """Where the longest abbreviation that begins at ``start`` ends, and its senses (none: no match)."""
    forms, heads = _index()
    head = text[start:head_end]
    for form in heads.get(fold(head), ()):
        end = start + len(form)
        if fold(text[start:end]) == form and (end == len(text) or not _joins(text[end])):
            senses = _allowed(forms[form], text, start, end)
            if senses:
                return end, senses
    dotted = _DOTTED.match(text, start)
    if dotted and not (dotted.end() < len(text) and _joins(text[dotted.end()])):
        bare = fold(dotted.group().replace(".", ""))
        if bare in forms and (bare not in COLLIDING or bare == "bid"):
            return dotted.end(), _one_per_meaning(forms[bare])
    if len(head) > 2 and head.endswith("s") and head[:-1].isupper() and fold(head[:-1]) in forms:
        return head_end, _allowed(forms[fold(head[:-1])], text, start, head_end - 1)
    return start, ()


def _allowed(senses: tuple[Sense, ...], text: str, start: int, end: int) -> tuple[Sense, ...]:
    """The senses the surface may have: first those in its very case, and only those if it collides."""
    surface = text[start:end]
    exact = tuple(sense for sense in senses if sense.abbreviation == surface)
    if fold(surface) in _UNITS and text[:start].rstrip()[-1:].isdigit():
        return ()
    if fold(surface) in COLLIDING:
        return () if surface.isupper() and _is_headline(text, start, end) else exact
    return _one_per_meaning((*exact, *(sense for sense in senses if sense.abbreviation != surface)))


def _one_per_meaning(senses: tuple[Sense, ...]) -> tuple[Sense, ...]:
    """The senses without repetition: ``dx`` and ``Dx`` are listed apart but mean the same."""
    meanings: dict[str, Sense] = {}
    for sense in senses:
        meanings.setdefault(sense.expansion.lower(), sense)
    return tuple(meanings.values())


def _is_headline(text: str, start: int, end: int) -> bool:
    """Whether the words on both sides are in capitals too, so that ``OR`` is most likely the word."""
    before, after = text[:start].rstrip().rsplit(None, 1)[-1:], text[end:].split(None, 1)[:1]
    neighbours = before + after
    return bool(neighbours) and all(_SHOUTED.fullmatch(word.strip(".,:;()")) for word in neighbours)


def _chosen(text: str, start: int, end: int, senses: tuple[Sense, ...]) -> Sense:
    """The sense with most cue words in the rest of the text; a tie goes to the sense listed first."""
    if len(senses) == 1:
        return senses[0]
    far = _cue_text(f"{text[:start]} {text[end:]}")
    near = _cue_text(f"{text[max(0, start - _NEAR) : start]} {text[end : end + _NEAR]}")

    def weight(sense: Sense) -> int:
        written_out = 20 * (f" {sense.expansion.lower()} " in far or sense.zh in far)
        return written_out + sum((cue in far) + (cue in near) for cue in _cues(sense))

    return max(senses, key=weight)  # max keeps the first of equals


def _cue_text(text: str) -> str:
    """The words of the text, small, between single spaces; Chinese is followed by its English gloss."""
    words = " ".join(WORD.findall(fold(text)))
    if not has_han(text):
        return f" {words} "
    return f" {words} {' '.join(WORD.findall(fold(gloss_to_english(text))))} {text} "


@lru_cache(maxsize=4096)
def _cues(sense: Sense) -> tuple[str, ...]:
    """The cue words as they are looked for: Chinese anywhere, English at the start of a word."""
    return tuple(cue if has_han(cue) else " " + " ".join(WORD.findall(fold(cue))) for cue in sense.cue_words)


def _joins(character: str) -> bool:
    """Whether the character would make one token with a Roman letter beside it."""
    return character.isascii() and (character.isalnum() or character == "_")


@lru_cache(maxsize=1)
def _index() -> tuple[dict[str, tuple[Sense, ...]], dict[str, tuple[str, ...]]]:
    """Folded form to senses in file order, and a form's first letters and digits to forms, longest first."""
    forms: dict[str, tuple[Sense, ...]] = {}
    heads: dict[str, list[str]] = {}
    for sense in all_senses():
        form = fold(sense.abbreviation)
        head = _HEAD.match(form)
        if head is None:
            continue
        if form not in forms:
            heads.setdefault(head.group(), []).append(form)
        forms[form] = (*forms.get(form, ()), sense)
    return forms, {head: tuple(sorted(found, key=len, reverse=True)) for head, found in heads.items()}
