"""HTML built from parts, escaped unless it was built here.

Laws of this room: a plain ``str`` child is text and is escaped; only ``Markup``, which only this module makes, is not;
an address (``href``, ``src``) points into this app; no scripts, no event attributes, no styles from outside: of a style
only a number can be set, ``share``, which the style sheet draws with.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

VOID = frozenset({"img", "br", "hr", "link"})
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_INSIDE = re.compile(r"(?:[?#]|/(?!/))[^\s\\]*\Z")
# control characters other than tab and line breaks have no place in a page, and some browsers act on them
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class Markup(str):
    """HTML that is safe to hand to the browser."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
Value: TypeAlias = "str | int | float | bool | None"


def text(value: str) -> Markup:
    """``value`` as inert text."""
    return value if isinstance(value, Markup) else Markup(html.escape(_CONTROL.sub("�", value)))


def join(*children: Child, by: str = "") -> Markup:
    """The children one after the other, ``None`` left out."""
    return Markup(text(by).join(_flat(children)))


def el(tag: str, *children: Child, **attributes: Value) -> Markup:
    """One element. ``class_`` is ``class``, ``data_cite`` is ``data-cite``; ``True`` stands bare, ``False`` none.

    ``share`` is a number from 0 to 1: the style sheet's ``--share``.

    Raises ValueError for an address outside this app, for an event attribute, and for a child of a void element.
    """
    opening = f"<{_name(tag)}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    if tag in VOID:
        if children:
            raise ValueError(f"<{tag}> takes no children")
        return Markup(opening)
    return Markup(f"{opening}{join(*children)}</{tag}>")


def label(value: str) -> str:
    """``value`` for a Streamlit widget's label, which is Markdown: every mark escaped, line breaks as spaces."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(_CONTROL.sub("�", value).split()))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            yield text(child)
        else:
            yield from _flat(child)


def _name(name: str) -> str:
    if not _NAME.match(name) or name == "script":
        raise ValueError(f"{name!r} is not a name that this app puts on a page")
    return name


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    if name == "share":
        return f' style="--share: {float(value):.4f}"'
    name = _name(name.rstrip("_").replace("_", "-"))
    if name.startswith("on") or name in ("style", "srcdoc"):
        raise ValueError(f"attribute {name!r} is not allowed on a page")
    if value is True:
        return f" {name}"
    written = str(value)
    if name in ("href", "src") and not _INSIDE.match(written):
        raise ValueError(f"{name} must point into this app, not to {written!r}")
    return f' {name}="{html.escape(_CONTROL.sub("�", written))}"'
