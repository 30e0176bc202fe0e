"""What ``/openapi.json`` says of each route's other responses."""

from __future__ import annotations

from typing import Any

from ragmed.serve.documents import ErrorForm

Responses = dict[int | str, dict[str, Any]]
_WAIT = {"headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}}


def _fault(why: str, **more: Any) -> dict[str, Any]:
    return {"model": ErrorForm, "description": why, **more}


BAD: Responses = {400: _fault("The request is wrong")}
PROTECTED: Responses = {401: _fault("The key is missing or wrong"), 503: _fault("Stopping, or not possible here")}
MISSING: Responses = {404: _fault("There is no such thing"), **BAD}
ASKING: Responses = {
    **BAD,
    **PROTECTED,
    409: _fault("Stored bytes are damaged"),
    413: _fault("The body is larger than `serve.body_kib`"),
    429: _fault("As many wait as may wait", **_WAIT),
    504: _fault("The deadline has passed"),
}
_EVENT = {
    "type": "object",
    "description": "One event; lines that begin with a colon are comments",
    "properties": {"event": {"type": "string"}, "data": {"type": "string", "description": "JSON, or [DONE]"}},
    "required": ["data"],
}
STREAM: dict[str, Any] = {"content": {"text/event-stream": {"schema": _EVENT}}}
LINKS: dict[str, Any] = {
    "again": {"operationId": "answer_again", "parameters": {"record_id": "$response.body#/record_id"}},
    "page": {
        "operationId": "cited_page",
        "parameters": {"record_id": "$response.body#/record_id", "key": "$response.body#/citation_keys/0"},
    },
}
"""From an answer to itself, and to the page of its first citation."""
