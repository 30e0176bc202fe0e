"""The frozen questions: what the test side of the library asks, with and without its answer, and with plants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.canonical import plain, sha256_bytes, sha256_of
from ragmed.engines import Message
from ragmed.interfaces import no_progress
from ragmed.records import Hit, Language, Passage, Prompt
from ragmed.tune.dataset.library import library_rows
from ragmed.tune.dataset.rows import Split
from ragmed.tune.dataset.usable import usable
from ragmed.tune.gate.planting import Plant, plant_of, planted

if TYPE_CHECKING:
    from ragmed.index.snapshot import Snapshot
    from ragmed.interfaces import Progress, Retriever
    from ragmed.tune.dataset.rows import Expected, Row, Shown

_PLANTED = 3
"""Every so manieth question that has an answer is asked once more with a plant."""
_ABSTENTIONS = 3
"""Every so manieth question is asked once more without the passages that answer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestion:
    """One question with its passages and what a right answer is."""

    question_id: str
    prompt: Prompt
    """As the model is given it; its passages are the library's own, also where a plant stands in the text."""
    answerable: bool
    language: Language
    kind: str
    expected: tuple[Expected, ...] = ()
    plant: Plant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestions:
    """All of them, and what they are: the same library, seed and prompt give the same hash."""

    questions: tuple[GateQuestion, ...]
    snapshot_id: str
    seed: int
    series: tuple[str, ...]
    """That were asked about; no row to learn from may speak of them."""

    @property
    def sha256(self) -> str:
        return sha256_of(
            [
                [one.question_id, one.prompt.system, one.prompt.user, one.answerable, plain(one.expected)]
                for one in self.questions
            ]
        )


def gate_questions(
    snapshot: Snapshot,
    retriever: Retriever,
    *,
    passages: int,
    seed: int,
    most: int = 0,
    permitted: Sequence[str] = (),
    progress: Progress = no_progress,
) -> GateQuestions:
    """``seed``: of the dataset, which chooses the series of the test side. ``most``: questions drawn (0: all)."""
    found = usable(snapshot, seed, permitted)
    asked = replace(found, used=tuple(one for one in found.used if one.split is Split.TEST))
    made = library_rows(
        asked,
        snapshot,
        retriever,
        passages=passages,
        seed=seed,
        most=most,
        abstentions=_ABSTENTIONS,
        progress=progress,
    )
    questions = [_question(row, snapshot) for _, row in made.rows]
    series = sorted({one.document.series for one in asked.used})
    return GateQuestions(
        questions=(*questions, *(_with_plant(one) for one in questions if _gets_plant(one))),
        snapshot_id=snapshot.snapshot_id,
        seed=seed,
        series=tuple(series),
    )


def messages_of(question: GateQuestion) -> tuple[Message, ...]:
    """What the model is asked."""
    return (
        Message(role="system", content=question.prompt.system),
        Message(role="user", content=question.prompt.user),
    )


def _question(row: Row, snapshot: Snapshot) -> GateQuestion:
    system, user = row.prompt
    passages = tuple(_passage(one, snapshot) for one in row.meta.passages)
    return GateQuestion(
        question_id=row.meta.row_id,
        prompt=Prompt(system=system.content, user=user.content, passages=passages),
        answerable=row.meta.answerable,
        language=Language(row.meta.language),
        kind=row.meta.kind,
        expected=row.meta.expected,
    )


def _passage(shown: Shown, snapshot: Snapshot) -> Passage:
    chunk = snapshot.chunk(shown.chunk_id)
    return Passage(
        marker=shown.marker,
        hit=Hit(chunk_id=shown.chunk_id, rank=0, score=0.0),
        chunk=chunk,
        document=snapshot.document(chunk.document_id),
        page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
    )


def _gets_plant(question: GateQuestion) -> bool:
    drawn = int(sha256_bytes(f"plant {question.question_id}".encode())[:8], 16)
    return question.answerable and drawn % _PLANTED == 0


def _with_plant(question: GateQuestion) -> GateQuestion:
    """In a passage that does not answer, where there is one."""
    true = {one.marker for one in question.expected}
    markers = [one.marker for one in question.prompt.passages]
    marker = next((one for one in markers if one not in true), markers[0])
    plant = plant_of(question.question_id, question.language)
    prompt = replace(question.prompt, user=planted(question.prompt.user, plant, marker))
    return replace(question, question_id=f"{question.question_id}+plant", prompt=prompt, plant=plant)
