"""Small logs to try things on: answers of several kinds, feedback, an erasure, all made through the real log."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from ragmed.audit.log import SqliteLog
from ragmed.entries import Feedback, FeedbackKind
from ragmed.records import AnswerRecord, Language, Mode, Outcome, Verdict
from tests.answer.records import a_record
from tests.answer.small_library import document

GUIDES = [document(f"guide{number}", edition=f"Version {number}.2026") for number in range(5)]


def answer(number: int, **more: object) -> AnswerRecord:
    """The ``number``-th answer of a log: language, outcome, user, document, verdicts and snapshot vary with it."""
    first = a_record(f"{number:016x}")
    guide = GUIDES[number % len(GUIDES)]
    citation = replace(first.checks[0].citation, document_id=guide.document_id)
    verdict = Verdict.SUPPORTED if number % 3 else Verdict.VERBATIM
    outcome = (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.ABSTAINED, Outcome.REJECTED)[number % 4]
    answered = outcome is Outcome.ANSWERED
    made = replace(
        first,
        asked_at=f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}T10:00:00.{number % 1000:03}Z",
        question=f"Question {number} about Mr Quill?",
        language=Language.CHINESE if number % 7 == 0 else Language.ENGLISH,
        mode=Mode.ANSWER,
        outcome=outcome,
        checks=(replace(first.checks[0], citation=citation, verdict=verdict),) if answered else (),
        differential=None,
        withheld=first.withheld if number % 5 == 0 else (),
        documents=(guide,),
        snapshot_id=f"{1 + number // 100:06}-0000000{number // 100 % 10}",
        user=("", "dr-lee", "dr-owen")[number % 3],
    )
    return replace(made, **more)  # type: ignore[arg-type]


def feedback_on(record: AnswerRecord, number: int = 0, kind: FeedbackKind = FeedbackKind.WRONG) -> Feedback:
    return Feedback(
        feedback_id=f"f{number:04}",
        record_id=record.record_id,
        at="2026-12-24T08:00:00.000Z",
        user="dr-chan",
        kind=kind,
        correction="Give less to Mr Quill.",
    )


def filled(folder: Path, entries: int) -> SqliteLog:
    """A log of so many entries in ``folder``: each 20th is feedback, each 50th an erasure; with its checkpoint."""
    log = SqliteLog(folder / "records.sqlite")
    kinds = list(FeedbackKind)
    answers: list[AnswerRecord] = []
    for number in range(1, entries + 1):
        if number % 50 == 0:
            log.erase(answers[number // 50].record_id, user="dpo", reason=f"request {number}")
        elif number % 20 == 0:
            log.append_feedback(feedback_on(answers[-3], number, kinds[number // 20 % len(kinds)]))
        else:
            answers.append(answer(number))
            log.append(answers[-1])
        if number % 10 == 0:
            log.checkpoint()
    log.checkpoint()
    return log


def at_rest(log: SqliteLog) -> Path:
    """Everything written out of the write-ahead logs, nothing open; the folder."""
    log.checkpoints.settle()
    log.database.truncate_log()
    log.keys.tidy()
    log.close()
    return log.path.parent


def copied(folder: Path, to: Path) -> SqliteLog:
    """The log in ``folder``, once more in ``to``; what was there is gone."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)
    return SqliteLog(to / "records.sqlite")
