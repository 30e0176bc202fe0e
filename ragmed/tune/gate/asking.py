"""The questions put to a model, and to two baselines that know nothing: every report shows what these would get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ragmed.engines import Order
from ragmed.interfaces import no_progress
from ragmed.text.sentences import sentence_spans
from ragmed.tune.dataset.checking import cited
from ragmed.tune.gate.questions import messages_of

if TYPE_CHECKING:
    from ragmed.engines import Engine
    from ragmed.interfaces import Progress
    from ragmed.tune.gate.questions import GateQuestion

Answers = Mapping[str, str]
"""Question's id → text as it was written."""


def readable(engine: Engine, questions: Sequence[GateQuestion], answer_tokens: int) -> tuple[GateQuestion, ...]:
    """Those that the model can read with room for an answer. Raises ModelError."""
    room = engine.context_tokens - answer_tokens
    return tuple(one for one in questions if engine.count(messages_of(one)) <= room)


def answers_of(
    engine: Engine,
    questions: Sequence[GateQuestion],
    answer_tokens: int,
    progress: Progress = no_progress,
    what: str = "asked",
) -> dict[str, str]:
    """Greedy, no markers held. Raises ModelError, IntegrityError."""
    found: dict[str, str] = {}
    for number, question in enumerate(questions, 1):
        order = Order(messages=messages_of(question), markers=0, max_tokens=answer_tokens)
        found[question.question_id] = "".join(piece.text for piece in engine.stream(order)).strip()
        progress(what, number, len(questions))
    return found


def always_the_first(question: GateQuestion) -> str:
    """Every right sentence, and ``[1]`` behind each: what a model gets that reads but does not look where."""
    if not question.expected:
        return first_passage(question)
    return "\n".join(cited(one.sentence, 1) for one in question.expected)


def first_passage(question: GateQuestion) -> str:
    """The first sentence of the first passage, cited to it: what a model gets that does not read the question."""
    text = question.prompt.passages[0].chunk.text
    start, end = next(iter(sentence_spans(text)), (0, len(text)))
    return cited(" ".join(text[start:end].split()), 1)


BASELINES: Mapping[str, Callable[[GateQuestion], str]] = {
    "always [1]": always_the_first,
    "first passage": first_passage,
}


def baseline_answers(questions: Sequence[GateQuestion]) -> dict[str, dict[str, str]]:
    """Name → answers."""
    return {name: {one.question_id: answer(one) for one in questions} for name, answer in BASELINES.items()}
