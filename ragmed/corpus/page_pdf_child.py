"""The child process that takes one page out of a PDF and writes it to its output.

Laws of this room: limits stand before any byte of the file is read; it dies with its parent; what PDFium puts into a
new file by the clock or by chance is made constant.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
from io import BytesIO
from typing import Any

_PR_SET_PDEATHSIG = 1
_PROCESSOR_SECONDS = 15
_DATE = re.compile(rb"/CreationDate\(D:[0-9]{14}")
_DRAWN = {
    *("/Type", "/Parent", "/Contents", "/Resources", "/Rotate", "/UserUnit", "/Group"),
    *("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"),
}
_IDENTITY = re.compile(rb"<[0-9A-Fa-f]{32}>")


def main(arguments: list[str]) -> int:
    """``arguments``: the parent's process id, the file, the page from 1, MiB of memory, most bytes written."""
    parent, path, number, memory, most = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        return 1
    resource.setrlimit(resource.RLIMIT_AS, (int(memory) << 20, int(memory) << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    content = take_out(path, int(number))
    if not content or len(content) > int(most):
        return 1
    with os.fdopen(os.dup(1), "wb") as stream:
        stream.write(content)
    return 0


def take_out(path: str, number: int) -> bytes:
    """The page as a PDF; empty where PDFium cannot do it. What refers to other pages does not come along."""
    import pypdfium2  # noqa: F401 - starts PDFium
    from pypdfium2 import raw

    source = raw.FPDF_LoadDocument(path.encode("utf-8", "surrogateescape"), None)
    if not source or not 1 <= number <= raw.FPDF_GetPageCount(source):
        return b""
    alone = raw.FPDF_CreateNewDocument()
    if not raw.FPDF_ImportPages(alone, source, str(number).encode("ascii"), 0):
        return b""
    saved = _saved(raw, alone)
    return _what_is_drawn(_constant(saved)) if saved else b""


def _saved(raw: Any, document: Any) -> bytes:
    parts: list[bytes] = []

    def write(_: object, content: object, size: int) -> int:
        parts.append(ctypes.string_at(content, size))  # type: ignore[arg-type]  # an address
        return 1

    writer = raw.FPDF_FILEWRITE()
    # kept in a name of its own: PDFium holds no reference to it
    answer = type(writer.WriteBlock)(write)
    writer.version, writer.WriteBlock = 1, answer
    return b"".join(parts) if raw.FPDF_SaveAsCopy(document, writer, raw.FPDF_NO_INCREMENTAL) else b""


def _constant(content: bytes) -> bytes:
    """Creation date and identity, of which PDFium makes new ones each time, as constants of the same length."""
    content = _DATE.sub(b"/CreationDate(D:19700101000000", content, count=1)
    trailer = content.rfind(b"trailer")
    if trailer < 0:
        return content
    return content[:trailer] + _IDENTITY.sub(b"<" + b"0" * 32 + b">", content[trailer:])


def _what_is_drawn(content: bytes) -> bytes:
    """The page's contents with what drawing them needs; links, form fields, scripts and the like go."""
    from pypdf import PdfReader, PdfWriter

    reader = PdfReader(BytesIO(content))
    # as it stands in the file: what ``reader.pages`` gives is a copy
    (only,) = reader.root_object["/Pages"]["/Kids"]  # type: ignore[index]
    page = only.get_object()
    for key in [key for key in page if key not in _DRAWN]:
        del page[key]
    for key in [key for key in reader.root_object if key not in ("/Type", "/Pages")]:
        del reader.root_object[key]
    stream = BytesIO()
    PdfWriter(clone_from=reader).write(stream)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
