"""What was exported writes what was tuned: the same tokens, greedily, to twenty questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generate import tiny_qwen
from tests.tune.export.greedy import equal_lengths, greedy
from tests.tune.export.made import added, exported, hospital, judged

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")


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


def test_also_where_rounding_decides_the_4_bit_folder_writes_the_same(tmp_path: Path) -> None:
    """Random weights hardly prefer one token to another: here only the very same weights write the same."""
    base = tiny_qwen.build(tmp_path / "tiny")
    adapter = tiny_qwen.add_adapter(base, tmp_path / "tuned")
    tiny_qwen.lock(base)
    settings = hospital(tmp_path, base)
    sha256 = added(settings, adapter)
    judged(settings, sha256)
    packed = exported(settings, sha256, "nf4", tmp_path / "packed").folder
    local = greedy(base, adapter)
    assert sum(map(len, local)) > 500
    assert greedy(packed, packed / "adapter") == local
