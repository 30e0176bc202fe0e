"""RagMed's own routes: an answer with its whole record, a search, an answer again, the page behind a citation."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ragmed.canonical import plain
from ragmed.citation_image import NARROWEST, WIDEST, citation_image
from ragmed.drafts import Written
from ragmed.errors import NotFoundError, RagMedError
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.records import Language, Mode
from ragmed.serve.documents import AnswerForm, SearchForm
from ragmed.serve.events import EventStream, comment_of, event, told
from ragmed.serve.forms import KEY, RECORD_ID, AnswerRequest, SearchRequest
from ragmed.serve.responses import ASKING, LINKS, MISSING, PROTECTED, STREAM
from ragmed.serve.service import Asked, Service
from ragmed.terminal import search_json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from ragmed.records import Retrieval

    Event = EvidenceFound | Written | Finished

RecordId = Annotated[str, Path(pattern=RECORD_ID, description="the whole id of an answer")]
_IMAGE_WIDTH = 1200
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A record never changes, nor do the pages it cites."""
_AGAIN: dict[int | str, dict[str, object]] = {**MISSING, **PROTECTED, 409: ASKING[409]}
_PICTURE = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "The page"}


def routes(service: Service) -> APIRouter:
    """The routes over ``service``."""
    router = APIRouter(tags=["RagMed"])

    @router.post(
        "/v1/answers",
        response_model=AnswerForm,
        responses={
            **ASKING,
            200: {**STREAM, "links": LINKS, "description": "The document of `ragmed ask --json`, or events"},
        },
        operation_id="answer",
    )
    async def ask(asked: AnswerRequest, request: Request) -> Response:
        """Answer a question; the whole record of the answer."""
        work = service.ask(lambda: _asking(service, asked), request.receive)
        if asked.stream:
            return EventStream(told(_events(work), service.program.settings, "error"), closing=work.close)
        try:
            async with aclosing(work.events()) as events:
                async for one in events:
                    if isinstance(one, Finished):
                        return JSONResponse(_document(work, one))
        finally:
            work.close()
        raise RagMedError("the assistant ended without a record")

    @router.get("/v1/answers/{record_id}", response_model=AnswerForm, responses=_AGAIN, operation_id="answer_again")
    async def again(record_id: RecordId) -> Response:
        """A recorded answer, where `serve.auditor` lets it be read."""
        return await run_in_threadpool(_again, service, record_id)

    @router.get(
        "/v1/answers/{record_id}/citations/{key}.png",
        response_class=Response,
        responses={**_AGAIN, 200: _PICTURE},
        operation_id="cited_page",
    )
    async def picture(
        record_id: RecordId,
        key: Annotated[str, Path(pattern=KEY)],
        width: Annotated[int, Query(ge=NARROWEST, le=WIDEST, description="pixels")] = _IMAGE_WIDTH,
    ) -> Response:
        """The cited page with the quote marked."""
        image = await run_in_threadpool(citation_image, service.program, record_id, key, str(width), whole_id=True)
        return Response(image, media_type="image/png", headers=_FOR_EVER)

    @router.post("/v1/search", response_model=SearchForm, responses=ASKING, operation_id="search")
    async def search(asked: SearchRequest, request: Request) -> Response:
        """Find passages, without an answer; nothing is recorded."""
        work = service.ask(lambda: _searching(service, asked), request.receive)
        try:
            async with aclosing(work.events()) as events:
                async for one in events:
                    if isinstance(one, tuple):
                        work.count("searched")
                        return JSONResponse(plain(search_json(*one)))
        finally:
            work.close()
        raise RagMedError("the search ended without a result")

    return router


def _asking(service: Service, asked: AnswerRequest) -> Generator[Event, None, None]:
    events = service.program.assistant.ask(
        asked.question,
        mode=None if asked.mode == "auto" else Mode(asked.mode),
        language=None if asked.language == "auto" else Language(asked.language),
        filters=asked.filters.filters(),
    )
    return cast("Generator[Event, None, None]", events)


def _searching(service: Service, asked: SearchRequest) -> Generator[tuple[Retrieval, str], None, None]:
    retriever = service.program.retriever
    retrieval = retriever.retrieve(retriever.analyse(asked.query, None, asked.filters.filters()), asked.k)
    yield retrieval, service.program.snapshots.current().snapshot_id


async def _events(work: Asked[Event]) -> AsyncGenerator[str, None]:
    async with aclosing(work.events()) as events:
        async for one in events:
            if isinstance(one, Finished):
                yield event(_document(work, one), "answer")
            elif isinstance(one, EvidenceFound):
                yield event(plain(search_json(one.retrieval, one.snapshot_id)), "evidence")
            elif said := comment_of(one):
                yield said


def _document(work: Asked[Event], finished: Finished) -> dict[str, object]:
    from ragmed.answer.json_form import answer_json

    work.count(finished.record.outcome.value)
    return answer_json(finished.record)


def _again(service: Service, record_id: str) -> Response:
    from ragmed.answer.json_form import answer_json

    absent = NotFoundError("no such answer", remedy="give the whole id; serve.auditor says who may read answers back")
    if not service.settings.for_auditors:
        raise absent
    record = service.program.records.get(record_id)
    if record.record_id != record_id:
        raise absent
    return JSONResponse(answer_json(record), headers={"Cache-Control": "no-store"})
