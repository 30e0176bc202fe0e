"""The librarian's desk over real files: nothing changes before she publishes, and all of it can be taken back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ragmed.assemble import Program, open_program
from ragmed.errors import BadInputError, NotFoundError
from ragmed.index.build import build
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.register import RegisteredEdition, read_register
from ragmed.librarian import Librarian, find_words
from ragmed.records import AnswerRecord, DocumentStatus, NoteKind, Outcome, ReadNote
from ragmed.settings import ChunkSettings, ReaderSettings, Settings
from tests.index.scripted_runner import ScriptedRunner
from tests.ui.small_library import NODULES, QUESTIONS, _answered

SEPSIS = "# Sepsis in adults\n\nVersion {}.2026\n\n## Treatment\n\nGive antibiotics within {}. Measure lactate.\n"
HOUSE = "# Night rules of ward 7\n\nCall the registrar when the lactate is above 2 mmol/L.\n"
NOTICE = ReadNote(kind=NoteKind.LICENCE, message="ai: Call the registrar when the lactate", page_number=1)
SCAN = ReadNote(kind=NoteKind.OCR, message="page 1 is a scan", page_number=1)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "sepsis.md").write_text(SEPSIS.format(1, "three hours"), "utf-8")
    settings = Settings(
        library=folder, index=tmp_path / "index", reader=ReaderSettings(workers=1), chunk=ChunkSettings(min_tokens=4)
    )
    return open_program(settings)


def librarian_of(program: Program, notes: dict[str, tuple[ReadNote, ...]] | None = None) -> Librarian:
    building = partial(build, embedder=HashEmbedder(), runner=ScriptedRunner(notes))
    return Librarian(program.settings, program.snapshots, program.records, building)  # type: ignore[arg-type]


def statuses(report: object) -> set[tuple[str, str]]:
    return {(file.source_path, file.status.value) for file in report.files}  # type: ignore[attr-defined]


def test_upload_plan_publish_undo(program: Program) -> None:
    librarian = librarian_of(program)
    first = librarian.publish(librarian.plan())
    librarian.inbox.stage("sepsis-2.md", SEPSIS.format(2, "one hour").encode())
    librarian.inbox.stage("broken.pdf", b"%PDF-1.7\nnothing more")
    told: list[tuple[tuple[str, ...], int]] = []
    plan = librarian.plan(files=lambda names, done: told.append((tuple(names), done)))
    assert told == [(("broken.pdf", "sepsis-2.md"), done) for done in range(3)]
    assert {("sepsis-2.md", "new"), ("sepsis.md", "superseded"), ("broken.pdf", "refused")} <= statuses(plan.report)
    assert program.snapshots.current().snapshot_id == first.snapshot_id, "a plan changes nothing"
    assert not (program.settings.library / "sepsis-2.md").exists()
    assert [file.name for file in librarian.inbox.files()] == ["broken.pdf", "sepsis-2.md"]

    published = librarian.publish(plan, by=" Ann  Wu ")
    assert librarian.history()[0].move.by == "Ann Wu"
    assert librarian.inbox.files() == ()
    (line,) = librarian.series()
    assert [document.edition for document in (*line.current, *line.older)] == ["Version 2.2026", "Version 1.2026"]

    assert published.parent
    librarian.rollback(published.parent, by=" Dr  Li ", why="wrong edition")
    (line,) = librarian.series()
    assert [(document.edition, document.status) for document in line.current] == [
        ("Version 1.2026", DocumentStatus.CURRENT)
    ]
    assert line.older == ()
    lines = librarian.history()
    assert [(one.move.reason, one.move.by, one.current) for one in lines] == [
        ("rollback", "Dr Li", True),
        ("index", "Ann Wu", False),
        ("index", "", False),
    ]


@pytest.mark.parametrize("change", ["upload", "library", "decision", "publish"])
def test_a_plan_ends_with_whatever_changes_after_it(program: Program, change: str) -> None:
    librarian = librarian_of(program)
    plan = librarian.plan()
    assert librarian.is_fresh(plan)
    if change == "upload":
        librarian.inbox.stage("a.md", b"# A\n\nText of A.\n")
    elif change == "library":
        (program.settings.library / "b.md").write_text("# B\n\nText of B.\n")
    elif change == "decision":
        librarian.distinct(("d-1", "d-2"), by="Li")
    else:
        librarian.publish(plan)
    assert not librarian.is_fresh(plan)
    with pytest.raises(BadInputError, match="has changed since this plan"):
        librarian.publish(plan)


def test_a_permission_releases_a_held_document_and_says_who(program: Program) -> None:
    librarian = librarian_of(program, {"ward.md": (NOTICE,)})
    librarian.inbox.stage("ward.md", HOUSE.encode())
    plan = librarian.plan()
    (notice,) = plan.report.licences
    assert ("ward.md", "held") in statuses(plan.report)
    document, page = librarian.page(notice.document_id, notice.page_number)
    assert (document.title, "registrar" in page.text) == ("Night rules of ward 7", True)
    plain = librarian.page_image(notice.document_id, 1, 300)
    assert plain[:8] == b"\x89PNG\r\n\x1a\n"
    assert librarian.page_image(notice.document_id, 1, 300, notice.words) != plain, "the notice is marked"
    librarian.publish(plan)
    assert [file.document.source_path for file in librarian.held()] == ["ward.md"]
    assert librarian.page(notice.document_id, 1)[1].text == page.text, "from the library now"
    assert librarian_of(program).page(notice.document_id, 1)[1].text == page.text, "after a restart, without a plan"

    with pytest.raises(BadInputError, match="without a name"):
        librarian.permit(by="  ", reference="letter 113", document_id=notice.document_id)
    with pytest.raises(BadInputError, match="without a reference"):
        librarian.permit(by="Dr Li", reference=" ", document_id=notice.document_id)
    librarian.permit(by="Dr Li", reference="letter 113", document_id=notice.document_id, file="ward.md")
    librarian.publish(librarian.plan())
    document = program.snapshots.current().document(notice.document_id)
    assert document.permission.startswith("letter 113 (Dr Li, 20")
    assert librarian.held() == ()


def test_an_accepted_page_answers_and_is_no_longer_counted_as_unread(program: Program) -> None:
    librarian = librarian_of(program, {"sepsis.md": (SCAN,)})
    librarian.publish(librarian.plan())
    (line,) = librarian.series()
    assert (line.pages, line.unread_pages) == (1, 1)
    document = line.current[0]
    librarian.accept(document.document_id, (1,), by="Wu", file=document.source_path)
    (accepted,) = read_register(program.settings.library / "register.toml").accepted
    assert (accepted.by, accepted.pages) == ("Wu", (1,))
    librarian.publish(librarian.plan())
    (line,) = librarian.series()
    assert line.unread_pages == 0


def test_a_document_of_another_series_is_placed(program: Program) -> None:
    librarian = librarian_of(program)
    librarian.inbox.stage("ward.md", HOUSE.encode())
    librarian.place(RegisteredEdition(series="sepsis-in-adults", file="ward.md", published_on="2020"))
    plan = librarian.plan()
    assert {file.series for file in plan.report.files} == {"sepsis-in-adults"}


@pytest.mark.parametrize("document_id", ["d-0000000000000000", "../../etc/passwd", ""])
def test_only_pages_of_the_plan_or_the_library_are_given_out(program: Program, document_id: str) -> None:
    librarian = librarian_of(program)
    librarian.plan()
    with pytest.raises(NotFoundError):
        librarian.page_image(document_id, 1, 300)


def answer(number: int, question: str, asked_at: str, outcome: Outcome) -> AnswerRecord:
    record = _answered(f"{number:032x}", question)
    return replace(record, asked_at=asked_at, outcome=outcome)


def test_questions_are_counted_by_series_and_month_and_each_record_once(program: Program) -> None:
    from datetime import UTC, datetime

    librarian = librarian_of(program)
    now = datetime(2026, 11, 25, tzinfo=UTC)
    for number, moment in enumerate(("2026-10-31T23:59:00", "2026-11-01T00:00:00", "2026-11-20T10:00:00")):
        program.records.append(answer(number, QUESTIONS["case"], f"{moment}.000+00:00", Outcome.ANSWERED))
    assert librarian.answered_this_month(now)[NODULES.series] == 2
    program.records.append(answer(9, QUESTIONS["case"], "2026-11-21T10:00:00.000+00:00", Outcome.ANSWERED))
    program.records.append(answer(10, QUESTIONS["case"], "2026-11-22T10:00:00.000+00:00", Outcome.REJECTED))
    assert librarian.answered_this_month(now)[NODULES.series] == 3
    assert librarian.answered_this_month(now)[NODULES.series] == 3
    assert librarian.answered_this_month(datetime(2026, 12, 1, tzinfo=UTC))[NODULES.series] == 0


def test_questions_that_were_not_covered_are_listed_once_newest_first(program: Program) -> None:
    librarian = librarian_of(program)
    assert librarian.unanswered() == ()
    for number, question in enumerate(("football in 2022?", "Football  in 2022?", "football and fever")):
        at = f"2026-11-0{number + 1}T10:00:00.000+00:00"
        program.records.append(answer(number, question, at, Outcome.ABSTAINED))
    program.records.append(answer(8, QUESTIONS["case"], "2026-11-09T10:00:00.000+00:00", Outcome.ANSWERED))
    assert [(one.question, one.times, one.record_id[-1]) for one in librarian.unanswered()] == [
        ("football and fever", 1, "2"),
        ("Football  in 2022?", 2, "1"),
    ]
    assert librarian.unanswered()[0].nearest_titles


def test_before_the_first_snapshot_everything_is_empty(program: Program) -> None:
    librarian = librarian_of(program)
    assert (librarian.series(), librarian.held(), librarian.history()) == ((), (), ())


@pytest.mark.parametrize(
    ("words", "found"),
    [("use with AI", "use\nwith AI"), ("No use with…", "No use\nwith"), ("not there", ""), ("", ""), ("…", "")],
)
def test_words_are_found_whatever_the_white_space(words: str, found: str) -> None:
    text = "Preface. No use\nwith AI tools."
    start, end = find_words(text, words)
    assert text[start:end] == found
