"""A step of training in a process of its own: how much memory it takes beside the libraries, bytes.

``python -m tests.tune.lora.measured FORM HIDDEN LAYERS LENGTH BATCH CHECKPOINTING RANK`` prints it, and the forecast of
the same without the program's own part.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from ragmed.models.store import open_model
from ragmed.models.tiers import Device
from ragmed.settings import TuneSettings
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.allocator import give_back_what_is_free
from ragmed.tune.lora.base import fresh_base, new_adapter
from ragmed.tune.lora.forecast import forecast
from ragmed.tune.lora.resources import peak_bytes
from ragmed.tune.lora.tokens import IGNORED, Tokens
from ragmed.tune.lora.trainers import trainer_of
from ragmed.tune.lora.training import _calm
from tests.generate import tiny_qwen


def peak() -> int:
    return peak_bytes(Device.CPU)


def row(form: Form, length: int, draw: random.Random) -> dict[str, Any]:
    ids = [draw.randrange(10, 400) for _ in range(length)]
    if form is Form.SFT:
        return {"input_ids": ids, "labels": [IGNORED] * (length - 30) + ids[-30:]}
    return {
        "prompt_ids": ids[:-30],
        "chosen_ids": ids[-30:],
        "rejected_ids": [draw.randrange(10, 400) for _ in range(30)],
    }


def main(form: Form, hidden: int, layers: int, length: int, batch: int, checkpointing: bool, rank: int) -> None:
    settings = TuneSettings(length=length, batch=batch, accumulate=1, checkpointing=checkpointing, rank=rank)
    give_back_what_is_free()
    with tempfile.TemporaryDirectory() as place, _calm("measured", Path(place)):
        folder = tiny_qwen.build(Path(place) / "model", hidden=hidden, layers=layers)
        tiny_qwen.lock(folder)
        model = open_model(folder, "measured")
        draw = random.Random(1)

        def step(size: int, steps: int) -> None:
            rows = tuple(row(form, size, draw) for _ in range(batch * steps))
            tokens = Tokens(columns=rows, rows=len(rows), too_long=(), tokens=size, longest=size)
            none = Tokens(columns=(), rows=0, too_long=(), tokens=0, longest=0)
            learning = new_adapter(fresh_base(model, Device.CPU), settings)
            words = tiny_qwen.tokenizer()
            trainer_of(
                form,
                learning,
                words,
                tokens,
                none,
                settings,
                device=Device.CPU,
                checkpoints=Path(place) / "c",
                steps=steps,
            ).train()

        step(40, 1)  # all libraries are loaded, and a model has been
        before = peak()
        step(length, 2)
        print(json.dumps({"measured": peak() - before, "forecast": _beside(form, model.config, settings)}))


def _beside(form: Form, shape: Any, settings: TuneSettings) -> int:
    found = forecast(form, shape, settings, Device.CPU)
    return found.total - found.program


if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    hidden, layers, length, batch, checkpointing, rank = map(int, numbers)
    main(Form(name), hidden, layers, length, batch, bool(checkpointing), rank)
