"""Which language a text is in, as far as RagMed tells them apart: English, Chinese, other.

Laws of this room: script decides first, words second; no model, no table of n-grams, the same answer for the same text.
A Chinese sentence full of Latin abbreviations ("患者 AECOPD,ICS+LABA 无效,FEV1 30%") is Chinese.
"""

from __future__ import annotations

import re

from ragmed.records import Language

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"
"""The Chinese characters, as the inside of a character class."""


def _words(text: str) -> list[str]:
    return text.split()


_HAN = re.compile(f"[{HAN}]")
_KANA_OR_HANGUL = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7af\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f0-9'’-]*")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_NOT_LATIN = re.compile(r"[^\W\d_A-Za-z\u00aa\u00ba\u00b5\u00c0-\u024f\u02b0-\u02ff\u0370-\u03ff\u2070-\u218f]")
"""Letters of other scripts; Greek ones are symbols in medicine (β-blocker), and so are ℃, ª and µ."""
_ABBREVIATION = re.compile(r"[^a-z]*[A-Z][^a-z]*[a-z]?\Z")
# words of the four languages that stand nearest to English in a European library; none of them is an English word
_FOREIGN = frozenset(
    _words(
        "der die das und ist mit für nicht ein eine wird werden bei oder auch von den dem zu zur zum "
        "le la les des et est une dans pour avec sur par du aux ou qui que pas "
        "el los las y del con para por una como se su al "
        "il di che e della sono gli nel per non alla"
    )
)
_ENGLISH = frozenset(
    _words(
        "the of and is are to in for with what how should a an be or on this that by from as it was at not which when "
        "can if who does do may more than has have"
    )
)
_WORDS_FOR_A_VERDICT = 12
"""Fewer Latin words than this are called English: a question is too short to tell German from drug names."""


def detect_language(text: str) -> Language:
    """The language of ``text``; OTHER for other scripts and for text without any letter."""
    words = _LATIN_WORD.findall(text)
    if text.isascii() or not _NOT_LATIN.search(text):
        return _latin(words) if words else Language.OTHER
    han = len(_HAN.findall(text))
    east = len(_KANA_OR_HANGUL.findall(text))
    foreign = len(_NOT_LATIN.findall(text)) - han - east
    latin = len(_LATIN_LETTER.findall(text))
    # kana or hangul beside Chinese characters: Japanese or Korean (a Chinese text quotes one or two at most)
    if east * 5 > han + east and east > 1:
        return Language.OTHER if east + han >= len(words) else _latin(words)
    if foreign > han + latin:
        return Language.OTHER
    # a Chinese character weighs about as much as a word; abbreviations belong to either language
    natural = sum(1 for word in words if not _ABBREVIATION.match(word))
    if han and han >= natural:
        return Language.CHINESE
    return _latin(words) if words else Language.OTHER


def _latin(words: list[str]) -> Language:
    if len(words) < _WORDS_FOR_A_VERDICT:
        return Language.ENGLISH
    lowered = [word.lower() for word in words]
    english = sum(map(_ENGLISH.__contains__, lowered))
    foreign = sum(map(_FOREIGN.__contains__, lowered))
    # a twentieth of the words: references and tables of a foreign page must not decide, nor one quoted sentence
    return Language.OTHER if foreign > 2 * english and foreign * 20 > len(words) else Language.ENGLISH
