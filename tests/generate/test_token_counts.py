"""The bound is one: no byte-level tokenizer makes more tokens of a text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.engines import Message
from ragmed.generate.token_counts import most_tokens


def said(text: str) -> int:
    return most_tokens([Message(role="user", content=text)])


@pytest.fixture(scope="module")
def least_merged():  # type: ignore[no-untyped-def]
    """The worst that a byte-level tokenizer can be: it joins nothing."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(
        models.BPE(vocab={one: at for at, one in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[])
    )
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_never_too_few(least_merged, text: str) -> None:  # type: ignore[no-untyped-def]
    text = text.encode("utf-8", errors="replace").decode()
    assert said(text) - said("") >= len(least_merged.encode(text).ids)


def test_chinese_counts_three_and_a_digit_one() -> None:
    assert said("肾上腺素") - said("") == 12
    assert said("0.5 mg") - said("") == 6


def test_what_a_normal_form_makes_longer_counts_as_the_longer_form() -> None:
    ligature = "\ufdfa"  # one character, eighteen in NFKC
    assert said(ligature) - said("") == len(unicodedata.normalize("NFKC", ligature).encode())


def test_every_message_and_the_template_have_room() -> None:
    assert most_tokens([]) >= 64
    two = [Message(role="user", content="a"), Message(role="assistant", content="b")]
    assert most_tokens(two) - most_tokens(two[:1]) >= 16
