"""Which network a model folder describes, by its own files and not by its name. Needs no torch.

``ragmed.index.minilm`` runs one network only; a folder that differs from it in anything that changes a vector is left
to sentence-transformers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_NETWORK: Final[Mapping[str, object]] = {
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
_MODULES = ["Transformer", "Pooling", "Normalize"]
_WEIGHTS = "model.safetensors"


def is_minilm(folder: Path) -> bool:
    """Whether the folder holds all-MiniLM-L6-v2's network, under whatever weights: BERT of six layers, mean, norm 1."""
    network = _object(folder / "config.json")
    modules = _list(folder / "modules.json")
    return (
        all(network.get(key) == value for key, value in _NETWORK.items())
        and network.get("position_embedding_type", "absolute") == "absolute"
        and [str(module.get("type", "")).rpartition(".")[2] for module in modules] == _MODULES
        and _is_mean(_object(folder / str(modules[1].get("path", "")) / "config.json"))
        and not _object(folder / "config_sentence_transformers.json").get("default_prompt_name")
        and not _object(folder / "sentence_bert_config.json").get("do_lower_case")
        and [file.name for file in folder.glob("*.safetensors")] == [_WEIGHTS]
    )


def _is_mean(pooling: Mapping[str, Any]) -> bool:
    chosen = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on}
    return chosen == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean"


def _object(file: Path) -> Mapping[str, Any]:
    value = _json(file)
    return value if isinstance(value, dict) else {}


def _list(file: Path) -> list[Mapping[str, Any]]:
    value = _json(file)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _json(file: Path) -> object:
    """What the file says; None where it says nothing that can be read, which is then no such network."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
