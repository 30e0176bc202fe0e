"""Words for the lexical half of the search: the one analysis that indexing and querying share.

The laws of the room:

* A pure function of the text and the shipped word lists. What it depends on is named by ``analysis_version()``, which
  a snapshot's manifest records: a query must be cut as the index was.
* A clinical token stays whole: ``HbA1c``, ``T4``, ``2.5``, ``mg/dl``. A joined one is found both ways: ``CURB-65``
  gives ``curb65``, ``curb`` and ``65``, so that ``CURB65`` and ``CURB 65`` meet it; ``β-blocker`` meets
  ``beta blocker``.
* Chinese is cut by dictionary (jieba's, with the words of ``ragmed.terms``) into words and the shorter words inside
  them; what no dictionary knows becomes pairs of characters. No statistical guessing of new words: the same
  characters are cut alike in a short question and in a long page as often as can be.

jieba's own loader is not used: it trusts a cache file in the shared temporary folder, and logs to stderr.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ragmed.canonical import sha256_of
from ragmed.text.stop_words import ENGLISH_STOP_WORDS, HAN_STOP_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable

_RULES = "1"
"""Raised whenever the words of some text may come out differently."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005"
_LETTER = rf"[^\W_{_HAN}]"
_TOKEN = re.compile(
    rf"[{_HAN}]+"
    rf"|\d+(?:[.,]\d+)*\s?%"
    rf"|\d+(?:[.,]\d+)*{_LETTER}*(?:[-/.'’‐‑]{_LETTER}+)*"
    rf"|{_LETTER}+(?:[-/.'’‐‑]{_LETTER}+)*"
)
_HAN_RUN = re.compile(rf"[{_HAN}]+")
_JOINER = re.compile(r"[-/.'’‐‑]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?)([a-z].*)")

# the units that stand in doses and laboratory values; a slash between two of them makes one unit
_UNITS = frozenset(
    """
    mg g kg mcg ng pg ml l dl cl mmol mol umol nmol pmol meq iu u miu mm cm m m2 m3 mm3 mmhg kpa cmh2o h hr min s sec
    day d wk week month year dose unit kcal cal cells ppm hz gy msv bpm
    """.split()  # noqa: SIM905 - reads better than 50 quoted units
)
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_GREEK_LETTER = re.compile("[α-ω]")
_MICRO = re.compile(r"(?<![a-z])(?:μ|u)(?=(?:g|l|m|mol)(?![a-z]))")
# names that end like a plural and are none
_NEVER_STEMMED = frozenset("aids sars mers dress diabetes herpes rabies scabies measles mumps pcos".split())  # noqa: SIM905
_LONGEST_WORD = 64
"""Longer tokens are hashes, links and garbage; they are cut to this many characters so that none is silently lost."""


