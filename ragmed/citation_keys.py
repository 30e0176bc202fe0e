"""Keys of an answer's quotes: the one way in which the command line, JSON, links and page images name a citation.

A key is the marker as the reader sees it (``2``). Where one passage carries several quotes, the second and later ones
have a letter behind it (``2b``, ``2c``, … ``2z``, ``2ba``). Keys follow from the record alone, so that they hold for
as long as the record does, and every citation has one: of a claim, of a diagnosis, of a finding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragmed.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragmed.records import AnswerRecord, CitationCheck

KEY = re.compile(r"[0-9]{1,4}[a-z]{0,2}\Z")
RECORD_ID = re.compile(r"[0-9A-Za-z_-]{4,80}\Z")
"""An answer's id, or the beginning of one."""
_MOST_NAMED = 40
"""Keys that an error names; a large differential card has more than a hundred."""


def keys_of(record: AnswerRecord) -> tuple[str, ...]:
    """The key of each of ``record.checks``, in order; the same words on the same page share one."""
    by_marker: dict[int, dict[tuple[str, int, int, int], int]] = {}
    keys = []
    for check in record.checks:
        citation = check.citation
        quotes = by_marker.setdefault(citation.marker, {})
        place = (citation.document_id, citation.page_number, citation.start, citation.end)
        keys.append(f"{citation.marker}{_letters(quotes.setdefault(place, len(quotes)))}")
    return tuple(keys)


def check_for(record: AnswerRecord, key: str) -> CitationCheck:
    """The citation with this key. Raises NotFoundError naming the keys there are."""
    keys = keys_of(record)
    for candidate, check in zip(keys, record.checks, strict=True):
        if candidate == key:
            return check
    raise NotFoundError(
        f"record {record.record_id} has no citation [{key}]", remedy=f"it has these citations: {_named(keys)}"
    )


def in_order(keys: Iterable[str]) -> list[str]:
    """Distinct keys as a reader counts them: 1, 1b, 2, 10, 10b."""
    return sorted(set(keys), key=_order)


def page_label(record: AnswerRecord, check: CitationCheck) -> str:
    """The printed label of the cited page, as it was when the answer was given; the number where none is known."""
    citation = check.citation
    for passage in record.retrieval.passages:
        if (passage.document.document_id, passage.chunk.page_number) == (citation.document_id, citation.page_number):
            return passage.page_label
    return str(citation.page_number)


def _named(keys: Iterable[str]) -> str:
    known = in_order(keys)
    more = len(known) - _MOST_NAMED
    return ", ".join(known[:_MOST_NAMED]) + (f" and {more} more; see --json" if more > 0 else "") or "none"


def _order(key: str) -> tuple[int, int, str]:
    digits = key.rstrip("abcdefghijklmnopqrstuvwxyz")
    letters = key[len(digits) :]
    return int(digits), len(letters), letters


def _letters(index: int) -> str:
    """Nothing, b, c, … z, ba, bb …: an endless row for the second and later quotes of one marker."""
    letters = ""
    while index:
        index, rest = divmod(index, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
