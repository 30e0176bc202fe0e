"""What a librarian is told about a new edition: nothing that was only printed anew, and everything that was said anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.changes import ChangeKind, EditionChange, Piece, PieceChange, Side
from ragmed.corpus.edition_diff import compare_editions, placed_pieces
from ragmed.corpus.reading import file_to_read, read_file
from ragmed.records import Block, BlockKind, Document, Language, Page
from tests.corpus.small_files import DOCUMENT_ID, LIMITS

Line = tuple[tuple[str, ...], str]
"""Headings and a list item under them."""


def a_document(edition: str = "Version 1.2026", day: str = "2026-01-12") -> Document:
    return Document(
        document_id=DOCUMENT_ID,
        series="nsclc",
        title="Lung cancer",
        publisher="Test",
        edition=edition,
        published_on=day,
        language=Language.ENGLISH,
        sha256="0" * 64,
        licence="",
        source_path="a.pdf",
        media_type="application/pdf",
        page_count=1,
    )


OLD, NEW = a_document(), a_document("Version 2.2026", "2026-03-02")


def pages_of(*lines: Line, kind: BlockKind = BlockKind.LIST_ITEM, a_page: int = 1000) -> list[Page]:
    """Pages of ``a_page`` lines each."""
    pages = []
    for first in range(0, len(lines), a_page):
        text, blocks = "", []
        for path, line in lines[first : first + a_page]:
            blocks.append(Block(start=len(text), end=len(text) + len(line), kind=kind, heading_path=path))
            text += line + "\n"
        number = len(pages) + 1
        pages.append(Page(document_id=DOCUMENT_ID, number=number, label=f"P-{number}", text=text, blocks=tuple(blocks)))
    return pages


def compare(old: list[Page], new: list[Page]) -> EditionChange:
    return compare_editions(OLD, old, NEW, new)


def told(change: EditionChange) -> list[tuple[str, str]]:
    return [(one.kind.value, text_of(one)) for section in change.sections for one in section.changes]


_MARKS = {Side.BOTH: "{}", Side.OLD: "[-{}-]", Side.NEW: "{{+{}+}}"}


def text_of(change: PieceChange) -> str:
    if change.words:
        return "".join(_MARKS[run.side].format(run.text) for run in change.words)
    piece = change.new or change.old
    assert piece is not None
    return piece.text


P = BlockKind.PARAGRAPH
A, B = ("Lung cancer", "Treatment"), ("Lung cancer", "Follow-up")
GIVE = (A, "Give osimertinib 80 mg daily for 3 years.")
SCAN = (B, "Chest CT is recommended every 12 months for 5 years.")
STOP = (B, "Smoking should be stopped before surgery.")


def test_an_edition_beside_itself_has_no_change() -> None:
    change = compare(pages_of(GIVE, SCAN, STOP), pages_of(GIVE, SCAN, STOP))
    assert (change.sections, change.same, change.moved) == ((), 3, 0)


def test_a_changed_dose_is_marked_in_its_sentence_and_weighs() -> None:
    change = compare(pages_of(GIVE, SCAN), pages_of((A, GIVE[1].replace("80", "160")), SCAN))
    assert told(change) == [("changed", "Give osimertinib [-80 mg daily -]{+160 mg daily +}for 3 years.")]
    (section,) = change.sections
    assert section.heading_path == A
    assert section.changes[0].weighty
    assert change.same == 1


def test_added_and_removed_pieces_stand_under_their_heading_in_the_new_order() -> None:
    change = compare(pages_of(GIVE, SCAN, STOP), pages_of(GIVE, (A, "Measure the QTc interval."), SCAN))
    assert [(section.heading_path, [one.kind for one in section.changes]) for section in change.sections] == [
        (A, [ChangeKind.ADDED]),
        (B, [ChangeKind.REMOVED]),
    ]
    assert [change.count(kind) for kind in ChangeKind] == [1, 1, 0]
    assert [one.weighty for section in change.sections for one in section.changes] == [False, True]


def test_what_moved_is_no_change_and_is_counted() -> None:
    rest = ((A, "Measure the QTc interval each month."), SCAN, STOP)
    change = compare(pages_of(GIVE, *rest), pages_of((B, GIVE[1]), *rest))
    assert (change.sections, change.same, change.moved) == ((), 4, 1)


def test_a_line_that_stands_under_two_headings_is_matched_under_each() -> None:
    again = (B, GIVE[1])
    change = compare(pages_of(GIVE, again), pages_of(again, GIVE))
    assert (change.sections, change.same, change.moved) == ((), 2, 0)


def test_printing_anew_is_no_change() -> None:
    old = pages_of(
        (A, "1. Give “osimertinib” 80 mg  daily."),
        (("Lung cancer", "Updates in Version 1.2026"), "This is Version 1.2026 of 2026-01-12."),
        (("2. Biopsy",), "A non-small tumour was smaller.[4]"),
    )
    new = pages_of(
        (A, '• Give "osimertinib" 80 mg daily.'),
        (("Lung cancer", "Updates in Version 2.2026"), "This is Version 2.2026 of 2026-03-02."),
        (("3 Biopsy",), "A nonsmall tumour was smaller.[17]"),
        a_page=1,
    )
    change = compare(old, new)
    assert (change.sections, change.same, change.moved) == ((), 3, 0)


def test_a_sentence_that_runs_over_a_page_is_one_piece() -> None:
    whole = pages_of((A, "Durvalumab for 12 months is recommended after concurrent chemoradiation."), kind=P)
    cut = pages_of(
        (A, "Durvalumab for 12 months is recommended"), (A, "after concurrent chemoradiation."), kind=P, a_page=1
    )
    assert compare(whole, cut).sections == ()
    (one,) = placed_pieces(cut)
    assert (one.piece.page_number, one.piece.page_label) == (1, "P-1")
    chinese = pages_of((A, "所有疑似脑卒中的患者应当在到达医院之后立即"), (A, "接受头颅CT检查。"), kind=P, a_page=1)
    assert [one.piece.text for one in placed_pieces(chinese)] == [
        "所有疑似脑卒中的患者应当在到达医院之后立即接受头颅CT检查。"
    ]


def test_furniture_is_not_compared() -> None:
    old = pages_of((A, "© 2025 Version 1.2025, page 3"), kind=BlockKind.FURNITURE)
    new = pages_of((A, "© 2026 Version 7.2026, page 9"), kind=BlockKind.FURNITURE)
    change = compare(old, new)
    assert (change.sections, change.same) == ((), 0)


def test_a_heading_with_a_number_that_weighs_is_a_piece() -> None:
    old = pages_of(((), "PD-L1 of 50% or more"), ((), "Introduction"), kind=BlockKind.HEADING)
    new = pages_of(((), "PD-L1 of 1% or more"), ((), "Introduction and scope"), kind=BlockKind.HEADING)
    assert told(compare(old, new)) == [("changed", "PD-L1 of [-50% or more-]{+1% or more+}")]


def test_what_is_removed_with_its_heading_stands_under_the_heading_above() -> None:
    gone = (("Lung cancer", "Old trials"), "The old trial had 12 patients.")
    (section,) = compare(pages_of(GIVE, gone), pages_of(GIVE)).sections
    assert section.heading_path == ("Lung cancer",)


def test_a_heading_in_other_words_is_known_by_what_stands_under_it() -> None:
    old = pages_of(GIVE, (A, "Measure the QTc interval each month."), SCAN)
    new = pages_of((("Lung cancer", "Systemic therapy"), GIVE[1]), SCAN)
    (section,) = compare(old, new).sections
    assert section.heading_path == ("Lung cancer", "Systemic therapy")


def test_a_removed_recommendation_is_not_taken_for_another_drugs() -> None:
    other = (A, "Give alectinib 600 mg twice daily with food for 24 months.")
    changed = (A, "Give alectinib 300 mg twice daily with food for 24 months.")
    assert told(compare(pages_of(GIVE, other), pages_of(changed))) == [
        ("removed", GIVE[1]),
        ("changed", "Give alectinib [-600 mg -]{+300 mg +}twice daily with food for 24 months."),
    ]


def test_one_of_two_equal_pieces_that_goes_is_removed() -> None:
    change = compare(pages_of(GIVE, (B, GIVE[1])), pages_of(GIVE))
    assert [kind for kind, _ in told(change)] == ["removed"]
    assert change.same == 1


_WORDS = st.sampled_from(["give", "osimertinib", "80 mg", "160 mg", "not", "患者", "daily", "CT", "应", "every"])
_LINES = st.lists(
    st.tuples(
        st.sampled_from([(), A, B, ("Lung cancer",), ("附录",)]),
        st.lists(_WORDS, min_size=1, max_size=6).map(" ".join),
    ),
    max_size=14,
)


@settings(deadline=None)
@given(_LINES, _LINES, st.integers(1, 5))
def test_every_piece_of_both_editions_is_told_exactly_once(old: list[Line], new: list[Line], a_page: int) -> None:
    one, other = pages_of(*old), pages_of(*new, a_page=a_page)
    change = compare(one, other)
    changes = [piece for section in change.sections for piece in section.changes]
    for pages, pieces in ((one, [one.old for one in changes]), (other, [one.new for one in changes])):
        here: Counter[Piece] = Counter(placed.piece for placed in placed_pieces(pages))
        named = Counter(piece for piece in pieces if piece is not None)
        assert named <= here
        assert named.total() + change.same == here.total()
    for piece in changes:
        assert (piece.kind is ChangeKind.CHANGED) is bool(piece.old and piece.new) is bool(piece.words)


@settings(deadline=None)
@given(_LINES, st.integers(1, 5))
def test_other_pages_and_editions_of_the_same_text_have_no_change(lines: list[Line], a_page: int) -> None:
    change = compare(pages_of(*lines), pages_of(*lines, a_page=a_page))
    assert change.sections == ()
    assert change.same == len(lines)


@pytest.fixture(scope="module")
def nsclc() -> EditionChange:
    library = Path(__file__).resolve().parents[2] / "guidelines"
    one, two = (read_file(file_to_read(library / f"nsclc-v{n}-2026.pdf"), LIMITS) for n in (1, 2))
    assert one.document is not None
    assert two.document is not None
    return compare_editions(one.document, one.pages, two.document, two.pages)


def _under(change: EditionChange, heading: str) -> list[tuple[str, str]]:
    return [
        (one.kind.value, text_of(one))
        for section in change.sections
        if section.heading_path and section.heading_path[-1].casefold().startswith(heading.casefold())
        for one in section.changes
    ]


def test_the_librarian_reads_the_new_interval_of_surveillance(nsclc: EditionChange) -> None:
    row, item = _under(nsclc, "Surveillance after")
    assert row[0] == item[0] == "changed"
    assert "every {+6 months for 3 years, then low-dose CT every +}12 months [-for 5 years -]" in row[1]
    assert "{+6 months for 3 years, followed by low-dose chest CT every +}12 months[- for 5 years-]." in item[1]


def test_the_librarian_reads_the_adjuvant_recommendations(nsclc: EditionChange) -> None:
    found = _under(nsclc, "Adjuvant systemic")
    words = [text for _, text in found]
    assert any(text.startswith("• ALK testing is [-not required -]{+recommended +}before") for text in words)
    assert any("Adjuvant osimertinib 80 mg" in text and "stage [-II–IIIA -]{+IB–IIIA +}" in text for text in words)
    assert ("added", next(text for text in words if text.startswith("• Adjuvant alectinib 600 mg"))) in found
    assert any(text.startswith("→ | ALK rearrangement → | Alectinib 600 mg") for text in words)


def test_the_librarian_reads_changed_rows_of_tables(nsclc: EditionChange) -> None:
    assert ("changed", "ALK | [-Not required -]{+Test +}| Test | Consider") in told(nsclc)
    (ros1,) = (text for kind, text in told(nsclc) if kind == "changed" and text.startswith("ROS1"))
    assert "{+, repotrectinib 160 mg daily for 14 days then twice daily+}" in ros1


def test_what_the_source_of_the_two_editions_shares_is_no_change(nsclc: EditionChange) -> None:
    """The two sources differ in the lines below and in nothing else; version lines and page stamps are none of it."""
    headings = {section.heading_path[-1].casefold() for section in nsclc.sections if section.heading_path}
    assert not any("solid nodule" in heading or "stage iii" in heading for heading in headings)
    assert "contents" not in " ".join(headings)
    assert nsclc.same >= 140
    # 33 differences as the sources have them, and a sentence that the page of version 2 cuts in two
    assert sum(nsclc.count(kind) for kind in ChangeKind) <= 36


def test_what_weighs_is_told_apart(nsclc: EditionChange) -> None:
    light = [text_of(one) for section in nsclc.sections for one in section.changes if not one.weighty]
    assert any("EGFR {+and ALK +}wild type" in text for text in light)
    assert not any("ALK testing" in text or "mg " in "".join(text.split("[-")[1:]) for text in light)


@pytest.mark.data
def test_a_long_guideline_beside_itself_on_other_pages(data: Path) -> None:
    path = data / "guidelines" / "us_gov" / "cdc-outpatient-infection-prevention-2016.pdf"
    reading = read_file(file_to_read(path), LIMITS)
    assert reading.document is not None
    later = [replace(page, number=page.number + 3, label=f"x-{page.number}") for page in reading.pages]
    change = compare_editions(reading.document, reading.pages, reading.document, later)
    assert change.sections == ()
    assert change.same == len(placed_pieces(reading.pages)) > 500
