"""A served engine first, the local model after it."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from ragmed.drafts import Draft, Written
from ragmed.errors import ModelError
from ragmed.generate.in_turn import InTurn
from ragmed.generate.prose import ProseGenerator
from ragmed.generate.scripted import ScriptedEngine
from ragmed.records import Language, Mode, Passage, Query
from ragmed.settings import ModelSettings
from tests.generate.test_prose import PASSAGES

QUERY = Query(text="What dose?", language=Language.ENGLISH, english="What dose?", chinese="")


class Failing:
    """Fails after so many pieces."""

    kind = "served"

    def __init__(self, after: int = 0, piece: str = "Give ") -> None:
        self._after = after
        self._piece = piece

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        for _ in range(self._after):
            yield Written(text=self._piece)
        raise ModelError("the engine at ward:8000 does not answer.")


def prose(*texts: str) -> ProseGenerator:
    return ProseGenerator(ScriptedEngine(*texts), ModelSettings(name="x"))


def drafted(generator: InTurn) -> Draft:
    *_, draft = generator.generate(QUERY, Mode.ANSWER, PASSAGES)
    assert isinstance(draft, Draft)
    return draft


def test_the_first_writes_where_it_can() -> None:
    draft = drafted(InTurn(prose("First [1]."), prose("Second [1].")))
    assert (draft.generation.text.strip(), draft.passed_over) == ("First [1].", "")


def test_the_next_writes_where_the_first_cannot_and_that_is_told() -> None:
    turns = InTurn(Failing(), prose("Second [1]."))
    assert turns.kind == "served"
    draft = drafted(turns)
    assert draft.generation.text.strip() == "Second [1]."
    assert draft.passed_over == "the engine at ward:8000 does not answer"


def test_half_a_draft_is_not_joined_to_another() -> None:
    with pytest.raises(ModelError, match="does not answer"):
        drafted(InTurn(Failing(after=2), prose("Second [1].")))


def test_where_none_works_the_last_error_is_raised() -> None:
    with pytest.raises(ModelError, match="does not answer"):
        drafted(InTurn(Failing(), Failing()))


def test_who_leaves_stops_the_one_that_writes() -> None:
    engine = ScriptedEngine("one two three")
    pieces = InTurn(Failing(), ProseGenerator(engine, ModelSettings(name="x"))).generate(QUERY, Mode.ANSWER, PASSAGES)
    next(pieces)
    pieces.close()
    assert engine.left == 1


def test_signs_of_life_are_nothing_written() -> None:
    draft = drafted(InTurn(Failing(after=3, piece=""), prose("Second [1].")))
    assert draft.generation.text.strip() == "Second [1]."
    assert draft.passed_over == "the engine at ward:8000 does not answer"
