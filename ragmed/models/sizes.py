"""The sizes that a ``config.json`` states, each looked at before anything is made of it."""

from __future__ import annotations

from typing import Any

from ragmed.errors import ModelError

REMEDY = "pull or copy the model again"
_LARGEST = 10_000_000
"""No size of a language model comes near it; a larger one is a damaged file."""


def size_of(config: dict[str, Any], key: str, name: str, default: int | None = None, *, largest: int = _LARGEST) -> int:
    """A size that a configuration states, or ``default``. Raises ModelError for what is none."""
    value = config.get(key)
    if value is None and default is not None:
        return default
    if type(value) is not int or not 0 < value <= largest:
        raise ModelError(f"{name}: config.json: {key} is {value!r}", remedy=REMEDY)
    return value
