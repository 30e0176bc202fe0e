"""Names and links of citations, and what Copy gives."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from ragmed.citation_keys import KEY, check_for, in_order, keys_of, page_label
from ragmed.errors import NotFoundError
from ragmed.records import AnswerRecord, DocumentStatus
from ragmed.ui.references import cited, copied_text, image_path, link, page_words, standing
from ragmed.ui.words import Words
from tests.ui.small_library import NODULES, NODULES_OLD, PNEUMONIA, QUESTIONS, SmallProgram, kept_id

EN = Words("en")
CURRENT = {document.document_id: document for document in (NODULES_OLD, NODULES, PNEUMONIA)}


@pytest.fixture
def record(tmp_path) -> AnswerRecord:  # type: ignore[no-untyped-def]
    return SmallProgram(tmp_path).records.get(kept_id("case"))


def test_a_marker_with_several_quotes_gives_each_its_own_key(record: AnswerRecord) -> None:
    assert keys_of(record) == ("1", "1b", "1c", "1d", "2", "2b")
    assert list(cited(record)) == ["1", "1b", "1c", "1d", "2", "2b"]


def test_the_same_words_cited_twice_share_a_key(record: AnswerRecord) -> None:
    again = replace(record, checks=(*record.checks, record.checks[1]))
    assert keys_of(again)[-1] == "1b"
    assert list(cited(again)) == list(cited(record))


def test_every_key_is_one_that_the_route_takes_and_leads_back(record: AnswerRecord) -> None:
    many = tuple(
        replace(record.checks[0], citation=replace(record.checks[0].citation, start=start)) for start in range(60)
    )
    long = replace(record, checks=many)
    keys = keys_of(long)
    assert len(set(keys)) == 60
    assert all(KEY.match(key) for key in keys)
    assert [check_for(long, key) for key in keys] == list(many)
    with pytest.raises(NotFoundError, match=r"no citation \[9\]"):
        check_for(record, "9")


def test_keys_are_counted_as_a_reader_counts() -> None:
    assert in_order(["10b", "2", "1ba", "1z", "10", "1", "2"]) == ["1", "1z", "1ba", "2", "10", "10b"]


def test_a_link_names_the_record_and_the_citation_and_nothing_else() -> None:
    parts = urlsplit(link("3f2a", "2b"))
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "/")
    assert parse_qs(parts.query) == {"record": ["3f2a"], "cite": ["2b"]}
    assert link("3f2a") == "/?record=3f2a"
    assert image_path("3f2a", "2b", 300) == "/page/3f2a/2b.png?w=300"
    assert image_path("../x", "1", 300) == "/page/..%2Fx/1.png?w=300"


def test_page_label_is_the_printed_one_as_it_was_when_asked(record: AnswerRecord) -> None:
    assert page_label(record, record.checks[4]) == "NOD-3"
    nowhere = replace(record, retrieval=replace(record.retrieval, passages=()))
    assert page_label(nowhere, record.checks[4]) == "3"
    assert page_words(NODULES, "NOD-3", 3, EN) == "page NOD-3 (sheet 3 of 4)"
    assert page_words(NODULES, "3", 3, EN) == "page 3"


def test_standing_says_who_took_over_then_or_since() -> None:
    assert standing(NODULES, CURRENT, EN) == ""
    assert standing(NODULES_OLD, CURRENT, EN) == "Superseded by Version 2.2026"
    assert standing(NODULES_OLD, {}, EN) == "Superseded"
    as_it_was = replace(NODULES_OLD, status=DocumentStatus.CURRENT, superseded_by=None)
    assert standing(as_it_was, CURRENT, EN) == "Superseded since by Version 2.2026"
    gone = replace(NODULES, status=DocumentStatus.WITHDRAWN)
    assert standing(NODULES, {gone.document_id: gone}, EN) == "Withdrawn"


def test_copied_text_carries_full_references(record: AnswerRecord) -> None:
    copied = copied_text(record, EN, CURRENT)
    assert copied.startswith(QUESTIONS["case"])
    assert "1. Early lung adenocarcinoma spectrum (Can’t miss) [1]" in copied
    assert "   For: multiple ground-glass nodules on CT [1]" in copied
    assert "   Next: Aspergillus antigen (no source in the library)" in copied
    assert (
        "[2] Pulmonary nodules in adults. RagMed demonstration library. Version 2.2026. 2026-06-15. "
        "page NOD-3 (sheet 3 of 4)."
    ) in copied
    assert record.record_id in copied and record.snapshot_id in copied
