"""Thoughts of a model that thinks, taken out of what it writes while it writes.

A reasoning model may put its thoughts between ``<think>`` and ``</think>`` before, or amid, its answer. They are no
answer: they also argue for what the answer then rejects.

Laws: what the filter has let out is never called back; cutting the same text into other pieces changes nothing of what
comes out altogether; thoughts that do not end hide all that follows them. In doubt too much is hidden: tags may be
nested, and the outermost counts.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "<think>", "</think>"
_TAG = re.compile("|".join((OPEN, CLOSE)))


class ThoughtFilter:
    """One text in pieces; keeps back only what may yet turn out to be the beginning of a tag.

    ``thinking``: the prompt ends in the opening tag, as some chat templates have it, so that the text begins with
    thoughts. White space between thoughts and the first word of the answer is dropped.
    """

    def __init__(self, *, thinking: bool = False) -> None:
        self.stray = False
        """A closing tag has come that nothing opened: what was let out before it may have been thoughts."""
        self._depth = int(thinking)
        self._held = ""
        self._begun = False
        self._thought = thinking

    def feed(self, text: str) -> str:
        """What of the text so far may be shown and was not yet; often empty."""
        rest = self._held + text
        shown = ""
        while (found := _TAG.search(rest)) is not None:
            shown += self._visible(rest[: found.start()])
            rest = rest[found.end() :]
            self._thought = True
            if found[0] == OPEN:
                self._depth += 1
            elif self._depth:
                self._depth -= 1
            else:
                self.stray = True
        kept = len(rest) - _beginning_of_a_tag(rest)
        self._held = rest[kept:]
        return shown + self._visible(rest[:kept])

    def end(self) -> str:
        """The last of it: what was kept back and is no tag after all."""
        rest, self._held = self._held, ""
        return self._visible(rest)

    def _visible(self, text: str) -> str:
        if self._depth:
            return ""
        if self._thought and not self._begun:
            text = text.lstrip()
        self._begun = self._begun or bool(text.strip())
        return text


def _beginning_of_a_tag(text: str) -> int:
    """How many of the last characters may be the beginning of a tag."""
    at = text.rfind("<", -len(CLOSE) + 1)
    return len(text) - at if at >= 0 and (OPEN.startswith(text[at:]) or CLOSE.startswith(text[at:])) else 0
