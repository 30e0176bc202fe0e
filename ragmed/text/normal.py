"""Text as it is compared from edition to edition: spelt one way, so that printing it anew changes nothing.

Laws of this room: two texts have one normal form only where a reader would call them the same words. White space, case,
quote marks, dashes, hyphens inside words, bullets, the numbers of lists and of references may differ; numbers, units,
signs (``≥``), ranges (``I–II``) and the columns of a table row may not.
"""

from __future__ import annotations

import re
import unicodedata

from ragmed.text.language import HAN

_FOLD = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″〝〞「」『』", '"'),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
        **dict.fromkeys("→←↑↓➔➜▶▼►⇒⟶\uf0e0\uf0ae", " "),
        "。": ".",
        "、": ",",
    }
)
_HYPHEN_INSIDE = re.compile(r"(?<=[a-z]{2})[-\u2010\u2011](?=[a-z]{2})")
"""Lower-case letters on both sides: ``I-II`` and ``T1-T2`` are ranges."""
_MARKER = re.compile(
    r"\A(?:[•·▪◦‣∙●○■□◆◇➢✓*\uf0b7\uf0a7-]\s*|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s+|[(（]?[一二三四五六七八九十]{1,3}[)）、.]\s*)+"
)
_REFERENCES = re.compile(
    r"(?<=[a-z)%\"'.])\s?\[\d{1,3}(?:[,\-]\s?\d{1,3})*\](?=[.,;]|\s*\Z)|(?<=[a-z)\]%\"][.])\d{1,3}(?:[,\-]\d{1,3})*\Z"
)
"""Numbers of references as they are printed where a sentence ends: ``was better.[4,5]``, ``was better.12``."""
_NO_SPACE = re.compile(rf"(?<=[{HAN}])\s+|\s+(?=[{HAN}])|(?<=\d)\s+(?=[a-zµμ%°/])|\s+(?=[,.;:)\]%])|(?<=[(\[])\s+")
_END = " .,;:-|"
_NUMBERING = re.compile(
    r"\A\s*(?:(?i:chapter|section|part|appendix)\s+)?(?:\d{1,2}(?:\.\d{1,2}){0,4}[.)]?|(?:[IVX]{1,5}|[A-Za-z])[.)])\s+"
    rf"(?=[A-Z{HAN}])"
)
"""A capital follows: "5 mg of aspirin" has no number of a heading."""

_WORD = re.compile(rf"[{HAN}]+|\d+(?:\.\d+)*%?|[^\W\d_{HAN}][^\W_{HAN}]*")


def normal(text: str) -> str:
    """The form of ``text`` that its reprints share; never empty for a text with a letter or a digit."""
    folded = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    folded = _HYPHEN_INSIDE.sub("", folded.translate(_FOLD)).casefold()
    plain = " ".join(folded.split())
    short = _REFERENCES.sub("", _MARKER.sub("", plain)).strip(_END)
    return _NO_SPACE.sub("", short or plain)


def normal_heading(text: str) -> str:
    """The same of a heading, without its number: ``3.2 Diagnosis`` and ``4.1 Diagnosis`` are one."""
    return normal(_NUMBERING.sub("", text) or text)


def normal_words(form: str) -> list[str]:
    """The words of a normal form, in order: Latin words, numbers, and pairs of Chinese characters."""
    found: list[str] = []
    for match in _WORD.finditer(form):
        word = match.group()
        if ord(word[0]) < 0x3000 or len(word) < 2:
            found.append(word)
        else:
            found.extend(word[start : start + 2] for start in range(len(word) - 1))
    return found
