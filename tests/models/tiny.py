"""Tiny Qwen networks with random weights, as files: what pulls, checks and loads are tried on."""

from __future__ import annotations

import json
import struct
from pathlib import Path

SIZES: dict[str, object] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 320,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
}
QWEN2: dict[str, object] = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", **SIZES}
QWEN3: dict[str, object] = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 32, **SIZES}


def tiny_config(base: dict[str, object], **more: object) -> dict[str, object]:
    return {**base, **more}


def write_tiny(folder: Path, config: dict[str, object]) -> None:
    """A model as transformers saves it, weights in bfloat16."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).to(torch.bfloat16)
    model.save_pretrained(folder)
