"""An adapter's folder for other programs: its two files, named by the model and by no path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

from ragmed.adapters.files import CONFIG, WEIGHTS, adapter_sha256, config_of
from ragmed.models.places import is_path

_BASE = "base_model_name_or_path"
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as --max-lora-rank (0.32)."""


def write_adapter(source: Path, folder: Path, model: str) -> str:
    """The files in ``folder``, which is made where it is not there. Returns the hash of what was written.

    It is the source's, byte for byte, unless that says where its model lay on some machine.
    """
    folder.mkdir(exist_ok=True)
    shutil.copyfile(source / WEIGHTS, folder / WEIGHTS)
    stated = config_of(source)
    if _is_place(str(stated.get(_BASE) or "")):
        text = json.dumps({**stated, _BASE: model}, ensure_ascii=False, indent=2)
        (folder / CONFIG).write_text(f"{text}\n", "utf-8")
    else:
        shutil.copyfile(source / CONFIG, folder / CONFIG)
    return adapter_sha256(folder)


def _is_place(name: str) -> bool:
    return is_path(name) or PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute() or "\\" in name


def served_rank(rank: int) -> int:
    """The least ``--max-lora-rank`` of vLLM that takes the adapter."""
    return next((one for one in _RANKS if one >= rank), rank)
