"""The librarian's commands, run as a librarian runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEPSIS = "# Sepsis in adults\n\nVersion {}.2026\n\n## Treatment\n\nGive antibiotics within {}. Measure lactate.\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "sepsis.md").write_text(SEPSIS.format(1, "three hours"), "utf-8")
    (folder / "ward.md").write_text("# Night rules\n\nCall the registrar when lactate is above 4 mmol/L.\n", "utf-8")
    return tmp_path


def command(place: Path, *words: str) -> list[str]:
    known = ["--library", str(place / "library")]
    if words[0] == "index":
        known += ["--index", str(place / "index")]
    return [sys.executable, "-m", "ragmed.cli", *words, *known]


def ragmed(place: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(command(place, *words), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def register(place: Path) -> Any:
    return json.loads(ragmed(place, "library", "show", "--json"))


def test_decisions_are_written_down_with_who_and_when(place: Path) -> None:
    assert "Nothing has been decided" in ragmed(place, "library", "show")
    ragmed(place, "library", "permit", "sepsis.md", "--reference", "letter 113", "--by", "Dr Li")
    ragmed(place, "library", "permit", "--series", "nccn-nsclc", "--reference", "contract 7", "--by", "Dr Li")
    ragmed(place, "library", "accept", "sepsis.md", "--pages", "1,3-4", "--by", "Wu")
    ragmed(place, "library", "distinct", "sepsis.md", "ward.md", "--by", "Wu")
    ragmed(
        place, "library", "edition", "ward.md", "--series", "night-rules", "--edition", "Version 2", "--date", "2026-05"
    )
    found = register(place)
    assert [one["reference"] for one in found["permissions"]] == ["letter 113", "contract 7"]
    assert found["permissions"][0]["by"] == "Dr Li" and len(found["permissions"][0]["on"]) == len("2026-11-25")
    assert found["accepted"][0]["pages"] == [1, 3, 4]
    assert found["accepted"][0]["document"] == found["permissions"][0]["document"]
    assert len(found["distinct"][0]["documents"]) == 2
    assert found["editions"][0] == {
        "series": "night-rules",
        "file": "ward.md",
        "edition": "Version 2",
        "published_on": "2026-05",
        "withdrawn": False,
    }
    assert "letter 113 (Dr Li" in ragmed(place, "library", "show")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("permit", "gone.pdf", "--reference", "x"), "gone.pdf"),
        (("permit", "--reference", "x"), "a file or a series"),
        (("permit", "sepsis.md", "--series", "y", "--reference", "x"), "a file or a series"),
        (("accept", "sepsis.md", "--pages", "three"), "three"),
        (("accept", "sepsis.md", "--pages", "0"), "no pages"),
        (("accept", "sepsis.md", "--pages", "4-2"), "no pages"),
        (("distinct", "sepsis.md"), "two files"),
        (("edition", "sepsis.md", "--series", "Two Words"), "Two Words"),
        (("edition", "sepsis.md", "--series", "x", "--date", "May"), "May"),
        (("edition", "sepsis.md", "--series", "x", "--date", "2026-13-45"), "2026-13-45"),
        (("permit", "sepsis.md", "--reference", " "), "a reference"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_slip_is_named_and_writes_nothing(place: Path, words: tuple[str, ...], named: str) -> None:
    assert named in ragmed(place, "library", *words, code=2)
    assert not (place / "library" / "register.toml").exists()


def test_watching_publishes_what_comes_to_rest(place: Path) -> None:
    with subprocess.Popen(
        [*command(place, "index", "--watch", "--every", "0.2", "--json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "RAGMED_READER__WORKERS": "1", "RAGMED_EMBEDDER__ENGINE": "fp32"},
    ) as watcher:
        watch(watcher, place)


def watch(watcher: subprocess.Popen[str], place: Path) -> None:
    try:
        first = next_report(watcher)
        assert {file["status"] for file in first["files"]} == {"new"}
        (place / "library" / "sepsis.md").write_text(SEPSIS.format(2, "one hour"), "utf-8")
        second = next_report(watcher)
        assert second["parent"] == first["snapshot_id"]
        assert {file["status"] for file in second["files"] if file["source_path"] == "sepsis.md"} == {"kept", "changed"}
        watcher.terminate()
        assert watcher.wait(timeout=30) == 0
        assert watcher.stderr and "Stopped watching" in watcher.stderr.read()
    finally:
        watcher.kill()


def next_report(watcher: subprocess.Popen[str]) -> dict[str, Any]:
    """The next whole JSON document on the watcher's stdout."""
    lines: list[str] = []
    assert watcher.stdout and watcher.stderr
    for line in watcher.stdout:
        lines.append(line)
        if line == "}\n":
            report: dict[str, Any] = json.loads("".join(lines))
            return report
    raise AssertionError(watcher.stderr.read())


def test_watching_and_a_dry_run_do_not_go_together(place: Path) -> None:
    assert "--watch and --dry-run" in ragmed(place, "index", "--watch", "--dry-run", code=2)