def words(text: str) -> list[str]:
    """The index words of ``text``, in order, repeats kept. English is lower-cased and stemmed, stop words dropped."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found: list[str] = []
    extend = found.extend
    for token in _TOKEN.findall(text):
        extend(_of_token(token) if token[0] < "\u3005" or not _HAN_RUN.match(token) else _of_han(token))
    return found


@lru_cache(maxsize=1)
def analysis_version() -> str:
    """Names all that ``words`` depends on: its rules, the stemmer, and the Chinese dictionary with the user words."""
    from importlib.metadata import version

    from ragmed.terms import chinese_words

    lists = sha256_of([sorted(chinese_words()), sorted(ENGLISH_STOP_WORDS), sorted(HAN_STOP_CHARACTERS)])
    return f"{_RULES}-stemmer{version('PyStemmer')}-jieba{version('jieba')}-{lists[:12]}"


@lru_cache(maxsize=1 << 16)
def _of_token(token: str) -> tuple[str, ...]:
    """The words of one token without Chinese characters."""
    if token == "WHO":  # the organisation, not the pronoun
        return ("who",)
    plain = _folded(token)
    if plain.isalpha():
        return _of_word(plain)
    if plain.endswith("%"):
        number = _THOUSANDS.sub("", plain[:-1].rstrip())
        return (number + "%", number) if _NUMBER.fullmatch(number) else tuple(_parts(plain[:-1]))
    return tuple(_parts(plain))


def _folded(token: str) -> str:
    """Lower case, no accents (``Sjögren``), Greek letters by name, micro as ``mc``, one kind of hyphen."""
    plain = token.lower()
    if plain.isascii():
        return _MICRO.sub("mc", plain) if "u" in plain else plain
    plain = plain.replace("\u2010", "-").replace("\u2011", "-").replace("’", "'")
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    plain = _MICRO.sub("mc", plain)
    return _GREEK_LETTER.sub(lambda match: _GREEK[match.group()], plain)


def _parts(token: str) -> Iterator[str]:
    """The words of a folded token that holds digits or joiners."""
    if _NUMBER.fullmatch(token):
        yield _THOUSANDS.sub("", token)
        return
    parts = [part for part in _JOINER.split(_shielded(token)) if part]
    parts = [part.replace("\0", ".") for part in parts]
    if len(parts) > 1 and parts[-1] == "s" and "'" in token:  # Crohn's
        parts.pop()
    if len(parts) == 1:
        yield from _single(parts[0])
        return
    if all(len(part) == 1 and part.isalpha() for part in parts):  # U.S., e.g.
        yield "".join(parts)
        return
    leading = _NUMBER_WITH_UNIT.fullmatch(parts[0])
    units = [leading.group(2) if leading else parts[0], *parts[1:]]
    if "/" in token and all(part in _UNITS for part in units):
        if leading:
            yield leading.group(1)
        yield "/".join(units)
        return
    if "-" in token and "/" not in token and not all(_NUMBER.fullmatch(part) for part in parts):
        yield "".join(parts)[:_LONGEST_WORD]
    for part in parts:
        yield from _single(part)


def _shielded(token: str) -> str:
    """``token`` with decimal points hidden from the splitting at dots."""
    return re.sub(r"(?<=\d)\.(?=\d)", "\0", token)


def _single(part: str) -> tuple[str, ...]:
    """The words of a part without joiners: a word, a number, ``hba1c``, or ``50mg``."""
    if part.isalpha():
        return _of_word(part)
    dose = _NUMBER_WITH_UNIT.fullmatch(part)
    if dose and dose.group(2) in _UNITS:
        return (dose.group(1), dose.group(2))
    return (part[:_LONGEST_WORD],)


def _of_word(word: str) -> tuple[str, ...]:
    if word in ENGLISH_STOP_WORDS:
        return ()
    if len(word) <= 3 or word in _NEVER_STEMMED:
        return (word,)
    return (_stemmer()(word[:_LONGEST_WORD]),)


@lru_cache(maxsize=1)
def _stemmer() -> Callable[[str], str]:
    """Porter's second English stemmer. Called under ``_of_token``'s cache only."""
    import threading

    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    lock = threading.Lock()  # a stemmer object keeps its working memory

    def stem(word: str) -> str:
        with lock:
            return str(stemmer.stemWord(word))

    return stem


def _of_han(run: str) -> Iterator[str]:
    """Dictionary words of a run of Chinese characters with the shorter words inside, pairs where none is known."""
    cut, known = _chinese()
    loose = ""
    for word in cut(run):
        if len(word) == 1:
            if word not in HAN_STOP_CHARACTERS:
                loose += word
                continue
            yield from _pairs(loose)
            loose = ""
            continue
        yield from _pairs(loose)
        loose = ""
        for length in (2, 3, 4):
            if length < len(word):
                yield from (
                    word[start : start + length]
                    for start in range(len(word) - length + 1)
                    if known.get(word[start : start + length])
                )
        yield word
    yield from _pairs(loose)


def han_words(run: str) -> list[str]:
    """A run of Chinese characters cut into dictionary words that cover it; what no dictionary knows, by character."""
    cut, _ = _chinese()
    return list(cut(run))


def _pairs(loose: str) -> Iterator[str]:
    if len(loose) == 1:
        yield loose
    for start in range(len(loose) - 1):
        yield loose[start : start + 2]


@lru_cache(maxsize=1)
def _chinese() -> tuple[Callable[[str], Iterator[str]], dict[str, int]]:
    """The cutter and its dictionary (word to frequency; 0 for a mere beginning of words)."""
    import logging
    import warnings

    with warnings.catch_warnings():
        # jieba 0.42.1 has unescaped backslashes in its patterns and asks for pkg_resources
        warnings.simplefilter("ignore")
        import jieba
    from ragmed.terms import chinese_words

    logging.getLogger("jieba").handlers.clear()
    logging.getLogger("jieba").setLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in sorted(chinese_words()):
        for piece in _HAN_RUN.findall(unicodedata.normalize("NFKC", word)):
            if len(piece) > 1:
                tokenizer.add_word(piece)

    def cut(run: str) -> Iterator[str]:
        pieces: Iterator[str] = tokenizer.cut(run, HMM=False)
        return pieces

    return cut, tokenizer.FREQ
