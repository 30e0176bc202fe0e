"""What was exported writes what was tuned: the same tokens, greedily, to twenty questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tune.export.greedy import equal_lengths, greedy

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def local(learned: tuple[Path, Path]) -> list[list[int]]:
    """By the model in 4 bits with the adapter on it: what is gated and promoted."""
    return greedy(*learned)


def test_the_adapter_changes_every_answer(learned: tuple[Path, Path], local: list[list[int]]) -> None:
    """Else the other tests would show nothing."""
    base = greedy(learned[0])
    assert len(local) == 20
    assert all(same < length for same, length in equal_lengths(local, base))
    assert min(map(len, local)) >= 15


def test_the_4_bit_folder_with_its_adapter_writes_the_same(local: list[list[int]], forms: dict[str, Path]) -> None:
    assert greedy(forms["nf4"], forms["nf4"] / "adapter") == local


def test_the_merged_weights_write_the_same(local: list[list[int]], forms: dict[str, Path]) -> None:
    found = greedy(forms["merged"], quantisation="none")
    assert [same for same, _ in equal_lengths(local, found)] == [length for _, length in equal_lengths(local, found)]


def test_the_exported_adapter_writes_the_same(
    learned: tuple[Path, Path], local: list[list[int]], forms: dict[str, Path]
) -> None:
    assert greedy(learned[0], forms["adapter"]) == local
