"""Which documents may answer (law 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.index.filters import passes, published_within
from ragmed.records import Document, DocumentStatus, Filters
from tests.index.support import reading


def document(edition: str = "Version 2.2026", published_on: str = "2026-03", publisher: str = "House") -> Document:
    made = reading("a.txt", ["x"], edition=edition, published_on=published_on, publisher=publisher).document
    assert made
    return made


@pytest.mark.parametrize(
    ("date", "after", "before", "expected"),
    [
        ("2025-06-15", "", "", True),
        ("", "", "", True),
        ("", "2020", "", False),
        ("", "", "2030", False),
        ("2025-06-15", "2025-06-15", "", True),
        ("2025-06-15", "2025-06-16", "", False),
        ("2025-06-15", "2025-07", "", False),
        ("2025-06-15", "2025", "", True),
        ("2025-06-15", "", "2025", True),
        ("2025-06-15", "", "2025-05", False),
        ("2025-06-15", "", "2025-06-14", False),
        ("2025", "2025-06", "", True),
        ("2025", "", "2025-06", True),
        ("2025-06", "2025-06-20", "2025-06-25", True),
        ("2024", "2025-01-01", "", False),
        ("2026-01", "2025", "2025", False),
    ],
)
def test_dates_are_compared_as_far_as_they_go(date: str, after: str, before: str, expected: bool) -> None:
    assert published_within(date, after, before) is expected


def test_an_edition_is_found_as_printed_whatever_its_case() -> None:
    assert passes(document(), Filters(editions=("version 2.2026",)))
    assert not passes(document(), Filters(editions=("Version 1.2026", "2.2026")))
    assert passes(document(publisher="NICE"), Filters(publishers=("nice",)))


@pytest.mark.parametrize("status", [DocumentStatus.SUPERSEDED, DocumentStatus.WITHDRAWN])
def test_an_older_edition_answers_only_where_it_is_asked_for(status: DocumentStatus) -> None:
    older = replace(document(), status=status)
    assert not passes(older, Filters())
    assert not passes(older, Filters(published_after="2026"))
    assert passes(older, Filters(editions=(older.edition,)))
    assert passes(older, Filters(include_superseded=True))


def test_filters_narrow_one_another() -> None:
    both = Filters(editions=("Version 2.2026",), published_before="2025")
    assert not passes(document(), both)
    assert passes(document(published_on="2025"), both)
