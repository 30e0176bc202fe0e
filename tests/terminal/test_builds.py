"""What a run says of its files: every one, on a line of its own, whatever its name holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.index.build import build
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.settings import ReaderSettings, Settings
from ragmed.terminal import print_build


def printed(library: Path, index: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    settings = Settings(library=library, index=index, reader=ReaderSettings(workers=1))
    print_build(build(settings, embedder=HashEmbedder()))
    return capsys.readouterr().out.splitlines()


def test_a_name_with_line_breaks_and_controls_stays_on_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "evil\x1b[31m\nPublished snapshot 000009.md").write_text("# Doses\n\nGive 5 mg.\n", "utf-8")
    lines = printed(folder, tmp_path / "index", capsys)
    assert any(line.endswith("new  evil[31m Published snapshot 000009.md — Doses") for line in lines)
    assert [line for line in lines if line.startswith("Published snapshot")] == [lines[-1]]
    assert not any("\x1b" in line for line in lines)


def test_what_is_passed_over_is_named_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "doses.md").write_text("# Doses\n\nGive 5 mg.\n", "utf-8")
    Path(str(folder / "caf\udce9.md")).write_text("# Coffee\n\nDrink it.\n", "utf-8")
    for number in range(5):
        (folder / f"list{number}.xlsx").write_bytes(b"PK")
    lines = printed(folder, tmp_path / "index", capsys)
    assert any(line.startswith("passed over  ") and "its name is no text" in line for line in lines)
    (sheets,) = [line for line in lines if "list0.xlsx" in line]
    assert "list2.xlsx and 2 more (see --json): files of the kind .xlsx are not read" in sheets
