"""The child process that draws one page of a file which nobody has accepted yet.

Laws of this room: as in ``sandbox_child``: limits stand before any byte of the file is read, it dies with its parent,
and what a library prints goes nowhere near the answer. It draws one page and ends.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ragmed.canonical import rebuild
from ragmed.corpus.sandbox_child import die_with, limit, limit_processor, silence
from ragmed.records import Document, Page
from ragmed.settings import ReaderSettings

REFUSED = 3
"""Exit status where the page cannot be drawn; the error stream has the reason."""


def main(arguments: list[str]) -> int:
    """``arguments``: the parent's process id. The request comes as JSON on the input, the PNG goes to the output."""
    if not die_with(int(arguments[0])):
        return 1
    request = json.load(sys.stdin.buffer)
    answer = os.dup(1)
    silence()
    settings = ReaderSettings.model_validate(request["settings"])
    limit(settings)
    limit_processor(settings.seconds)
    from ragmed.corpus.render import PdfPageRenderer  # after the limits
    from ragmed.errors import RagMedError

    document, page = rebuild(Document, request["document"]), rebuild(Page, request["page"])
    try:
        picture = PdfPageRenderer().render(
            Path(request["path"]), document, page, request["start"], request["end"], width=request["width"]
        )
    except RagMedError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent reads it
        return REFUSED
    view = memoryview(picture)
    while view:
        view = view[os.write(answer, view[: 1 << 20]) :]
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
