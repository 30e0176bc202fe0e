"""docs/index-format.md says what is on the disk, and nothing else is."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

from ragmed.index.folder_store import FolderStore
from ragmed.index.manifest import MANIFEST

PAGE = Path(__file__).resolve().parents[2] / "docs" / "index-format.md"


def documented() -> set[str]:
    """Paths of the tree drawn on the page, with ids and fields left open."""
    tree = re.search(r"```\n(index/.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert tree
    above: list[str] = []
    found = set()
    for line in tree.group(1).splitlines()[1:]:
        match = re.match(r"([│ ]*)[├└]── (\S+)", line)
        assert match, line
        depth = len(match.group(1)) // 4
        above = [*above[:depth], match.group(2).rstrip("/")]
        if not match.group(2).endswith("/"):
            found.add("/".join(above))
    return found


def opened(path: str) -> str:
    """A real path with its ids and field names left open, as the page writes it."""
    path = re.sub(r"^segments/[0-9a-f]{64}/", "segments/<segment_id>/", path)
    path = re.sub(r"^snapshots/\d{6}-[0-9a-f]{8}/", "snapshots/<NNNNNN-xxxxxxxx>/", path)
    path = re.sub(r"/lexical/(text|heading|gloss)/", "/lexical/<field>/", path)
    path = re.sub(r"^fingerprints/[0-9a-f]{64}$", "fingerprints/<id>", path)
    return re.sub(r"^sources/[0-9a-f]{64}\.\w+$", "sources/<sha256>.<suffix>", path)


def test_every_file_is_documented_and_every_documented_file_is_there(index: Path) -> None:
    (index / "fingerprints").mkdir()
    for name in ("reads.json", "engine.json", f"fingerprints/{'0' * 64}"):
        (index / name).write_text("{}")  # written by `build`, not by this fixture
    found = {opened(path.relative_to(index).as_posix()) for path in index.rglob("*") if path.is_file()}
    rows = "snapshots/<NNNNNN-xxxxxxxx>/dense.rows.npy"  # beyond 100,000 rows; written in test_dense.py
    answers = {path for path in documented() if path.startswith("records.")}  # of the log, not of the library
    assert len(answers) == 6
    assert found == documented() - {*answers, rows}


def test_every_field_of_the_manifest_is_documented(index: Path) -> None:
    manifest = json.loads((index / "snapshots" / FolderStore(index).current().snapshot_id / MANIFEST).read_bytes())
    section = PAGE.read_text("utf-8").split("## manifest.json")[1].split("## ")[0]
    rows = set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in section.splitlines() if line[:3] == "| `"))
    )
    assert rows == set(manifest)
    for key in manifest["embedder"]:
        assert f"`{key}`" in section
    for key in manifest["documents"][0]:
        assert f"`{key}`" in section


def test_every_column_is_documented(index: Path) -> None:
    table = index / "snapshots" / FolderStore(index).current().snapshot_id / "chunks.sqlite"
    connection = sqlite3.connect(table)
    text = PAGE.read_text("utf-8")
    for name in ("chunks", "page_labels"):
        for column in connection.execute(f"PRAGMA table_info({name})"):
            assert f"`{column[1]}`" in text
    connection.close()
