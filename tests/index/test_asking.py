"""Questions that only a librarian can answer."""

from __future__ import annotations

from dataclasses import replace

from ragmed.changes import QuestionKind
from ragmed.index.asking import which_is_newer
from tests.index.test_impact import a_document


def test_the_question_names_the_files_and_what_they_state() -> None:
    one = replace(a_document("d-b", ""), published_on="")
    other = replace(a_document("d-a", "Version 1"), published_on="2026")
    question = which_is_newer([one, other])
    assert question.kind is QuestionKind.WHICH_IS_NEWER
    assert question.document_ids == ("d-a", "d-b")
    assert question.source_paths == ("d-a.pdf", "d-b.pdf")
    assert "d-a.pdf (Version 1, 2026) or d-b.pdf (states neither edition nor date)" in question.text
