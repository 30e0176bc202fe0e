"""Which edition is current, and what is left to a person."""

from __future__ import annotations

import pytest

from ragmed.index.editions import settle
from ragmed.index.register import Distinct, Register, RegisteredEdition
from ragmed.records import Document, DocumentStatus, Language
from tests.index.support import reading

CURRENT, SUPERSEDED, WITHDRAWN = DocumentStatus.CURRENT, DocumentStatus.SUPERSEDED, DocumentStatus.WITHDRAWN


def edition(name: str, printed: str = "", date: str = "", *, language: Language = Language.ENGLISH) -> Document:
    made = reading(name, [name], series="cap", edition=printed, published_on=date, language=language).document
    assert made
    return made


NONE = Register()


def statuses(*documents: Document, register: Register = NONE) -> list[DocumentStatus]:
    return [document.status for document in settle(documents, register).documents]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("Version 1.2026", ""), ("Version 2.2026", "")),
        (("Version 4.2025", ""), ("Version 1.2026", "")),
        (("Version 9.2026", ""), ("Version 10.2026", "")),
        (("2nd edition", ""), ("3rd edition", "")),
        (("Second report", ""), ("Tenth report", "")),
        (("第九版", ""), ("第十一版", "")),
        (("第2版", ""), ("第三版", "")),
        (("v1.9", ""), ("v1.10", "")),
        (("", "2024"), ("", "2026")),
        (("", "2026-01"), ("", "2026-03-02")),
        (("2024年版", ""), ("", "2026")),
        (("3rd edition", "2019"), ("4th edition", "")),
    ],
)
def test_the_newer_edition_supersedes_the_older(older: tuple[str, str], newer: tuple[str, str]) -> None:
    one, other = edition("old.pdf", *older), edition("new.pdf", *newer)
    for order in ((one, other), (other, one)):
        settled = {document.source_path: document for document in settle(order).documents}
        assert settled["old.pdf"].status is SUPERSEDED
        assert settled["old.pdf"].superseded_by == other.document_id
        assert settled["new.pdf"].status is CURRENT
        assert settled["new.pdf"].supersedes == one.document_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("", ""), ("", "")),
        (("", "2026"), ("", "")),
        (("", "2026"), ("", "2026-03")),
        (("Version 2.2026", ""), ("Version 2.2026", "")),
        (("3rd edition", ""), ("Version 1.2", "")),
    ],
)
def test_what_cannot_be_told_stays_current_and_is_said(one: tuple[str, str], other: tuple[str, str]) -> None:
    standing = settle((edition("a.pdf", *one), edition("b.pdf", *other)))
    assert [document.status for document in standing.documents] == [CURRENT, CURRENT]
    assert [path for path, _ in standing.notes] == ["a.pdf", "b.pdf"]
    assert all("register.toml" in note.message for _, note in standing.notes)


def test_a_chain_names_neighbours() -> None:
    first, second, third = (edition(f"{number}.pdf", f"Version {number}.2026") for number in (1, 2, 3))
    settled = settle((second, third, first)).documents
    by_id = {document.document_id: document for document in settled}
    assert by_id[first.document_id].superseded_by == second.document_id
    assert by_id[second.document_id].superseded_by == third.document_id
    assert by_id[second.document_id].supersedes == first.document_id
    assert by_id[third.document_id].supersedes == second.document_id
    assert by_id[third.document_id].status is CURRENT


def test_translations_do_not_supersede_each_other() -> None:
    english = edition("en.pdf", "Version 2.2026")
    chinese = edition("zh.pdf", "Version 1.2026", language=Language.CHINESE)
    assert statuses(english, chinese) == [CURRENT, CURRENT]


def test_documents_without_a_series_are_strangers() -> None:
    one, other = (edition(name, "", date) for name, date in (("a.pdf", "2020"), ("b.pdf", "2026")))
    from dataclasses import replace

    assert statuses(replace(one, series=""), replace(other, series="")) == [CURRENT, CURRENT]


def test_a_withdrawn_edition_gives_way_to_the_one_before() -> None:
    documents = (edition("1.pdf", "Version 1.2026"), edition("2.pdf", "Version 2.2026"))
    register = Register(editions=(RegisteredEdition(series="cap", file="2.pdf", withdrawn=True),))
    assert statuses(*documents, register=register) == [CURRENT, WITHDRAWN]


def test_strangers_of_one_series_do_not_replace_each_other_and_are_asked_about_once_only() -> None:
    """Whoever asks whether they are one guideline at all need not ask which is newer."""
    old, new, other = (
        edition("old.pdf", "Version 1.2026"),
        edition("new.pdf", "Version 2.2026"),
        edition("other.pdf", "Version 1.2025"),
    )
    pair = frozenset({frozenset({document.document_id, other.document_id}) for document in (old, new)})
    standing = settle((old, new, other), strangers=pair)
    assert [document.status for document in standing.documents] == [SUPERSEDED, CURRENT, CURRENT]
    assert (standing.questions, standing.notes) == ((), ())
    assert statuses(old, new, other) == [SUPERSEDED, CURRENT, SUPERSEDED]


def test_what_a_person_said_is_distinct_does_not_replace_each_other() -> None:
    old, new = edition("old.pdf", "Version 1.2026"), edition("new.pdf", "Version 2.2026")
    said = Distinct(documents=(old.document_id, new.document_id), by="Ann", on="2026-11-25")
    assert statuses(old, new, register=Register(distinct=(said,))) == [CURRENT, CURRENT]


def test_the_register_outranks_the_document() -> None:
    documents = (edition("a.pdf"), edition("sub/b-1.pdf"))
    register = Register(
        editions=(
            RegisteredEdition(series="cap", file="a.pdf", published_on="2026-02"),
            RegisteredEdition(series="cap", file="sub/b-*.pdf", edition="draft", published_on="2025"),
            RegisteredEdition(series="cap", file="gone.pdf"),
        )
    )
    standing = settle(documents, register)
    assert [document.status for document in standing.documents] == [CURRENT, SUPERSEDED]
    assert standing.documents[1].edition == "draft"
    assert [path for path, _ in standing.notes] == ["gone.pdf"]
