"""What the Library page draws: every kind of change with its count, tracked words, ages, quality, and no foreign HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from ragmed.changes import (
    AnswerImpact,
    ChangeKind,
    EditionChange,
    ImpactKind,
    Piece,
    PieceChange,
    SectionChange,
    Side,
    WordRun,
)
from ragmed.index.history import Move
from ragmed.index.report import BuildReport, FileReport, FileStatus
from ragmed.librarian import HistoryLine, SeriesLine
from ragmed.records import DocumentStatus
from ragmed.ui import coverage_view, diff_view, job_view, plan_view, series_view, sheets
from ragmed.ui.desk import Desk, Jobs, Stage
from ragmed.ui.update_view import size
from ragmed.ui.words import Words
from tests.ui.small_library import (
    HOSTILE,
    NODULES,
    NODULES_OLD,
    PNEUMONIA,
    UNDATED,
    SmallSnapshot,
    SmallSnapshots,
)

if TYPE_CHECKING:
    from ragmed.assemble import Program
    from ragmed.interfaces import SnapshotReader

EN, ZH = Words("en"), Words("zh")


def piece(text: str, label: str = "3") -> Piece:
    return Piece(text=text, page_number=3, page_label=label, start=0, end=len(text))


def changed(*, weighty: bool = True) -> PieceChange:
    return PieceChange(
        kind=ChangeKind.CHANGED,
        old=piece("Give within three hours.", "NOD-2"),
        new=piece("Give within one hour.", "NOD-3"),
        words=(
            WordRun(text="Give within ", side=Side.BOTH),
            WordRun(text="three hours ", side=Side.OLD),
            WordRun(text="one hour", side=Side.NEW),
            WordRun(text=".", side=Side.BOTH),
        ),
        weighty=weighty,
    )


def edition_change(*changes: PieceChange) -> EditionChange:
    section = SectionChange(heading_path=("Treatment", "First hour"), changes=changes)
    return EditionChange(old=NODULES_OLD, new=NODULES, sections=(section,), same=12)


def report(*files: FileReport) -> BuildReport:
    return BuildReport(
        dry_run=True,
        snapshot_id=None,
        parent="000001-00000000",
        changes=1,
        refused=0,
        files=files,
        notes=(),
        documents=1,
        pages=1,
        chunks=1,
        pages_read=1,
        chunks_embedded=0,
        seconds=1.0,
        pages_per_second=1.0,
        chunks_per_second=0.0,
    )


def test_tracked_words_mark_what_went_and_what_came_without_the_space_around_it() -> None:
    drawn = diff_view.tracked(changed().words)
    assert drawn == "Give within <del>three hours</del> <ins>one hour</ins>."
    assert diff_view.tracked((WordRun(text=" ", side=Side.OLD),)) == " "


def test_what_weighs_stands_open_and_the_rest_is_folded() -> None:
    added = PieceChange(kind=ChangeKind.ADDED, old=None, new=piece("New words."), words=(), weighty=False)
    drawn = diff_view.edition_change(edition_change(changed(), added), EN, opened=True)
    assert drawn.startswith("<details")
    assert "Version 1.2025 → Version 2.2026" in drawn
    assert "1 change of a number, a dose, a negation or a strength" in drawn
    assert "1 changed, 1 added, 0 removed, 12 the same" in drawn
    assert "Treatment › First hour" in drawn
    assert "page NOD-2 → NOD-3" in drawn
    open_part, folded = drawn.split("1 other change")
    assert "three hours" in open_part and "New words." not in open_part
    assert "<ins>New words.</ins>" in folded


def test_without_weight_nothing_is_folded_and_nothing_is_claimed() -> None:
    drawn = diff_view.edition_change(edition_change(changed(weighty=False)), EN, opened=False)
    assert "other change" not in drawn
    assert "strength" not in drawn
    assert "Both editions say the same." in diff_view.edition_change(edition_change(), EN, opened=False)


def test_of_very_many_differences_the_first_are_shown_and_the_rest_counted() -> None:
    drawn = diff_view.edition_change(edition_change(*[changed()] * (diff_view.MOST + 7)), EN, opened=False)
    assert drawn.count("<del>") == diff_view.MOST
    assert "and 7 more" in drawn


def test_every_kind_of_change_has_its_count_in_the_order_of_reading() -> None:
    files = [FileReport(source_path=f"{status.value}.pdf", status=status, reason="why") for status in FileStatus]
    drawn = plan_view.counts(report(*files, replace(files[0], source_path="second.pdf")), {}, EN)
    summaries = [part.partition("</summary>")[0] for part in drawn.split("<summary>")[1:]]
    assert summaries[0] == "<b>2</b> new"
    assert len(summaries) == len(FileStatus) == len(plan_view.ORDER), "no kind is left out"
    assert summaries[-1] == "<b>1</b> unchanged"
    assert plan_view.counts(report(), {}, EN).count("<summary>") == 0


def test_a_file_that_takes_the_place_of_another_document_says_of_which() -> None:
    file = FileReport(source_path="a.pdf", status=FileStatus.CHANGED, document_id="d-2", title="Burns")
    drawn = plan_view.counts(report(file), {"a.pdf": ("d-1", "Sepsis in adults")}, EN)
    assert "takes the place of “Sepsis in adults”" in drawn
    same = plan_view.counts(report(file), {"a.pdf": ("d-1", "Burns")}, EN)
    assert "takes the place" not in same


def test_an_older_edition_that_comes_late_says_that_it_does_not_answer() -> None:
    file = FileReport(source_path="a.pdf", status=FileStatus.NEW, standing=DocumentStatus.SUPERSEDED)
    assert "An older edition: it does not answer." in plan_view.counts(report(file), {}, EN)


def test_a_refusal_says_why_and_what_to_do_in_the_pages_language() -> None:
    file = FileReport(
        source_path="a.pdf", status=FileStatus.REFUSED, reason="a.pdf: a password is needed (save it without one)"
    )
    assert "What to do: save it without one" in plan_view.counts(report(file), {}, EN)
    assert "需要密码才能打开" in plan_view.counts(report(file), {}, ZH)


def test_impact_links_to_the_answer() -> None:
    one = AnswerImpact(
        record_id="3f2a0001",
        asked_at="2026-11-20T10:00:00",
        kind=ImpactKind.CHANGED,
        document_id="d-1",
        title="Sepsis",
        edition="1",
        page_number=3,
        quote="Give within three hours.",
        new_edition="2",
        words=changed().words,
    )
    drawn = plan_view.impact((one, replace(one, kind=ImpactKind.GONE, words=())), EN)
    assert 'href="/?record=3f2a0001"' in drawn
    assert "<del>three hours</del> <ins>one hour</ins>" in drawn
    assert "<del>Give within three hours.</del>" in drawn
    assert "no longer said" in drawn


def line(**more: object) -> SeriesLine:
    fields: dict[str, object] = {
        "series": "nodules",
        "current": (NODULES,),
        "older": (NODULES_OLD,),
        "pages": 4,
        "unread_pages": 0,
        "answered": 7,
    }
    return SeriesLine(**{**fields, **more})  # type: ignore[arg-type]


def test_the_table_has_a_row_a_series_with_its_older_editions_folded() -> None:
    drawn = series_view.table((line(),), EN)
    assert drawn.count("<tr>") == 2
    assert "1 older edition" in drawn and "Version 1.2025" in drawn
    assert "all pages read" in drawn
    assert ">7</td>" in drawn
    assert "2 of 4 pages unused" in series_view.table((line(unread_pages=2),), EN)
    assert "no edition in force" in series_view.table((line(current=()),), EN)
    assert "which is newer is not known" in series_view.table((line(current=(NODULES, PNEUMONIA)),), EN)


def test_the_table_is_filtered_by_words_wherever_they_stand() -> None:
    assert series_view.fits(line(), "NODULES version")
    assert series_view.fits(line(), "")
    assert not series_view.fits(line(), "nodules sepsis")


@pytest.mark.parametrize(
    ("said", "day"),
    [("2024", "2024-07-01"), ("2024-03", "2024-03-15"), ("2024-03-02", "2024-03-02"), ("2026", "2026-02-01")],
)
def test_a_reduced_date_counts_from_its_middle_and_is_never_to_come(said: str, day: str) -> None:
    assert series_view.whole_day(said, latest=date(2026, 2, 1)).isoformat() == day


def test_ages_are_counted_in_groups() -> None:
    dates = ("2026-06-01", "2025-01-01", "2022", "2019-05-05", "", "2025-11-26")
    documents = [replace(NODULES, published_on=day) for day in dates]
    assert coverage_view.by_age(documents, date(2026, 11, 25)) == {
        "1": 2,
        "3": 1,
        "5": 1,
        "older": 1,
        "undated": 1,
    }


def test_words_of_documents_stay_text_everywhere() -> None:
    hostile = PieceChange(kind=ChangeKind.REMOVED, old=piece(HOSTILE, HOSTILE), new=None, words=(), weighty=True)
    change = EditionChange(
        old=UNDATED, new=UNDATED, sections=(SectionChange(heading_path=(HOSTILE,), changes=(hostile,)),), same=0
    )
    file = FileReport(
        source_path=HOSTILE, status=FileStatus.NEW, title=HOSTILE, edition=HOSTILE, reason=HOSTILE, renamed_from=HOSTILE
    )
    stage = Stage(state="running", job="plan", files=(HOSTILE,))
    for drawn in (
        diff_view.edition_change(change, EN, opened=True),
        plan_view.counts(report(file), {}, EN),
        series_view.table((line(current=(UNDATED,), older=(UNDATED,)),), EN),
        job_view.documents(stage, EN),
        sheets.sheet("d-0123456789abcdef", HOSTILE, 1, EN),
    ):
        assert "<script" not in drawn
        assert "<img src=x" not in drawn


def test_documents_at_work_are_a_window_with_what_follows_counted() -> None:
    names = tuple(f"{number}.pdf" for number in range(20))
    drawn = job_view.documents(Stage(state="running", job="plan", files=names, files_done=10), EN)
    assert drawn.count("rm-doing-done") == 2
    assert drawn.count("rm-doing-at_work") == 1
    assert "10.pdf" in drawn.partition("rm-doing-at_work")[2][:60]
    assert "and 4 more" in drawn


@pytest.mark.parametrize(("count", "said"), [(1, "1 kB"), (45_300, "45 kB"), (2_340_000, "2.3 MB")])
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said


def test_a_history_line_names_who_went_back_and_why() -> None:
    from ragmed.ui.history_view import table
    from ragmed.ui.main import View

    move = Move(
        at="2026-11-25T10:00:00Z",
        reason="rollback",
        snapshot_id="000001-aaaaaaaa",
        before="000002-bbbbbbbb",
        by="Dr Li",
        why=HOSTILE,
    )
    view = View(None, EN, None, None)  # type: ignore[arg-type]
    drawn = table((HistoryLine(move=move, snapshot=None, current=False),), view)
    assert "gone back from 2" in drawn and "by Dr Li" in drawn and "no longer kept" in drawn
    assert "<script" not in drawn


def test_the_page_is_drawn_anew_where_the_library_changed_while_it_was_drawn() -> None:
    """A way back that ends between the head and the history would leave the old snapshot's number above the new one."""
    from ragmed.ui.library_page import overtaken
    from ragmed.ui.main import View

    old, new = SmallSnapshot(snapshot_id="000001-aaaaaaaa"), SmallSnapshot(snapshot_id="000002-bbbbbbbb")

    def drawn(from_: SmallSnapshot | None, now: SmallSnapshot | None) -> bool:
        program = SimpleNamespace(snapshots=SmallSnapshots(now))
        desk = Desk(cast("Program", program), Jobs(), lambda _progress, _files: None)
        return overtaken(View(desk, EN, None, cast("SnapshotReader | None", from_)))

    assert drawn(old, new)
    assert drawn(None, new)
    assert not drawn(new, new)
    assert not drawn(None, None)
