"""What can be left out of the search to measure what it is worth."""

from __future__ import annotations

from collections.abc import Iterable

from ragmed.errors import BadInputError
from ragmed.retrieve.search import ALL_PARTS


def require_parts(names: Iterable[str]) -> frozenset[str]:
    """The names, each of ``ALL_PARTS``. Raises BadInputError with the known ones."""
    unknown = sorted(set(names) - set(ALL_PARTS))
    if unknown:
        known = ", ".join(ALL_PARTS)
        raise BadInputError(f"{unknown[0]!r} is no part that can be left out", remedy=f"name {known}")
    return frozenset(names)
