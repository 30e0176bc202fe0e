"""A model's files as a hub has them: weights in files of bounded size, configuration, tokenizer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.models.four_bits import NF4
from ragmed.models.wanted import CONFIG, INDEX, WEIGHTS, from_hub
from ragmed.tune.export.wanted import SHARD

if TYPE_CHECKING:
    from ragmed.models.store import InstalledModel

_PATHS = ("_name_or_path", "name_or_path")
"""Fields that transformers writes the folder into that a model was loaded from."""


class Shards:
    """Weights, written file by file while they come."""

    def __init__(self, folder: Path, most: int = SHARD) -> None:
        """``most``: bytes of a file, one larger tensor aside."""
        self._folder, self._most = folder, most
        self._held: dict[str, Any] = {}
        self._size = self._total = 0
        self._written: list[tuple[str, ...]] = []

    def add(self, tensors: dict[str, Any]) -> None:
        """Tensors that belong into one file."""
        size = sum(one.numel() * one.element_size() for one in tensors.values())
        if self._held and self._size + size > self._most:
            self._write()
        self._held |= {name: one.cpu().contiguous() for name, one in tensors.items()}
        self._size += size

    def finish(self) -> None:
        """The last file; then all of them have their names, and an index where there are several."""
        self._write()
        count = len(self._written)
        names = [
            f"model-{at:05}-of-{count:05}{WEIGHTS}" if count > 1 else f"model{WEIGHTS}" for at in range(1, count + 1)
        ]
        for at, name in enumerate(names):
            self._part(at).rename(self._folder / name)
        if count > 1:
            places = {tensor: name for name, held in zip(names, self._written, strict=True) for tensor in held}
            stated = {"metadata": {"total_size": self._total}, "weight_map": dict(sorted(places.items()))}
            (self._folder / INDEX).write_text(f"{json.dumps(stated, indent=2)}\n", "utf-8")

    def _write(self) -> None:
        from safetensors.torch import save_file

        save_file(self._held, self._part(len(self._written)), metadata={"format": "pt"})
        self._written.append(tuple(self._held))
        self._total += self._size
        self._held, self._size = {}, 0

    def _part(self, at: int) -> Path:
        return self._folder / f"{at}{WEIGHTS}"


def write_beside(model: InstalledModel, folder: Path, *, four_bits: bool) -> None:
    """What a model has beside its weights: its configuration, tokenizer with chat template, generation, licence."""
    for file in model.files:
        if "/" in file.path or not from_hub(file.path) or file.path.endswith(WEIGHTS) or file.path == INDEX:
            continue
        target = folder / file.path
        if file.path == CONFIG:
            _write_json(target, _config(json.loads((model.folder / CONFIG).read_bytes()), four_bits=four_bits))
        elif file.path.endswith("_config.json"):
            _copy_without_paths(model.folder / file.path, target)
        else:
            shutil.copyfile(model.folder / file.path, target)


def _config(stated: dict[str, Any], *, four_bits: bool) -> dict[str, Any]:
    numbers = [one for one in ("dtype", "torch_dtype") if one in stated] or ["torch_dtype"]
    kept = {key: value for key, value in stated.items() if key not in (*_PATHS, "quantization_config")}
    return kept | dict.fromkeys(numbers, "bfloat16") | ({"quantization_config": NF4} if four_bits else {})


def _copy_without_paths(source: Path, target: Path) -> None:
    """The same bytes, unless it says where it was loaded from."""
    stated = json.loads(source.read_bytes())
    if isinstance(stated, dict) and any(one in stated for one in _PATHS):
        _write_json(target, {key: value for key, value in stated.items() if key not in _PATHS})
    else:
        shutil.copyfile(source, target)


def _write_json(target: Path, value: dict[str, Any]) -> None:
    target.write_text(f"{json.dumps(value, ensure_ascii=False, indent=2)}\n", "utf-8")
