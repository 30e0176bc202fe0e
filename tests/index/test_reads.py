"""What a run learned of its files outlives a run that is stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ragmed.corpus.library import FileToRead
from ragmed.index.build import build
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.reads import READS, KnownReading, Reads, reads_in
from ragmed.interfaces import Progress, no_progress
from ragmed.records import NoteKind, Reading, ReadNote
from ragmed.settings import ReaderSettings, Settings
from tests.index.scripted_runner import ScriptedRunner

REFUSED = KnownReading(document=None, segment_id="", notes=(ReadNote(kind=NoteKind.REFUSED, message="a.pdf: damaged"),))


class StoppedRunner(ScriptedRunner):
    """Stopped by the user after so many files."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def read(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        for reading in super().read(files, progress):
            if len(self.files_read) > self._after:
                raise KeyboardInterrupt
            yield reading


def test_a_stopped_run_is_gone_on_with(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    for number in range(8):
        (library / f"{number}.md").write_text(f"# Rule {number}\n\nGive {number + 1} mg of it at once, and wait.\n")
    settings = Settings(library=library, index=tmp_path / "index", reader=ReaderSettings(workers=1))
    with pytest.raises(KeyboardInterrupt):
        build(settings, embedder=HashEmbedder(), runner=StoppedRunner(5))
    second = ScriptedRunner()
    report = build(settings, embedder=HashEmbedder(), runner=second)
    assert second.files_read == ["5.md", "6.md", "7.md"]
    assert report.documents == 8
    assert FolderStore(settings.index).verify().faults == ()


def known(index: Path) -> set[str]:
    return set(reads_in(FolderStore(index).holdings().recall(READS)))


def test_readings_are_kept_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    now = [0.0]
    with FolderStore(tmp_path).writer() as writer:
        reads = Reads(writer, writer, clock=lambda: now[0])
        reads.keep("a", REFUSED)
        assert known(tmp_path) == set()
        now[0] = 6.0
        reads.keep("b", REFUSED)
        assert known(tmp_path) == {"a", "b"}
        later = Reads(writer, writer, clock=lambda: now[0])
        assert later.known("a") == REFUSED
        now[0] = 12.0
        later.keep("c", REFUSED)
        assert known(tmp_path) == {"a", "b", "c"}, "a run that is not over forgets nothing"
        later.finish()
        assert known(tmp_path) == {"c"}


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    reads = Reads(FolderStore(tmp_path).holdings(), None, clock=iter(range(0, 1000, 100)).__next__)
    reads.keep("a", REFUSED)
    reads.finish()
    assert list(tmp_path.iterdir()) == []
