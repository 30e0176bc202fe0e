"""Every citation again: quote on its page, source's bytes, verdict; what is spoiled is named, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed import __version__
from ragmed.answer.citations import check_claim
from ragmed.audit.recheck import Recheck, Rechecked, Reread
from ragmed.errors import UnreadableFileError
from ragmed.index.folder_store import FolderStore
from ragmed.records import AnswerRecord, Citation, Outcome, Verdict
from tests.audit.bench import DOSE, HOW_LONG, PNEUMONIA_ZH, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.ask(HOW_LONG, DOSE, PNEUMONIA_ZH)
    return made


def recheck(bench: Bench, records: Iterable[AnswerRecord], reread: Reread | None = None) -> Rechecked:
    checking = Recheck(
        FolderStore(bench.index), lambda text, citations, reader: check_claim(text, citations, reader).checks, reread
    )
    checking.all(enumerate(records, 1), 0)
    return checking.result()


def answers(bench: Bench) -> list[AnswerRecord]:
    found = list(reversed(bench.log.recent(10)))
    assert all(one.outcome is Outcome.ANSWERED and one.checks for one in found)
    return found


def with_citation(record: AnswerRecord, **more: object) -> AnswerRecord:
    first, *rest = record.checks
    citation: Citation = replace(first.citation, **more)  # type: ignore[arg-type]
    return replace(record, checks=(replace(first, citation=citation), *rest))


def test_honest_answers_have_no_fault(bench: Bench) -> None:
    found = recheck(bench, answers(bench))
    assert (found.faults, found.notes, found.unchecked) == ((), (), 0)
    assert found.answers == 3
    assert found.citations == sum(len(one.checks) for one in answers(bench)) >= 3


@pytest.mark.parametrize(
    ("spoil", "what", "words"),
    [
        (lambda one: with_citation(one, quote="Give 5 mg"), "citation", "do not stand"),
        (lambda one: with_citation(one, start=1), "citation", "do not stand"),
        (lambda one: with_citation(one, page_number=9), "citation", "cannot be read"),
        (lambda one: with_citation(one, claim=77), "citation", "cites for no claim"),
        (lambda one: replace(one, documents=()), "citation", "does not hold the document"),
        (
            lambda one: replace(one, documents=tuple(replace(doc, sha256="1" * 64) for doc in one.documents)),
            "source",
            "the record says 1111",
        ),
        (
            lambda one: replace(one, checks=(replace(one.checks[0], verdict=Verdict.SUPPORTED), *one.checks[1:])),
            "citation",
            "the verdict was supported and is verbatim",
        ),
        (
            lambda one: replace(
                one, claims=(replace(one.claims[0], text="Give intramuscular adrenaline 5 mg."), *one.claims[1:])
            ),
            "citation",
            "the verdict was verbatim and is number_mismatch",
        ),
    ],
)  # fmt: skip
def test_a_spoiled_citation_is_named(bench: Bench, spoil: object, what: str, words: str) -> None:
    first, spoiled, last = answers(bench)
    found = recheck(bench, [first, spoil(spoiled), last])  # type: ignore[operator]
    assert found.faults
    for fault in found.faults:
        assert fault.number == 2
        assert fault.subject.startswith(f"{spoiled.record_id}:1")
    assert any(fault.what == what and words in fault.message for fault in found.faults), found.faults


def test_a_kept_source_with_one_other_byte_is_named(bench: Bench) -> None:
    record = answers(bench)[1]
    path = bench.store.get(record.snapshot_id).source(record.checks[0].citation.document_id)
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(content))
    found = recheck(bench, answers(bench))
    assert {fault.number for fault in found.faults} == {2}
    assert {fault.what for fault in found.faults} == {"source"}


def test_a_collected_snapshot_is_counted_and_told(bench: Bench) -> None:
    records = answers(bench)
    for folder in (bench.index / "snapshots").iterdir():
        shutil.rmtree(folder)
    found = recheck(bench, records)
    assert (found.citations, found.faults) == (0, ())
    assert found.unchecked == sum(len(one.checks) for one in records)
    assert len(found.notes) == 1
    assert "(3 times)" in found.notes[0]


def test_a_verdict_of_another_version_is_a_note(bench: Bench) -> None:
    record = answers(bench)[1]
    changed = replace(record, checks=(replace(record.checks[0], verdict=Verdict.SUPPORTED), *record.checks[1:]))
    found = recheck(bench, [replace(changed, code_version="0.1")])
    assert found.faults == ()
    assert "judged by ragmed 0.1" in found.notes[0]


def test_pages_are_read_again_once_a_document_and_compared(bench: Bench) -> None:
    records = answers(bench)
    read: list[str] = []

    def as_it_was(document: object, path: Path) -> dict[int, str]:
        read.append(path.name)
        return dict(enumerate(path.read_text("utf-8").split("\f"), 1))

    found = recheck(bench, [*records, *records], as_it_was)  # type: ignore[arg-type]
    assert (found.faults, found.pages_reread) == ((), 3)
    assert len(read) == len(set(read)) == 3

    def otherwise(document: object, path: Path) -> dict[int, str]:
        return {1: "other words"}

    faults = recheck(bench, records, otherwise).faults  # type: ignore[arg-type]
    assert {fault.number for fault in faults} == {1, 2, 3}
    old = [replace(one, code_version="0.1") for one in records]
    assert recheck(bench, old, otherwise).faults == ()  # type: ignore[arg-type]
    assert all(one.code_version == __version__ for one in records)


def test_a_source_that_cannot_be_read_again_here_is_told(bench: Bench) -> None:
    def cannot(document: object, path: Path) -> dict[int, str]:
        raise UnreadableFileError("OCR is not installed")

    found = recheck(bench, answers(bench), cannot)  # type: ignore[arg-type]
    assert found.faults == ()
    assert len(found.notes) == 3
