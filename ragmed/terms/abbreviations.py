"""Finds abbreviations and decides, from the rest of the text, which of their senses is meant.

An abbreviation is matched as a whole token, also where it touches Chinese characters (``做CT示GGN``). Capitals matter for
the forms in ``COLLIDING``, which are ordinary words, units or names when written small; elsewhere a hurried ``dka`` is
``DKA``. A plural ``s`` after a form in capitals (``NSAIDs``) and the dots of ``b.i.d.`` belong to the match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ragmed.terms.gloss import gloss_to_english
from ragmed.terms.match import WORD, fold
from ragmed.terms.tables import Sense, all_senses, has_han

# small, these are words, units or names: they count as abbreviations only in the written case
COLLIDING = frozenset(
    """ace add ages aids aim air all am an and apps arm arms art as ask at bad bag bar bat bed bid bit bad cab can cap car
    care cars cast cat cc ci cm cons cord core cost cp cs cup cut dab dad day de did dip do dr due eat ed eg er es et fab
    fast fat fed few fig fit fob for gad gap gas get go gram had ham hand has hat he her hip his hit how hr id ie if in is
    it its kg la lab lap led leg let lid lip ll low lows m mad man map mars mask mass mat max may me men met mi mid min mine
    mix ml mm mo mod mole mood ms my net no nod nor not now of off oh old on one or os our out pa pad pal pan pas pat past
    pet pin pip pm pop pot pros rag ran rap ras rat raw rest rice rip risk rob rod sad safe said same sat save saw sec see
    set she sit so soap sob sofa spa span spin st star stem stop strip tab tap tar tax tee ten test the tip tips to tot tram
    trap try two up us use vas via vs wall was wet who will win with work yes you""".split()
)
_HEAD = re.compile(r"[0-9A-Za-zµμ]+")
_DOTTED = re.compile(r"(?:[A-Za-z]\.){2,}")
_SHOUTED = re.compile(r"[A-Z]{4,}")
_NEAR = 120  # characters on each side in which a cue counts twice: a sentence or so


@dataclass(frozen=True, slots=True, kw_only=True)
class AbbreviationMatch:
    """An abbreviation in a text, ``text[start:end] == surface``; ``alternatives`` are the senses not chosen."""

    start: int
    end: int
    surface: str
    sense: Sense
    alternatives: tuple[Sense, ...]


def find_abbreviations(text: str) -> tuple[AbbreviationMatch, ...]:
    """The abbreviations that stand in ``text``, in order, each with the sense that the rest of the text speaks for."""
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
        surface = text[start:end]
        matches.append(AbbreviationMatch(start=start, end=end, surface=surface, sense=sense, alternatives=others))
        reached = end
    return tuple(matches)


def _longest(text: str, start: int, head_end: int) -> tuple[int, tuple[Sense, ...]]:
    """Where the longest abbreviation that begins at ``start`` ends, and its senses (none: no abbreviation)."""
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
        if bare in forms and bare not in COLLIDING or bare == "bid":
            return dotted.end(), tuple(forms.get(bare, ()))
    if len(head) > 2 and head.endswith("s") and head[:-1].isupper() and fold(head[:-1]) in forms:
        return head_end, _allowed(forms[fold(head[:-1])], text, start, head_end - 1)
    return start, ()


def _allowed(senses: tuple[Sense, ...], text: str, start: int, end: int) -> tuple[Sense, ...]:
    """The senses that the surface may have: those written in its very case first, and only those if it collides."""
    surface = text[start:end]
    exact = tuple(sense for sense in senses if sense.abbreviation == surface)
    if fold(surface) in COLLIDING:
        return () if surface.isupper() and _is_headline(text, start, end) else exact
    ordered = (*exact, *(sense for sense in senses if sense.abbreviation != surface))
    return tuple({sense.expansion.lower(): sense for sense in reversed(ordered)}.values())[::-1]


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
    """The words of the text, small, each between single spaces; a Chinese text is followed by its English gloss."""
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
    """Folded form to senses in file order, and the first letters-and-digits run of a form to the forms, longest first."""
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
