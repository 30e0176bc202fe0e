"""``/healthz``, ``/readyz`` and ``/metrics``: for whoever watches the machine. No question, user or title is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ragmed.errors import RagMedError
from ragmed.serve.documents import HealthForm
from ragmed.serve.faults import refusal_of
from ragmed.serve.responses import PROTECTED, Responses

if TYPE_CHECKING:
    from ragmed.serve.service import Service

_log = logging.getLogger(__name__)
_NOT_READY: Responses = {503: {"model": HealthForm, "description": "Not ready, and why"}}
_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text form"}


def routes(service: Service) -> APIRouter:
    """The routes over ``service``."""
    router = APIRouter(tags=["Operation"])

    @router.get("/healthz", response_model=HealthForm)
    async def alive() -> Response:
        """The process lives."""
        return JSONResponse({"status": "ok", "faults": {}})

    @router.get("/readyz", response_model=HealthForm, responses=_NOT_READY)
    async def ready() -> Response:
        """The index is open and the log takes answers; 503 with the reason otherwise."""
        faults = {"server": "stopping"} if service.stopping else await run_in_threadpool(_faults, service)
        return JSONResponse(
            {"status": "not ready" if faults else "ok", "faults": faults},
            status_code=503 if faults else 200,
            headers={"Cache-Control": "no-store"},
        )

    @router.get("/metrics", response_class=Response, responses={**PROTECTED, 200: _TEXT})
    async def metrics() -> Response:
        """Counts, seconds and the length of the queue."""
        return Response(service.counts.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return router


def _faults(service: Service) -> dict[str, str]:
    """Part → code of what keeps it from answering; the words go to the server's own log."""
    faults = {}
    for part, look in (
        ("index", service.program.snapshots.current),
        ("log", service.program.records.check_writable),
    ):
        try:
            look()
        except RagMedError as error:
            faults[part] = refusal_of(error, service.program.settings).code
            _log.warning("not ready: %s", error)
    return faults
