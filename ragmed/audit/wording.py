"""Two values that differ, in few words: where they part, not all that they hold.

Laws of this room: pure; what is given back is short whatever is given in; equal values have no wording.
"""

from __future__ import annotations

from ragmed.canonical import canonical_json

AROUND = 40
"""Characters before the place where two texts part, and behind it."""


def named(value: object) -> str:
    """A value as text."""
    return value if isinstance(value, str) else canonical_json(value).decode("utf-8")


def apart(then: str, now: str) -> tuple[str, str]:
    """Both texts from a little before the first character that differs."""
    same = next(
        (place for place, (one, other) in enumerate(zip(then, now, strict=False)) if one != other),
        min(len(then), len(now)),
    )
    return _cut(then, same), _cut(now, same)


def listed(then: tuple[object, ...], now: tuple[object, ...]) -> tuple[str, str]:
    """Both lists at the first item that differs, with its number, or at the end of the shorter one."""
    for number, (one, other) in enumerate(zip(then, now, strict=False), 1):
        if canonical_json(one) != canonical_json(other):
            was, is_now = apart(named(one), named(other))
            return f"{number}: {was}", f"{number}: {is_now}"
    return f"{len(then)} in all", f"{len(now)} in all"


def _cut(text: str, place: int) -> str:
    start, end = max(0, place - AROUND), place + AROUND
    if start >= len(text) or not text:
        return "(nothing)" if not text else f"(ends: {text[-AROUND:]})"
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
