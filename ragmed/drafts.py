"""What a generator hands over, of which nothing is checked yet: pieces while they are written, and the whole.

Records like those of ``records``, but none that is kept: what becomes of a draft is in the answer's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmed.records import Generation, Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A further piece of a draft as a language model writes it: nothing of it is checked yet.

    Empty where there is nothing new, so that whoever reads along can leave while a prompt is read.
    """

    text: str
    by: Generation | None = None
    """What writes it, ``text`` left empty, for the record of a draft that is stopped; None where that is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedLine:
    """Words that a language model gives as those of the passage with this marker; 0: of none."""

    text: str
    marker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedCandidate:
    """A diagnosis as a language model drafts it; nothing of it is checked."""

    diagnosis: str
    marker: int
    cannot_miss: bool = False
    supporting: tuple[DraftedLine, ...] = ()
    against: tuple[DraftedLine, ...] = ()
    next_tests: tuple[DraftedLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedCard:
    """A differential card as a language model drafts it."""

    candidates: tuple[DraftedCandidate, ...]
    assumptions: tuple[str, ...] = ()
    """Keys of what it takes for granted about the patient."""
    answer: tuple[DraftedLine, ...] = ()
    """Sentences to stand beside the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a generator hands to checking: prose with markers ``[1]`` at the end of each claim, and what wrote it.

    ``quotes`` names, in order, the page words each marker of the prose leans on; empty where the generator cannot tell,
    and then the checker looks for them.
    """

    generation: Generation
    quotes: tuple[tuple[int, int, int], ...] = ()
    """(marker, start, end): offsets on the page of the marker's passage."""
    prompt: Prompt | None = None
    """What a language model was given; None where none was asked."""
    left_out: int = 0
    """Passages that did not fit into the prompt, the last ones found."""
    passed_over: str = ""
    """Why an engine that was asked first did not write it."""
    found_nothing: bool = False
    """The model says that the passages hold no answer."""
    card: DraftedCard | None = None
    """What the text means where it is a card in JSON; its sentences are then the draft's prose."""

    @property
    def prose(self) -> str:
        """The sentences with their markers."""
        if self.card is None:
            return self.generation.text
        return "\n".join(f"{line.text} [{line.marker}]" for line in self.card.answer)
