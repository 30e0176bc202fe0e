"""Drugs whose names are taken for one another: what a claim about a drug must not be confused with.

``look_alike.tsv`` holds one pair a row, written for this project from general knowledge of medication safety. The two
names of a pair are never forms of one term. Both are drugs, also where ``terms.tsv`` does not know them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from ragmed.terms.tables import TableError, has_han, rows_of

LOOK_ALIKE_COLUMNS = ("language", "one", "other")
LOOK_ALIKE_FILE = Path(__file__).with_name("look_alike.tsv")


def read_look_alikes(path: Path) -> tuple[tuple[str, str], ...]:
    """The pairs of a table, in file order; raises ``TableError`` for the first malformed row."""
    pairs: list[tuple[str, str]] = []
    seen: dict[frozenset[str], int] = {}
    for line, (language, one, other) in rows_of(path, LOOK_ALIKE_COLUMNS):
        where = f"{path}, line {line}"
        for name in (one, other):
            if language not in ("en", "zh") or has_han(name) is not (language == "zh") or name != name.lower():
                raise TableError(f"{where}: {name!r} is no lower-case name in the language {language!r}")
        first = seen.setdefault(frozenset((one, other)), line)
        if first != line or one == other:
            raise TableError(f"{where}: the pair already stands on line {first}, or is none")
        pairs.append((one, other))
    return tuple(pairs)


@lru_cache(maxsize=1)
def look_alikes() -> tuple[tuple[str, str], ...]:
    """The shipped pairs, in file order."""
    return read_look_alikes(LOOK_ALIKE_FILE)


@lru_cache(maxsize=1)
def look_alike_pattern() -> re.Pattern[str]:
    """Any Latin name of the table as a whole word."""
    names = sorted({name for pair in look_alikes() for name in pair if name.isascii()}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE)
