"""Which edition speaks in the place of a cited one, by the later snapshot's own standing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ragmed.index.fates import is_current, successor
from ragmed.records import Document, DocumentStatus
from tests.answer.small_library import SmallSnapshot, document

if TYPE_CHECKING:
    from ragmed.index.snapshot import Snapshot

SUPERSEDED, WITHDRAWN = DocumentStatus.SUPERSEDED, DocumentStatus.WITHDRAWN


def later(*documents: Document) -> Snapshot:
    return cast("Snapshot", SmallSnapshot(documents, []))


def edition(name: str, *, series: str = "nodules", **more: object) -> Document:
    return document(name, series=series, **more)


def test_the_same_file_that_still_answers_has_no_other_in_its_place() -> None:
    assert is_current(edition("v1"), later(edition("v1"), edition("v2")))
    assert not is_current(edition("v1"), later(edition("v1", status=SUPERSEDED), edition("v2")))
    assert not is_current(edition("v1"), later(edition("v2")))


def test_what_superseded_it_is_followed_to_the_one_that_answers_into_another_series_too() -> None:
    first = edition("v1", status=SUPERSEDED, superseded_by="d-v2")
    second = edition("v2", series="lung", status=SUPERSEDED, superseded_by="d-v3")
    third = edition("v3", series="lung")
    assert successor(edition("v1"), later(first, second, third)) == third


def test_one_that_is_not_held_any_more_is_looked_for_by_its_series() -> None:
    newer = edition("v2", published_on="2026-02")
    newest = edition("v3", published_on="2026-03")
    assert successor(edition("v1"), later(newer, newest, edition("other", series="sepsis"))) == newest
    assert successor(edition("v1"), later(edition("v2", status=WITHDRAWN), edition("other", series="sepsis"))) is None


def test_editions_that_supersede_each_other_in_a_circle_end() -> None:
    first = edition("v1", status=SUPERSEDED, superseded_by="d-v2")
    second = edition("v2", status=SUPERSEDED, superseded_by="d-v1")
    assert successor(first, later(first, second)) is None
