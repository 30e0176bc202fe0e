"""Questions about editions that only a person can answer, in words.

Laws of this room: a question names the documents as she knows them, says what is known, and assumes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ragmed.changes import OpenQuestion, QuestionKind
from ragmed.records import Document


def which_is_newer(documents: Sequence[Document]) -> OpenQuestion:
    """The question about current editions of one series that state nothing which orders them; two at least."""
    ordered = sorted(documents, key=lambda one: one.source_path)
    names = [f"{one.source_path} ({_stated(one)})" for one in ordered]
    return OpenQuestion(
        kind=QuestionKind.WHICH_IS_NEWER,
        document_ids=tuple(one.document_id for one in ordered),
        source_paths=tuple(one.source_path for one in ordered),
        series=tuple(one.series for one in ordered),
        text=f"Which is the newest edition of {ordered[0].series!r}: {', '.join(names[:-1])} or {names[-1]}? Until an "
        "edition or a date tells, all of them answer.",
    )


def _stated(document: Document) -> str:
    said = ", ".join(part for part in (document.edition, document.published_on) if part)
    return said or "states neither edition nor date"
