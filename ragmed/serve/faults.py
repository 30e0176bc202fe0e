"""What a caller is told who is not served: an HTTP status, and JSON in the form that OpenAI's clients read.

``{"error": {"message", "type", "code", "remedy"}}``. ``code`` is a word for programs; it is kept, messages may change.
"""

from __future__ import annotations

import math
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from ragmed.errors import (
    BadInputError,
    BusyError,
    ErasedError,
    IntegrityError,
    ModelError,
    NoIndexError,
    NotFoundError,
    NotPossibleError,
    RagMedError,
)

if TYPE_CHECKING:
    from ragmed.settings import Settings

_KINDS: tuple[tuple[type[RagMedError], int, str], ...] = (
    (ErasedError, 404, "erased"),
    (NotFoundError, 404, "not_found"),
    (BadInputError, 400, "bad_input"),
    (NoIndexError, 503, "no_index"),
    (ModelError, 503, "model_unavailable"),
    (NotPossibleError, 503, "not_possible"),
    (BusyError, 503, "busy"),
    (IntegrityError, 409, "damaged"),
)
"""Kind of error → status and code; the first that fits."""
_STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_FRAMES = 6
_SOON = 2.0
"""Seconds after which a busy log or index is worth another try."""


class RefusedError(RagMedError):
    """A request that is not served, with the status and the code that its caller gets."""

    def __init__(
        self, status: int, code: str, message: str, *, remedy: str = "", retry_after: float = 0.0, **more: int
    ) -> None:
        """``retry_after``: seconds, 0 says nothing of it; ``more``: further numbers of the body."""
        super().__init__(message, remedy=remedy)
        self.status, self.code, self.retry_after, self.more = status, code, retry_after, more


def refusal_of(error: RagMedError, settings: Settings) -> RefusedError:
    """The error as its caller is told; where this machine keeps its folders stays here."""
    if isinstance(error, RefusedError):
        return error
    status, code = next(((status, code) for kind, status, code in _KINDS if isinstance(error, kind)), (500, "failed"))
    soon = _SOON if isinstance(error, BusyError) else 0.0
    message, remedy = (_without_folders(text, settings) for text in (str(error), error.remedy))
    return RefusedError(status, code, message, remedy=remedy, retry_after=soon)


def refusal_of_status(status: int, message: str) -> RefusedError:
    """For what the framework itself refuses: an unknown path, a method."""
    return RefusedError(status, _STATUS_CODES.get(status, "bad_request"), message, remedy="see /openapi.json")


UNEXPECTED = RefusedError(
    500, "internal", "something went wrong inside RagMed", remedy="look into the log of `ragmed serve`"
)


def error_body(refused: RefusedError) -> dict[str, Any]:
    """The JSON of an error."""
    kind = "server_error" if refused.status >= 500 else "invalid_request_error"
    if refused.status == 429:
        kind = "rate_limit_error"
    body = {"message": str(refused), "type": kind, "code": refused.code, "remedy": refused.remedy}
    return {"error": {**body, "param": None, **refused.more}}


def error_response(refused: RefusedError) -> JSONResponse:
    """The HTTP answer of an error."""
    headers = {"Cache-Control": "no-store"}
    if refused.retry_after:
        headers["Retry-After"] = str(max(1, math.ceil(refused.retry_after)))
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(refused), status_code=refused.status, headers=headers)


def place_of(error: Exception) -> str:
    """Where it was raised, innermost last: file and line, no words of the error."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _without_folders(text: str, settings: Settings) -> str:
    for name, folder in (("index", settings.index), ("library", settings.library)):
        for said in (str(folder.resolve()), str(folder)):
            if len(said) > 1:  # "." would stand everywhere
                text = text.replace(said, name)
    return text
