"""Which elements of an HTML page a reader would not see: what must not be quoted as if it stood there.

Laws of this room: only what is certain counts (inline styles, attributes, plain class and id rules of the page's own
style sheets); no style sheet is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"(?:[a-zA-Z][\w-]*)?([.#][\w-]+)\Z")
_NONE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:!|;|\Z)"
    r"|font-size\s*:\s*(?:0|0?\.\d+|1)(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:!|;|\Z)"
    r"|(?:left|right|top|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}(?:\.\d+)?(?:px|pt|em|rem)?\s*(?:!|;|\Z)"
    r"|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:!|;|\Z)",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?<![\w-])color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = re.compile(
    r"\s*(?:white|#fff(?:fff)?|rgba?\(\s*25[0-5]\s*,\s*25[0-5]\s*,\s*25[0-5]\s*(?:,[^)]*)?\)|transparent|rgba\([^)]*,\s*0(?:\.0*)?\s*\))\s*\Z",
    re.IGNORECASE,
)


class Visibility:
    """The page's own rules, asked element by element."""

    def __init__(self, style_sheets: Iterable[str]) -> None:
        self._rules: dict[str, str] = {}
        for sheet in style_sheets:
            for selectors, body in _RULE.findall(sheet[:200_000]):
                for selector in selectors.split(","):
                    if match := _SIMPLE.match(selector.strip()):
                        self._rules[match.group(1)] = self._rules.get(match.group(1), "") + ";" + body

    def style(self, element: etree._Element) -> str:
        """The rules that hold for an element, its own last."""
        parts = [self._rules.get(f"#{element.get('id')}", "")] if element.get("id") else []
        parts.extend(self._rules.get(f".{name}", "") for name in (element.get("class") or "").split())
        parts.append(element.get("style") or "")
        return ";".join(part for part in parts if part)

    def hidden(self, element: etree._Element, backgrounds: list[str]) -> bool:
        """Whether the element is kept from view; ``backgrounds`` holds the colours set above it, nearest last."""
        if element.get("hidden") is not None or (element.get("aria-hidden") or "").lower() == "true":
            return True
        style = self.style(element)
        if element.tag == "font" and element.get("color"):
            style = f"color:{element.get('color')};{style}"
        if not style:
            return False
        if _NONE.search(style):
            return True
        colour = _COLOUR.findall(style)
        if not colour:
            return False
        ground = _BACKGROUND.findall(style) or backgrounds
        behind = ground[-1].strip().lower() if ground else "white"
        own = colour[-1].strip().lower()
        return own == behind or (_WHITE.match(own) is not None and _WHITE.match(behind) is not None)

    def background(self, element: etree._Element) -> str:
        """The background colour that the element sets, or nothing."""
        found = _BACKGROUND.findall(self.style(element))
        return found[-1].strip() if found else (element.get("bgcolor") or "")
