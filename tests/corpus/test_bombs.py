"""One attack of each kind through the real sandbox: refused with its reason or read without harm; nothing else suffers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ragmed.corpus.library import FileToRead
from ragmed.corpus.reading import file_to_read
from ragmed.corpus.sandbox import Sandbox
from ragmed.records import NoteKind, Reading
from ragmed.settings import ReaderSettings
from tests.corpus.bombs import DOSE, READ, REFUSED, Make

LIMITS = ReaderSettings(seconds=6, memory_mib=1024, workers=2, ocr="never")
"""Tighter than the defaults, so that the slow ones end sooner; the rule is the same."""
MAKERS = [*REFUSED, *READ]


def made(folder: Path, make: Make) -> FileToRead:
    folder.mkdir()
    make(folder)
    (path,) = folder.glob("b.*")
    return file_to_read(path, f"{folder.name}{path.suffix}")


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """All bombs in one run, and an innocent file behind them."""
    root = tmp_path_factory.mktemp("bombs")
    files = [made(root / make.__name__, make) for make in MAKERS]
    (root / "innocent.txt").write_text(DOSE, "utf-8")
    files.append(file_to_read(root / "innocent.txt"))
    with Sandbox(LIMITS) as sandbox:
        given = list(sandbox.read_all(files))
    assert [reading.source_path for reading in given] == [file.source_path for file in files]
    assert [reading.sha256 for reading in given] == [file.sha256 for file in files]
    return {Path(reading.source_path).stem: reading for reading in given}


@pytest.mark.timeout(600)
def test_what_follows_the_bombs_is_read(readings: dict[str, Reading]) -> None:
    assert [page.text for page in readings["innocent"].pages] == [DOSE]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_bomb_is_refused_with_its_reason(readings: dict[str, Reading], make: Make) -> None:
    reading = readings[make.__name__]
    assert reading.document is None
    assert reading.notes[0].kind is NoteKind.REFUSED
    assert re.search(REFUSED[make], reading.notes[0].message), reading.notes[0].message
    assert reading.notes[0].message.endswith(")"), "no remedy"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", READ, ids=lambda make: make.__name__)
def test_what_is_never_opened_or_followed_does_no_harm(readings: dict[str, Reading], make: Make) -> None:
    reading = readings[make.__name__]
    assert reading.document is not None, reading.notes[0].message
    text = "\n".join(page.text for page in reading.pages)
    assert DOSE in text
    assert "haha" not in text, "entities were unfolded"
    assert "the secret" not in text, "a file beside it was read"
    assert re.search(READ[make], " ".join(note.message for note in reading.notes))


def test_a_file_with_an_endless_hole_is_passed_over_unread(tmp_path: Path) -> None:
    from ragmed.corpus.library import scan_library

    with (tmp_path / "hole.txt").open("wb") as target:
        target.truncate(1 << 40)
    (tmp_path / "pain.txt").write_text(DOSE, "utf-8")
    scan = scan_library([tmp_path])
    assert [file.source_path for file in scan.files] == ["pain.txt"]
    assert [(one.source_path, one.reason) for one in scan.passed_over] == [("hole.txt", "larger than 2 GiB")]
