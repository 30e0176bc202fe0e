"""Server-sent events, read from bytes as they come.

Laws: cutting the same bytes into other pieces gives the same events; a character whose bytes come in two pieces is one
character; what is not understood is passed over; no line is held that is longer than any engine has reason to send.
"""

from __future__ import annotations

from dataclasses import dataclass

from ragmed.errors import ModelError

LONGEST_LINE = 1 << 20
"""Bytes. A piece of an answer takes a few hundred."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its data lines joined by line feeds; ``name`` is ``message`` where the sender gave none."""

    text: str
    name: str = "message"


class EventReader:
    """One stream of events."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._name = ""
        self._begun = False

    def feed(self, piece: bytes) -> list[Event]:
        """The events that ``piece`` completes. Raises ModelError for a line without end."""
        rest = self._rest + piece
        if not self._begun:
            if len(rest) < len(_BOM) and _BOM.startswith(rest):
                self._rest = rest
                return []
            rest = rest.removeprefix(_BOM)
            self._begun = True
        # a carriage return at the very end may be half of a line end: it waits for what follows it
        waiting = rest.endswith(b"\r")
        whole = rest[:-1] if waiting else rest
        lines = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + (b"\r" if waiting else b"")
        if len(self._rest) > LONGEST_LINE:
            raise ModelError(
                "the engine sends a line without end", remedy="check that served.url leads to a language model"
            )
        return [event for line in lines for event in self._line(line)]

    def end(self) -> list[Event]:
        """The last event, where the sender left out the empty line behind it."""
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        return [event for line in (rest, b"") for event in self._line(line)]

    def _line(self, line: bytes) -> list[Event]:
        if not line:
            return self._dispatched()
        field, _, value = line.decode("utf-8", errors="replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._lines.append(value)
        elif field == "event":
            self._name = value
        elif field == "error":  # llama.cpp once told of faults so
            self._name = "error"
            self._lines.append(value)
        return []  # the empty field is a comment; `id` and `retry` mean nothing for one answer

    def _dispatched(self) -> list[Event]:
        lines, name = self._lines, self._name
        self._lines, self._name = [], ""
        return [Event(text="\n".join(lines), name=name or "message")] if lines else []
