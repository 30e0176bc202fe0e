"""Reading a dataset's folder back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ragmed.tune.dataset.rows import Form, Split

PASSAGE = re.compile(r'<passage number="(\d+)"[^\n]*>\n(.*?)\n</passage>', re.DOTALL)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def rows(folder: Path, form: Form = Form.SFT) -> list[tuple[Split, dict[str, Any]]]:
    return [
        (split, row)
        for split in Split
        if (folder / form.value / f"{split.value}.jsonl").exists()
        for row in lines(folder / form.value / f"{split.value}.jsonl")
    ]


def turns(row: dict[str, Any]) -> list[dict[str, str]]:
    found = row.get("messages") or row["prompt"]
    return list(found)


def user(row: dict[str, Any]) -> str:
    return [turn["content"] for turn in turns(row) if turn["role"] == "user"][-1]


def passages(row: dict[str, Any]) -> dict[int, str]:
    return {int(number): text for number, text in PASSAGE.findall(user(row))}


def answer(row: dict[str, Any]) -> str:
    for name in ("chosen", "completion"):
        if name in row:
            return str(row[name][0]["content"])
    return str(row["messages"][-1]["content"])


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
