"""The thoughts of a model never reach the reader, however its text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.generate.thoughts import ThoughtFilter


def filtered(pieces: list[str], *, thinking: bool = False) -> str:
    thoughts = ThoughtFilter(thinking=thinking)
    return "".join([*(thoughts.feed(piece) for piece in pieces), thoughts.end()])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Give adrenaline [1].", "Give adrenaline [1]."),
        ("<think>croup?</think>\n\nGive adrenaline [1].", "Give adrenaline [1]."),
        ("Give <think>or not</think>adrenaline [1].", "Give adrenaline [1]."),
        ("<think></think>", ""),
        ("<think>never ends [1]. Give morphine.", ""),
        ("First [1]. <think>never ends", "First [1]. "),
        ("<think>a<think>b</think>still thought</think>Yes [1].", "Yes [1]."),
        ("<think>a</think> <think>b</think> Yes.", "Yes."),
        ("INR <2 and pH <7.2; a <thin> line, <th", "INR <2 and pH <7.2; a <thin> line, <th"),
        ("  two spaces stay", "  two spaces stay"),
        ("<<think>x</think>y", "<y"),
        ("思考<think>不给</think>给药。", "思考给药。"),
        ("<think>x</think", ""),
    ],
)
def test_what_is_shown_does_not_depend_on_the_cuts(text: str, shown: str) -> None:
    for size in (1, 2, 3, 5, 7, len(text)):
        assert filtered([text[at : at + size] for at in range(0, len(text), size)]) == shown, size


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "think>", "</", "a", "给", " ", "\n"]), max_size=12))
def test_any_cutting_gives_the_same(parts: list[str]) -> None:
    text = "".join(parts)
    assert filtered(parts) == filtered([text]) == filtered(list(text))


def test_a_text_is_shown_as_soon_as_it_cannot_be_a_tag() -> None:
    thoughts = ThoughtFilter()
    assert thoughts.feed("dose <") == "dose "
    assert thoughts.feed("th") == ""
    assert thoughts.feed("ree mg") == "<three mg"


def test_a_prompt_that_ends_in_the_opening_tag() -> None:
    assert filtered(["croup? ", "no</thi", "nk>\n\nYes [1]."], thinking=True) == "Yes [1]."
    assert filtered(["never ends"], thinking=True) == ""


def test_a_closing_tag_that_nothing_opened_is_told() -> None:
    thoughts = ThoughtFilter()
    assert thoughts.feed("croup? no</th") + thoughts.feed("ink>Yes.") == "croup? noYes."
    assert thoughts.stray
    opened = ThoughtFilter()
    opened.feed("<think>a</think>Yes.")
    assert not opened.stray
