"""A ``Generator`` that has an engine write: prompt, budget, stream, draft.

Laws of this room: a passage is in the prompt whole or not at all, and those left out are counted; what the engine wrote
goes into the draft as it wrote it; nothing here judges it; every piece bears what writes it, so that a draft that is
stopped does not lose its author.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.errors import ModelError
from ragmed.generate.prompt import REVISION, messages_of, prompt_of, says_not_covered
from ragmed.interfaces import Draft, EnginePiece, Order, Written
from ragmed.records import Generation, Mode, Passage, Prompt, Query

if TYPE_CHECKING:
    from ragmed.interfaces import Engine
    from ragmed.settings import ModelSettings


class ProseGenerator:
    """Passages → prose of a language model."""

    def __init__(self, engine: Engine, settings: ModelSettings) -> None:
        self._engine = engine
        self._settings = settings

    @property
    def kind(self) -> str:
        """``qwen`` or ``served``."""
        return self._engine.kind

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        """Yields what is written, then the draft. Raises ModelError, IntegrityError, MissingPartError."""
        prompt = self._fitted(query, mode, passages)
        chosen = self._settings
        order = Order(
            messages=messages_of(prompt),
            markers=len(prompt.passages),
            max_tokens=chosen.answer_tokens,
            temperature=chosen.temperature,
            top_p=chosen.top_p,
            seed=chosen.seed,
        )
        written: list[str] = []
        last = EnginePiece(text="")
        by = self._generation("", "stopped")
        with closing(self._engine.stream(order)) as pieces:
            for piece in pieces:
                last = piece
                written.append(piece.text)
                if piece.text or not piece.finish_reason:
                    yield Written(text=piece.text, by=by)
        text = "".join(written)
        yield Draft(
            generation=replace(by, text=text, finish_reason=last.finish_reason or "stop"),
            prompt=prompt,
            left_out=len(passages) - len(prompt.passages),
            found_nothing=says_not_covered(text),
        )

    def _generation(self, text: str, finish_reason: str) -> Generation:
        engine, chosen = self._engine, self._settings
        sampled = chosen.temperature > 0
        return Generation(
            text=text,
            kind=engine.kind,
            model_id=engine.model_id,
            revision=engine.revision,
            adapter_sha256=engine.adapter_sha256,
            seed=chosen.seed if sampled else None,
            finish_reason=finish_reason,
            quantisation=engine.quantisation,
            sampling=f"temperature={chosen.temperature} top_p={chosen.top_p}" if sampled else "greedy",
            prompt_revision=REVISION,
        )

    def _fitted(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Prompt:
        """The prompt with as many passages, from the first one on, as the budget holds."""
        numbered = [replace(passage, marker=number) for number, passage in enumerate(passages, 1)]
        budget = min(self._engine.prompt_tokens, self._engine.context_tokens - self._settings.answer_tokens)
        fits, too_many = 0, len(numbered) + 1
        middle = len(numbered)  # most often all of them fit
        while too_many - fits > 1:
            prompt = prompt_of(query, mode, numbered[:middle])
            if self._engine.count(messages_of(prompt)) <= budget:
                fits = middle
            else:
                too_many = middle
            middle = (fits + too_many) // 2
        if not fits:
            raise ModelError(
                f"the question and one passage are more than {budget} tokens, which is all that a prompt may have",
                remedy="ask a shorter question, or raise model.prompt_tokens",
            )
        return prompt_of(query, mode, numbered[:fits])
