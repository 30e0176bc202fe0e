"""A watched folder: a change counts once it has come to rest, and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ragmed.index.watch import changes


def looks(*steps: Callable[[], object]) -> Callable[[], bool]:
    """A ``wait`` that lets something happen before each look, and ends with the last."""
    left: Iterator[Callable[[], object]] = iter(steps)

    def wait() -> bool:
        step = next(left, None)
        if step is None:
            return False
        step()
        return True

    return wait


def nothing() -> None:
    """A look at which nothing has happened."""


def count(folder: Path, *steps: Callable[[], object]) -> int:
    return sum(1 for _ in changes([folder], looks(*steps)))


def test_the_first_look_counts_and_rest_does_not(tmp_path: Path) -> None:
    assert count(tmp_path, nothing, nothing, nothing) == 1


def test_a_file_that_still_grows_is_no_change_yet(tmp_path: Path) -> None:
    file = tmp_path / "new.pdf"
    grow = [lambda size=size: file.write_bytes(b"x" * size) for size in (1, 2, 3)]
    assert count(tmp_path, *grow) == 1
    file.unlink()
    assert count(tmp_path, *grow, nothing) == 2


def test_new_changed_renamed_and_removed_files_are_changes(tmp_path: Path) -> None:
    file, other = tmp_path / "deep" / "a.md", tmp_path / "b.md"
    steps: list[Callable[[], object]] = []
    for step in (
        lambda: (file.parent.mkdir(), file.write_text("one")),
        lambda: file.write_text("other"),
        lambda: file.rename(other),
        other.unlink,
    ):
        steps += [step, nothing, nothing]
    assert count(tmp_path, *steps) == 5


def test_what_came_and_went_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    assert count(tmp_path, lambda: file.write_text("x"), file.unlink, nothing, nothing) == 1


def test_a_change_during_the_work_on_another_is_the_next(tmp_path: Path) -> None:
    seen = 0
    for _ in changes([tmp_path], looks(nothing, nothing, nothing, nothing)):
        seen += 1
        if seen == 1:
            (tmp_path / "while-at-work.md").write_text("x")
    assert seen == 2
