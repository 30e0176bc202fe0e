"""What an auditor takes away: evidence bundles and exports, as files that the browser saves.

Laws of this room: nothing is given out where auditors do not work; whatever cannot be made is a page that says why and
what to do, never a broken file: an export is made whole before its first byte is sent, and what of it is too long for
memory waits beside the log in a file without a name; names of files say nothing of an answer but its id.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from starlette.responses import HTMLResponse, Response, StreamingResponse

from ragmed.citation_keys import RECORD_ID
from ragmed.errors import BadInputError, IntegrityError, NotFoundError, NotPossibleError, RagMedError
from ragmed.ui.audit_filters import of_address
from ragmed.ui.markup import Markup, el
from ragmed.ui.notices import notice
from ragmed.ui.words import TONGUES, Words, tongue_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from ragmed.ui.desk import Desk

FORMS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/jsonl"),
    "fhir": ("ndjson", "application/fhir+ndjson"),
}
"""Form of an export → ending and media type of its file."""
IN_MEMORY = 16 << 20
"""Bytes of an export up to which it is made in memory."""
_STATUS = ((NotFoundError, 404), (BadInputError, 400))


def bundle(desk: Desk, request: Request, stylesheets: Markup) -> Response:
    """The evidence of one answer as a zip."""
    from ragmed.audit.bundle import bundle_name

    record_id = request.path_params["record_id"]

    def make() -> Response:
        if not RECORD_ID.match(record_id):
            raise NotFoundError("this is no answer's id", remedy="open the answer on the Audit page")
        auditor = desk.program.auditor
        whole = auditor.entries(record_id)[0].subject
        return Response(auditor.bundle(whole), headers=_saved_as(bundle_name(whole)), media_type="application/zip")

    return _guarded(desk, request, stylesheets, make)


def export(desk: Desk, request: Request, stylesheets: Markup) -> Response:
    """The answers that pass the filters of the address, for another program."""
    form = request.path_params["form"]

    def make() -> Response:
        if form not in FORMS:
            raise NotFoundError(f"{form!r} is no form of an export", remedy=f"one of {', '.join(FORMS)}")
        said = request.query_params
        wanted = of_address(said, desk.searches)
        beside = str(desk.program.settings.index)
        whole: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY, mode="w+b", dir=beside)  # noqa: SIM115 - sent later
        try:
            for piece in desk.program.auditor.export(form, wanted, with_content=said.get("content") == "1"):
                whole.write(piece)
            headers = _saved_as(f"ragmed-answers.{FORMS[form][0]}") | {"Content-Length": str(whole.tell())}
            whole.seek(0)
        except OSError as error:
            whole.close()
            raise NotPossibleError(
                f"{desk.program.settings.index}: the export cannot be written ({error.strerror})",
                remedy="make room on the disk, or narrow the filters",
            ) from error
        except BaseException:
            whole.close()
            raise
        return StreamingResponse(_pieces(whole), headers=headers, media_type=FORMS[form][1])

    return _guarded(desk, request, stylesheets, make)


def _pieces(whole: IO[bytes]) -> Iterator[bytes]:
    with whole:
        while piece := whole.read(1 << 16):
            yield piece


def _guarded(desk: Desk, request: Request, stylesheets: Markup, make: Callable[[], Response]) -> Response:
    if not desk.program.settings.app.for_auditors:
        return Response("not found", status_code=404, media_type="text/plain")
    try:
        return make()
    except RagMedError as error:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 409)
        damaged = isinstance(error, IntegrityError)
        return HTMLResponse(_refusal(error, _words(request), stylesheets, damaged=damaged), status_code=status)


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _words(request: Request) -> Words:
    asked = request.query_params.get("lang")
    accepted = request.headers.get("accept-language", "").split(",")[0]
    return Words(next((tongue for tongue in TONGUES if tongue == asked), tongue_of(accepted)))


def _refusal(error: RagMedError, words: Words, stylesheets: Markup, *, damaged: bool) -> str:
    """A page of its own: the browser has left the app for it, and Back returns."""
    title = words("audit.download.failed")
    verify = el("p", el("a", words("audit.view.proof"), href="/audit?view=proof")) if damaged else None
    body = el(
        "main",
        notice(words, str(error), error.remedy, title=title),
        verify,
        el("p", el("a", words("audit.back"), href="/audit")),
        class_="stHtml rm-alone",
    )
    head = Markup(
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{stylesheets}<title>RagMed</title></head>'
    )
    lang = "zh-CN" if words.tongue == "zh" else "en"
    return f"<!doctype html>{el('html', head, el('body', body), lang=lang)}"
