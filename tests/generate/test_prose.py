"""From passages to a draft: budget, stream, what the draft says of its making."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import pytest

from ragmed.drafts import Draft, Written
from ragmed.engines import EnginePiece, Order
from ragmed.errors import ModelError
from ragmed.generate.prose import ProseGenerator
from ragmed.generate.scripted import ScriptedEngine
from ragmed.records import Language, Mode, Passage, Query
from ragmed.settings import ModelSettings
from tests.answer.small_library import SmallSnapshot, document, passages_of, plain_page

GUIDE = document("guide", title="Anaphylaxis", pages=6)
TEXTS = [f"Passage {number} says: " + "give adrenaline 0.5 mg into the thigh. " * 10 for number in range(1, 7)]
PASSAGES = passages_of(SmallSnapshot([GUIDE], [plain_page(GUIDE, text, number=n) for n, text in enumerate(TEXTS, 1)]))
QUERY = Query(text="What dose?", language=Language.ENGLISH, english="What dose?", chinese="")


def drafted(
    engine: ScriptedEngine, passages: Sequence[Passage] = PASSAGES, **settings: object
) -> tuple[list[str], Draft]:
    chosen = ModelSettings(name="x", **settings)  # type: ignore[arg-type]
    *pieces, draft = ProseGenerator(engine, chosen).generate(QUERY, Mode.ANSWER, passages)
    assert isinstance(draft, Draft)
    return [piece.text for piece in pieces if isinstance(piece, Written)], draft


def test_what_is_written_is_told_and_makes_the_draft() -> None:
    pieces, draft = drafted(ScriptedEngine("Give adrenaline 0.5 mg [1]."))
    assert len(pieces) == 5
    assert "".join(pieces) == draft.generation.text
    assert (draft.generation.kind, draft.generation.model_id, draft.generation.quantisation) == (
        "qwen",
        "scripted",
        "nf4",
    )
    assert (draft.generation.sampling, draft.generation.seed) == ("greedy", None)
    assert draft.generation.prompt_revision
    assert (draft.left_out, draft.found_nothing) == (0, False)
    assert draft.prompt is not None
    assert len(draft.prompt.passages) == 6


def test_every_piece_bears_what_writes_it() -> None:
    generator = ProseGenerator(ScriptedEngine("Give adrenaline [1]."), ModelSettings(name="x", temperature=0.5, seed=3))
    *pieces, draft = generator.generate(QUERY, Mode.ANSWER, PASSAGES)
    assert isinstance(draft, Draft)
    assert pieces
    for piece in pieces:
        assert isinstance(piece, Written)
        assert piece.by == replace(draft.generation, text="", finish_reason="stopped")


def test_sampling_is_recorded_with_its_seed() -> None:
    engine = ScriptedEngine("x")
    _, draft = drafted(engine, temperature=0.7, top_p=0.9, seed=5, answer_tokens=50)
    assert (draft.generation.sampling, draft.generation.seed) == ("temperature=0.7 top_p=0.9", 5)
    order = engine.orders[0]
    assert (order.temperature, order.top_p, order.seed, order.max_tokens, order.markers) == (0.7, 0.9, 5, 50, 6)


@pytest.mark.parametrize("budget", range(700, 1500, 50))
def test_a_passage_is_in_the_prompt_whole_or_not_at_all(budget: int) -> None:
    engine = ScriptedEngine("x", prompt_tokens=budget)
    _, draft = drafted(engine)
    assert draft.prompt is not None
    used = draft.prompt.passages
    assert engine.count(engine.orders[0].messages) <= budget
    assert [passage.marker for passage in used] == list(range(1, len(used) + 1))
    assert draft.left_out == 6 - len(used)
    for passage in PASSAGES:
        assert (passage.chunk.text in draft.prompt.user) is (
            passage.chunk.chunk_id in {one.chunk.chunk_id for one in used}
        )
    if used != PASSAGES:  # as many as fit, and no fewer
        more = ScriptedEngine("x", prompt_tokens=budget + 120)
        _, wider = drafted(more)
        assert wider.prompt is not None
        assert len(wider.prompt.passages) > len(used)


def test_room_is_left_for_the_answer() -> None:
    engine = ScriptedEngine("x", prompt_tokens=10_000, context_tokens=1_200)
    drafted(engine, answer_tokens=300)
    assert engine.count(engine.orders[0].messages) <= 900


def test_a_question_too_long_for_the_budget_is_an_error_with_a_remedy() -> None:
    with pytest.raises(ModelError, match="more than 100 tokens") as caught:
        drafted(ScriptedEngine("x", prompt_tokens=100))
    assert "model.prompt_tokens" in caught.value.remedy


def test_a_reader_who_leaves_stops_the_engine() -> None:
    engine = ScriptedEngine("one two three four")
    pieces = ProseGenerator(engine, ModelSettings(name="x")).generate(QUERY, Mode.ANSWER, PASSAGES)
    next(pieces)
    pieces.close()
    assert engine.left == 1


def test_a_model_that_finds_nothing_says_so() -> None:
    assert drafted(ScriptedEngine("NOT COVERED"))[1].found_nothing


class Changing(ScriptedEngine):
    """An adapter is promoted between the prompt and the answer."""

    adapter_sha256 = "a" * 64

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        for piece in super().stream(order):
            yield replace(piece, adapter_sha256="b" * 64)


def test_a_draft_bears_the_adapter_that_wrote_it_and_not_the_one_that_was_to() -> None:
    generator = ProseGenerator(Changing("Give adrenaline [1]."), ModelSettings(name="x"))
    *pieces, draft = generator.generate(QUERY, Mode.ANSWER, PASSAGES)
    assert isinstance(draft, Draft)
    told = {piece.by.adapter_sha256 for piece in pieces if isinstance(piece, Written) and piece.by}
    assert {draft.generation.adapter_sha256, *told} == {"b" * 64}


@pytest.mark.parametrize(
    "said",
    [
        "Never give it as a bolus.",
        "不应静脉推注，除非由专门人员使用。",
        "Give 0.5 mg [1].\n",
        "Not as a bolus [1]. Not",
    ],
)
def test_a_model_that_turns_round_in_circles_is_stopped(said: str) -> None:
    begun = "Give adrenaline 0.5 mg [1]. "
    engine = ScriptedEngine(begun + " ".join([said] * 40))
    _, draft = drafted(engine)
    assert draft.generation.finish_reason == "repeated", "pieces end in the middle of a sentence"
    assert draft.generation.text.count(said.strip()) <= 4
    assert engine.left == 1


def test_sentences_that_differ_in_a_number_are_no_circle() -> None:
    doses = " ".join(f"Step {number}: give {number} mg of it now." for number in range(1, 9))
    _, draft = drafted(ScriptedEngine(doses))
    assert (draft.generation.finish_reason, draft.generation.text.strip()) == ("stop", doses)
