"""Where sentences end, in English, Chinese and a mixture of both.

Laws of this room: the spans are in order, never overlap, never begin or end with white space, and together cover every
character that is not white space. No sentence ends inside a number, an abbreviation or an initial; closing quotes and
brackets stay with the sentence they close, and so do the numbers of references printed behind the full stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ragmed.text.language import HAN

STOPS = ".。!?！？;；\n"
"""Characters at which a sentence may end."""
_CLOSERS = "\"'”’»)\\]）】」』》〉"
_OPENERS = "\"'“‘«([（【「『《〈"
_STOP = re.compile(
    rf"(?P<line>[\r\n\u2028\u2029\x0b\x0c\x85]+)"
    rf"|(?P<full>[。！？｡][。！？｡!?…]*[{_CLOSERS}]*)"
    rf"|(?P<ask>[!?]+[!?.…]*[{_CLOSERS}]*)"
    rf"|(?P<dots>(?:…+|\.\.\.+)[{_CLOSERS}]*)"
    # a full stop may be followed by reference numbers: "was better.12,13 The", "was better.[4]"
    rf"|(?P<dot>[.．][{_CLOSERS}]*(?:\[[\d,\s–-]{{1,20}}\]|(?<=[a-z)\]”’%][.．])\d{{1,3}}(?:[,–-]\d{{1,3}})*(?=\s|\Z))?)"
    rf"|(?P<soft>[;；])"
)
_WORD_BEFORE = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:\.[A-Za-z]+)*\Z")
_NEXT_WORD = re.compile(rf"[\s{re.escape(_OPENERS)}]*([A-Za-z\u00c0-\u024f]+)?")
_LIST_NUMBER = re.compile(rf"[\s{re.escape(_OPENERS)}]*(?:\d{{1,3}}|[A-Za-z]|[ivxIVX]{{1,5}})(?:\.\d{{1,3}}){{0,4}}\Z")
_IS_HAN = re.compile(f"[{HAN}]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER_LAST = _words(
    "e.g eg i.e ie vs dr mr mrs ms prof fig figs eq eqs no nos vol vols pp cf approx ca sec ch chap ref refs st viz "
    "resp tab pt pts incl excl esp ed eds rev art sp spp var subsp nr dept hosp assn al"
)
"""Abbreviations that a sentence does not end with ("et al." ends one only before a word that starts sentences)."""

_MAYBE_LAST = _words(
    "etc inc ltd jr sr co corp a.m p.m am pm jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri sat "
    "sun mg ml dl kg mmol min hr hrs wk wks yr yrs mo mos sec secs max avg"
)
"""Abbreviations and units that may end a sentence: they do where a capital follows."""

_STARTERS = _words(
    "the this that these those a an in if it its for use patients adults children women men consider give do when "
    "where after before at on as all any there although however because while with we they he she no not most some "
    "each both treatment therapy treat avoid check start stop see and but or to from by such only other another many "
    "several"
)
"""Words, lower case, that start a sentence so often that a capital on them settles it after an initial."""

_LETTERED = _words(
    "vitamin hepatitis type grade class group stage category level influenza factor appendix protein arm cohort part "
    "option plan phase immunoglobulin haemophilia hemophilia panel section recommendation evidence strength"
)
"""Words that a single capital letter completes: "vitamin C." ends a sentence, "J." in "J. Smith" does not."""


def sentence_spans(
    text: str, *, line_ends: bool = True, semicolons: bool = False, start: int = 0, end: int | None = None
) -> tuple[tuple[int, int], ...]:
    """The sentences of ``text[start:end]`` as half-open spans of ``text``.

    ``line_ends``: a line break ends a sentence (False for text whose lines are merely wrapped).
    ``semicolons``: ``;`` before white space and ``；`` end one too.
    """
    end = len(text) if end is None else end
    spans = []
    begin = start
    for cut in (*_cuts(text, start, end, line_ends, semicolons), end):
        trimmed = _trim(text, begin, cut)
        if trimmed is not None:
            spans.append(trimmed)
        begin = cut
    return tuple(spans)


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _cuts(text: str, start: int, end: int, line_ends: bool, semicolons: bool) -> Iterator[int]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        kind = stop.lastgroup
        after = text[stop.end() : stop.end() + 1] if stop.end() < end else ""
        if kind == "line":
            ends = line_ends or stop.group().count("\n") > 1
        elif kind == "full":
            ends = True
        elif kind == "soft":
            ends = semicolons and (stop.group() == "；" or not after or after.isspace())
        elif kind == "ask":
            ends = _question_ends(text, stop, after)
        elif kind == "dots":
            ends = (
                not after or _IS_HAN.match(after) is not None or (after.isspace() and not _lower_next(text, stop.end()))
            )
        else:
            ends = _full_stop_ends(text, begin, stop, after)
        if ends:
            yield stop.end()
            begin = stop.end()


def _lower_next(text: str, position: int) -> bool:
    word = _next_word(text, position)
    return bool(word) and word[0].islower()


def _next_word(text: str, position: int) -> str:
    match = _NEXT_WORD.match(text, position, position + 60)
    return (match.group(1) or "") if match else ""


def _question_ends(text: str, stop: re.Match[str], after: str) -> bool:
    if after and not after.isspace() and not _IS_HAN.match(after):
        return False
    quoted = stop.group()[-1] not in "!?.…"
    return not (quoted and _lower_next(text, stop.end()))


def _full_stop_ends(text: str, begin: int, stop: re.Match[str], after: str) -> bool:
    """Whether the full stop at ``stop`` ends the sentence that began at ``begin``."""
    if not after:
        return True
    before = text[max(begin, stop.start() - 40) : stop.start()]
    if not after.isspace():
        return _ends_without_space(before, stop, after)
    if stop.start() - begin < 40 and _LIST_NUMBER.match(text[begin : stop.start()]):
        return False
    word = match.group().lower() if (match := _WORD_BEFORE.search(before)) else ""
    following = _next_word(text, stop.end())
    starts = following[:1].isupper() and following.lower() in _STARTERS
    if word in _NEVER_LAST:
        ends = _ends_after_abbreviation(text, stop, word, following)
    elif "." in word and word not in _MAYBE_LAST:
        ends = starts
    elif len(word) == 1 and before[-1:].isupper():
        ends = starts or (_completes_a_word(before) and not following[:1].islower())
    elif following[:1].islower():
        # typed in a hurry, "no fever. what next": a plain long word before, and not a known abbreviation
        ends = len(word) >= 5 and word not in _MAYBE_LAST
    else:
        ends = True
    return ends


def _ends_without_space(before: str, stop: re.Match[str], after: str) -> bool:
    if _IS_HAN.match(after) or (stop.group()[0] == "．" and not (before[-1:].isdigit() and after.isdigit())):
        return not before[-1:].isdigit()
    # "fever.The": a space lost in extraction
    return (
        len(before) >= 3
        and before[-3:].isalpha()
        and before[-3:].islower()
        and after.isupper()
        and len(stop.group()) == 1
    )


def _ends_after_abbreviation(text: str, stop: re.Match[str], word: str, following: str) -> bool:
    if word in ("no", "nos"):
        # "No. 3" is a number, "No. The trial" an answer
        return not text[stop.end() : stop.end() + 20].lstrip()[:1].isdigit() and following[:1].isupper()
    if word in ("al", "st", "ed", "sec", "pt", "pts", "rev", "art"):
        return following[:1].isupper() and following.lower() in _STARTERS
    return False


def _completes_a_word(before: str) -> bool:
    words = re.findall(r"[A-Za-z]+", before[:-1])
    return bool(words) and words[-1].lower() in _LETTERED
