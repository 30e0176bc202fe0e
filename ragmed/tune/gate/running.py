"""One gate from adapter to verdict: base, current and candidate over the same questions, one model at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.canonical import plain, sha256_bytes
from ragmed.errors import BadInputError
from ragmed.generate.prompt import REVISION
from ragmed.index.disk import new_building_folder, publish_folder, room_for_writing, sync_tree, write_file
from ragmed.interfaces import no_progress
from ragmed.tune.gate.asking import answers_of, baseline_answers, readable
from ragmed.tune.gate.judging import Judgement, judge
from ragmed.tune.gate.report import picture, text_of
from ragmed.tune.gate.scoring import score

if TYPE_CHECKING:
    from ragmed.engines import Engine
    from ragmed.interfaces import Progress, SnapshotReader
    from ragmed.tune.gate.asking import Answers
    from ragmed.tune.gate.judging import Scores
    from ragmed.tune.gate.questions import GateQuestion, GateQuestions

REPORT, TEXT, PICTURE, ANSWERS = "gate.json", "gate.md", "gate.png", "answers.jsonl"
EngineOf = Callable[[str | None], "Engine"]
"""An adapter's hash (None: the base) → the model with it. What it loaded may be freed when it is no longer used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A gate that was run."""

    folder: Path
    judgement: Judgement
    values: Mapping[str, Any]
    report_sha256: str
    questions_sha256: str


def run_gate(
    asked: GateQuestions,
    snapshot: SnapshotReader,
    engine_of: EngineOf,
    *,
    candidate: str,
    current: str | None,
    out: Path,
    answer_tokens: int,
    progress: Progress = no_progress,
) -> Gated:
    """Ask, judge, and write the report's folder.

    Raises BadInputError (no questions, ``out`` is taken), ModelError, IntegrityError.
    """
    if out.exists():
        raise BadInputError(f"{out}: there is something already", remedy="give --out a folder that does not exist yet")
    if not asked.questions:
        raise BadInputError(
            "the library gives no question to ask",
            remedy="index more documents: whole series are held out to ask about",
        )
    given: dict[str, Answers] = {}
    model: dict[str, str] = {}
    questions: Sequence[GateQuestion] = asked.questions
    for who, adapter in _asked_in_turn(candidate, current):
        engine = engine_of(adapter)
        if not model:
            model = {"name": engine.model_id, "revision": engine.revision}
            questions = readable(engine, asked.questions, answer_tokens)
        given[who] = answers_of(engine, questions, answer_tokens, progress, who)
        del engine  # its weights, before the next ones come
    if not questions:
        raise BadInputError(
            "every question is longer than the model reads", remedy="lower retrieve.passages or model.answer_tokens"
        )
    given |= baseline_answers(questions)
    scores = {who: _scores(questions, answers, snapshot) for who, answers in given.items()}
    judgement = judge(
        scores["candidate"],
        scores["current" if current else "base"],
        {name: scores[name] for name in given if name not in ("candidate", "current", "base")},
        scores["base"] if current else None,
    )
    values = {
        "adapter_sha256": candidate,
        "current_sha256": current,
        "model": model,
        "prompt_revision": REVISION,
        "questions_sha256": asked.sha256,
        "snapshot_id": asked.snapshot_id,
        "seed": asked.seed,
        "series": list(asked.series),
        "not_asked": len(asked.questions) - len(questions),
        "judgement": judgement.named(),
    }
    report = _json(values)
    lines = [_line(one, given, scores) for one in questions]
    _write(out, {REPORT: report, TEXT: text_of(values).encode(), PICTURE: picture(judgement), ANSWERS: b"".join(lines)})
    return Gated(
        folder=out,
        judgement=judgement,
        values=values,
        report_sha256=sha256_bytes(report),
        questions_sha256=asked.sha256,
    )


def _asked_in_turn(candidate: str, current: str | None) -> list[tuple[str, str | None]]:
    """The base first: what it cannot read is asked of nobody."""
    return [("base", None), *([("current", current)] if current else []), ("candidate", candidate)]


def _scores(questions: Sequence[GateQuestion], answers: Answers, snapshot: SnapshotReader) -> Scores:
    return {one.question_id: score(one, answers[one.question_id], snapshot) for one in questions}


def _line(question: GateQuestion, given: Mapping[str, Answers], scores: Mapping[str, Scores]) -> bytes:
    """A question with every answer and its scores, for whoever wants to see why."""
    found = {
        "question_id": question.question_id,
        "kind": question.kind,
        "language": question.language.value,
        "answerable": question.answerable,
        "plant": question.plant.order if question.plant else None,
        "user": question.prompt.user,
        "expected": plain(question.expected),
        "answers": {
            who: {"text": answers[question.question_id], **plain(scores[who][question.question_id])}
            for who, answers in given.items()
        },
    }
    return f"{json.dumps(found, ensure_ascii=False)}\n".encode()


def _json(values: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(plain(values), ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with room_for_writing(out.parent, remedy="make room, or give --out another folder, and run it again"):
        building = new_building_folder(out.parent)
        try:
            building.chmod(0o700)  # words of the library
            for name, content in files.items():
                write_file(building / name, content)
            sync_tree(building)
            publish_folder(building, out)
        finally:
            shutil.rmtree(building, ignore_errors=True)
