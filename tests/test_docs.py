"""Prose cannot drift: commands, flags, files and packages named in the documents exist."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(
    r"(?:^|`|\.venv/bin/)ragmed ((?:[a-z]+)(?: (?:list|show|verify|diff|rollback|gc|replay|impact|bundle|export|checkpoint|erase|prune|retrieval|questions|claims|embedder|feedback|permit|accept|edition|distinct|pull|check|dataset|sft|dpo|kto|gate|promote|retire|adapters(?: (?:list|add))?|review (?:list|accept|edit|refuse)))?)([^`\n]*)",
    re.M,
)


def help_of(words: list[str]) -> str:
    command = [sys.executable, "-m", "ragmed.cli", *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"COLUMNS": "200", "PATH": ""})
    return done.stdout if done.returncode == 0 else ""


def commands() -> list[tuple[str, tuple[str, ...]]]:
    found = set()
    for page in PAGES:
        for words, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
            found.add((words, tuple(sorted(set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest.split("#")[0]))))))
    return sorted(found)


@pytest.mark.parametrize(("words", "flags"), commands(), ids=str)
def test_every_command_in_the_documents_exists(words: str, flags: tuple[str, ...]) -> None:
    text = help_of(words.split())
    assert text, f"`ragmed {words}` is in the documents and not in the program"
    for flag in flags:
        assert re.search(rf"(?<!\S){flag}(?![a-z-])", text), f"`ragmed {words}` has no {flag}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" not in target or target.startswith("https://")
        assert "://" in target or (page.parent / target).exists(), target


def test_the_two_commands_of_the_readme_are_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_test_file_named_in_the_architecture_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_lock_pins_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if line and not line.startswith("#")}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=!~ ]", item)[0].lower().replace("_", "-") for item in wanted}
    assert names <= pinned
    assert not [line for line in lines if "+" in line or "--hash" in line]


def test_the_program_named_in_pyproject_starts() -> None:
    done = subprocess.run([sys.executable, "-m", "ragmed.cli", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ragmed ")


def test_every_test_named_against_an_attack_exists() -> None:
    text = (ROOT / "docs" / "THREATS.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests/)?(?:\w+/)*test_\w+\.py)(?:::(\w+))?`", text)
    assert named
    for path, name in named:
        there = [one for one in (ROOT / "tests").rglob("test_*.py") if one.as_posix().endswith(f"/{path}")]
        assert there, path
        assert not name or any(re.search(rf"^def {name}\(", one.read_text("utf-8"), re.M) for one in there), name


def test_every_attack_has_a_test() -> None:
    text = (ROOT / "docs" / "THREATS.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert rows
    assert [row for row in rows if not re.search(r"`[\w/]*test_\w+\.py", row)] == []
