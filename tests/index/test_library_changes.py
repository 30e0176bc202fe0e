"""What a librarian does to a library, and what becomes of the editions, the held and the badly read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ragmed.changes import CitedQuote, RestrictionKind
from ragmed.index.build import build
from ragmed.index.decisions import accept_pages, mark_distinct, permit, place_edition
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.plan import nobody_cites
from ragmed.index.register import AcceptedPages, Distinct, Permission, RegisteredEdition
from ragmed.index.report import BuildReport, FileReport
from ragmed.index.snapshot import Snapshot
from ragmed.records import Document, DocumentStatus, NoteKind, ReadNote
from ragmed.settings import ChunkSettings, ReaderSettings, Settings
from tests.index.scripted_runner import ScriptedRunner

SEPSIS = "# Sepsis in adults\n\nVersion {}.2026\n\n## Treatment\n\nGive antibiotics within {}. Measure lactate.\n"
HOUSE = "# Night rules of ward 7\n\nCall the registrar when the lactate is above {} mmol/L.\n"
AI = ReadNote(kind=NoteKind.LICENCE, message="ai: not to be used with any AI tool without permission", page_number=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "sepsis.md").write_text(SEPSIS.format(1, "three hours"), "utf-8")
    (folder / "ward.md").write_text(HOUSE.format(2), "utf-8")
    return Settings(
        library=folder, index=tmp_path / "index", reader=ReaderSettings(workers=1), chunk=ChunkSettings(min_tokens=4)
    )


def run(
    settings: Settings, *, dry_run: bool = False, runner: ScriptedRunner | None = None, **more: object
) -> BuildReport:
    runner = runner or ScriptedRunner()
    return build(settings, dry_run=dry_run, embedder=HashEmbedder(), runner=runner, **more)  # type: ignore[arg-type]


def file_of(report: BuildReport, name: str, status: str) -> FileReport:
    (found,) = [file for file in report.files if (file.source_path, file.status.value) == (name, status)]
    return found


def current(settings: Settings) -> Snapshot:
    return FolderStore(settings.index).current()


def standing(snapshot: Snapshot) -> dict[str, tuple[str, str | None]]:
    """Edition or title → status and the title or edition of what replaced it."""
    by_id = {document.document_id: document for document in snapshot.documents()}

    def name(document: Document) -> str:
        page = snapshot.page(document.document_id, 1).text
        return document.edition or ("2" if "2 mmol" in page else "4" if "4 mmol" in page else "3")

    return {
        name(document): (document.status.value, name(by_id[document.superseded_by]) if document.superseded_by else None)
        for document in snapshot.documents()
    }


def test_an_edition_written_over_by_a_newer_one_is_kept(settings: Settings) -> None:
    run(settings)
    (settings.library / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    planned = run(settings, dry_run=True)
    report = run(settings)
    for found in (planned, report):
        new = file_of(found, "sepsis.md", "changed")
        old = file_of(found, "sepsis.md", "kept")
        assert (new.edition, old.edition, old.standing) == (
            "Version 2.2026",
            "Version 1.2026",
            DocumentStatus.SUPERSEDED,
        )
        assert [(change.old.edition, change.new.edition) for change in found.editions] == [(old.edition, new.edition)]
    snapshot = current(settings)
    assert standing(snapshot)["Version 1.2026"] == ("superseded", "Version 2.2026")
    assert standing(snapshot)["Version 2.2026"] == ("current", None)
    older = next(document for document in snapshot.documents() if document.edition == "Version 1.2026")
    assert "three hours" in snapshot.source(older.document_id).read_text("utf-8")
    assert report.documents == len(snapshot.documents()) == 3
    assert report.chunks == snapshot.chunk_count()
    again = run(settings)
    assert (again.snapshot_id, again.changes, again.pages_read) == (None, 0, 0)
    assert again.editions == (), "said once, when it changes"


def test_house_rules_without_an_edition_follow_one_another(settings: Settings) -> None:
    for limit in (2, 3, 4):
        (settings.library / "ward.md").write_text(HOUSE.format(limit), "utf-8")
        run(settings)
    found = standing(current(settings))
    assert (found["2"], found["3"], found["4"]) == (("superseded", "3"), ("superseded", "4"), ("current", None))
    assert current(settings).manifest.library_notes == (), "to write over a file is to say which is newer"


def test_an_older_edition_put_in_place_of_a_newer_answers_alone(settings: Settings) -> None:
    """The librarian took the newer file away: the program does not overrule her, and does not call it superseded."""
    (settings.library / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    run(settings)
    (settings.library / "sepsis.md").write_text(SEPSIS.format(1, "three hours"), "utf-8")
    run(settings)
    assert standing(current(settings))["Version 1.2026"] == ("current", None)
    assert "Version 2.2026" not in standing(current(settings))


def test_an_older_edition_added_late_does_not_become_current(settings: Settings) -> None:
    (settings.library / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    run(settings)
    (settings.library / "from-the-drawer.md").write_text(SEPSIS.format(1, "three hours"), "utf-8")
    report = run(settings)
    assert file_of(report, "from-the-drawer.md", "new").standing is DocumentStatus.SUPERSEDED
    assert standing(current(settings))["Version 2.2026"] == ("current", None)


def test_a_renamed_file_is_no_new_document(settings: Settings) -> None:
    run(settings)
    (settings.library / "sepsis.md").rename(settings.library / "sepsis-adults.md")
    runner = ScriptedRunner()
    report = run(settings, runner=runner)
    assert file_of(report, "sepsis-adults.md", "renamed").renamed_from == "sepsis.md"
    assert len(report.files) == 2
    assert runner.texts_embedded == 0


def test_a_withdrawn_document_is_marked_and_stays(settings: Settings) -> None:
    run(settings)
    (settings.library / "register.toml").write_text(
        '[[series]]\nid = "sepsis"\n[[series.edition]]\nfile = "sepsis.md"\nwithdrawn = true\n'
    )
    report = run(settings)
    assert file_of(report, "sepsis.md", "withdrawn")
    assert report.changes == 1
    assert standing(current(settings))["Version 1.2026"][0] == "withdrawn"


def test_kept_editions_are_embedded_again_by_another_model(settings: Settings) -> None:
    """Their files are gone, so they are made again of the pages that are kept."""
    run(settings)
    (settings.library / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    run(settings)
    other = settings.model_copy(update={"chunk": ChunkSettings(min_tokens=4, max_tokens=96)})
    report = run(other)
    assert report.snapshot_id
    snapshot = current(other)
    assert standing(snapshot)["Version 1.2026"] == ("superseded", "Version 2.2026")
    assert FolderStore(other.index).verify().faults == ()


def test_a_restricted_document_is_held_until_it_is_permitted(settings: Settings) -> None:
    runner = ScriptedRunner({"sepsis.md": (AI,)})
    for _ in range(2):
        report = run(settings, runner=runner)
        held = file_of(report, "sepsis.md", "held")
        assert "not to be used with any AI tool" in held.reason
        assert [(notice.kind, notice.permission) for notice in report.licences] == [(RestrictionKind.AI, "")]
    assert runner.files_read == ["sepsis.md", "ward.md"], "what is held is read once"
    assert [document.source_path for document in current(settings).documents()] == ["ward.md"]
    (file,) = current(settings).manifest.held
    assert (file.document.title, file.notices[0].page_number) == ("Sepsis in adults", 1)

    permission = Permission(document=held.document_id, by="Dr Li", on="2026-11-25", reference="letter 113")
    permit(settings.library / "register.toml", permission)
    report = run(settings, runner=runner)
    assert file_of(report, "sepsis.md", "new").chunks > 0
    document = current(settings).document(held.document_id)
    assert document.permission == "letter 113 (Dr Li, 2026-11-25)"
    assert report.licences[0].permission == document.permission
    assert current(settings).manifest.held == ()
    assert run(settings, runner=runner).snapshot_id is None


def test_a_held_edition_does_not_supersede(settings: Settings) -> None:
    run(settings)
    (settings.library / "new.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    runner = ScriptedRunner({"new.md": (AI,)})
    report = run(settings, runner=runner)
    assert standing(current(settings))["Version 1.2026"] == ("current", None)
    assert [change.new.edition for change in report.editions] == ["Version 2.2026"], "what it would change is shown"
    assert report.impact == ()


def test_a_permission_for_the_series_covers_the_next_edition(settings: Settings) -> None:
    runner = ScriptedRunner({"sepsis.md": (AI,), "new.md": (AI,)})
    series = file_of(run(settings, runner=runner), "sepsis.md", "held").series
    register = settings.library / "register.toml"
    permit(register, Permission(series=series, by="Dr Li", on="2026-11-25", reference="contract 7"))
    run(settings, runner=runner)
    (settings.library / "new.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    run(settings, runner=runner)
    assert standing(current(settings))["Version 1.2026"] == ("superseded", "Version 2.2026")


def test_a_badly_read_page_is_no_evidence_until_it_is_accepted(settings: Settings) -> None:
    note = ReadNote(kind=NoteKind.OCR, message="page 1 is a scan", page_number=1)
    runner = ScriptedRunner({"sepsis.md": (note,)})
    report = run(settings, runner=runner)
    new = file_of(report, "sepsis.md", "new")
    assert (new.held_pages, new.chunks) == ((1,), 0)
    assert [(page.page_number, page.holds, page.accepted) for page in report.quarantine] == [(1, True, False)]
    snapshot = current(settings)
    assert snapshot.page(new.document_id, 1).text, "the page can be shown"
    assert [page.document_id for page in snapshot.manifest.quarantined] == [new.document_id]

    accepted = AcceptedPages(document=new.document_id, pages=(1,), by="Dr Li", on="2026-11-25")
    accept_pages(settings.library / "register.toml", accepted)
    report = run(settings, runner=runner)
    assert file_of(report, "sepsis.md", "changed").chunks > 0
    assert [(page.holds, page.accepted) for page in current(settings).manifest.quarantined] == [(False, True)]
    assert runner.files_read == ["sepsis.md", "ward.md", "sepsis.md"], "only the accepted one was read again"


def test_answers_whose_words_change_are_named(settings: Settings) -> None:
    run(settings)
    old = next(document for document in current(settings).documents() if document.series.startswith("sepsis"))

    def citing(document_ids: frozenset[str]) -> Iterable[CitedQuote]:
        assert document_ids == {old.document_id}
        for record, quote in (("a1", "Give antibiotics within three hours."), ("b2", "Measure lactate.")):
            yield CitedQuote(
                record_id=record, asked_at="2026-11-01", document_id=old.document_id, page_number=1, quote=quote
            )

    (settings.library / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    report = run(settings, dry_run=True, citing=citing)
    assert [(one.record_id, one.kind.value) for one in report.impact] == [("a1", "changed")]
    assert report.impact[0].now and "one hour" in report.impact[0].now.text
    assert run(settings, dry_run=True, citing=nobody_cites).impact == ()


def test_staged_files_are_planned_and_then_moved_in(settings: Settings) -> None:
    run(settings)
    inbox = settings.index / "inbox"
    inbox.mkdir()
    (inbox / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
    (inbox / "dka.md").write_text("# Ketoacidosis\n\nStart insulin at 0.1 units/kg/h.\n", "utf-8")
    planned = run(settings, dry_run=True, inbox=True)
    assert file_of(planned, "dka.md", "new") and file_of(planned, "sepsis.md", "changed")
    assert run(settings, dry_run=True).changes == 0, "an upload changes nothing by itself"
    assert "three hours" in (settings.library / "sepsis.md").read_text("utf-8")
    published = run(settings, inbox=True)
    assert [(file.source_path, file.status) for file in published.files] == [
        (file.source_path, file.status) for file in planned.files
    ]
    assert list(inbox.iterdir()) == []
    assert "one hour" in (settings.library / "sepsis.md").read_text("utf-8")
    assert run(settings, inbox=True).snapshot_id is None


LONG = " ".join(
    f"In step {number} the team gives {number + 2} ml of solution {number % 7} and writes down what number {number} showed."
    for number in range(90)
)


def guideline(title: str, version: int, text: str = LONG) -> str:
    return f"# {title}\n\nVersion {version}.2026\n\n## Steps\n\n{text}\n"


def test_a_retitled_edition_joins_its_series_by_its_text(settings: Settings) -> None:
    (settings.library / "fluids.md").write_text(guideline("Fluids on the ward", 1), "utf-8")
    run(settings)
    (settings.library / "new-name.md").write_text(guideline("Giving solutions at the bedside", 2), "utf-8")
    report = run(settings)
    new = file_of(report, "new-name.md", "new")
    old = file_of(report, "fluids.md", "superseded")
    assert new.series == old.series == "fluids-on-the-ward"
    notes = [item.note.message for item in current(settings).manifest.library_notes]
    assert any("taken for an edition of the same guideline" in note for note in notes), "done, and said"
    assert run(settings).snapshot_id is None


def test_alike_and_unordered_is_asked_and_may_be_answered(settings: Settings) -> None:
    (settings.library / "fluids.md").write_text(guideline("Fluids on the ward", 1), "utf-8")
    other = LONG.replace("solution", "mixture").replace("team", "nurse")
    (settings.library / "other.md").write_text(guideline("Mixtures", 1, LONG[: len(LONG) // 2] + other), "utf-8")
    report = run(settings)
    (question,) = report.questions
    assert question.kind.value == "same_series"
    assert set(question.source_paths) == {"fluids.md", "other.md"}
    assert all(document.status is DocumentStatus.CURRENT for document in current(settings).documents())
    answer = Distinct(documents=question.document_ids, by="Wu", on="2026-11-25")
    mark_distinct(settings.library / "register.toml", answer)
    assert run(settings).questions == ()


def test_two_of_a_series_that_nothing_orders_are_asked_about(settings: Settings) -> None:
    for name in ("a.md", "b.md"):
        text = f"# Fluids\n\nVersion 1.2026\n\nThis is file {name}, and the dose is {len(name)} ml.\n"
        (settings.library / name).write_text(text, "utf-8")
    report = run(settings)
    (question,) = report.questions
    assert (question.kind.value, question.source_paths) == ("which_is_newer", ("a.md", "b.md"))
    place_edition(
        settings.library / "register.toml", RegisteredEdition(series="fluids", file="b.md", edition="Version 2.2026")
    )
    report = run(settings)
    assert report.questions == ()
    assert file_of(report, "a.md", "superseded")


def test_two_hospitals_with_one_title_both_answer_until_somebody_says_which_they_are(settings: Settings) -> None:
    steps = ["airway", "oxygen", "fluids", "cultures", "lactate", "antibiotics", "vasopressors", "source control"]
    doses = ["250 ml", "500 ml", "1 litre", "30 ml/kg", "5 mg", "10 mg", "2 g", "4.5 g"]
    for name, year, verb, words in (("a", 2024, "Check", steps), ("b", 2026, "Give", doses)):
        body = "\n\n".join(f"{verb} {word} when {verb.lower()[0]}{place} says so." for place, word in enumerate(words))
        text = f"# Sepsis pathway\n\nPublished {year}-03-01\n\n{body}\n"
        (settings.library / f"{name}.md").write_text(text, "utf-8")
    report = run(settings)
    assert {file_of(report, f"{name}.md", "new").standing for name in "ab"} == {DocumentStatus.CURRENT}
    (question,) = report.questions
    assert sorted(question.source_paths) == ["a.md", "b.md"]
    register = settings.library / "register.toml"
    place_edition(register, RegisteredEdition(series=question.series[-1], file="a.md"))
    report = run(settings)
    assert report.questions == ()
    found = {document.source_path: document.status for document in current(settings).documents()}
    assert (found["a.md"], found["b.md"]) == (DocumentStatus.SUPERSEDED, DocumentStatus.CURRENT)
    ids = tuple(one.document_id for one in current(settings).documents() if one.source_path in ("a.md", "b.md"))
    register.unlink()
    mark_distinct(register, Distinct(documents=ids, by="Ann", on="2026-11-25"))
    report = run(settings)
    assert report.questions == ()
    found = {document.source_path: document.status for document in current(settings).documents()}
    assert (found["a.md"], found["b.md"]) == (DocumentStatus.CURRENT, DocumentStatus.CURRENT)


def test_what_joins_a_permitted_series_is_released(settings: Settings) -> None:
    runner = ScriptedRunner({"fluids.md": (AI,), "new-name.md": (AI,)})
    (settings.library / "fluids.md").write_text(guideline("Fluids on the ward", 1), "utf-8")
    register = settings.library / "register.toml"
    permit(register, Permission(series="fluids-on-the-ward", by="Dr Li", on="2026-11-25", reference="contract 7"))
    run(settings, runner=runner)
    (settings.library / "new-name.md").write_text(guideline("Giving solutions at the bedside", 2), "utf-8")
    report = run(settings, runner=runner)
    assert file_of(report, "new-name.md", "new").chunks > 0
    assert run(settings, runner=runner).snapshot_id is None


def test_to_hold_what_has_answered_is_a_change(settings: Settings) -> None:
    """A notice that an earlier version of the program did not see."""
    run(settings)
    (settings.index / "reads.json").unlink()
    report = run(settings, runner=ScriptedRunner({"sepsis.md": (AI,)}))
    assert file_of(report, "sepsis.md", "held")
    assert report.changes == 1
    assert [document.source_path for document in current(settings).documents()] == ["ward.md"]
