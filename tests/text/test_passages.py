"""What the embedder sees of a chunk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ragmed.records import Chunk, Language
from ragmed.text.passages import embedding_text, heading_prefix


def chunk(path: tuple[str, ...]) -> Chunk:
    return Chunk(
        chunk_id="d-1-p1-0-4",
        document_id="d-1",
        page_number=1,
        start=0,
        end=4,
        text="Dose",
        heading_path=path,
        language=Language.ENGLISH,
    )


def test_the_last_two_headings_stand_before_the_text() -> None:
    assert embedding_text(chunk(("Drugs", "Opioids", "Adverse effects")), "Pain") == "Opioids > Adverse effects\nDose"


def test_the_title_stands_in_where_headings_are_few() -> None:
    assert embedding_text(chunk(("Opioids",)), "Pain") == "Pain > Opioids\nDose"
    assert embedding_text(chunk(()), "Pain") == "Pain\nDose"
    assert embedding_text(chunk(("Pain",)), "Pain") == "Pain\nDose"


def test_without_headings_the_text_stands_alone() -> None:
    assert embedding_text(chunk(()), "") == "Dose"


def test_a_long_heading_is_cut_and_the_nearer_one_kept() -> None:
    far, near = "very " * 60, "Adverse effects"
    prefix = heading_prefix((far, near), "")
    assert prefix.endswith("> Adverse effects")
    assert len(prefix.split()) <= 43


@given(st.lists(st.text(max_size=300), max_size=4), st.text(max_size=300))
def test_the_prefix_is_one_short_line(path: list[str], title: str) -> None:
    prefix = heading_prefix(tuple(path), title)
    assert "\n" not in prefix
    assert len(prefix) <= 400
