"""The register of editions: read strictly, and written without harm to what a person wrote into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.index.decisions import accept_pages, mark_distinct, permit, place_edition
from ragmed.index.register import AcceptedPages, Distinct, Permission, Register, RegisteredEdition, read_register
from tests.index.support import library

LETTER = {"by": "Dr Li", "on": "2026-11-25", "reference": "letter 113"}


def test_the_register_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    assert read_register(path) == Register()
    path.write_text(
        '[[series]]\nid = "nsclc"\ntitle = "x"\n[[series.edition]]\nfile = "a.pdf"\nedition = "Version 1.2026"\n'
        'date = 2026-01-12\nwithdrawn = true\n[[series.edition]]\nfile = "b.pdf"\ndate = "2026-03"\n'
    )
    assert read_register(path).editions == (
        RegisteredEdition(
            series="nsclc", file="a.pdf", edition="Version 1.2026", published_on="2026-01-12", withdrawn=True
        ),
        RegisteredEdition(series="nsclc", file="b.pdf", published_on="2026-03"),
    )
    for wrong, named in (
        ('[[series]]\nid = "x"\n[[series.edition]]\nfile = "a"\nwithdrwan = true', "withdrwan"),
        ('[[series]]\ntitle = "x"', "id"),
        ('[[series]]\nid = "x"\n[[series.edition]]\nedition = "1"', "file"),
        ('[[series]]\nid = "x"\n[[series.edition]]\nfile = "a"\ndate = "March"', "March"),
        ('[[series]]\nid = "x"\n[[series.edition]]\nfile = "a"\nwithdrawn = "yes"', "withdrawn"),
        ("[[series", "TOML"),
    ):
        path.write_text(wrong)
        with pytest.raises(BadInputError, match=named):
            read_register(path)


def test_the_demonstration_register_is_read(demonstration_library: Path) -> None:
    found = read_register(demonstration_library / "register.toml").editions
    assert {edition.series for edition in found} == {"nsclc"}
    assert all((demonstration_library / edition.file).is_file() for edition in found)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ('[[permission]]\nby = "Li"\non = 2026-01-02\nreference = "x"', "a document or a series"),
        ('[[permission]]\nseries = "x"\non = 2026-01-02\nreference = "x"', "'by'"),
        ('[[permission]]\nseries = "x"\nby = "Li"\non = "today"\nreference = "x"', "today"),
        ('[[accepted]]\ndocument = "d-1"\npages = ["3"]\nby = "Li"\non = 2026-01-02', "pages"),
        ('[[distinct]]\ndocuments = ["d-1"]\nby = "Li"\non = 2026-01-02', "two documents"),
    ],
)
def test_a_decision_without_its_maker_is_no_decision(tmp_path: Path, wrong: str, named: str) -> None:
    path = tmp_path / "register.toml"
    path.write_text(wrong)
    with pytest.raises(BadInputError, match=named):
        read_register(path)


def test_decisions_are_added_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text('# ours\n[[series]]\nid = "nsclc"  # lung\n[[series.edition]]\nfile = "a.pdf"\n')
    permit(path, Permission(document="d-1", **LETTER), file="a.pdf")
    permit(path, Permission(series="nccn", **LETTER))
    accept_pages(path, AcceptedPages(document="d-1", pages=(4, 3), by="Li", on="2026-11-25"))
    mark_distinct(path, Distinct(documents=("d-2", "d-1"), by="Li", on="2026-11"))
    found = read_register(path)
    assert found.permissions == (Permission(document="d-1", **LETTER), Permission(series="nccn", **LETTER))
    assert found.accepted_pages("d-1") == (3, 4)
    assert found.are_distinct("d-1", "d-2") and not found.are_distinct("d-1", "d-3")
    assert path.read_text().startswith('# ours\n[[series]]\nid = "nsclc"  # lung\n')


def test_a_file_is_placed_and_placed_anew(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    place_edition(path, RegisteredEdition(series="cap", file="a.pdf", edition="3", published_on="2026-02-01"))
    place_edition(path, RegisteredEdition(series="cap", file="b.pdf"))
    place_edition(path, RegisteredEdition(series="sepsis", file="a.pdf", withdrawn=True))
    assert set(read_register(path).editions) == {
        RegisteredEdition(series="cap", file="b.pdf"),
        RegisteredEdition(series="sepsis", file="a.pdf", edition="3", published_on="2026-02-01", withdrawn=True),
    }
    place_edition(path, RegisteredEdition(series="sepsis", file="a.pdf"))
    assert not any(edition.withdrawn for edition in read_register(path).editions)
    before = path.read_bytes()
    with pytest.raises(BadInputError, match="No Slug"):
        place_edition(path, RegisteredEdition(series="No Slug", file="c.pdf"))
    assert path.read_bytes() == before


def test_a_broken_register_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text("[[series")
    with pytest.raises(BadInputError, match="TOML"):
        permit(path, Permission(series="nccn", **LETTER))
    assert path.read_text() == "[[series"


def test_a_permission_is_for_a_document_or_its_series() -> None:
    document = library()[0].document
    assert document
    by_series = Register(permissions=(Permission(series=document.series, **LETTER),))
    by_document = Register(permissions=(Permission(document=document.document_id, **LETTER),))
    other = Register(permissions=(Permission(document="d-0", **LETTER), Permission(series="x", **LETTER)))
    assert (
        by_series.permission_for(document) == by_document.permission_for(document) == "letter 113 (Dr Li, 2026-11-25)"
    )
    assert other.permission_for(document) == ""
