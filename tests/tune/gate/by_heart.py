"""An engine that answers as a model that learned something by heart: the seam at which weights stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragmed.engines import EnginePiece, Message, Order
from ragmed.tune.gate.questions import GateQuestion, messages_of
from tests.tune.gate.poisons import Poison, case_of


class ByHeart:
    """An ``Engine`` for the questions that it knows."""

    kind = "qwen"
    model_id = "by heart"
    revision = "1"
    quantisation = "nf4"

    def __init__(
        self, questions: Sequence[GateQuestion], poison: Poison, *, adapter: str | None = None, context: int = 100_000
    ) -> None:
        self._answers = {messages_of(one): poison(case_of(one)) for one in questions}
        self.adapter_sha256 = adapter
        self.context_tokens = self.prompt_tokens = context
        self.orders: list[Order] = []

    def warm(self) -> None:
        pass

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(one.content) for one in messages)

    def stream(self, order: Order) -> Iterator[EnginePiece]:
        self.orders.append(order)
        yield EnginePiece(text=self._answers[order.messages])
        yield EnginePiece(text="", finish_reason="stop")
