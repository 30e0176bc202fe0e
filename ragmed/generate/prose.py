"""A ``Generator`` that has an engine write prose, or for a case a differential card: prompt, budget, stream, draft.

Laws of this room: a passage is in the prompt whole or not at all, and those left out are counted; what the engine wrote
goes into the draft as it wrote it, and no further than where it turns round in circles; nothing here judges it; every
piece bears what writes it, so that a draft that is stopped does not lose its author.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.drafts import Draft, Written
from ragmed.engines import EnginePiece, Order
from ragmed.errors import ModelError
from ragmed.generate import card
from ragmed.generate.prompt import REVISION, messages_of, prompt_of, says_not_covered
from ragmed.records import Generation, Mode, Passage, Prompt, Query
from ragmed.text.sentences import STOPS

if TYPE_CHECKING:
    from ragmed.engines import Engine
    from ragmed.settings import ModelSettings


_LOOKED_AT = 700
"""Characters of what was written last in which a model is looked at for going round in circles."""
_THRICE = re.compile(rf"(?P<said>[^\n]{{8,200}}?[{STOPS}])\s*(?P=said)\s*(?P=said)\s*\Z")
_STOPPED = frozenset(STOPS)


def turns_round(text: str) -> bool:
    """Whether a text, up to its last whole sentence, ends with the same one three times over, from which no model that
    writes greedily returns."""
    whole = text[: max(text.rfind(stop) for stop in STOPS) + 1]
    return _THRICE.search(whole) is not None


class ProseGenerator:
    """Passages → prose of a language model."""

    def __init__(self, engine: Engine, settings: ModelSettings, *, assumptions: Sequence[str] = ()) -> None:
        """``assumptions``: keys of what a model may say that it takes for granted about a patient."""
        self._engine = engine
        self._settings = settings
        self._assumptions = tuple(assumptions)

    @property
    def kind(self) -> str:
        """``qwen`` or ``served``."""
        return self._engine.kind

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        """Yields what is written, then the draft. Raises ModelError, IntegrityError, MissingPartError."""
        prompt = self._fitted(query, mode, passages)
        chosen = self._settings
        wants_card = mode is Mode.DIFFERENTIAL
        markers = len(prompt.passages)
        order = Order(
            messages=messages_of(prompt),
            markers=markers,
            max_tokens=self._answer_tokens(mode),
            temperature=chosen.temperature,
            top_p=chosen.top_p,
            seed=chosen.seed,
            schema=card.schema(markers, self._assumptions) if wants_card else "",
        )
        shown = 0
        written: list[str] = []
        last = EnginePiece(text="")
        by = self._generation("", "stopped")
        with closing(self._engine.stream(order)) as pieces:
            for piece in pieces:
                last = piece
                by = replace(by, adapter_sha256=piece.adapter_sha256)
                written.append(piece.text)
                readable = card.told("".join(written))[shown:] if wants_card else piece.text
                shown += len(readable)
                if readable or not piece.finish_reason:
                    yield Written(text=readable, by=by)
                if not _STOPPED.isdisjoint(piece.text) and turns_round("".join(written)[-_LOOKED_AT:]):
                    last = replace(piece, finish_reason="repeated")
                    break
        text = "".join(written)
        drafted = card.read(text) if wants_card else None
        yield Draft(
            generation=replace(by, text=text, finish_reason=last.finish_reason or "stop"),
            prompt=prompt,
            left_out=len(passages) - len(prompt.passages),
            found_nothing=says_not_covered(text) if drafted is None else not (drafted.candidates or drafted.answer),
            card=drafted,
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

    def _answer_tokens(self, mode: Mode) -> int:
        """Tokens of what is written at most; a card is twice as long as prose."""
        return self._settings.answer_tokens * (2 if mode is Mode.DIFFERENTIAL else 1)

    def _fitted(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Prompt:
        """The prompt with as many passages, from the first one on, as the budget holds."""
        numbered = [replace(passage, marker=number) for number, passage in enumerate(passages, 1)]
        budget = min(self._engine.prompt_tokens, self._engine.context_tokens - self._answer_tokens(mode))
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
