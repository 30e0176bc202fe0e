"""Rows → token ids, as TRL's collators take them, and short ones packed into sequences.

No row is cut. Packing puts the longest rows first, each into the first sequence with room; a row sees no other row of
its sequence, for their positions begin anew (``tests/tune/lora/test_tokens.py`` holds that the loss is the same).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ragmed.generate.chat import answer_ids, prompt_ids
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.rows import TrainingRow

IGNORED = -100
"""The label of a token that is read and not learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What is trained on."""

    columns: tuple[dict[str, Any], ...]
    """A row or a packed sequence each: ``input_ids`` and ``labels`` (SFT; packed with ``seq_lengths``), ``prompt_ids``,
    ``chosen_ids``, ``rejected_ids`` (DPO), ``prompt_ids``, ``completion_ids``, ``label`` (KTO)."""
    rows: int
    too_long: tuple[str, ...]
    """Ids of the rows that were left out."""
    tokens: int
    """All that are read in one epoch."""
    longest: int


def tokens_of(form: Form, rows: Sequence[TrainingRow], tokenizer: Any, *, length: int, packing: bool = False) -> Tokens:
    """Rows of at most ``length`` tokens; of a pair both halves must fit."""
    found: list[dict[str, Any]] = []
    too_long: list[str] = []
    sizes: list[int] = []
    for row in rows:
        columns = _columns(form, row, tokenizer)
        size = max(_sizes(columns))
        if size > length:
            too_long.append(row.row_id)
            continue
        found.append(columns)
        sizes.append(size)
    total = sum(sum(_sizes(columns)) for columns in found)
    if form is Form.SFT and packing:
        found = _packed(found, length)
    return Tokens(
        columns=tuple(found),
        rows=len(sizes),
        too_long=tuple(too_long),
        tokens=total,
        longest=max((len(one["input_ids"]) for one in found), default=0) if packing else max(sizes, default=0),
    )


def _columns(form: Form, row: TrainingRow, tokenizer: Any) -> dict[str, Any]:
    prompt, answer = prompt_ids(tokenizer, row.prompt), answer_ids(tokenizer, row.answer)
    if form is Form.SFT:
        return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}
    if form is Form.DPO:
        return {"prompt_ids": prompt, "chosen_ids": answer, "rejected_ids": answer_ids(tokenizer, row.rejected)}
    return {"prompt_ids": prompt, "completion_ids": answer, "label": row.label}


def _sizes(columns: dict[str, Any]) -> list[int]:
    """Tokens of each sequence that a row becomes."""
    if "input_ids" in columns:
        return [len(columns["input_ids"])]
    prompt = len(columns["prompt_ids"])
    return [prompt + len(columns[name]) for name in ("chosen_ids", "rejected_ids", "completion_ids") if name in columns]


def _packed(rows: Sequence[dict[str, Any]], length: int) -> list[dict[str, Any]]:
    """First fit, the longest first; rows of one length keep their order."""
    bins: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda one: -len(one["input_ids"])):
        size = len(row["input_ids"])
        into = next((one for one in bins if len(one["input_ids"]) + size <= length), None)
        if into is None:
            into = {"input_ids": [], "labels": [], "seq_lengths": []}
            bins.append(into)
        into["input_ids"] += row["input_ids"]
        into["labels"] += row["labels"]
        into["seq_lengths"].append(size)
    return bins
