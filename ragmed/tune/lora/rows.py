"""A dataset's folder → its rows, for a trainer. What is read was hashed when it was made, and is hashed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ragmed.canonical import sha256_bytes, sha256_of
from ragmed.engines import Message
from ragmed.errors import BadInputError, IntegrityError
from ragmed.tune.dataset.making import CARD
from ragmed.tune.dataset.rows import Form, Split

_REMEDY = "make the dataset anew with `ragmed tune dataset`"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One row as a trainer reads it."""

    row_id: str
    prompt: tuple[Message, ...]
    answer: str
    """Wanted, or of KTO wanted or not (``label``)."""
    rejected: str = ""
    """DPO only."""
    label: bool = True
    """KTO only."""


@dataclass(frozen=True)
class DatasetFolder:
    """What ``ragmed tune dataset`` wrote."""

    folder: Path

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """The dataset card. Raises BadInputError, IntegrityError."""
        file = self.folder / CARD
        if not file.is_file():
            raise BadInputError(f"{self.folder}: no dataset ({CARD} is missing)", remedy=_REMEDY)
        try:
            found = json.loads(file.read_bytes())
            files = found["files"]
        except (ValueError, TypeError, KeyError) as error:
            raise IntegrityError(f"{file}: not a dataset's card", remedy=_REMEDY) from error
        if not isinstance(files, dict):
            raise IntegrityError(f"{file}: not a dataset's card", remedy=_REMEDY)
        return dict(found)

    @cached_property
    def sha256(self) -> str:
        """Of the card, and so of every file that it names."""
        return sha256_of(self.card)

    def rows(self, form: Form, split: Split) -> tuple[TrainingRow, ...]:
        """Rows of one form and side, in the file's order; none where the dataset has no such file.

        Raises BadInputError, IntegrityError (bytes are not those that the card names).
        """
        return tuple(_row(form, line) for line in self.lines(form, split))

    def lines(self, form: Form, split: Split) -> tuple[dict[str, Any], ...]:
        """The same as they are written, with ``meta``."""
        name = f"{form.value}/{split.value}.jsonl"
        known = self.card["files"].get(name)
        if known is None:
            return ()
        file = self.folder / name
        content = file.read_bytes() if file.is_file() else b""
        if sha256_bytes(content) != known:
            raise IntegrityError(f"{file}: not the file that the dataset's card names", remedy=_REMEDY)
        return tuple(json.loads(line) for line in content.decode("utf-8").splitlines())


def _row(form: Form, line: Mapping[str, Any]) -> TrainingRow:
    row_id = line["meta"]["row_id"]
    if form is Form.SFT:
        *prompt, answer = line["messages"]
        return TrainingRow(row_id=row_id, prompt=_messages(prompt), answer=answer["content"])
    prompt = line["prompt"]
    if form is Form.DPO:
        return TrainingRow(
            row_id=row_id,
            prompt=_messages(prompt),
            answer=line["chosen"][-1]["content"],
            rejected=line["rejected"][-1]["content"],
        )
    return TrainingRow(
        row_id=row_id, prompt=_messages(prompt), answer=line["completion"][-1]["content"], label=bool(line["label"])
    )


def _messages(turns: list[Mapping[str, str]]) -> tuple[Message, ...]:
    return tuple(Message(role=turn["role"], content=turn["content"]) for turn in turns)
