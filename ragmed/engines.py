"""The seams to neural models: one that writes, and one that judges whether a text follows from another.

Nothing here loads one. ``assemble`` chooses the classes behind the protocols; tests use ``ScriptedEngine`` and tiny
models.
"""

from __future__ import annotations

from collections.abc import Generator as GeneratorOf
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat with a language model; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a language model is asked to write, and within which bounds."""

    messages: tuple[Message, ...]
    markers: int
    """The passages are numbered from 1 to this; where the engine can, it lets no other marker be written."""
    max_tokens: int
    temperature: float = 0.0
    """0: always the likeliest token."""
    top_p: float = 1.0
    seed: int = 0
    schema: str = ""
    """JSON schema that the text must follow; empty: prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePiece:
    """A further piece of text from an engine, empty where there is none yet; the last one bears why it ended (``stop``,
    ``length``)."""

    text: str
    finish_reason: str = ""
    adapter_sha256: str | None = None
    """The adapter that writes; None: the model alone, or an engine that does not tell (``Engine.adapter_sha256``)."""


class Engine(Protocol):
    """A language model that runs, here or behind an address: messages in, text out. Safe to share between threads.

    The properties raise ModelError, IntegrityError and MissingPartError where the model cannot be used.
    """

    @property
    def kind(self) -> str:
        """``qwen`` (on this machine) or ``served``."""
        ...

    @property
    def model_id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    @property
    def adapter_sha256(self) -> str | None:
        """Of the adapter that the next answer is written with; another may be promoted until it is, so what wrote an
        answer stands in its pieces."""
        ...

    @property
    def quantisation(self) -> str: ...

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Tokens of a prompt that it reads in good time."""
        ...

    def warm(self) -> None:
        """Do now what the first answer would otherwise wait for. Raises what ``stream`` raises."""
        ...

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages as they are given to the model; an engine that cannot count says too many."""
        ...

    def stream(self, order: Order) -> GeneratorOf[EnginePiece, None, None]:
        """The text, piece by piece; thoughts of a model that thinks are never among it.

        Closing the iterator stops the model at its next token or piece of the prompt. Raises ModelError,
        IntegrityError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPair:
    """Does the hypothesis follow from the premise?"""

    premise: tuple[str, ...]
    """Sentences in the order of reading."""
    needed: tuple[bool, ...]
    """Of each sentence, whether it must be read; where there is no room for all, the others are left out whole, those
    farthest from a needed one first."""
    hypothesis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What a model says of a pair: probabilities that make 1."""

    entailment: float
    neutral: float
    contradiction: float
    left_out: int = 0
    """Sentences of the premise that it had no room for; never a needed one."""


class Entailer(Protocol):
    """Pairs of texts → whether the one follows from the other. Safe to share between threads.

    Everything raises ModelError, IntegrityError and MissingPartError where the model cannot be used.
    """

    @property
    def model_id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def warm(self) -> None:
        """Do now what the first pair would otherwise wait for."""
        ...

    def infer(self, pairs: Sequence[TextPair]) -> tuple[Inference | None, ...]:
        """Result i is of pair i; None where the needed sentences and the hypothesis alone are too long for the model.

        The same pairs give the same numbers on the same machine.
        """
        ...
