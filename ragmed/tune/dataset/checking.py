"""The program's own check, laid on what a row would teach.

An answer passes where every sentence is borne out by the passage whose marker it bears. The rescue of answering, which
looks for another passage where the cited one does not say it, counts only for sentences without a marker: a wrong
marker is a wrong answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.answer.judging import judge_draft
from ragmed.drafts import Draft
from ragmed.foreseen import Short, Shortfall
from ragmed.generate.prompt import says_not_covered
from ragmed.records import Generation, Prompt
from ragmed.tune.dataset.rows import Expected, expected

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

_STOPS = (".", "。", "!", "?", "！", "？")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An answer with what bears it out, or why it does not hold."""

    expected: tuple[Expected, ...] = ()
    short: Short | None = None

    @property
    def holds(self) -> bool:
        return self.short is None

    @property
    def reason(self) -> str:
        """Why it does not hold, without a patient's word; empty where it does."""
        return self.short.message if self.short else ""

    @property
    def text(self) -> str:
        """The answer written anew, a sentence a line, each with the markers that hold."""
        markers: dict[str, list[int]] = {}
        for one in self.expected:
            markers.setdefault(one.sentence, []).append(one.marker)
        return "\n".join(cited(sentence, *numbers) for sentence, numbers in markers.items())


def cited(sentence: str, *markers: int) -> str:
    """The sentence as the prompt's own example writes it: the marker before the stop that ends it."""
    written = "".join(f"[{marker}]" for marker in dict.fromkeys(markers))
    if sentence.endswith(_STOPS):
        return f"{sentence[:-1]} {written}{sentence[-1]}"
    return f"{sentence} {written}"


def check_answer(answer: str, prompt: Prompt, snapshot: SnapshotReader) -> Checked:
    """Whether this answer may be taught to this prompt."""
    if says_not_covered(answer):
        return Checked()
    draft = Draft(generation=_written(answer), prompt=prompt)
    judged = judge_draft(draft, prompt.passages, snapshot)
    if judged.withheld:
        first = judged.withheld[0]
        message = f"sentence {_place(first.text, answer)} does not hold: {first.verdict.value}"
        short = Short(kind=Shortfall.SENTENCE, message=message, sentence=first.text, verdict=first.verdict)
        return Checked(short=short)
    if not judged.held:
        return Checked(short=Short(kind=Shortfall.NOTHING_SAID, message="it says nothing that could be checked"))
    found: list[Expected] = []
    for claim, checks in judged.held:
        asked = {citation.marker for citation in claim.citations}
        holding = {check.citation.marker for check in checks}
        if asked and asked != holding:
            message = f"sentence {_place(claim.text, answer)} does not hold under every marker that it bears"
            return Checked(short=Short(kind=Shortfall.MARKER, message=message, sentence=claim.text))
        found += [expected(claim.text, check) for check in checks]
    return Checked(expected=tuple(found))


def _written(text: str) -> Generation:
    return Generation(text=text, kind="dataset", model_id="", revision="")


def _place(sentence: str, answer: str) -> int:
    """The number of the sentence's line in the answer: a place says enough, and is no patient's word."""
    lines: Sequence[str] = answer.splitlines()
    return next((number for number, line in enumerate(lines, 1) if sentence[:20] in line), 1)
