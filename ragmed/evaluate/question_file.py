"""Questions with the pages that answer them, read from JSON lines.

Laws of this room: every line counts or is refused by its number; pages count from 1 and are physical ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragmed.errors import BadInputError
from ragmed.records import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPlace:
    """Where an answer stands: a file and its pages; no pages mean anywhere in the file."""

    file: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a questions file."""

    question_id: str
    text: str
    language: Language | None
    kind: str
    answerable: bool
    gold: tuple[GoldPlace, ...]
    must_have: tuple[str, ...]


def read_questions(file: Path) -> tuple[Question, ...]:
    """The rows of a questions file. Raises BadInputError naming the line."""
    if not file.is_file():
        raise BadInputError(f"{file}: no such file", remedy="give a file of JSON lines with id, question, gold, …")
    questions: list[Question] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInputError(
                f"{file}, line {number}: not a question: {error!r}",
                remedy="each line needs id, question, answerable and gold",
            ) from None
    if not questions:
        raise BadInputError(f"{file}: empty", remedy="one question a line")
    return tuple(questions)


def _question(row: Mapping[str, Any]) -> Question:
    return Question(
        question_id=str(row["id"]),
        text=str(row["question"]),
        language=Language(row["language"]) if row.get("language") else None,
        kind=str(row.get("kind") or ""),
        answerable=bool(row["answerable"]),
        gold=tuple(
            GoldPlace(file=str(place["file"]), pages=tuple(int(page) for page in place.get("pages") or ()))
            for place in row["gold"]
        ),
        must_have=tuple(str(fact) for fact in row.get("must_have") or ()),
    )


def is_gold(gold: Sequence[GoldPlace], path: str, page: int) -> bool:
    """Whether a page answers: one of a gold place's pages, or any page where it names none."""
    return any(_same_file(place.file, path) and (not place.pages or page in place.pages) for place in gold)


def _same_file(gold: str, path: str) -> bool:
    """Both are relative, to folders of which one may lie within the other: the shorter must end the longer."""
    longer, shorter = (gold, path) if len(gold) >= len(path) else (path, gold)
    return longer == shorter or longer.endswith("/" + shorter)
