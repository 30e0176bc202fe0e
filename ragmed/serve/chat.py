"""``/v1/chat/completions`` and ``/v1/models``: RagMed as OpenAI's clients know a model.

One question, one answer: the user's last message is the question, whole and alone. Earlier turns, system messages,
temperature, tools and the like have no effect; what cannot be meant without effect (several choices, JSON output) is
refused. A client has no way to show text as unchecked, so text is sent only when it is checked and kept (law 2).
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ragmed.drafts import Written
from ragmed.errors import RagMedError
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.records import Mode
from ragmed.serve.documents import ChatForm, ModelForm, ModelsForm
from ragmed.serve.events import EventStream, comment_of, event, told
from ragmed.serve.faults import RefusedError
from ragmed.serve.forms import ChatRequest
from ragmed.serve.responses import ASKING, MISSING, PROTECTED, STREAM
from ragmed.serve.service import Service
from ragmed.serve.wording import in_both

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from ragmed.records import AnswerRecord
    from ragmed.serve.service import Asked

    Event = EvidenceFound | Written | Finished

MODELS: dict[str, Mode | None] = {"ragmed": None, "ragmed-differential": Mode.DIFFERENTIAL}
"""Name → mode; None: decided from the question, as `ragmed ask` does."""
TASK = "### Task:"
"""How Open WebUI begins what it asks of a model for itself: a title, tags, follow-ups; also a question with files."""
_NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def routes(service: Service) -> APIRouter:
    """The routes over ``service``."""
    router = APIRouter(tags=["OpenAI-compatible"])

    @router.post(
        "/v1/chat/completions",
        response_model=ChatForm,
        responses={**ASKING, **MISSING, 200: {**STREAM, "description": "An answer, or a stream of chunks"}},
    )
    async def complete(asked: ChatRequest, request: Request) -> Response:
        """Answer the user's last message."""
        if asked.model not in MODELS:
            raise _unknown(asked.model)
        question = question_of(asked)
        shell = _Shell(asked.model)
        why = declined(question)
        if why:
            service.counts.question("declined")
            if asked.stream:
                return EventStream(shell.stream_declined(why, usage=_wants_usage(asked)))
            return JSONResponse(shell.whole_declined(why))
        work = service.ask(lambda: _asking(service, question, MODELS[asked.model]), request.receive)
        if not asked.stream:
            try:
                return JSONResponse(shell.whole(await record_of(work)))
            finally:
                work.close()
        try:
            await run_in_threadpool(service.program.snapshots.current)  # while a status can still be sent
        except BaseException:
            work.close()
            raise
        chunks = _stream(work, shell, usage=_wants_usage(asked))
        return EventStream(told(chunks, service.program.settings), closing=work.close)

    @router.get("/v1/models", response_model=ModelsForm, responses=PROTECTED)
    async def models() -> Response:
        """The names that `model` may have."""
        return JSONResponse({"object": "list", "data": [_model(name) for name in MODELS]})

    @router.get("/v1/models/{model}", response_model=ModelForm, responses={**PROTECTED, **MISSING})
    async def model(model: str) -> Response:
        """One of them."""
        if model not in MODELS:
            raise _unknown(model)
        return JSONResponse(_model(model))

    return router


def question_of(asked: ChatRequest) -> str | None:
    """The user's last message; None where it holds more than words. Raises RefusedError where there is none."""
    for message in reversed(asked.messages):
        if message.role != "user":
            continue
        if isinstance(message.content, list):
            if any(part.type != "text" for part in message.content):
                return None
            return "\n".join(part.text or "" for part in message.content)
        return message.content or ""
    raise RefusedError(400, "no_question", "no message has the role `user`", remedy="send the question as one")


def declined(question: str | None) -> str:
    """Why the library is not asked, "" where it is."""
    if question is None:
        return in_both("picture")
    return in_both("task") if question.lstrip().startswith(TASK) else ""


def _asking(service: Service, question: str | None, mode: Mode | None) -> Generator[Event, None, None]:
    events = service.program.assistant.ask(question or "", mode=mode)
    return cast("Generator[Event, None, None]", events)


async def record_of(work: Asked[Event]) -> AnswerRecord:
    """The record that the work ends with. Raises as ``Asked.events`` does."""
    async with aclosing(work.events()) as events:
        async for one in events:
            if isinstance(one, Finished):
                work.count(one.record.outcome.value)
                return one.record
    raise RagMedError("the assistant ended without a record")


async def _stream(work: Asked[Event], shell: _Shell, *, usage: bool) -> AsyncGenerator[str, None]:
    yield shell.chunk({"role": "assistant", "content": ""})
    async with aclosing(work.events()) as events:
        async for one in events:
            if isinstance(one, Finished):
                work.count(one.record.outcome.value)
                for piece in shell.pieces(one.record, usage=usage):
                    yield piece
            elif said := comment_of(one):
                yield said


class _Shell:
    """What OpenAI's form puts around an answer."""

    def __init__(self, model: str) -> None:
        self._common = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._fingerprint: str | None = None

    def whole(self, record: AnswerRecord) -> dict[str, Any]:
        from ragmed.serve.chat_text import pieces

        self._fingerprint = record.snapshot_id
        return self._whole({"content": "".join(pieces(record)).strip("\n"), **_own(record)})

    def whole_declined(self, why: str) -> dict[str, Any]:
        return self._whole({"content": why, **_DECLINED})

    def pieces(self, record: AnswerRecord, *, usage: bool) -> Iterator[str]:
        """Chunks of the answer, sentence by sentence, and the end."""
        from ragmed.serve.chat_text import pieces

        self._fingerprint = record.snapshot_id
        for piece in pieces(record):
            yield self.chunk({"content": piece})
        yield from self._end(_own(record), usage=usage)

    async def stream_declined(self, why: str, *, usage: bool) -> AsyncGenerator[str, None]:
        yield self.chunk({"role": "assistant", "content": why})
        for piece in self._end(_DECLINED, usage=usage):
            yield piece

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _end(self, own: dict[str, Any], *, usage: bool) -> Iterator[str]:
        yield self.chunk(own, finish_reason="stop")
        if usage:
            yield event({**self._head("chat.completion.chunk"), "choices": [], "usage": _NO_TOKENS})
        yield "data: [DONE]\n\n"

    def _whole(self, message: dict[str, Any]) -> dict[str, Any]:
        choice = {
            "index": 0,
            "message": {"role": "assistant", **message},
            "finish_reason": "stop",
            "logprobs": None,
        }
        return {**self._head("chat.completion"), "choices": [choice], "usage": _NO_TOKENS}

    def _head(self, kind: str) -> dict[str, Any]:
        return {**self._common, "object": kind, "system_fingerprint": self._fingerprint}


_DECLINED: dict[str, Any] = {"outcome": "declined", "record_id": None, "citations": []}


def _own(record: AnswerRecord) -> dict[str, Any]:
    from ragmed.answer.json_form import citations_json

    return {"outcome": record.outcome.value, "record_id": record.record_id, "citations": citations_json(record)}


def _wants_usage(asked: ChatRequest) -> bool:
    return bool(asked.stream_options and asked.stream_options.include_usage)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "ragmed"}


def _unknown(name: str) -> RefusedError:
    known = json.dumps(list(MODELS))
    return RefusedError(404, "model_not_found", f"no model {name[:60]!r} here", remedy=f"one of {known}")
