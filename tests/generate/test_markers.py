"""Markers that cannot point nowhere: the rules, and the rules laid over a vocabulary."""

from __future__ import annotations

import pytest
import torch

from ragmed.generate.markers import MarkerProcessor, Vocabulary, is_marker, leads_to, open_bracket, wants_marker
from tests.generate.tiny_qwen import tokenizer

WORDS = tokenizer()
END = WORDS.convert_tokens_to_ids("<|im_end|>")


def allowed(written: str, markers: int, *, best: str | int | None = None) -> set[str]:
    """Tokens that may follow ``written``; ``best``: what the model would write if it were free to."""
    ids = WORDS.encode(written, add_special_tokens=False)
    prompt = [5, 6, 7]
    rules = MarkerProcessor(Vocabulary.of(WORDS.get_vocab(), (END,)), WORDS.decode, prompt_length=3, markers=markers)
    scores = torch.zeros(1, len(WORDS) + 40)  # logits are often longer than the vocabulary
    if best is not None:
        scores[0, best if isinstance(best, int) else WORDS.convert_tokens_to_ids(best)] = 5.0
    found = rules(torch.tensor([prompt + ids]), scores)
    return {WORDS.convert_ids_to_tokens(i) for i in torch.isfinite(found[0, : len(WORDS)]).nonzero().flatten().tolist()}


@pytest.mark.parametrize(
    ("line", "digits"),
    [("Give it [", ""), ("Give it [1", "1"), ("给药【", ""), ("Give it [1]", None), ("Give 1", None)],
)
def test_an_open_bracket_is_seen(line: str, digits: str | None) -> None:
    assert open_bracket(line) == digits


@pytest.mark.parametrize(
    ("digits", "most", "leads", "is_one"),
    [
        ("1", 3, True, True),
        ("4", 3, False, False),
        ("1", 12, True, True),
        ("13", 12, False, False),
        ("12", 12, True, True),
        ("0", 12, False, False),
        ("", 3, True, False),
        ("01", 12, False, False),
    ],
)
def test_digits_of_a_marker(digits: str, most: int, leads: bool, is_one: bool) -> None:
    assert (leads_to(digits, most), is_marker(digits, most)) == (leads, is_one)


def test_within_brackets_only_numbers_of_passages_can_be_completed() -> None:
    assert allowed("Give it [", 3) == {"1", "2", "3"}
    assert allowed("Give it [", 12) == set("123456789")
    assert {token[0] for token in allowed("Give it [3", 3)} == {"]"}
    assert {token[0] for token in allowed("Give it [1", 12)} == {"]", "0", "1", "2"}
    assert {token[0] for token in allowed("给药【2", 3)} == {"]"}


def test_other_brackets_cannot_be_written() -> None:
    free = allowed("Give it", 3)
    assert "[" in free
    assert not [token for token in free if "ãĢĲ" in token]
    for token in WORDS.get_vocab():
        text = token.replace("Ġ", " ")
        if "[" in text and text.strip() != "[":
            assert token not in free or text.strip()[1] in "123", token


@pytest.mark.parametrize("end", ["Ċ", END])
def test_a_line_that_says_something_ends_with_a_marker(end: str | int) -> None:
    name = end if isinstance(end, str) else "<|im_end|>"
    assert name not in allowed("Give it", 3)
    assert allowed("Give it", 3, best=end) <= {"[", "Ġ["}, "the line would end here: its marker comes now"
    assert name in allowed("Give it [1]", 3)
    assert name in allowed("Give it [1].", 3)
    assert name in allowed("Give it [1].\n", 3)
    assert name in allowed("", 3), "an empty answer is no claim"


@pytest.mark.parametrize("said", ["NOT COVERED", "Not covered.", "未涵盖", "未涵盖。"])
def test_to_say_that_nothing_is_there_takes_no_marker(said: str) -> None:
    assert not wants_marker(said)
    assert "<|im_end|>" in allowed(said, 3)


def test_the_rules_are_of_the_answer_not_of_the_prompt() -> None:
    rules = MarkerProcessor(Vocabulary.of(WORDS.get_vocab(), (END,)), WORDS.decode, prompt_length=1, markers=2)
    bracket = WORDS.convert_tokens_to_ids("[")
    found = rules(torch.tensor([[bracket]]), torch.zeros(1, len(WORDS)))
    assert torch.isfinite(found[0, WORDS.convert_tokens_to_ids("a")])
