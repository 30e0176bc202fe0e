"""Server-sent events from bytes that come in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.errors import ModelError
from ragmed.generate.sse import LONGEST_LINE, EventReader


def events(pieces: list[bytes]) -> list[tuple[str, str]]:
    reader = EventReader()
    found = [event for piece in pieces for event in reader.feed(piece)]
    return [(event.name, event.text) for event in [*found, *reader.end()]]


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (b"data: a\n\n", [("message", "a")]),
        (b"data:a\r\n\r\ndata: b\r\rdata:  c\n\n", [("message", "a"), ("message", "b"), ("message", " c")]),
        (b"data: a\ndata: b\n\n", [("message", "a\nb")]),
        (b": comment\n\n:\n\ndata: a\n\n", [("message", "a")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [("error", "a"), ("message", "b")]),
        (b"event: ping\n\ndata: b\n\n", [("message", "b")]),
        (b"error: a\n\n", [("error", "a")]),
        (b"id: 1\nretry: 3\ndata\n\n", [("message", "")]),
        (b"data: last, without its empty line", [("message", "last, without its empty line")]),
        (b"data: last\r", [("message", "last")]),
        ("\ufeffdata: 给药\n\n".encode(), [("message", "给药")]),
        (b"data: \xff\xfe\n\n", [("message", "\ufffd\ufffd")]),
        (b"", []),
    ],
)
def test_events(stream: bytes, wanted: list[tuple[str, str]]) -> None:
    assert events([stream]) == wanted
    assert events([bytes([one]) for one in stream]) == wanted


@given(st.lists(st.sampled_from([b"data: ", b"\xe7\xbb", b"\x99", b"\r", b"\n", b"\r\n\r\n", b"event: x", b":", b"a"])))
def test_any_cutting_gives_the_same(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    assert events(parts) == events([stream]) == events([bytes([one]) for one in stream])


def test_a_line_without_end_is_refused() -> None:
    reader = EventReader()
    reader.feed(b"data: " + b"x" * (LONGEST_LINE - 6))
    with pytest.raises(ModelError, match="line without end"):
        reader.feed(b"x")
