"""A generator that says what it is told to: the seam at which tests stand in for a language model.

It ships with the program so that no test patches the assistant: whatever a model might write, true or false, goes
through the same checks as the real thing.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from ragmed.drafts import Draft, Written
from ragmed.records import Generation, Mode, Passage, Prompt, Query


class ScriptedGenerator:
    """Gives the texts it was made with, one a question, the last one from then on."""

    kind = "scripted"

    def __init__(self, *texts: str, quotes: tuple[tuple[int, int, int], ...] = ()) -> None:
        if not texts:
            raise ValueError("a script needs at least one text")
        self._texts = list(texts)
        self._quotes = quotes

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        """The next text of the script, line by line, whatever the passages are."""
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        written = Generation(text=text, kind=self.kind, model_id="scripted", revision="1", sampling="greedy")
        prompt = Prompt(system="Say what the script says.", user=query.text, passages=tuple(passages))
        for line in text.splitlines(keepends=True):
            yield Written(text=line, by=replace(written, text="", finish_reason="stopped"))
        yield Draft(generation=written, quotes=self._quotes, prompt=prompt)
