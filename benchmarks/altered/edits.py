"""What an edit is, and the few moves that all edits are made of."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Edit = Callable[[str, random.Random, list[str]], str | None]
"""(sentence, chance, other sentences of the page) → the edited sentence, None where it cannot be edited so."""

_HAN = re.compile("[\u3400-\u9fff]")
_JOINED = r"(?:\W*(?:and|or|to|versus|vs|和|或|及|与)?\W*|\W+\w+\W+(?:and|or)\W+)"


def is_chinese(text: str) -> bool:
    return len(_HAN.findall(text)) * 4 > len(text)


def replaced(text: str, span: tuple[int, int], words: str) -> str:
    return text[: span[0]] + words + text[span[1] :]


def like(model: str, words: str) -> str:
    """``words`` with a capital where ``model`` has one."""
    return words[:1].upper() + words[1:] if model[:1].isupper() else words


def exchanged(text: str, pairs: tuple[tuple[str, str], ...], chance: random.Random) -> str | None:
    """One word of a pair, picked by chance among all that stand in the sentence, made the other.

    Not counted where the other word stands beside it in a list or alternative ("before and after", "left or right").
    """
    found = []
    for words, other in pairs:
        for match in re.finditer(rf"\b{words}\b" if words.isascii() else words, text, re.IGNORECASE):
            beside = re.compile(rf"{_JOINED}{other}", re.IGNORECASE).match(text, match.end())
            if not beside and not re.search(rf"{other}{_JOINED}$", text[: match.start()], re.IGNORECASE):
                found.append((match, other))
    if not found:
        return None
    match, other = chance.choice(found)
    return replaced(text, match.span(), like(match.group(), other))
