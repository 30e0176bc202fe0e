"""Small datasets as ``ragmed tune dataset`` writes them, and a tiny model to train on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ragmed.canonical import sha256_bytes
from ragmed.settings import ModelSettings, Settings, TuneSettings

QUESTIONS = 12
RULES = {"role": "system", "content": "Answer from the passages."}


def asked(number: int) -> list[dict[str, str]]:
    return [RULES, {"role": "user", "content": f"Passage [1] says {number}. What is the dose?"}]


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def supervised(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [{"messages": [*asked(one), said(f"Give {one} mg [1].")], "meta": {"row_id": f"r-{one}"}} for one in numbers]


def preferred(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "prompt": asked(one),
            "chosen": [said(f"Give {one} mg [1].")],
            "rejected": [said("Give what you like.")],
            "meta": {"row_id": f"r-{one}"},
        }
        for one in numbers
    ]


def judged(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "prompt": asked(one),
            "completion": [said(f"Give {one} mg [1]." if one % 2 else "Give what you like.")],
            "label": bool(one % 2),
            "meta": {"row_id": f"r-{one}"},
        }
        for one in numbers
    ]


def write(folder: Path, files: Mapping[str, Sequence[dict[str, Any]]]) -> Path:
    """A dataset's folder with its card."""
    known = {}
    for name, lines in files.items():
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        known[name] = sha256_bytes(content)
    card = {"files": known, "snapshot_id": "s-1", "prompt_revision": "2"}
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    return folder


def everything(folder: Path) -> Path:
    """Rows of all three forms."""
    learn, validate = range(QUESTIONS), range(QUESTIONS, QUESTIONS + 3)
    return write(
        folder,
        {
            "sft/train.jsonl": supervised(learn),
            "sft/validation.jsonl": supervised(validate),
            "dpo/train.jsonl": preferred(learn),
            "kto/train.jsonl": judged(learn),
        },
    )


def settings_for(model: Path, **more: Any) -> Settings:
    """Small batches and a high rate: a run of a few steps that learns something."""
    chosen = {"batch": 2, "accumulate": 2, "rank": 4, "alpha": 8, "learning_rate": 5e-3, "preference_rate": 2e-3}
    tune = TuneSettings(**{**chosen, "length": 512, "epochs": 2, "save_steps": 2, **more})
    return Settings(model=ModelSettings(name=str(model), device="cpu"), tune=tune)
