"""Server-sent events: the lines of a stream, and the response that lets go of its work however it ends."""

from __future__ import annotations

import json
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from ragmed.errors import RagMedError
from ragmed.serve.faults import UNEXPECTED, error_body, place_of, refusal_of
from ragmed.serve.service import Beat, ClientLeftError, Waiting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.types import Receive, Scope, Send

    from ragmed.settings import Settings

_log = logging.getLogger(__name__)
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy between may hold events back."""


def event(value: object, name: str = "") -> str:
    """One event with JSON in it."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n"


def comment_of(news: object) -> str:
    """What a stream says of waiting and working, in comments that clients pass over; "" for other news."""
    if isinstance(news, Waiting):
        return f": position {news.position}\n\n"
    return ": working\n\n" if isinstance(news, Beat) else ""


async def told(events: AsyncGenerator[str, None], settings: Settings, name: str = "") -> AsyncGenerator[str, None]:
    """The events, and as the last one what ended them early; the status of the response is sent by then."""
    try:
        async with aclosing(events):
            async for one in events:
                yield one
    except ClientLeftError:
        return
    except RagMedError as error:
        yield event(error_body(refusal_of(error, settings)), name)
    except Exception as error:  # noqa: BLE001 - told in plain words; its own may hold a question and are not logged
        _log.error("%s at %s", type(error).__name__, place_of(error))
        yield event(error_body(UNEXPECTED), name)


class EventStream(StreamingResponse):
    """A stream of events; ``closing`` is called at its end, also where it was never begun."""

    def __init__(self, events: AsyncGenerator[str, None], *, closing: Callable[[], None] | None = None) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)
        self._events, self._closing = events, closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._closing:
                self._closing()
            await self._events.aclose()
